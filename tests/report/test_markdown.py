"""Reports as Markdown: everything is there in order, and names stay text wherever it is read."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from bayesmeta.errors import InputError
from bayesmeta.model.mathematics import Equation
from bayesmeta.report.document import (
    Block,
    Code,
    Equations,
    Items,
    Link,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
)
from bayesmeta.report.markdown import picture_names, to_markdown, write_markdown
from bayesmeta.report.markdown_text import code_block, escape, slug

HOSTILE = (
    "<script>alert(1)</script>",
    "<b>|*x*|_y_|</b>",
    "$x$ and $$y$$",
    "[a](b) ![c](d) [e][f] [^g] [@h]",
    "# heading",
    "`a` ``b`` ~~~ ```",
    "first\n\nsecond\r\n    third\tfourth",
    "- item",
    "1. item",
    "iv) item",
    "#. item",
    "(@) item",
    ": definition",
    "Table: caption",
    "% title",
    "> quote",
    "***",
    "---",
    "===",
    r"\| \\| \frac{1}{2} \(z\)",
    "&lt; &#36; &amp;",
    "H~2~O x^2^ ~~s~~ {.class}",
    "http://a.b/c_d_e www.a_b.c __www.a~b --to <http://a.b>",
    "研究 مرحبا é",
)
"""Text that is markup to some reader of Markdown."""

ALLOWED = {"h1", "h2", "p", "ul", "li", "blockquote", "strong", "em", "a", "img", "br", "hr"} | {
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "pre", "code"),
    *("div", "span", "math", "semantics", "mrow", "mi", "mo", "mn", "msub", "annotation"),
}


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.blocks: list[str] = [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in {"h1", "h2", "p", "li", "th", "td", "caption", "pre"}:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        self.blocks[-1] += data

    @property
    def texts(self) -> list[str]:
        return [found for block in self.blocks if (found := spaced(block))]


def spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def picture(name: str) -> Picture:
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([0, 1])
    return Picture(name=name, figure=figure, caption=f"Caption of {name}.", alt=f"Says {name}.")


@pytest.fixture
def report() -> Report:
    """One of each block."""
    blocks: list[Block] = [
        Paragraph(text="It works.", tone="lead"),
        Paragraph(text="But beware.", tone="warning"),
        Items(items=["one", "two"]),
        Items(items=["three"]),
        Items(items=["few studies", "no events"], tone="warning"),
        Table(
            caption="Numbers",
            header=["", "estimate", "why"],
            rows=[
                ["group"],
                ["pooled", "0.5", "all"],
                ["other", "0.7", Link(section="data", text="See")],
                ["  last", "", "none"],
            ],
            words=["why"],
            strong=[1],
            marked=[3],
        ),
        picture("forest"),
    ]
    model: list[Block] = [
        Equations(lines=[Equation(latex=r"y_i \sim \theta_i", meaning="the data")]),
        Code(caption="The script", text="x = '```'\n\ty = 1\n", language="python"),
        picture("forest"),
    ]
    return Report(
        title="A title",
        facts=[("Measure", "odds ratio"), ("Studies", "4 studies")],
        sections=[
            Section(name="answer", title="The answer", blocks=blocks),
            Section(name="data", title="A title", blocks=model),
        ],
        verdict="ok",
        made="bayesmeta 1.2.3",
    )


def test_every_block_is_there_in_order(report: Report) -> None:
    assert to_markdown(report, ["(a.svg)", "(b.svg)"]) == (
        r"""# A title

- **Measure**: odds ratio
- **Studies**: 4 studies

## The answer

**It works.**

> **But beware.**

- one
- two
- three

> few studies
>
> no events

Table: Numbers

