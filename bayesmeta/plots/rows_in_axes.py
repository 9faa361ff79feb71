"""Rows with names in axes that the user gives, where a sheet would have columns of text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayesmeta.plots.given_axes import check_axes
from bayesmeta.plots.panels import strip
from bayesmeta.plots.style import FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["rows_in_axes"]


def rows_in_axes(
    ax: "Axes | Sequence[Axes]", names: Sequence[str], places: Sequence[float], *, last: float
) -> "tuple[Figure, Axes]":
    """Axes whose y axis is in rows, as that of a `Sheet`, with the names as its labels.

    Parameters
    ----------
    ax
        One axes.
    names, places
        Of the rows that have a name, counted downwards from 0.
    last
        Where the x axis stands.

    Raises
    ------
    SpecError
        `ax` is not one axes.
    """
    figure, (axes,) = check_axes(ax, 1)
    strip(axes)
    axes.set_ylim(last, -0.5)
    axes.set_yticks(list(places), list(names), parse_math=False)
    axes.tick_params(axis="y", length=0, labelsize=FONT_SIZE - 0.5)
    return figure, axes
