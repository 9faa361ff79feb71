"""The report of a fit: what it says, where it says it, and that nothing in it runs."""

import base64
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.plots import PLOTS
from bayesmeta.report import write_fit
from bayesmeta.report.answer_text import lead, new_study
from bayesmeta.report.compose import compose
from bayesmeta.report.document import Code, Items, Link, Paragraph, Picture, Report, Table
from bayesmeta.report.html import to_html
from bayesmeta.report.sections import SECTIONS
from bayesmeta.report.sections.checklist import ITEMS

ROOT = Path(__file__).parents[2]
SCRIPT = "<script>alert(1)</script>"
ORDER = [make.__name__ for make in SECTIONS] + ["checklist"]


@dataclass
class Page(HTMLParser):
    """What a browser finds in a page."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    quiet: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.quiet = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.quiet = False

    def handle_data(self, data: str) -> None:
        if not self.quiet and data.strip():
            self.words.append(" ".join(data.split()))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def texts(report: Report, section: str) -> str:
    """Everything that a section says in words."""
    found: list[str] = []
    for block in next(each for each in report.sections if each.name == section).blocks:
        match block:
            case Paragraph():
                found.append(block.text)
            case Items():
                found += block.items
            case Table():
                found += [block.caption, *block.header]
                found += [c if isinstance(c, str) else c.text for row in block.rows for c in row]
            case Code():
                found.append(block.text)
            case Picture():
                found += [block.caption, block.alt]
    return "\n".join(found)


@pytest.fixture(params=["remission", "by_source", "sampled", "hostile"])
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found


def test_sections_are_in_the_order_of_a_reader(report: Report) -> None:
    names = [section.name for section in report.sections]
    assert names == [name for name in ORDER if name in names]
    always = set(ORDER) - {"subgroups", "heterogeneity"}
    assert always <= set(names)


def test_a_report_loads_nothing_and_runs_nothing(report: Report) -> None:
    page = Page(to_html(report))
    (policy,) = [m["content"] for m in page.of("meta") if m.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert not page.of("script")
    assert not page.of("link")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not [attrs for _, attrs in page.tags if "style" in attrs]
    addresses = [image["src"] or "" for image in page.of("img")]
    assert all(address.startswith("data:image/") for address in addresses)
    targets = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    links = [link["href"] or "" for link in page.of("a")]
    assert all(link.startswith("#") and link[1:] in targets for link in links)


def test_every_picture_says_what_it_shows(report: Report) -> None:
    page = Page(to_html(report))
    assert len(page.of("img")) == len(list(report.pictures)) > 3
    for image in page.of("img"):
        assert image["alt"]
        assert int(image["width"] or 0) > 100
    for picture in report.pictures:
        assert picture.name in PLOTS


def test_the_contents_name_every_section(report: Report) -> None:
    page = Page(to_html(report))
    wanted = [f"#{section.name}" for section in report.sections]
    found = [link["href"] for link in page.of("a") if not link.get("class")]
    assert found[: len(wanted)] == wanted


def test_a_report_is_small(report: Report) -> None:
    assert len(to_html(report).encode()) < 3_000_000


def test_names_are_text_everywhere(hostile: Report) -> None:
    text = to_html(hostile)
    page = Page(text)
    assert not page.of("script")
    assert len(page.of("img")) == len(list(hostile.pictures))
    assert SCRIPT in page.words  # the title is one
    assert "{{ 7 * 7 }}" in page.words
    for image in page.of("img"):
        address = image["src"] or ""
        if "svg" in address[:20]:
            drawing = base64.b64decode(address.partition(",")[2]).decode()
            assert "<script" not in drawing
            assert "onerror=alert(1)>" not in drawing.replace("&gt;", "")


def test_every_item_of_the_guidelines_has_its_place() -> None:
    for item in ITEMS:
        assert item.section in ("", *ORDER)
        assert item.picture in ("", *PLOTS)
    assert len({(item.guideline, item.text) for item in ITEMS}) == len(ITEMS)
    counts = {name: sum(i.guideline == name for i in ITEMS) for name in ("BARG", "ROBUST")}
    assert counts["ROBUST"] == 7  # the items of its paper
    barg = {item.text[0] for item in ITEMS if item.guideline == "BARG"}
    assert barg == {"P", *"123456"}  # its preamble and its six steps


def test_the_checklist_points_to_sections_that_are_there(report: Report) -> None:
    names = {section.name for section in report.sections}
    (table,) = [b for b in report.sections[-1].blocks if isinstance(b, Table)]
    assert len(table.rows) == len(ITEMS)
    where = {str(row[1]): row[2] for row in table.rows}
    links = [cell for cell in where.values() if isinstance(cell, Link)]
    assert len(links) > 20
    assert {link.section for link in links} <= names
    drawn = {picture.name for picture in report.pictures}
    risk = where["Chapter 7: risk of bias beside results"]
    assert isinstance(risk, Link) == ("traffic-light" in drawn)


def test_the_answer_says_what_was_found(remission: Report) -> None:
    fit = bm.fit(ROOT / "models" / "ibd-remission-normal.toml", engine="quadrature")
    said = texts(remission, "answer")
    row = fit.estimate("mu")
    for end in ("median", "lower", "upper"):
        assert f"{row[f'display_{end}']:.2f}" in said
    assert f"probability of benefit is {row['prob_benefit']:.3f}" in said
    assert "95 % credible interval" in said
    assert "95 % prediction interval" in said
    assert "2.02 (1.53 to 2.67)" in said  # what was published
    assert "RevMan, random effects (Mantel-Haenszel, DL): 1.58 (1.05 to 2.38)" in said
    assert "That conclusion is fragile: it is another under 26 of 39 other priors" in said
    assert "1 study was corrected" in said
    assert "fewer than ten" in said


def test_the_answer_of_subgroups_rests_on_contrasts(by_source: Report) -> None:
    said = texts(by_source, "answer")
    assert "every 95 % credible interval of a difference includes no difference" in said
    assert "adipose −0.73 (−1.17 to −0.36)" in said
    alone = texts(by_source, "comparison")
    assert "Each subgroup alone, by inverse variance" in alone
    assert "P = 0.0024" in alone


def effects(mean: float, *, k: int = 12, better: str = "lower", **options: Any) -> bm.Fit:
    """A fit of studies that scatter around a mean."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(k)],
            "effect": mean + 0.1 * rng.standard_normal(k),
            "std_error": np.full(k, 0.2),
        }
    )
    return bm.fit(frame, measure="SMD", better=better, engine="quadrature", **options)


