"""Text columns beside a plot, as wide as their text needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bayesmeta.plots.columns import (
    BADGE,
    COLUMN_GAP,
    Column,
    Line,
    cell_size,
    column_widths,
    line_width,
)
from bayesmeta.plots.fold import cut_name, in_two_lines
from bayesmeta.plots.panels import strip
from bayesmeta.plots.style import COLOURS, FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Block", "Column", "Line", "Sheet"]

_ROW = 0.235
_PLOT = 3.3
_MARGIN = 0.15
_AXIS = 0.52
_NOTE = 0.82
_LONGEST_TITLE = 120
_ASIDE = 6 / 72
_ANCHORS = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A second plot below the first, on an axis of its own, with a text on each side.

    Attributes
    ----------
    heading, header : str
        Above its rows: what they are, and what the texts on the right say.
    labels, texts : list of str
        One a row, on the left and on the right.
    """

    heading: str
    header: str
    labels: Sequence[str]
    texts: Sequence[str]


@dataclass(kw_only=True)
class Sheet:
    """A figure of rows: text columns left, a plot, text columns right.

    Rows count downwards from 0; `row_of` gives the place of a summary row. The y axis of `axes`
    is in rows. The directions stand below the axis, or above it, where `write_directions_above`
    is called once the limits of the axis are set. `rule_below` is the rule below the studies.
    """

    left: Sequence[Column]
    right: Sequence[Column]
    rows: float
    title: str
    notes: Sequence[str]
    summary_rows: Sequence[str]
    directions: tuple[str, str] | None
    null: float | None
    lines: Sequence[Line] = ()
    block: Block | None = None
    directions_above: bool = False
    rule_below: bool = True
    figure: "Figure" = field(init=False)
    axes: "Axes" = field(init=False)
    block_axes: "Axes" = field(init=False)

    def __post_init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.figure = Figure()
        FigureCanvasAgg(self.figure)
        self.title = cut_name(self.title, _LONGEST_TITLE)
        self.lines = self.lines or [Line(place=row) for row in range(int(self.rows))]
        left = column_widths(self.figure, self.left, self.lines)
        right = column_widths(self.figure, self.right, self.lines)
        left, right = self._widened(left, right)
        plot = _PLOT
        if self.directions:
            sides = map(in_two_lines, self.directions) if self.directions_above else self.directions
            bold = self.directions_above
            widest = max(line_width(self.figure, side, bold=bold) for side in sides)
            plot = max(plot, 2 * widest + 0.6)
        top = (2 if self.title else 0.4) + 2
        below = 0.8 if self.directions and not self.directions_above else 0
        bottom = _AXIS / _ROW + below + self._block_rows + _NOTE * len(self.notes) + 0.9
        body = self._last + 0.5
        height = (top + body + bottom) * _ROW
        width = self._whole_width(sum(left) + sum(right), plot)
        self.figure.set_size_inches(width + 2 * _MARGIN, height)
        self._total = (width + 2 * _MARGIN, height)
        self._body_top = height - top * _ROW
        start = _MARGIN + sum(left) + sum(column.gap for column in self.left)
        self.axes = self._add_axes(start, plot, -0.5, body - 0.5)
        self._write_columns(self.left, left, _MARGIN)
        self._write_columns(self.right, right, start + plot + 2 * COLUMN_GAP)
        self._rules()
        row = self._write_directions()
        if self.block:
            first = start + plot + 2 * COLUMN_GAP + right[0] if right else self._total[0] - _MARGIN
            self._write_block(self.block, row, (start, plot, first))
        self._write_title_and_notes(row + self._block_rows)

    @property
    def _last(self) -> float:
        """The row at which the axis stands."""
        return self.rows + 0.4 + len(self.summary_rows) - 0.5

    @property
    def _block_rows(self) -> float:
        """Rows that the second plot takes, with its heading and its axis."""
        return 0 if self.block is None else len(self.block.labels) + 2.3 + _AXIS / _ROW

    def _widened(self, left: list[float], right: list[float]) -> tuple[list[float], list[float]]:
        """Widths of the columns, the first wider where texts that go over several need it."""
        spilling = self.left[0].summary if self.left[0].spills else []
        wide = [line_width(self.figure, text, bold=True) for text in spilling]
        free = next((i for i, one in enumerate(self.left) if i and any(one.summary)), len(left))
        lacking = max(wide, default=0.0) - self._taken(left[:free])
        wide = []
        first, block = right[0] if right else 0.0, self.block
        if block is not None:
            wide += [line_width(self.figure, text) for text in block.labels]
            wide.append(line_width(self.figure, block.heading, bold=True))
            texts = [line_width(self.figure, text) for text in block.texts]
            first = max(first, line_width(self.figure, block.header, bold=True), *texts)
        lacking = max(lacking, max(wide, default=0.0) - self._taken(left))
        return [left[0] + max(lacking, 0.0), *left[1:]], [first, *right[1:]] if right else []

    def _taken(self, left: Sequence[float]) -> float:
        """Inches that the first columns on the left take, with what is between them."""
        return sum(left) + sum(column.gap for column in self.left[: len(left) - 1])

    def _whole_width(self, columns: float, plot: float) -> float:
        """Inches without the margins."""
        gaps = sum(column.gap for column in (*self.left, *self.right[:-1]))
        content = columns + gaps + 2 * COLUMN_GAP + plot
        notes = [line_width(self.figure, note, size=FONT_SIZE - 1) for note in self.notes]
        return max(
            content, *notes, line_width(self.figure, self.title, bold=True, size=FONT_SIZE + 1)
        )

    def _add_axes(self, start: float, width: float, first: float, last: float) -> "Axes":
        """Axes from row to row, whose y axis is in rows."""
        wide, high = self._total
        below = self._body_top - (last + 0.5) * _ROW
        axes = self.figure.add_axes(
            (start / wide, below / high, width / wide, (last - first) * _ROW / high)
        )
        axes.set_ylim(last, first)
        strip(axes)
        return axes

    def row_of(self, summary: str) -> float:
        """The row of a summary."""
        return self.rows + 0.4 + list(self.summary_rows).index(summary)

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
            anchor = self._x(position + _ANCHORS[column.align] * width)
            self._write_column(column, anchor)
            edges.append((column, position, position + width))
            position += width + column.gap
        for group, members in groupby(edges, key=lambda edge: edge[0].group):
            run = list(members)
            if group:
                self._write_group(group, run[0][0].colour, (run[0][1], run[-1][2]), len(run))

    def _write_column(self, column: Column, anchor: float) -> None:
        style: dict[str, Any] = {"ha": column.align, "color": column.colour}
        bold = {"weight": "bold", "va": "center_baseline", **style}
        self.figure.text(anchor, self._y(-1.1), column.header, **bold)
        for line, colour in zip(self.lines, column.badges or [""] * len(self.lines), strict=True):
            if colour:
                self._draw_badge(anchor, self._y(line.place), colour)
        for line, cell in zip(self.lines, column.cells, strict=True):
            folded = "\n" in cell
            indent = self._x(line.indent) if column.align == "left" else 0.0
            self.figure.text(
                anchor + indent,
                self._y(line.place),
                cell,
                va="center" if folded else "center_baseline",
                fontsize=cell_size(cell),
                linespacing=0.95,
                weight="bold" if line.bold or column.badges else "normal",
                **style,
            )
        for name, cell in zip(self.summary_rows, column.summary, strict=True):
            self.figure.text(anchor, self._y(self.row_of(name)), cell, **bold)

    def _draw_badge(self, x: float, y: float, colour: str) -> None:
        from matplotlib.lines import Line2D

        circle = Line2D([x], [y], marker="o", color=colour, markersize=72 * BADGE)
        circle.set_markeredgewidth(0)
        self.figure.add_artist(circle)

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
        if self.rule_below:
            self._line(whole, self.rows - 0.3)

    def _write_directions(self) -> float:
        """The directions below the axis; the row at which what follows begins."""
        from matplotlib.transforms import blended_transform_factory

        row = self._last + _AXIS / _ROW
        if not self.directions or self.directions_above:
            return row
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
        return row

    def write_directions_above(self) -> None:
        """The directions over the plot on each side of no effect, or as near as there is room."""
        if not self.directions or self.null is None:
            return
        low, high = self.axes.get_xlim()
        box, width = self.axes.get_position(), self._total[0]
        first, last = box.x0 * width, box.x1 * width
        sides = [in_two_lines(side) for side in self.directions]
        left, right = (line_width(self.figure, side, bold=True) for side in sides)
        null = first + (last - first) * (self.null - low) / (high - low)
        between = min(max(null, first + left + _ASIDE), last - right - _ASIDE)
        ends = (between - _ASIDE, "right"), (between + _ASIDE, "left")
        style: dict[str, Any] = {"weight": "bold", "va": "center_baseline"}
        for side, (x, align) in zip(sides, ends, strict=True):
            for row, line in enumerate(reversed(side.splitlines())):
                self.figure.text(self._x(x), self._y(-1.1 - row), line, ha=align, **style)

    def _write_block(self, block: Block, row: float, at: tuple[float, float, float]) -> None:
        """The texts of the second plot, and its axes; `at` is their start, width, and the right."""
        bold: dict[str, Any] = {"weight": "bold", "va": "center_baseline"}
        first = row + 2.6
        start, width, right = at
        self.figure.text(self._x(_MARGIN), self._y(first - 1.1), block.heading, **bold)
        self.figure.text(self._x(right), self._y(first - 1.1), block.header, ha="right", **bold)
        self._line((_MARGIN, self._total[0] - _MARGIN), first - 0.6)
        for i, (label, text) in enumerate(zip(block.labels, block.texts, strict=True)):
            y = self._y(first + i)
            self.figure.text(self._x(_MARGIN), y, label, va="center_baseline")
            self.figure.text(self._x(right), y, text, ha="right", va="center_baseline")
        last = first + len(block.labels) - 0.4
        self.block_axes = self._add_axes(start, width, first - 0.5, last)
        self.block_axes.set_ylim(len(block.labels) - 0.4, -0.5)

    def _write_title_and_notes(self, row: float) -> None:
        left = self._x(_MARGIN)
        if self.title:
            self.figure.text(
                left,
                self._y(-3.3),
                self.title,
                weight="bold",
                fontsize=FONT_SIZE + 1,
                va="center_baseline",
            )
        for note in self.notes:
            row += _NOTE
            self.figure.text(
                left,
                self._y(row),
                note,
                fontsize=FONT_SIZE - 1,
                va="center_baseline",
                color=COLOURS["data"],
            )