|  | estimate | why |
| :-------- | ----------: | :------ |
| **group** |  |  |
| **pooled** | **0.5** | **all** |
| other | 0.7 | [See](#a-title-1) |
| &nbsp;&nbsp;*last* |  | *none* |

![Says forest.](a.svg)\
*Caption of forest.*

## A title

$y_i \sim \theta_i$\
the data

The script

````python
x = '```'
	y = 1
````

![Says forest.](b.svg)\
*Caption of forest.*

***

bayesmeta 1.2.3; convergence: ok.
"""
    )


def test_pictures_are_beside_it_and_linked(report: Report, tmp_path: Path) -> None:
    path = write_markdown(report, tmp_path, "a (b) é")
    assert path == tmp_path / "a (b) é.md"
    names = ["forest-2.svg", "forest.svg"]
    assert sorted(file.name for file in (tmp_path / "a (b) é-report").iterdir()) == names
    page = reader().render(path.read_text(encoding="utf-8"))
    addresses = re.findall('<img src="([^"]*)" alt="Says forest."', page)
    assert addresses == [
        "a%20%28b%29%20%C3%A9-report/forest.svg",
        "a%20%28b%29%20%C3%A9-report/forest-2.svg",
    ]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a (b) é-report", "a (b) é.md"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text_on_github(report: Report, text: str) -> None:
    page = Page(reader().render(to_markdown(saying(report, text), ["(a.svg)"])))
    assert page.tags <= ALLOWED
    assert page.texts == [*expected(text, caption=f"Table: {spaced(text)}")]


def test_text_stays_text_in_pandoc(report: Report) -> None:
    pandoc = pytest.importorskip("pypandoc")
    written = "\n\n".join(to_markdown(saying(report, text), ["(a.svg)"]) for text in HOSTILE)
    options = ["--wrap=none", "--quiet"]
    page = Page(pandoc.convert_text(written, "html", "markdown-smart", extra_args=options))
    assert page.tags <= ALLOWED
    assert page.texts == [line for text in HOSTILE for line in expected(text, caption=spaced(text))]
    loose = pandoc.convert_text(written, "html", "markdown", extra_args=options)
    assert "--to" in loose
    assert "<script" not in loose


def saying(report: Report, text: str) -> Report:
    """A report that says the same everywhere."""
    blocks: list[Block] = [
        Paragraph(text=text),
        Paragraph(text=text, tone="lead"),
        Paragraph(text=text, tone="warning"),
        Items(items=[text, text]),
        Items(items=[text], tone="warning"),
        Table(
            caption=text,
            header=["a", text],
            rows=[[text], [text, Link(section="answer", text=text)], [text, "b"], [text, "c"]],
            strong=[2],
            marked=[3],
        ),
        replace(picture("forest"), alt=text, caption=text),
        Code(caption=text, text="code"),
    ]
    section = Section(name="answer", title=text, blocks=blocks)
    return replace(report, title=text, facts=[(text, text)], sections=[section], made=text)


def expected(text: str, *, caption: str) -> list[str]:
    line = spaced(text)
    rows = ["a", line, line, line, line, line, "b", line, "c"]
    found = [line, f"{line}: {line}", *[line] * 7, caption, *rows, line, line, "code"]
    return [*found, f"{line}; convergence: ok."]


def test_characters_that_no_file_can_hold_are_replaced() -> None:
    assert escape("a\0b\x1bc\ud800d") == "a\ufffdb\ufffdc\ufffdd"
    assert "\0" not in code_block("a\0b")
    assert escape("\n") == ""


def test_numbers_are_not_escaped() -> None:
    assert escape("0.84") == "0.84"
    assert escape("95 % interval") == "95 % interval"
    assert escape("std. error") == "std. error"


def test_code_is_longer_fenced_than_any_of_its_lines() -> None:
    assert code_block("````\na") == "`````\n````\na\n`````"
    assert code_block("a\n", "toml") == "```toml\na\n```"


def test_slugs_are_those_of_github() -> None:
    assert slug("Does the model fit?") == "does-the-model-fit"
    assert slug("Études: I² of 研究_a - b") == "études-i-of-研究_a---b"


def test_a_failure_leaves_nothing(report: Report, tmp_path: Path) -> None:
    (tmp_path / "a-report").write_text("in the way")
    with pytest.raises(InputError):
        write_markdown(report, tmp_path, "a")
    assert [file.name for file in tmp_path.iterdir()] == ["a-report"]


@pytest.mark.parametrize("name", ["remission", "hostile"])
def test_a_whole_report(name: str, request: pytest.FixtureRequest) -> None:
    composed: Report = request.getfixturevalue(name)
    names = picture_names(composed, "svg")
    assert len(set(names)) == len(names) == len(list(composed.pictures))
    text = to_markdown(composed, [f"({name})" for name in names])
    tokens = reader().parse(text)
    found = [token for block in tokens for token in [block, *(block.children or ())]]
    assert not [token for token in found if token.type.startswith("html")]
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert headings == [escape(composed.title), *(part.title for part in composed.sections)]
    blocks = [block for section in composed.sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert sum(token.type == "table_open" for token in tokens) == len(tables)
    assert [token.attrs["src"] for token in found if token.type == "image"] == names
    anchors = {f"#{slug(section.title)}" for section in composed.sections}
    assert {token.attrs["href"] for token in found if token.type == "link_open"} <= anchors
    lines = [line for block in blocks if isinstance(block, Equations) for line in block.lines]
    assert lines
    assert all(f"${line.latex}$" in text for line in lines)