@pytest.mark.parametrize(
    ("mean", "better", "words"),
    [
        (-1.0, "lower", "The mean effect almost certainly favours treatment"),
        (1.0, "higher", "The mean effect almost certainly favours treatment"),
        (1.0, "lower", "The mean effect almost certainly favours control"),
        (0.0, "lower", "a benefit is open: the probability of benefit is"),
    ],
)
def test_words_follow_the_probability(mean: float, better: str, words: str) -> None:
    assert words in lead(effects(mean, better=better))[0]


def test_without_a_direction_there_is_no_benefit() -> None:
    fit = effects(1.0)
    spec = json.loads(fit.tree.attrs["spec"])
    spec["effect"]["better"] = None
    tree = fit.tree.copy()
    tree.attrs = {**fit.tree.attrs, "spec": json.dumps(spec)}
    (text,) = lead(bm.Fit(tree))
    assert "benefit" not in text
    assert "benefit" not in new_study(bm.Fit(tree))[0]


def test_a_common_effect_has_no_new_study() -> None:
    report = compose(effects(0.5, heterogeneity="common"))
    assert "heterogeneity" not in {section.name for section in report.sections}
    assert "new study" not in texts(report, "answer")


def test_one_study() -> None:
    said = texts(compose(effects(0.5, k=1)), "answer")
    assert "from 1 study" in said
    assert "prior" in said


