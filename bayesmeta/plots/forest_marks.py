"""The marks of a forest plot: squares, circles, diamonds, bars, and the axis below them."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.plots.forest_notes import SURELY_OUTLYING
from bayesmeta.plots.forest_rows import Contents, Row
from bayesmeta.plots.marks import Estimate, draw_mark, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks
from bayesmeta.plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bayesmeta.results import Fit

__all__ = ["draw_forest"]


def draw_forest(axes: "Axes", fit: "Fit", shown: Contents) -> None:
    """Draw all marks, and the x axis with its ticks and label.

    Parameters
    ----------
    axes
        Whose y axis is in rows, the first above.
    fit
        The fit.
    shown
        What is drawn.
    """
    measure = fit.measure
    axes.set_xlim(*_limits(fit, shown))
    if measure.null is not None:
        axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    for guide in shown.guides:
        axes.plot(
            [guide.x] * 2,
            [guide.first, guide.last],
            color=COLOURS["model"],
            linewidth=0.7,
            linestyle=(0, (4, 3)),
            zorder=0,
        )
    _studies(axes, fit, shown)
    for row in (*shown.body, *shown.foot):
        _summary(axes, row)
    fitting_ticks(axes, measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(measure), labelpad=4)


def _limits(fit: "Fit", shown: Contents) -> tuple[float, float]:
    """All means and true effects; what is vague, as a new study of a rare subgroup, is cut."""
    null = fit.measure.null
    own = [estimate for estimate in shown.own if estimate is not None]
    said = [row for row in (*shown.body, *shown.foot) if row.estimate is not None]
    sure = [row for row in said if row.mark == "diamond" or fit.problem.design.is_pooled]
    return mark_limits(
        [*shown.shrunken, *(row.estimate for row in sure if row.estimate)],
        [*own, *(row.estimate for row in said if row not in sure and row.estimate)],
        [] if null is None else [null],
    )


def _studies(axes: "Axes", fit: "Fit", shown: Contents) -> None:
    """Squares of the studies' own estimates, circles of their true effects."""
    weights = fit.weights.to_numpy()
    above, below = (0.14, 0.24) if shown.shrunken else (0.0, 0.0)
    for row in shown.body:
        if row.study is None:
            continue
        own = shown.own[row.study]
        if own is not None:
            size = 2.5 + 5.5 * float(np.sqrt(weights[row.study] / weights.max()))
            outlying = shown.outlier is not None and shown.outlier[row.study] > SURELY_OUTLYING
            colour = COLOURS["changed" if outlying else "data"]
            draw_mark(axes, row.place - above, own, colour=colour, marker="s", size=size)
    for row in shown.body:
        if row.study is not None and shown.shrunken:
            true, place = shown.shrunken[row.study], row.place + below
            draw_mark(axes, place, true, colour=COLOURS["model"], marker="o", size=3.6)


def _summary(axes: "Axes", row: Row) -> None:
    if row.estimate is None:
        return
    if row.mark == "diamond":
        _diamond(axes, row.place, row.estimate)
    else:
        _bar(axes, row.place, row.estimate)


def _diamond(axes: "Axes", row: float, estimate: Estimate) -> None:
    x = [estimate.lower, estimate.centre, estimate.upper, estimate.centre]
    axes.fill(x, [row, row - 0.34, row, row + 0.34], color=COLOURS["model"], linewidth=0, zorder=3)


def _bar(axes: "Axes", row: float, estimate: Estimate) -> None:
    """The prediction interval: an open bar, so that nobody takes it for the pooled effect's."""
    low, high = axes.get_xlim()
    lower, upper = max(estimate.lower, low), min(estimate.upper, high)
    axes.barh(
        row,
        upper - lower,
        left=lower,
        height=0.3,
        facecolor="white",
        edgecolor=COLOURS["prediction"],
        linewidth=1.3,
        zorder=2,
    )
    axes.plot(
        [estimate.centre] * 2, [row - 0.15, row + 0.15], color=COLOURS["prediction"], linewidth=1.3
    )
    for outside, edge, arrow in (
        (estimate.lower < low, low, "<"),
        (estimate.upper > high, high, ">"),
    ):
        if outside:
            colour = COLOURS["prediction"]
            axes.plot([edge], [row], arrow, color=colour, markersize=5, clip_on=False, zorder=3)
