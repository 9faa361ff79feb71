"""An index: a page that lists analyses with their pictures, to sort, to search, to open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bayesmeta import __version__
from bayesmeta.report.axis import Axis, Bar
from bayesmeta.report.page import render, source

__all__ = [
    "Answer",
    "Cell",
    "Column",
    "Index",
    "IndexRow",
    "Line",
    "Picture",
    "answer_cells",
    "index_to_html",
]

_LINE, _FIRST = 20, 10
"""Pixels of a line of text, which the style sets too, and the middle of the first."""

Tone = Literal["", "soft", "bayes", "new", "flag"]
_LABELS: Mapping[str, Tone] = {"own": "soft", "bayes": "bayes", "new": "new"}
_TEXTS: Mapping[str, Tone] = {"own": "", "bayes": "bayes", "new": "new"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        Its heading.
    kind : {"name", "flags", "word", "number", "label", "estimate", "picture"}
        What it holds: ``name`` names the row, ``label`` the lines of the estimates.
    sort : {"", "text", "number"}
        How rows are sorted by it; "" where they are not.
    """

    name: str
    kind: Literal["name", "flags", "word", "number", "label", "estimate", "picture"]
    sort: Literal["", "text", "number"] = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text in a cell.

    Attributes
    ----------
    text : str
    tone : {"", "soft", "bayes", "new", "flag"}
        Blue and orange as in the pictures; ``flag`` is what to look at.
    link : str
        The address of another page, quoted; "" where it leads nowhere.
    """

    text: str
    tone: Tone = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of text.

    Attributes
    ----------
    lines : sequence of Line
    value : str, float or None
        By what rows are sorted, NaN where there is none; None where it is the text itself.
    more : sequence of str
        Texts that are shown on request, under `more_name`.
    more_name : str
    """

    lines: Sequence[Line] = ()
    value: str | float | None = None
    more: Sequence[str] = ()
    more_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An estimate: a line of text and of the picture.

    Attributes
    ----------
    label, text : str
        What it is, and its numbers.
    kind : {"own", "bayes", "new"}
        Its colour: black, blue or orange.
    bar : Bar or None
        None where it cannot be drawn.
    marker : {"", "square", "diamond"}
        At the middle of the bar.
    """

    label: str
    text: str
    kind: Literal["own", "bayes", "new"]
    bar: Bar | None
    marker: Literal["", "square", "diamond"] = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A small forest plot, whose lines stand beside those of the text.

    Attributes
    ----------
    axis : Axis
    answers : sequence of Answer
        One a line of the text.
    """

    axis: Axis
    answers: Sequence[Answer]

    @property
    def alt(self) -> str:
        """What it says, for those who do not see it."""
        return ", ".join(f"{answer.label} {answer.text}" for answer in self.answers)

    @property
    def height(self) -> int:
        """Pixels."""
        return _LINE * len(self.answers) + 2

    @property
    def places(self) -> Iterator[tuple[int, Answer]]:
        """What is drawn, with its height in the picture."""
        for i, answer in enumerate(self.answers):
            if answer.bar is not None:
                yield _FIRST + _LINE * i, answer


def answer_cells(
    answers: Sequence[Answer], axis: Axis, *, value: float | None = None, rest: str = ""
) -> tuple[Cell, Cell, Picture]:
    """The names of estimates, their numbers, and their picture.

    Parameters
    ----------
    answers, axis
        The estimates, and the axis of their bars.
    value
        By what rows are sorted.
    rest
        What is to be said below, as that there are more.
    """
    below = [Line(text=rest, tone="soft")] if rest else []
    return (
        Cell(lines=[*(Line(text=each.label, tone=_LABELS[each.kind]) for each in answers), *below]),
        Cell(lines=[Line(text=each.text, tone=_TEXTS[each.kind]) for each in answers], value=value),
        Picture(axis=axis, answers=answers),
    )


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """An analysis.

    Attributes
    ----------
    cells : sequence of (Cell or Picture)
        One a column.
    flagged : int
        How much there is to look at.
    """

    cells: Sequence[Cell | Picture]
    flagged: int


@dataclass(frozen=True, kw_only=True)
class Index:
    """What the page says.

    Attributes
    ----------
    kind : str
        What it is an index of, by which a later run knows its own page.
    title, above, intro : str
        The heading, what stands above it, and what the page is.
    counts : sequence of (str, str)
        Names and values of what was counted.
    findable : str
        What can be searched for, in a few words.
    named : str
        What the rows are.
    columns : sequence of Column
    rows : sequence of IndexRow
        In the order of the column `sorted_by`.
    sorted_by : str
    legend : str
        How to read the table.
    lists : sequence of (str, sequence of str)
        Headings and items of what else is to be said.
    foot : str
        Where it comes from.
    files : sequence of str
        Files beside the page that hold its numbers.
    """

    kind: str
    title: str
    above: str
    intro: str
    counts: Sequence[tuple[str, str]]
    findable: str
    named: str
    columns: Sequence[Column]
    rows: Sequence[IndexRow]
    sorted_by: str
    legend: str
    lists: Sequence[tuple[str, Sequence[str]]]
    foot: str
    files: Sequence[str] = ()

    @property
    def generator(self) -> str:
        """What made the page."""
        return f"bayesmeta {__version__}, index of {self.kind}"

    def cells(self, row: IndexRow) -> Iterator[tuple[Column, Cell | Picture]]:
        """The cells of a row, each with its column."""
        return zip(self.columns, row.cells, strict=True)


def index_to_html(index: Index) -> str:
    """The page. Whatever comes from a file is escaped; no script but its own can run."""
    return render(
        "index.html.jinja",
        styles=("base.css", "sparkline.css", "index.css"),
        index=index,
        script=source("index.js"),
    )
