"""The pages of a second opinion: what they say, that they run nothing that a file holds, links."""

import base64
import csv
import hashlib
import json
import math
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import bayesmeta as bm
from bayesmeta.measures import MEASURES
from bayesmeta.report import write_review
from bayesmeta.report.axis import Axis
from bayesmeta.report.review_pages import page_name
from bayesmeta.review_analysis import ReviewResult
from bayesmeta.studies import read_review

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "parity" / "toy.rm5"

SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "</style></title><svg onload=alert(1)>",
)
"""Text that must stay text."""

ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

ANYWHERE = {
    "the title": "A toy review",
    "a comparison": "Toy drug against placebo, counts",
    "an outcome": "Relapse, odds ratio",
    "a subgroup": "low dose",
    "a study": "Ada 2001",
    "a measure": "Hazard Ratio",
    "an arm": "Drug A",
    "an outcome that is left out": "Costs, in words",
    "an outcome that cannot be analysed": "Sleep, without spread",
}
"""Names in the toy review that are not ours."""

VOID = {"meta", "input", "br", "img", "link", "hr"}


@dataclass
class Page(HTMLParser):
    """What a browser finds in a page."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    inside: dict[str, list[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.inside.setdefault(self.open[-1] if self.open else "", []).append(data)
        self.seen.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def shown(self) -> str:
        """The text of the page, without style and script."""
        return " ".join(
            part
            for tag, parts in self.inside.items()
            if tag not in ("style", "script")
            for part in parts
        )


def pages(folder: Path) -> dict[str, Page]:
    return {
        path.name: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.html"))
    }


@pytest.fixture(scope="module")
def found() -> ReviewResult:
    return bm.review(TOY)


@pytest.fixture(scope="module")
def folder(found: ReviewResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "toy"
    written = write_review(found, folder)
    assert [path.name for path in written] == ["index.html", "review.csv", "review.json"]
    return folder


def test_a_page_an_outcome(found: ReviewResult, folder: Path) -> None:
    expected = [page_name(each) for each in found.outcomes]
    assert len(set(expected)) == len(expected)
    assert set(pages(folder)) == {"index.html", *expected}
    assert {"outcome-1.1.html", "outcome-2.3-1.html", "outcome-2.3-2.html"} <= set(expected)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_all_links_lead_to_files(folder: Path) -> None:
    links = 0
    for page in pages(folder).values():
        for attributes in page.all("a"):
            address = urlsplit(attributes["href"] or "")
            assert (address.scheme, address.netloc) == ("", "")
            assert (folder / unquote(address.path)).is_file()
            links += 1
        assert not page.all("link") + page.all("img") + page.all("iframe") + page.all("object")
    assert links > 3 * 12


def test_the_index_ranks_the_outcomes(found: ReviewResult, folder: Path) -> None:
    index = pages(folder)["index.html"]
    links = [attributes["href"] for attributes in index.all("a")]
    assert links[: len(found.outcomes)] == [page_name(each) for each in found.outcomes]
    flags = [attributes["data-flagged"] for attributes in index.all("tr") if attributes]
    assert flags == [str(len(each.flags)) for each in found.outcomes]
    for each in found.outcomes:
        assert each.outcome.name in index.shown
    assert "2.4 Sleep, without spread" in index.shown
    assert "no study has an effect" in index.shown
    assert "it is text without numbers" in index.shown
    assert sum(each.conclusion_changes for each in found.outcomes) == int(index.inside["dd"][1])


def test_the_index_sorts_by_the_header_that_is_clicked(found: ReviewResult, folder: Path) -> None:
    """Its script finds a header's cells by their place in the row."""
    header, *body = (
        re.findall(r"<t[hd]\b([^>]*)>(.*?)</t[hd]>", row, re.DOTALL)
        for row in pages(folder)["index.html"].text.split("<tr")[1:]
    )
    assert not any("colspan" in attributes for row in (header, *body) for attributes, _ in row)
    assert {len(row) for row in body} == {len(header)}
    columns = {}
    for (attributes, name), *cells in zip(header, *body, strict=True):
        if kind := re.search('data-sort="(.*?)"', attributes):
            values = [re.search('data-value="(.*?)"', cell) for cell, _ in cells]
            assert all(values) or not any(values), name
            columns[name] = [
                value[1] if value else text for value, (_, text) in zip(values, cells, strict=True)
            ]
            assert kind[1] == "text" or [float(value) for value in columns[name]]
    outcomes = [each.outcome for each in found.outcomes]
    assert columns.pop("distance") == [str(each.distance) for each in found.outcomes]
    assert columns.pop("tau") == [str(each.bayes.tau) for each in found.outcomes]
    (estimate,) = (name for name in columns if name.startswith("estimate and "))
    shown = found.table["bayes_estimate"].tolist()
    assert [float(value) for value in columns.pop(estimate)] == pytest.approx(shown, rel=1e-12)
    assert columns.pop("k") == [str(each.k) for each in found.outcomes]
    assert columns.pop("to look at") == [str(i + 1) for i in range(len(outcomes))]
    numbers = [[int(part) for part in value.split(".")] for value in columns.pop("analysis")]
    assert numbers == [[outcome.comparison, outcome.number] for outcome in outcomes]
    names = zip(columns.pop("outcome"), outcomes, strict=True)
    assert all(f">{outcome.name}" in text for text, outcome in names)
    assert columns.keys() == {"measure"}


