"""Axes whose y axis is the effect: against a moderator, or over time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import Scale, display_size
from bayesmeta.measures.base import Floats
from bayesmeta.plots.bands import Band
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks
from bayesmeta.plots.style import COLOURS
from bayesmeta.plots.ticks import round_places

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from bayesmeta.results import Fit

__all__ = ["DASHED", "ROOM", "band_key", "draw_line", "set_effect_axes"]

ROOM = 0.75
"""Inches for the labels of the y axis."""

DASHED: Any = {"linewidth": 1.2, "linestyle": (0, (4, 2))}
"""Ends of prediction intervals along a line."""

_MARGIN = 0.05


def set_effect_axes(
    axes: "Axes",
    fit: "Fit",
    x: Floats,
    *,
    means: Sequence[Band],
    new: Sequence[Band],
    scale: Scale,
    label: str,
) -> None:
    """Limits, ticks and labels, and the line of no effect.

    Parameters
    ----------
    axes, fit
        Where, and what of.
    x
        Where the studies stand.
    means, new
        All of the first is shown, and as much of the second as is legible.
    scale, label
        Of the x axis.
    """
    low, high = float(x.min()), float(x.max())
    margin = _MARGIN * (high - low)
    axes.set_xlim(low - margin, high + margin)
    effects = fit.table["effect"].to_numpy()
    own = [Estimate(centre=y, lower=y, upper=y) for y in effects[np.isfinite(effects)]]
    null, measure = fit.measure.null, fit.measure
    limits = mark_limits(
        [_whole(band) for band in means],
        [*own, *(_whole(band) for band in new)],
        [] if null is None else [null],
    )
    axes.set_ylim(*limits)
    if null is not None:
        axes.axhline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    fitting_ticks(axes, scale, np.nan)
    axes.set_xlabel(label, labelpad=4)
    axes.set_yticks(*round_places(*limits, scale=measure.scale, size=display_size(fit.table)))
    axes.set_ylabel(effect_label(measure), labelpad=4)


def _whole(band: Band) -> Estimate:
    """From the lowest lower to the highest upper end."""
    return Estimate(
        centre=float(np.median(band.median)),
        lower=float(band.lower.min()),
        upper=float(band.upper.max()),
    )


def draw_line(axes: "Axes", x: Floats, mean: Band, new: Band | None, *, colour: str) -> None:
    """A line in its credible band; prediction between dashed lines."""
    axes.fill_between(x, mean.lower, mean.upper, color=colour, alpha=0.2, linewidth=0, zorder=1)
    axes.plot(x, mean.median, color=colour, linewidth=1.5, zorder=3)
    if new is not None:
        for edge in (new.lower, new.upper):
            axes.plot(x, edge, color=COLOURS["prediction"], zorder=2, **DASHED)


def band_key(credible: str, prediction: str | None, *, colour: str) -> "list[Artist]":
    """What `draw_line` draws, for the key."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    key: list[Artist] = [
        Line2D([], [], color=colour, linewidth=1.5, label="mean, median"),
        Patch(color=colour, alpha=0.2, linewidth=0, label=f"its {credible}"),
    ]
    if prediction:
        label = f"new study, {prediction}"
        key.append(Line2D([], [], color=COLOURS["prediction"], label=label, **DASHED))
    return key
