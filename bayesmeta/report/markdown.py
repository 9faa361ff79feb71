"""A report as Markdown with its pictures beside it: for a repository, a manuscript, pandoc."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import assert_never
from urllib.parse import quote

from bayesmeta.files import write_text, write_whole
from bayesmeta.plots import figure_bytes
from bayesmeta.report.document import (
    Block,
    Code,
    Equations,
    Items,
    Link,
    Paragraph,
    Picture,
    Report,
    Table,
)
from bayesmeta.report.markdown_text import bold, code_block, escape, italic, slug

__all__ = ["picture_names", "to_markdown", "write_markdown"]

_PAGE, _WIDEST, _WORD, _SPACE = 120, 60, 18, 2
"""Characters of a line of a table, of its widest column, of a word, and between two columns: by
the widths of the columns pandoc shares out those of the page."""


def write_markdown(report: Report, folder: Path, name: str) -> Path:
    """Write ``name.md``, and before it its pictures into the folder ``name-report``."""
    beside = folder / f"{name}-report"
    files = picture_names(report, "svg")
    contents = [figure_bytes(picture.figure, "svg") for picture in report.pictures]
    text = to_markdown(report, [f"({quote(f'{beside.name}/{file}')})" for file in files])
    for file, content in zip(files, contents, strict=True):
        write_whole(beside / file, partial(Path.write_bytes, data=content))
    return write_text(folder / f"{name}.md", text)


def picture_names(report: Report, suffix: str) -> list[str]:
    """A name of a file for each picture; of two with one name, the second is numbered."""
    seen: dict[str, int] = {}
    found = []
    for picture in report.pictures:
        seen[picture.name] = count = seen.get(picture.name, 0) + 1
        number = f"-{count}" if count > 1 else ""
        found.append(f"{picture.name}{number}.{suffix}")
    return found


def to_markdown(report: Report, targets: Sequence[str]) -> str:
    """The text, for GitHub and for pandoc; whatever comes from a file is escaped.

    Parameters
    ----------
    report
        The report.
    targets
        Of each of its pictures what follows the text in brackets: the address in parentheses.
    """
    waiting = iter(targets)
    anchors = _anchors(report)
    parts = [f"# {escape(report.title)}", _facts(report)]
    for section in report.sections:
        parts.append(f"## {escape(section.title)}")
        parts += [_block(block, waiting, anchors) for block in _joined(section.blocks)]
    parts += ["***", escape(f"{report.made}; convergence: {report.verdict}.")]
    return "\n\n".join(filter(None, parts)) + "\n"


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """Blocks; lists that follow each other are one, as Markdown would take them for that."""
    kept: list[Block] = []
    for block in blocks:
        last = kept[-1] if kept else None
        if isinstance(block, Items) and isinstance(last, Items) and last.tone == block.tone:
            kept[-1] = Items(items=[*last.items, *block.items], tone=block.tone)
        else:
            kept.append(block)
    return kept


def _anchors(report: Report) -> Mapping[str, str]:
    """The address of each section by its name; a title that was there before is numbered."""
    seen = {slug(report.title): 1}
    found = {}
    for section in report.sections:
        anchor = slug(section.title)
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found[section.name] = f"{anchor}-{count}" if count else anchor
    return found


def _facts(report: Report) -> str:
    return "\n".join(f"- {bold(name)}: {escape(value)}" for name, value in report.facts)


def _block(block: Block, targets: Iterator[str], anchors: Mapping[str, str]) -> str:
    match block:
        case Paragraph():
            return _paragraph(block)
        case Items():
            lines = map(escape, block.items)
            if block.tone == "warning":
                return "\n>\n".join(f"> {line}" for line in lines)
            return "\n".join(f"- {line}" for line in lines)
        case Table():
            return _table(block, anchors)
        case Picture():
            return f"![{escape(block.alt)}]{next(targets)}\\\n{italic(block.caption)}"
        case Equations():
            return "\n\n".join(
                f"{_formula(line.latex)}\\\n{escape(line.meaning)}" for line in block.lines
            )
        case Code():
            return f"{escape(block.caption)}\n\n{code_block(block.text, block.language)}"
        case _:
            assert_never(block)


def _paragraph(block: Paragraph) -> str:
    if block.tone == "warning":
        return f"> {bold(block.text)}"
    return bold(block.text) if block.tone == "lead" else escape(block.text)


def _formula(latex: str) -> str:
    """LaTeX between dollars: no space before the second, nothing in it that is a link."""
    inside = latex.lstrip().replace("](", "] (")
    return f"${inside}{{}}$" if inside.endswith(" ") else f"${inside}$"


def _table(block: Table, anchors: Mapping[str, str]) -> str:
    """A table with pipes, its caption above as pandoc knows it."""
    rules = [
        f":{'-' * width}" if place == 0 or name in block.words else f"{'-' * width}:"
        for place, (name, width) in enumerate(zip(block.header, _widths(block), strict=True))
    ]
    lines = [[escape(name) for name in block.header], rules]
    for place, row in enumerate(block.rows):
        cells = [_cell(cell, _emphasis(block, place, row), anchors) for cell in row]
        lines.append(cells + [""] * (len(rules) - len(cells)))
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"Table: {escape(block.caption)}\n\n{table}"


def _emphasis(block: Table, place: int, row: Sequence[str | Link]) -> str:
    if len(row) == 1 or place in block.strong:
        return "**"
    return "*" if place in block.marked else ""


def _cell(cell: str | Link, emphasis: str, anchors: Mapping[str, str]) -> str:
    if isinstance(cell, Link):
        return f"[{escape(cell.text)}](#{quote(anchors[cell.section])})"
    text = escape(cell)
    indent = "&nbsp;" * (len(cell) - len(cell.lstrip(" ")))
    return f"{indent}{emphasis}{text}{emphasis}" if text else ""


def _widths(block: Table) -> list[int]:
    """Characters of each column: all of its longest cell, or less where the line is too short."""
    rows = [block.header, *(row for row in block.rows if len(row) > 1)]
    texts = [[cell.text if isinstance(cell, Link) else cell for cell in row] for row in rows]
    columns = list(zip(*texts, strict=True))
    longest = [max(map(len, column)) for column in columns]
    words = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    for widest in range(_WIDEST, 0, -1):
        widths = [
            max(min(whole, widest), min(word, _WORD)) + _SPACE
            for whole, word in zip(longest, words, strict=True)
        ]
        if sum(widths) <= _PAGE:
            break
    return widths
