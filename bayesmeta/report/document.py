"""What a report is made of, whichever way it is written: sections of blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bayesmeta.model.mathematics import Equation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Block",
    "Code",
    "Equations",
    "Items",
    "Link",
    "Paragraph",
    "Picture",
    "Report",
    "Section",
    "Table",
]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A reference to another section.

    Attributes
    ----------
    section : str
        Its name.
    text : str
    """

    section: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph of plain text.

    Attributes
    ----------
    text : str
    tone : {"plain", "lead", "soft", "warning"}
        ``lead`` is the answer itself, ``soft`` an explanation, ``warning`` what must be known.
    """

    text: str
    tone: Literal["plain", "lead", "soft", "warning"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list.

    Attributes
    ----------
    items : sequence of str
    tone : {"plain", "warning"}
    """

    items: Sequence[str]
    tone: Literal["plain", "warning"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table.

    Attributes
    ----------
    caption : str
        What it holds: it stands above, and is its name for screen readers.
    header : sequence of str
    rows : sequence of sequence of (str or Link)
        The first cell names the row; a row of one cell is a heading of those below it.
    words : sequence of str
        The columns, by their heading, that hold words and stand left; the first always does.
    strong, marked : sequence of int
        Rows that are set in bold, and those that stand out as they say something else.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Link]]
    words: Sequence[str] = ()
    strong: Sequence[int] = ()
    marked: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A plot.

    Attributes
    ----------
    name : str
        Of the plot, as ``bayesmeta plot`` has it.
    figure : matplotlib.figure.Figure
    caption : str
        What it shows and how to read it.
    alt : str
        What it says, for those who do not see it.
    """

    name: str
    figure: "Figure"
    caption: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Equations:
    """The model as mathematics, a line each with its meaning.

    Attributes
    ----------
    lines : sequence of Equation
    """

    lines: Sequence[Equation]


@dataclass(frozen=True, kw_only=True)
class Code:
    """Text for a machine.

    Attributes
    ----------
    caption : str
    text : str
    language : str
        As Markdown names it.
    folded : bool
        Whether it is shown on request alone, where the format can do that.
    """

    caption: str
    text: str
    language: str = ""
    folded: bool = False


Block = Paragraph | Items | Table | Picture | Equations | Code


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section.

    Attributes
    ----------
    name : str
        By which others refer to it.
    title : str
    blocks : sequence of Block
    """

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report of one fit.

    Attributes
    ----------
    title : str
    facts : sequence of (str, str)
        What was asked, in a few names and values.
    sections : sequence of Section
        In the order in which a reader needs them.
    verdict : {"ok", "warn", "fail"}
        Whether the numbers may be used.
    made : str
        By what it was made.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    verdict: str
    made: str

    @property
    def pictures(self) -> Iterator[Picture]:
        """Every plot, in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Picture))
