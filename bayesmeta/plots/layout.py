"""Text columns beside a plot, as wide as their text needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from bayesmeta.plots.style import COLOURS, FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Column", "Sheet"]

_ROW = 0.235
_GAP = 0.16
_PLOT = 3.3
_MARGIN = 0.15
_AXIS = 0.52
_NOTE = 0.82


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
    align : {"left", "right"}
    colour : str
    min_width : float
        Least width in inches.
    """

    header: str
    cells: Sequence[str]
    summary: Sequence[str]
    group: str = ""
    align: Literal["left", "right"] = "right"
    colour: str = COLOURS["data"]
    min_width: float = 0.0


def _cell_size(text: str) -> float:
    """Type size of a cell: two lines must fit into one row."""
    return FONT_SIZE - 2.5 if "\n" in text else FONT_SIZE


@dataclass(kw_only=True)
class Sheet:
    """A figure of rows: text columns left, a plot, text columns right.

    Rows count downwards from 0; `row_of` gives the place of a summary row. The y axis of `axes`
    is in rows.
    """

    left: Sequence[Column]
    right: Sequence[Column]
    rows: int
    title: str
    notes: Sequence[str]
    summary_rows: Sequence[str]
    directions: tuple[str, str] | None
    null: float | None
    figure: "Figure" = field(init=False)
    axes: "Axes" = field(init=False)

    def __post_init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure()
        self._canvas = FigureCanvasAgg(self.figure)
        left = [self._width(column) for column in self._spread(self.left)]
        right = [self._width(column) for column in self._spread(self.right)]
        plot = _PLOT
        if self.directions:
            plot = max(plot, 2 * max(self._text_width(side) for side in self.directions) + 0.6)
        content = sum(left) + sum(right) + _GAP * (len(left) + len(right) + 1) + plot
        width = max(
            content,
            *(self._text_width(note, size=FONT_SIZE - 1) for note in self.notes),
            self._text_width(self.title, bold=True, size=FONT_SIZE + 1),
        )
        top = (2 if self.title else 0.4) + 2
        bottom = _AXIS / _ROW + (0.8 if self.directions else 0) + _NOTE * len(self.notes) + 0.9
        body = self.rows + 0.4 + len(self.summary_rows)
        height = (top + body + bottom) * _ROW
        self.figure.set_size_inches(width + 2 * _MARGIN, height)
        self._total = (width + 2 * _MARGIN, height)
        self._body_top = height - top * _ROW
        start = _MARGIN + sum(left) + _GAP * len(left)
        self.axes = self.figure.add_axes(
            (
                start / self._total[0],
                (self._body_top - body * _ROW) / height,
                plot / self._total[0],
                body * _ROW / height,
            )
        )
        self.axes.set_ylim(body - 0.5, -0.5)
        self._strip_axes()
        self._write_columns(self.left, left, _MARGIN)
        self._write_columns(self.right, right, start + plot + 2 * _GAP)
        self._rules()
        self._around()

    def _strip_axes(self) -> None:
        self.axes.set_yticks([])
        for side in ("left", "right", "top"):
            self.axes.spines[side].set_visible(False)
        self.axes.spines["bottom"].set_linewidth(0.8)
        self.axes.tick_params(axis="x", labelsize=FONT_SIZE - 0.5, length=3)

    def row_of(self, summary: str) -> float:
        """The row of a summary."""
        return self.rows + 0.4 + list(self.summary_rows).index(summary)

    def _text_width(self, text: str, *, bold: bool = False, size: float = FONT_SIZE) -> float:
        """Width of a text in inches."""
        from matplotlib.font_manager import FontProperties

        font = FontProperties(size=size, weight="bold" if bold else "normal")
        renderer: Any = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        widths = [
            renderer.get_text_width_height_descent(line, font, ismath=False)[0]
            for line in text.splitlines()
        ]
        return max(widths, default=0.0) / self.figure.dpi

    def _width(self, column: Column) -> float:
        bold = (column.header, *column.summary)
        return max(
            column.min_width,
            *(self._text_width(text, bold=True) for text in bold),
            *(self._text_width(text, size=_cell_size(text)) for text in column.cells),
        )

    def _spread(self, columns: Sequence[Column]) -> list[Column]:
        """Columns that are wider where the heading of their group needs it."""
        spread: list[Column] = []
        for group, members in groupby(columns, key=lambda column: column.group):
            run = list(members)
            inside = sum(self._width(column) for column in run) + _GAP * (len(run) - 1)
            lacking = self._text_width(group, bold=True) - inside if group else 0
            extra = max(lacking, 0) / len(run)
            spread += [replace(column, min_width=self._width(column) + extra) for column in run]
        return spread

    def _x(self, inches: float) -> float:
        return inches / self._total[0]

    def _y(self, row: float) -> float:
        """Figure coordinate of the middle of a row."""
        return (self._body_top - (row + 0.5) * _ROW) / self._total[1]

    def _write_columns(
        self, columns: Sequence[Column], widths: Sequence[float], start: float
    ) -> None:
        position, edges = start, []
        for column, width in zip(columns, widths, strict=True):
            anchor = self._x(position if column.align == "left" else position + width)
            self._write_column(column, anchor)
            edges.append((column, position, position + width))
            position += width + _GAP
        for group, members in groupby(edges, key=lambda edge: edge[0].group):
            run = list(members)
            if group:
                self._write_group(group, run[0][0].colour, (run[0][1], run[-1][2]), len(run))

    def _write_column(self, column: Column, anchor: float) -> None:
        style: dict[str, Any] = {"ha": column.align, "color": column.colour}
        bold = {"weight": "bold", "va": "center_baseline", **style}
        self.figure.text(anchor, self._y(-1.1), column.header, **bold)
        for row, cell in enumerate(column.cells):
            folded = "\n" in cell
            self.figure.text(
                anchor,
                self._y(row),
                cell,
                va="center" if folded else "center_baseline",
                fontsize=_cell_size(cell),
                linespacing=0.95,
                **style,
            )
        for name, cell in zip(self.summary_rows, column.summary, strict=True):
            self.figure.text(anchor, self._y(self.row_of(name)), cell, **bold)

    def _write_group(
        self, group: str, colour: str, ends: tuple[float, float], columns: int
    ) -> None:
        """A heading over several columns, with a rule under it; over one, it stands right."""
        alone = columns == 1
        self.figure.text(
            self._x(ends[1] if alone else sum(ends) / 2),
            self._y(-2.1),
            group,
            weight="bold",
            ha="right" if alone else "center",
            va="center_baseline",
            color=colour,
        )
        if not alone:
            self._line(ends, -1.6)

    def _line(self, ends: tuple[float, float], row: float) -> None:
        from matplotlib.lines import Line2D

        y = self._y(row)
        self.figure.add_artist(
            Line2D([self._x(end) for end in ends], [y, y], color=COLOURS["rule"], linewidth=0.7)
        )

    def _rules(self) -> None:
        whole = (_MARGIN, self._total[0] - _MARGIN)
        self._line(whole, -0.6)
        self._line(whole, self.rows - 0.3)

    def _around(self) -> None:
        """The title, the directions below the axis and the notes."""
        from matplotlib.transforms import blended_transform_factory

        last = self.rows + 0.4 + len(self.summary_rows) - 0.5
        row = last + _AXIS / _ROW
        if self.title:
            self.figure.text(
                self._x(_MARGIN),
                self._y(-3.3),
                self.title,
                weight="bold",
                fontsize=FONT_SIZE + 1,
                va="center_baseline",
            )
        if self.directions:
            row += 0.3
            at_null = blended_transform_factory(self.axes.transData, self.figure.transFigure)
            for side, offset, align in (
                (f"← {self.directions[0]}", -6, "right"),
                (f"{self.directions[1]} →", 6, "left"),
            ):
                self.axes.annotate(
                    side,
                    (self.null or 0.0, self._y(row)),
                    xycoords=at_null,
                    xytext=(offset, 0),
                    textcoords="offset points",
                    ha=align,
                    va="center_baseline",
                    annotation_clip=False,
                )
        for note in self.notes:
            row += _NOTE
            self.figure.text(
                self._x(_MARGIN),
                self._y(row),
                note,
                fontsize=FONT_SIZE - 1,
                va="center_baseline",
                color=COLOURS["data"],
            )
