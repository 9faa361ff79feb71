"""Columns of text beside a plot, and the widths that they need."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from bayesmeta.plots.panels import text_width
from bayesmeta.plots.style import COLOURS, FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BADGE", "COLUMN_GAP", "Column", "Line", "cell_size", "column_widths", "line_width"]

COLUMN_GAP = 0.16
"""Inches between two columns."""

BADGE = 0.158
"""Inches across a badge."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of text.

    Attributes
    ----------
    header : str
        Its heading.
    group : str
        A heading over it and its neighbours of the same group, or "".
    cells, summary : list of str
        One text a study; one text a summary row.
    align : {"left", "right", "center"}
    colour : str
    min_width : float
        Least width in inches.
    spills : bool
        Whether the texts of summary rows may go over into the next columns, which have none.
    badges : list of str
        Colours of the circles behind the cells, "" for none; empty where there are no circles.
    gap : float
        Inches to the next column.
    """

    header: str
    cells: Sequence[str]
    summary: Sequence[str]
    group: str = ""
    align: Literal["left", "right", "center"] = "right"
    colour: str = COLOURS["data"]
    min_width: float = 0.0
    spills: bool = False
    badges: Sequence[str] = ()
    gap: float = COLUMN_GAP


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where the cells of one row stand, and how.

    Attributes
    ----------
    place : float
        In rows from the top.
    bold : bool
    indent : float
        Inches by which cells that are aligned left begin further right.
    """

    place: float
    bold: bool = False
    indent: float = 0.0


def cell_size(text: str) -> float:
    """Type size of a cell: two lines must fit into one row."""
    return FONT_SIZE - 2.5 if "\n" in text else FONT_SIZE


def line_width(
    figure: "Figure", text: str, *, bold: bool = False, size: float = FONT_SIZE
) -> float:
    """Width in inches of a text of any number of lines."""
    widths = [text_width(figure, line, size=size, bold=bold) for line in text.splitlines()]
    return max(widths, default=0.0)


def column_widths(
    figure: "Figure", columns: Sequence[Column], lines: Sequence[Line]
) -> list[float]:
    """Widths of columns in inches: wider than their cells where the heading of a group needs it."""
    spread: list[Column] = []
    for group, members in groupby(columns, key=lambda column: column.group):
        run = list(members)
        widths = [_width(figure, column, lines) for column in run]
        inside = sum(widths) + sum(column.gap for column in run[:-1])
        lacking = line_width(figure, group, bold=True) - inside if group else 0
        extra = max(lacking, 0) / len(run)
        spread += [
            replace(column, min_width=width + extra)
            for column, width in zip(run, widths, strict=True)
        ]
    return [_width(figure, column, lines) for column in spread]


def _width(figure: "Figure", column: Column, lines: Sequence[Line]) -> float:
    cells = [
        line_width(figure, text, bold=line.bold, size=cell_size(text))
        + (line.indent if column.align == "left" else 0.0)
        for text, line in zip(column.cells, lines, strict=True)
    ]
    kept = () if column.spills else column.summary
    bold = [line_width(figure, text, bold=True) for text in (column.header, *kept)]
    return max([column.min_width, *bold, *cells])
