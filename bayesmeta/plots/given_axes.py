"""Axes that the user gives, to draw into, and the size of axes wherever they stand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.plots.style import FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["axes_size", "check_axes", "figure_of", "write_key"]

_ON_TOP = 7
"""Above all that plots draw."""


def check_axes(
    ax: "Axes | Sequence[Axes]", count: int, *, panels: Sequence[str] = ()
) -> "tuple[Figure, list[Axes]]":
    """The axes as a list, and the figure that holds them.

    Parameters
    ----------
    ax
        As the user gives them: one, or several in a sequence or an array.
    count
        How many the plot needs.
    panels
        What the plot puts into each of them, for the message.

    Raises
    ------
    SpecError
        They are more or fewer, no axes at all, or of several figures.
    """
    from matplotlib.axes import Axes

    found: list[Any] = list(np.asarray(ax, dtype=object).ravel())
    for one in found:
        if not isinstance(one, Axes):
            raise SpecError(
                f"ax must be axes of matplotlib, and it is or holds {type(one).__name__}",
                hint="Take those that matplotlib's plt.subplots() gives.",
            )
    if len(found) != count:
        what = f", of {', '.join(panels)}" if panels else ""
        raise SpecError(
            f"this plot has {count} panel{'s' * (count > 1)}{what}, and ax holds {len(found)}",
            hint=f"Give {'one axes' if count == 1 else f'a list of {count} axes'} in ax, or none.",
        )
    figures = [figure_of(axes) for axes in found]
    if any(figure is not figures[0] for figure in figures):
        raise SpecError("the axes in ax are of several figures", hint="Give axes of one figure.")
    for axes in found:
        _take_literally(axes)
    return figures[0], found


def _take_literally(axes: "Axes") -> None:
    """Do not read ``$`` as mathematics in the texts that plots write, and that are there already.

    New texts follow `RC`; the title in the middle is the user's.
    """
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    titles = [axes.set_title(axes.get_title(loc=side), loc=side) for side in sides]
    for text in (axes.xaxis.label, axes.yaxis.label, *titles):
        text.set_parse_math(False)


def figure_of(axes: "Axes") -> "Figure":
    """The figure that axes stand in, also where they stand in a part of it."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # axes that are drawn into stand in a figure
    return figure


def axes_size(axes: "Axes") -> tuple[float, float, float, float]:
    """Where axes begin, from the left and the bottom of the figure, their width and height.

    All in inches.
    """
    left, bottom, width, height = axes.bbox.bounds
    dpi = figure_of(axes).dpi
    return left / dpi, bottom / dpi, width / dpi, height / dpi


def write_key(axes: "Axes", key: "Sequence[Artist]") -> None:
    """The key inside axes, where it hides least."""
    legend = axes.legend(handles=list(key), loc="best", fontsize=FONT_SIZE - 1, framealpha=0.8)
    legend.set_zorder(_ON_TOP)
