"""The forest plot in axes that the user gives, to stand among other plots."""

from typing import TYPE_CHECKING

from bayesmeta.plots.forest_estimates import Form, estimate_texts
from bayesmeta.plots.forest_marks import draw_forest
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.forest_text import directions
from bayesmeta.plots.given_axes import check_axes
from bayesmeta.plots.panels import strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["draw_in_axes"]

_BESIDE = 1.02
"""Where the estimates begin, in widths of the axes."""

_PAD = 7
"""Points between names and axes, where an arrow may stand."""

_ABOVE = 0.6
"""Rows left free above the first."""


def draw_in_axes(ax: "Axes", fit: "Fit", shown: Contents, *, form: Form) -> "Figure":
    """Draw marks, names as labels of the y axis, and estimates on the right.

    Type sizes are those of the user. All text is as it is written: a dollar is no formula.

    Raises
    ------
    SpecError
        `ax` is not one axes.
    """
    import matplotlib as mpl

    figure, (axes,) = check_axes(ax, 1)
    rows = [*shown.body, *shown.foot]
    body, foot = estimate_texts(fit, shown, form)
    with mpl.rc_context({"text.parse_math": False}):
        strip(axes)
        axes.set_ylim(rows[-1].place + _ABOVE, -_ABOVE)
        draw_forest(axes, fit, shown)
        axes.set_yticks([row.place for row in rows], [row.label for row in rows])
        axes.tick_params(axis="y", length=0, pad=_PAD)
        for row, label in zip(rows, axes.get_yticklabels(), strict=True):
            label.set_parse_math(False)
            label.set_fontweight("bold" if row.bold else "normal")
        for row, text in zip(rows, (*body, *foot), strict=True):
            axes.text(
                _BESIDE,
                row.place,
                text,
                transform=axes.get_yaxis_transform(),
                va="center",
                weight="bold" if row.bold else "normal",
            )
        sides = directions(fit)
        if sides is not None:
            axes.set_xlabel(f"{axes.get_xlabel()}\n← {sides[0]}   |   {sides[1]} →")
    return figure
