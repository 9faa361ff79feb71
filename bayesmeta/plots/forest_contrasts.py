"""The contrasts below a forest plot: their texts, and their marks on an axis of their own."""

import math
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.plots.contrasts import (
    Contrast,
    contrast_label,
    contrast_scale,
    contrasts_of,
    reference_group,
)
from bayesmeta.plots.forest_estimates import estimate_text
from bayesmeta.plots.layout import Block
from bayesmeta.plots.marks import draw_mark, mark_limits
from bayesmeta.plots.panels import fitting_ticks
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmeta.results import Fit

__all__ = ["contrast_block", "draw_contrasts"]


def contrast_block(fit: "Fit") -> Block | None:
    """The texts of the contrasts; None where there are none."""
    shown = contrasts_of(fit)
    if not shown:
        return None
    prob = f"{100 * fit.spec.interval.prob:g} %"
    return Block(
        heading=_heading(fit),
        header=f"{_short(fit)} [{prob} CrI]",
        labels=[contrast.label for contrast in shown],
        texts=_texts(fit, shown),
    )


def _heading(fit: "Fit") -> str:
    subgroups, time = fit.problem.design.subgroups, fit.spec.model.time
    assert subgroups is not None  # there are contrasts
    reference = reference_group(fit)
    what = "Contrasts of subgroups" if time is None else "Contrasts of times"
    return what if reference is None else f"{what}, with {subgroups.names[reference]}"


def _short(fit: "Fit") -> str:
    return "Ratio" if contrast_scale(fit.measure).ratio else "Difference"


def _texts(fit: "Fit", shown: list[Contrast]) -> list[str]:
    scale = contrast_scale(fit.measure)
    estimates = [contrast.estimate for contrast in shown]
    places = 2
    if not scale.ratio:
        places = int(np.median([decimals(one.lower, one.upper) for one in estimates]))
    return [estimate_text(one, scale=scale, places=places) for one in estimates]


def draw_contrasts(axes: "Axes", fit: "Fit") -> None:
    """The marks of the contrasts: the posterior median on the credible interval."""
    shown = contrasts_of(fit)
    scale, estimates = contrast_scale(fit.measure), [contrast.estimate for contrast in shown]
    axes.set_xlim(*mark_limits(estimates, [], [0.0]))
    axes.axvline(0.0, color=COLOURS["null"], linewidth=0.9, zorder=0)
    for row, estimate in enumerate(estimates):
        draw_mark(axes, row, estimate, colour=COLOURS["model"], marker="D", size=4.2)
    fitting_ticks(axes, scale, math.nan)
    label = contrast_label(fit.measure)
    axes.set_xlabel(label + (" (log scale)" if scale.ratio else ""), labelpad=4)