def test_a_result_that_did_not_converge_says_so_first(oa_pain: bm.Fit) -> None:
    bad = bm.Fit(oa_pain.tree.copy())
    bad.__dict__["diagnostics"] = replace(
        oa_pain.diagnostics, verdict="fail", messages=("R-hat is 1.200, above 1.01.",)
    )
    report = compose(bad)
    first = report.sections[0].blocks[0]
    assert isinstance(first, Paragraph)
    assert first.tone == "warning"
    assert "has not converged" in first.text
    assert "R-hat is 1.200" in texts(report, "answer")
    assert "convergence: fail" in to_html(report)
    assert "probabl" not in texts(report, "answer").partition("The studies are")[0]
    assert "nothing to write" in texts(report, "manuscript")


def test_a_sampled_fit_shows_its_chains(sampled: Report, remission: Report) -> None:
    chains = {"trace", "chain-ranks", "ess"}
    assert chains <= {picture.name for picture in sampled.pictures}
    assert not chains & {picture.name for picture in remission.pictures}
    assert "R-hat" in texts(sampled, "convergence")
    assert "no Monte Carlo error" in texts(remission, "convergence")


def test_the_manuscript_repeats_the_numbers(remission: Report) -> None:
    said = texts(remission, "manuscript")
    assert "Normal(mu=0, sigma=4)" in said
    assert "equal-tailed credible intervals" in said
    assert lead(bm.fit(ROOT / "models" / "ibd-remission-normal.toml", engine="quadrature"))[0] in (
        said
    )


def test_everything_to_do_it_again_is_there(remission: Report) -> None:
    said = texts(remission, "reproduce")
    assert (ROOT / "models" / "ibd-remission-normal.toml").read_text() in said
    assert len(re.findall(r"\b[0-9a-f]{64}\b", said)) == 2
    assert "pymc" in said
    assert "import pymc as pm" in texts(remission, "model")


def test_every_row_of_data_has_its_source(remission: Report) -> None:
    table = pd.read_csv(ROOT / "data" / "msc_ibd_remission.csv")
    said = texts(remission, "data")
    for source in table.loc[table["primary"] == "yes", "source"]:
        assert source in said
    assert "Melmed 2015: 0.5 added to every cell" in said


def test_fit_writes_a_report(tmp_path: Path) -> None:
    fit = effects(-0.4)
    names = [path.name for path in write_fit(fit, tmp_path, "x")]
    assert names == ["x.nc", "x.json", "x-forest.svg", "x.html"]
    assert len(write_fit(fit, tmp_path / "b", "x", report=False)) == 3


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_the_command_reports_a_spec_and_a_fit(tmp_path: Path) -> None:
    model = ROOT / "models" / "oa-pain.toml"
    assert run("report", model, "--engine", "quadrature", "--out", tmp_path) == 0
    assert (tmp_path / "oa-pain.html").exists()
    assert run("fit", model, "--engine", "quadrature", "--no-report", "--out", tmp_path / "f") == 0
    assert not (tmp_path / "f" / "oa-pain.html").exists()
    assert run("report", tmp_path / "f" / "oa-pain.nc") == 0
    one, two = (p.read_text() for p in (tmp_path / "oa-pain.html", tmp_path / "f/oa-pain.html"))
    assert Page(one).words == Page(two).words


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = effects(-0.4).save(tmp_path / "x.nc")
    assert run("report", fit, "--to", "pdf") == 2
    assert "reports are not written as pdf" in capsys.readouterr().err
    assert run("report", fit, "--engine", "nuts") == 2
    assert "engine" in capsys.readouterr().err


def test_numbers_are_finite_in_words(report: Report) -> None:
    """No NaN or None in any sentence."""
    for section in report.sections:
        if section.name not in ("reproduce", "model"):
            assert not re.search(r"\b(nan|None)\b", texts(report, section.name)), section.name


def test_many_studies_of_counts_are_left_out_by_the_command_alone() -> None:
    few, many = (
        compose(bm.fit(ROOT / "models" / f"{name}.toml", engine="quadrature"))
        for name in ("ibd-remission", "oa-adverse-events")
    )
    assert "without Melmed 2015" in texts(few, "influence")
    assert "leaving each study out" in texts(many, "influence")
    assert "without Lee 2019" not in texts(many, "influence")
