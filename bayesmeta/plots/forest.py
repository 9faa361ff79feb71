"""Forest plot: studies, their own and their shrunken estimates, pooled effect, prediction."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.plots.forest_text import (
    Contents,
    Estimate,
    contents,
    directions,
    left_columns,
    notes,
    right_columns,
)
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.plots.ticks import set_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["forest"]

_REACH = 0.75
"""An interval is cut, with an arrow, where it reaches further than this share of the width of
what the model says beyond it."""


def forest(fit: "Fit", *, shrunken: bool = True, title: bool = True) -> "Figure":
    """Forest plot in the manner of RevMan, with what the Bayesian model adds.

    Squares are the studies' own estimates with confidence intervals, their area in proportion to
    the weight; circles are the posterior of each study's true effect, drawn towards the pooled
    effect; the diamond is the pooled effect with its credible interval; the bar is the prediction
    interval of the true effect in a new study.

    Parameters
    ----------
    fit
        The fit.
    shrunken
        Draw the posterior of each study's true effect.
    title
        Put the title of the analysis above.

    Returns
    -------
    matplotlib.figure.Figure
        As wide and as high as its content needs.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC), without_glyph_warnings():
        return _draw(fit, contents(fit, shrunken=shrunken), fit.spec.title if title else "")


def _draw(fit: "Fit", shown: Contents, title: str) -> "Figure":
    sheet = Sheet(
        left=left_columns(fit, shown),
        right=right_columns(fit, shown),
        rows=len(shown.own),
        title=title,
        notes=notes(fit),
        summary_rows=list(shown.summaries),
        directions=directions(fit),
        null=fit.measure.null,
    )
    axes, measure = sheet.axes, fit.measure
    axes.set_xlim(*_limits(shown, measure.null))
    _reference_lines(axes, shown.summaries["mu"], measure.null, sheet.row_of("mu"))
    weights = fit.weights.to_numpy()
    above, below = (0.14, 0.24) if shown.shrunken else (0.0, 0.0)
    for row, estimate in enumerate(shown.own):
        size = 2.5 + 5.5 * float(np.sqrt(weights[row] / weights.max()))
        _point(axes, row - above, estimate, colour=COLOURS["data"], marker="s", size=size)
    for row, estimate in enumerate(shown.shrunken):
        _point(axes, row + below, estimate, colour=COLOURS["model"], marker="o", size=3.6)
    _diamond(axes, sheet.row_of("mu"), shown.summaries["mu"])
    if "theta_new" in shown.summaries:
        _bar(axes, sheet.row_of("theta_new"), shown.summaries["theta_new"])
    set_ticks(axes, measure.scale, display_size(fit.table))
    label = measure.label[:1].upper() + measure.label[1:]
    scale = "" if measure.scale.name == "identity" else f" ({measure.scale.name} scale)"
    axes.set_xlabel(label + scale, labelpad=4)
    return sheet.figure


def _limits(shown: Contents, null: float | None) -> tuple[float, float]:
    """The range of the axis: all the model says and all estimates, and no study's tails alone."""
    said = [*shown.shrunken, *shown.summaries.values()]
    points = [estimate.centre for estimate in shown.own] + ([] if null is None else [null])
    lower = min([estimate.lower for estimate in said] + points)
    upper = max([estimate.upper for estimate in said] + points)
    reach = _REACH * (upper - lower)
    everything = [*shown.own, *said]
    lower = min(lower, max(min(estimate.lower for estimate in everything), lower - reach))
    upper = max(upper, min(max(estimate.upper for estimate in everything), upper + reach))
    margin = 0.03 * (upper - lower) or 1.0
    return lower - margin, upper + margin


def _reference_lines(axes: "Axes", mu: Estimate, null: float | None, bottom: float) -> None:
    """No effect, and the pooled effect down to its diamond."""
    if null is not None:
        axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    axes.plot(
        [mu.centre] * 2,
        [-0.5, bottom],
        color=COLOURS["model"],
        linewidth=0.7,
        linestyle=(0, (4, 3)),
        zorder=0,
    )


def _point(
    axes: "Axes", y: float, estimate: Estimate, *, colour: str, marker: str, size: float
) -> None:
    """A marker on its interval, with an arrow where an end lies outside the axis."""
    low, high = axes.get_xlim()
    inside = max(estimate.lower, low), min(estimate.upper, high)
    axes.plot(inside, [y, y], color=colour, linewidth=1.0, solid_capstyle="butt", zorder=2)
    for outside, edge, arrow in (
        (estimate.lower < low, low, "<"),
        (estimate.upper > high, high, ">"),
    ):
        if outside:
            axes.plot([edge], [y], arrow, color=colour, markersize=4.5, clip_on=False, zorder=3)
    axes.plot(
        [estimate.centre],
        [y],
        marker,
        color=colour,
        markerfacecolor="white" if marker == "o" else colour,
        markersize=size,
        markeredgewidth=0.9 if marker == "o" else 0,
        zorder=3,
    )


def _diamond(axes: "Axes", row: float, estimate: Estimate) -> None:
    x = [estimate.lower, estimate.centre, estimate.upper, estimate.centre]
    axes.fill(x, [row, row - 0.34, row, row + 0.34], color=COLOURS["model"], linewidth=0, zorder=3)


def _bar(axes: "Axes", row: float, estimate: Estimate) -> None:
    """The prediction interval: an open bar, so that nobody takes it for the pooled effect's."""
    axes.barh(
        row,
        estimate.upper - estimate.lower,
        left=estimate.lower,
        height=0.3,
        facecolor="white",
        edgecolor=COLOURS["prediction"],
        linewidth=1.3,
        zorder=2,
    )
    axes.plot(
        [estimate.centre] * 2, [row - 0.15, row + 0.15], color=COLOURS["prediction"], linewidth=1.3
    )