def test_a_page_shows_methods_studies_and_priors(found: ReviewResult, folder: Path) -> None:
    for each in found.outcomes:
        page = pages(folder)[page_name(each)]
        for row in each.rows:
            assert row.label in page.shown
        for sentence in (*each.sentences, *each.warnings):
            assert sentence in page.shown
        for study in each.prepared.problem.study:
            assert study in page.shown
        for prior in each.priors:
            assert prior.label in page.shown
        for prior in each.prepared.problem.priors.values():
            assert prior.expression in page.shown
        for item in each.prepared.table.attrs["excluded"]:
            assert f"Left out: {item['study']}: {item['reason']}" in page.shown
        assert "nan" not in page.shown.split()


def test_the_document_is_whole(folder: Path) -> None:
    for page in pages(folder).values():
        assert page.text.lstrip().startswith("<!doctype html>")
        assert page.open == []
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.all("title")) == len(page.all("h1")) == 1
        identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(identifiers) == len(set(identifiers))
        for attributes in page.all("svg"):
            assert attributes.get("aria-label") or attributes.get("aria-hidden")


def test_only_our_own_style_and_script_run(folder: Path) -> None:
    for name, page in pages(folder).items():
        (policy,) = (
            str(attributes["content"])
            for attributes in page.all("meta")
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert rules["style-src"] == hashed(page.inside["style"])
        assert rules.get("script-src") == (
            hashed(page.inside["script"]) if name == "index.html" else None
        )
        assert "unsafe" not in policy
        for _, attributes in page.tags:
            assert "style" not in attributes
            assert not any(key.startswith("on") for key in attributes)


def hashed(parts: list[str]) -> str:
    digest = hashlib.sha256("".join(parts).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the toy review whose names are all hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    text = TOY.read_text(encoding="utf-8")
    for i, name in enumerate(ANYWHERE.values()):
        assert name in text
        text = text.replace(name, f"{HOSTILE[i % len(HOSTILE)]}{SCRIPT}".translate(ESCAPES))
    path = folder / "hostile.rm5"
    path.write_text(text, encoding="utf-8")
    write_review(bm.review(path), folder / "pages")
    return folder / "pages"


def test_text_of_a_file_stays_text(hostile: Path, folder: Path) -> None:
    for name, page in pages(hostile).items():
        assert len(page.all("script")) == (name == "index.html")
        assert "alert" not in "".join(page.inside.get("script", []))
        assert page.inside["style"] == pages(folder)[name].inside["style"]
        assert {tag for tag, _ in page.tags} <= {tag for tag, _ in pages(folder)[name].tags}
        assert SCRIPT in page.shown
        for _, attributes in page.tags:
            assert not any(key.startswith("on") for key in attributes)
    index = pages(hostile)["index.html"]
    assert "{{ 7 * 7 }}" in index.shown
    assert "49" not in {cell.strip() for cell in index.inside["th"]}


def test_names_of_pages_are_safe_and_apart(found: ReviewResult) -> None:
    """Collections of data rows name their reviews as they like."""
    names = [
        "",
        "CD000001",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "con:",
        "é ü",
        "ü é",
        "x" * 300,
        ".hidden",
    ]
    made = [
        page_name(replace(each, outcome=replace(each.outcome, review=name)))
        for name in names
        for each in found.outcomes
    ]
    for name in made:
        assert re.fullmatch(r"outcome-[A-Za-z0-9._-]*\.html", name)
        assert len(name) < 200
        assert "/" not in name
    assert len(set(made)) == len(made)


def test_formulas_are_no_formulas_in_the_table(tmp_path: Path) -> None:
    text = TOY.read_text(encoding="utf-8")
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)"]
    names = ["Relapse, odds ratio", "Toy drug against placebo, scales", "low dose", "Pain"]
    for name, formula in zip(names, formulas, strict=True):
        text = text.replace(name, formula)
    path = tmp_path / "toy.rm5"
    path.write_text(text, encoding="utf-8")
    _, table, _ = write_review(bm.review(path), tmp_path / "pages")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = {cell for row in rows for cell in (row["outcome"], row["comparison"], row["subgroup"])}
    assert {f"'{formula}" for formula in formulas} <= cells
    assert not cells & set(formulas)


def test_the_name_of_a_review_is_no_formula_in_the_table(
    found: ReviewResult, tmp_path: Path
) -> None:
    """Collections of data rows name their reviews as they like."""
    each = found.outcomes[0]
    formula = '=HYPERLINK("https://example.org")'
    named = replace(each, outcome=replace(each.outcome, review=formula))
    _, table, _ = write_review(replace(found, outcomes=(named,)), tmp_path)
    with table.open(encoding="utf-8", newline="") as file:
        assert [row["analysis"] for row in csv.DictReader(file)] == [f"'{named.outcome.analysis}"]


@pytest.mark.parametrize("estimate", ["712", "-760", "400"])
def test_an_extreme_study_has_a_page(tmp_path: Path, estimate: str) -> None:
    text = TOY.read_text(encoding="utf-8")
    assert 'ESTIMATE="-0.35"' in text
    path = tmp_path / "toy.rm5"
    path.write_text(text.replace("-0.35", estimate), encoding="utf-8")
    result = bm.review(path)
    write_review(result, tmp_path / "pages")
    assert len(pages(tmp_path / "pages")) == len(result.outcomes) + 1


def test_the_table_and_the_json_are_the_result(found: ReviewResult, folder: Path) -> None:
    with (folder / "review.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == found.table.columns.tolist()
    assert [row["analysis"] for row in rows] == found.table["analysis"].tolist()
    for row, (_, expected) in zip(rows, found.table.iterrows(), strict=True):
        assert float(row["bayes_lower"]) == expected["bayes_lower"]
    content = json.loads(
        (folder / "review.json").read_text(encoding="utf-8"), parse_constant=pytest.fail
    )
    assert content == found.to_dict()


def test_a_second_run_writes_the_same(found: ReviewResult, folder: Path, tmp_path: Path) -> None:
    write_review(found, tmp_path)
    write_review(found, tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_review_without_outcomes_has_an_index(tmp_path: Path) -> None:
    write_review(bm.review(replace(read_review(TOY), outcomes=())), tmp_path)
    index = pages(tmp_path)["index.html"]
    assert "A toy review" in index.shown
    assert "Costs, in words" in index.shown


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ([(-1.0, 2.0)], [(-9.0, 3.0)]),
        ([(0.0, 0.0)], []),
        ([], []),
        ([(float("nan"), float("nan"))], [(float("-inf"), float("inf"))]),
        ([(1e-12, 2e-12)], [(-1e9, 1e9)]),
    ],
)
@pytest.mark.parametrize("null", [None, 0.0])
def test_places_on_an_axis(
    inner: list[tuple[float, float]], outer: list[tuple[float, float]], null: float | None
) -> None:
    axis = Axis.around(inner, outer, null=null, width=200, scale=MEASURES["MD"].scale)
    assert axis.low < axis.high
    for low, high in inner:
        bar = axis.bar((low + high) / 2, low, high)
        if bar is None:
            continue
        assert bar.middle is not None
        assert 0 <= bar.left <= bar.middle <= bar.right <= 200
        assert not bar.cut_left
        assert not bar.cut_right
    for low, high in outer:
        bar = axis.bar(0.0, low, high)
        assert bar is None or 0 <= bar.left <= bar.right <= 200
    assert axis.null_place is None or 0 < axis.null_place < 200


def test_ratios_are_cut_where_their_axis_is_legible() -> None:
    scale = MEASURES["OR"].scale
    axis = Axis.around([(711.0, 713.0)], [(-5.0, 5.0)], null=0.0, width=200, scale=scale)
    assert math.exp(axis.high - axis.low) < 1e13
    assert axis.null_place is None
    inside, beyond = axis.bar(712, 711, 713), axis.bar(0, -5, 5)
    assert inside is not None
    assert beyond is not None
    assert 0 < inside.left < inside.right < 200
    assert (beyond.left, beyond.right, beyond.middle) == (0, 0, None)
    assert beyond.cut_left
