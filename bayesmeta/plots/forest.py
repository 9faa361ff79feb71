"""Forest plot: studies, their own and their shrunken estimates, pooled effect, prediction."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.plots.forest_text import (
    Contents,
    contents,
    directions,
    left_columns,
    notes,
    right_columns,
)
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.marks import Estimate, draw_mark, mark_limits
from bayesmeta.plots.panels import fitting_ticks
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["forest"]


def forest(fit: "Fit", *, shrunken: bool = True, title: bool = True) -> "Figure":
    """Forest plot in the manner of RevMan, with what the Bayesian model adds.

    Squares are the studies' own estimates with confidence intervals, their area in proportion to
    the weight; circles are the posterior of each study's true effect, drawn towards the pooled
    effect, and all there is of a study whose counts give no estimate; the diamond is the pooled
    effect with its credible interval; the bar is the prediction interval of the true effect in a
    new study.

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
        notes=notes(fit, shown),
        summary_rows=list(shown.summaries),
        directions=directions(fit),
        null=fit.measure.null,
    )
    axes, measure = sheet.axes, fit.measure
    said = [*shown.shrunken, *shown.summaries.values()]
    own = [estimate for estimate in shown.own if estimate is not None]
    axes.set_xlim(*mark_limits(said, own, [] if measure.null is None else [measure.null]))
    _reference_lines(axes, shown.summaries["mu"], measure.null, sheet.row_of("mu"))
    weights = fit.weights.to_numpy()
    above, below = (0.14, 0.24) if shown.shrunken else (0.0, 0.0)
    for row, estimate in enumerate(shown.own):
        if estimate is not None:
            size = 2.5 + 5.5 * float(np.sqrt(weights[row] / weights.max()))
            draw_mark(axes, row - above, estimate, colour=COLOURS["data"], marker="s", size=size)
    for row, true in enumerate(shown.shrunken):
        draw_mark(axes, row + below, true, colour=COLOURS["model"], marker="o", size=3.6)
    _diamond(axes, sheet.row_of("mu"), shown.summaries["mu"])
    if "theta_new" in shown.summaries:
        _bar(axes, sheet.row_of("theta_new"), shown.summaries["theta_new"])
    fitting_ticks(axes, measure.scale, display_size(fit.table))
    label = measure.label[:1].upper() + measure.label[1:]
    scale = "" if measure.scale.name == "identity" else f" ({measure.scale.name} scale)"
    axes.set_xlabel(label + scale, labelpad=4)
    return sheet.figure


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
