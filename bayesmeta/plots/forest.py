"""Forest plot: studies, their own and their shrunken estimates, pooled effect, prediction."""

from typing import TYPE_CHECKING

from bayesmeta.plots.forest_contrasts import contrast_block, draw_contrasts
from bayesmeta.plots.forest_in_axes import draw_in_axes
from bayesmeta.plots.forest_layouts import Layout, find_layout
from bayesmeta.plots.forest_marks import draw_forest
from bayesmeta.plots.forest_rows import Contents, contents
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.style import RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["forest"]


def forest(
    fit: "Fit",
    *,
    shrunken: bool = True,
    title: bool = True,
    layout: str = "revman",
    risk_of_bias: bool = True,
    ax: "Axes | None" = None,
) -> "Figure":
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
    layout
        ``"revman"``: all columns on both sides of the plot. ``"jama"``: the house style of JAMA,
        with each arm in few columns, the directions over the plot and the weights on its right.
        ``"plain"``: names, plot and estimates alone.
    risk_of_bias
        Show the judgements of the risk of bias on the right, where the fit has any; not in the
        layout ``"plain"``.
    ax
        Axes to draw into, instead of a figure of their own. The names of the studies are the
        labels of its y axis, and the estimates stand on its right; columns, judgements,
        contrasts, title and notes are left out.

    Returns
    -------
    matplotlib.figure.Figure
        As wide and as high as its content needs; that of `ax`, where this is given.

    Raises
    ------
    SpecError
        There is no such layout, or `ax` is not one axes.
    """
    import matplotlib as mpl

    chosen, shown = find_layout(layout), contents(fit, shrunken=shrunken)
    if ax is not None:
        return draw_in_axes(ax, fit, shown, form=chosen.form)
    with mpl.rc_context(RC), without_glyph_warnings():
        return _draw(fit, shown, chosen, fit.spec.title if title else "", risk_of_bias)


def _draw(fit: "Fit", shown: Contents, layout: Layout, title: str, risk_of_bias: bool) -> "Figure":
    block, arranged = contrast_block(fit), layout.arrange(fit, shown, risk_of_bias)
    sheet = Sheet(
        left=arranged.left,
        right=arranged.right,
        rows=shown.rows,
        title=title,
        notes=arranged.notes,
        summary_rows=[str(i) for i in range(len(shown.foot))],
        directions=arranged.directions,
        null=fit.measure.null,
        lines=[row.line for row in shown.body],
        block=block,
        directions_above=arranged.directions_above,
        rule_below=arranged.rule_below,
    )
    draw_forest(sheet.axes, fit, shown)
    if arranged.directions_above:
        sheet.write_directions_above()
    if block is not None:
        draw_contrasts(sheet.block_axes, fit)
    return sheet.figure
