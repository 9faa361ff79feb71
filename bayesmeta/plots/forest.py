"""Forest plot: studies, their own and their shrunken estimates, pooled effect, prediction."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.plots.forest_contrasts import contrast_block, draw_contrasts
from bayesmeta.plots.forest_notes import SURELY_OUTLYING, notes
from bayesmeta.plots.forest_rows import Contents, Row, contents
from bayesmeta.plots.forest_text import directions, left_columns, right_columns
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

    Subgroups, and times in their order, stand under their names, each with its own diamond and
    bar; where their means inform each other, the mean of these and the study of a new subgroup
    follow, and the contrasts on an axis of their own. Several results of a study stand under its
    name. Of a meta-regression the diamonds are the effects at values of the moderators. A study
    that is probably an outlier is purple.

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
    block = contrast_block(fit)
    sheet = Sheet(
        left=left_columns(fit, shown),
        right=right_columns(fit, shown),
        rows=shown.rows,
        title=title,
        notes=notes(fit, shown),
        summary_rows=[str(i) for i in range(len(shown.foot))],
        directions=directions(fit),
        null=fit.measure.null,
        lines=[row.line for row in shown.body],
        block=block,
    )
    axes, measure = sheet.axes, fit.measure
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
    label = measure.label[:1].upper() + measure.label[1:]
    scale = "" if measure.scale.name == "identity" else f" ({measure.scale.name} scale)"
    axes.set_xlabel(label + scale, labelpad=4)
    if block is not None:
        draw_contrasts(sheet.block_axes, fit)
    return sheet.figure


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
