"""The index of the fits in a folder: its rows and links, what it refuses, what it writes anew."""

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.errors import InputError, SpecError
from bayesmeta.report import folder_files, report_folder
from bayesmeta.report.fit_rows import list_fit
from bayesmeta.report.index import Cell, Picture
from bayesmeta.results import Diagnostics, Fit

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> {{ 7 * 7 }}'
NAMES = ("<b>", "a b#c", "per%cent", "plain", "javascript:x")
"""Names of files; a link to one must lead there."""


def studies(effects: tuple[float, ...], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"effect": effects, "std_error": 0.2 + 0.01 * np.arange(len(effects))})
    frame["study"] = [f"Study {i}" for i in range(len(effects))]
    return frame.assign(**columns)


def fitted(effects: tuple[float, ...] = (0.9, 0.3, 0.8, 0.2, 0.7), **options: object) -> Fit:
    options = {"measure": "SMD", "engine": "quadrature", "better": "higher", **options}
    return bm.fit(studies(effects), **options)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fitted(title="Plain")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Reports that take no time; the names of those that were written."""
    written: list[str] = []

    def write(fit: Fit, folder: Path, name: str, **options: object) -> list[Path]:
        written.append(name)
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.html"
        path.write_text("a report", encoding="utf-8")
        return [path]

    monkeypatch.setattr(folder_files, "write_report", write)
    return written


class Index(HTMLParser):
    """What a browser finds in the page."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.text = (folder / "index.html").read_text(encoding="utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def links(self) -> list[str]:
        return [str(attributes["href"]) for attributes in self.all("a")]


def text_of(fit: Fit) -> list[str]:
    """The text of each cell of the row of a fit."""
    cells = list_fit(fit, name="name", page="name.html").row.cells
    return [
        cell.alt if isinstance(cell, Picture) else " | ".join(line.text for line in cell.lines)
        for cell in cells
    ]


def picture_of(fit: Fit) -> Picture:
    (picture,) = (
        cell
        for cell in list_fit(fit, name="name", page="name.html").row.cells
        if isinstance(cell, Picture)
    )
    return picture


def value_of(fit: Fit, place: int) -> str | float | None:
    cell = list_fit(fit, name="name", page="name.html").row.cells[place]
    assert isinstance(cell, Cell)
    return cell.value


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_reports(fit: Fit, tmp_path: Path, stub: list[str], name: str) -> None:
    fit.save(tmp_path / f"{name}.nc")
    found = report_folder(tmp_path)
    assert stub == [name]
    assert found.written == (tmp_path / f"{name}.html",)
    (link,) = Index(tmp_path).links
    address = urlsplit(link)
    assert (address.scheme, address.netloc, address.query, address.fragment) == ("", "", "", "")
    assert (tmp_path / unquote(address.path)).is_file()


def test_real_reports_and_their_index(
    fit: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit.save(tmp_path / "plain.nc")
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path)])
    assert ended.value.code == 0
    assert "1 fit, 1 report written" in capsys.readouterr().out
    report = (tmp_path / "plain.html").read_text(encoding="utf-8")
    assert "<title>Plain</title>" in report
    assert Index(tmp_path).links == ["plain.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "index.html",
        "plain.html",
        "plain.nc",
    ]


def test_the_row_of_a_fit(fit: Fit) -> None:
    mu, new, tau = (fit.estimate(name) for name in ("mu", "theta_new", "tau"))
    about, flags, measure, k, people, labels, numbers, alt, chances, shown, verdict = text_of(fit)
    assert about == "Plain | name: random effects, normal likelihood"
    assert (flags, measure, k, people) == ("new study on either side", "SMD", "5", "")
    assert mu["lower"] > 0 > new["lower"]
    assert labels == "pooled | new study"
    printed = [float(each) for each in re.findall(r"[-\d.]+", numbers.replace("−", "-"))]
    expected = [mu["median"], mu["lower"], mu["upper"], new["lower"], new["upper"]]
    assert printed == pytest.approx(expected, abs=0.05)
    assert alt.startswith(f"pooled {numbers.partition(' | ')[0]}")
    assert float(chances.partition(" | ")[0]) == pytest.approx(mu["prob_benefit"], abs=5e-4)
    assert float(shown) == pytest.approx(tau["median"], abs=0.005)
    assert verdict == "ok | quadrature"
    assert value_of(fit, 6) == mu["display_median"]
    assert value_of(fit, 9) == tau["median"]


def test_the_picture_of_a_fit(fit: Fit) -> None:
    picture, mu = picture_of(fit), fit.estimate("mu")
    (pooled, mean), (new, prediction) = picture.places
    assert (mean.kind, mean.marker, prediction.kind) == ("bayes", "diamond", "new")
    assert pooled < new < picture.height
    axis = picture.axis
    assert mean.bar is not None
    assert prediction.bar is not None
    share = (mu["median"] - axis.low) / (axis.high - axis.low)
    assert mean.bar.middle == pytest.approx(share * axis.width, abs=0.05)
    assert prediction.bar.left < mean.bar.left < mean.bar.right < prediction.bar.right
    assert axis.null_place is not None
    assert prediction.bar.left < axis.null_place < mean.bar.left


def test_several_means_have_a_line_each() -> None:
    table = studies((0.9, 0.3, 0.8, 0.2, 0.7, 0.1), source=["x", "y"] * 3)
    options = {"measure": "SMD", "engine": "quadrature", "better": "higher"}
    fit = bm.fit(table, subgroup="source", **options)
    labels = ["x", "y", "mean of all"]
    assert [answer.label for answer in picture_of(fit).answers] == labels
    assert len(list(picture_of(fit).places)) == 3
    assert value_of(fit, 6) == fit.estimate("mu_overall")["display_median"]
    apart = bm.fit(table, subgroup={"column": "source", "means": "independent"}, **options)
    assert [answer.label for answer in picture_of(apart).answers] == ["x", "y"]
    assert np.isnan(value_of(apart, 6))  # no one number speaks for both


def test_many_means_are_cut() -> None:
    table = studies(tuple(np.linspace(0, 1, 10)), source=[f"source {i}" for i in range(10)])
    apart = {"column": "source", "means": "independent"}
    fit = bm.fit(table, measure="SMD", engine="quadrature", subgroup=apart)
    assert len(picture_of(fit).answers) == 8
    assert text_of(fit)[5].endswith("source 7 | and 2 more")


def test_a_common_effect_has_no_tau() -> None:
    fit = fitted(heterogeneity="common")
    assert text_of(fit)[5] == "pooled"
    assert text_of(fit)[9] == ""
    assert np.isnan(value_of(fit, 9))


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"mu": "Normal(-9, 0.5)"}, "prior and data disagree"),
        (
            {"tau": "HalfNormal(0.01)", "effects": (3.0, -3.0, 4.0, -4.0, 5.0)},
            "prior and data disagree",
        ),
        ({"effects": (0.1,)}, "one study"),
        ({"effects": (0.1, 0.2, 0.3)}, "few studies"),
    ],
)
def test_what_to_look_at(options: dict[str, object], flag: str) -> None:
    fit = fitted(**options)
    assert flag in list_fit(fit, name="name", page="name.html").flags


def test_nothing_to_look_at() -> None:
    listed = list_fit(fitted((0.7, 0.8, 0.9, 0.75, 0.85, 0.8)), name="name", page="name.html")
    assert listed.flags == ()
    assert listed.row.flagged == 0


def test_engines_that_disagree_are_flagged(fit: Fit) -> None:
    differing = Fit(fit.tree)
    check = {"engine": "quadrature", "quantity": "median of mu", "max_difference_in_mcse": 9.0}
    differing.record["cross_check"] = check
    assert "engines disagree" in list_fit(differing, name="name", page="name.html").flags
    check["max_difference_in_mcse"] = 1.0
    assert "engines disagree" not in list_fit(differing, name="name", page="name.html").flags


def test_no_events_are_flagged() -> None:
    table = pd.DataFrame(
        {
            "study": list("abcde"),
            "events_treatment": 0,
            "total_treatment": 20,
            "events_control": 0,
            "total_control": 20,
        }
    )
    fit = bm.fit(table, measure="OR", likelihood="binomial", engine="quadrature")
    assert "no events" in list_fit(fit, name="name", page="name.html").flags


def test_text_of_a_file_stays_text(tmp_path: Path, stub: list[str]) -> None:
    table = studies((0.9, 0.3, 0.8, 0.2), source=[HOSTILE, "y"] * 2)
    fit = bm.fit(table, measure="SMD", engine="quadrature", subgroup="source", title=HOSTILE)
    fit.save(tmp_path / "<img src=x onerror=alert(1)>.nc")
    report_folder(tmp_path)
    page = Index(tmp_path)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert page.words.count(HOSTILE) == 2
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not any(key.startswith("on") for key in attributes)


def test_only_our_own_style_and_script_run(fit: Fit, tmp_path: Path, stub: list[str]) -> None:
    fit.save(tmp_path / "plain.nc")
    report_folder(tmp_path)
    text = Index(tmp_path).text
    (policy,) = (
        str(meta["content"]) for meta in Index(tmp_path).all("meta") if "http-equiv" in meta
    )
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_a_report_that_is_older_than_its_fit_is_written_anew(
    fit: Fit, tmp_path: Path, stub: list[str]
) -> None:
    for name in ("one", "two"):
        fit.save(tmp_path / f"{name}.nc")
    assert report_folder(tmp_path).written == (tmp_path / "one.html", tmp_path / "two.html")
    assert report_folder(tmp_path).written == ()
    assert stub == ["one", "two"]
    now = (tmp_path / "two.html").stat().st_mtime + 10
    os.utime(tmp_path / "two.nc", (now, now))
    assert report_folder(tmp_path).written == (tmp_path / "two.html",)
    os.utime(tmp_path / "two.html", (now, now))
    assert report_folder(tmp_path).written == ()
    assert len(report_folder(tmp_path, again=True).written) == 2


def test_a_second_run_writes_the_same(fit: Fit, tmp_path: Path, stub: list[str]) -> None:
    fit.save(tmp_path / "plain.nc")
    first = report_folder(tmp_path).index.read_bytes()
    assert report_folder(tmp_path).index.read_bytes() == first


def test_an_index_of_something_else_is_kept(fit: Fit, tmp_path: Path, stub: list[str]) -> None:
    fit.save(tmp_path / "plain.nc")
    foreign = tmp_path / "index.html"
    for generator in ("WordPress", "bayesmeta 0.1.0", "bayesmeta 0.1.0, index of a review"):
        text = f'<!doctype html><meta name="generator" content="{generator}"><title>Mine</title>'
        foreign.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="would be lost"):
            report_folder(tmp_path)
        assert foreign.read_text(encoding="utf-8") == text
    assert stub == []
    report_folder(tmp_path, out=tmp_path / "elsewhere")
    assert Index(tmp_path / "elsewhere").links == ["plain.html"]


def test_what_is_no_fit_is_listed(fit: Fit, tmp_path: Path, stub: list[str]) -> None:
    fit.save(tmp_path / "plain.nc")
    fit.save(tmp_path / "Index.nc")
    older = Fit(fit.tree.copy())
    older.tree.attrs = {**fit.tree.attrs, "bayesmeta": '{"format": 1}'}
    older.save(tmp_path / "older.nc")
    (tmp_path / "<i>broken.nc").write_text("no netCDF", encoding="utf-8")
    (tmp_path / ".half.nc").write_text("not yet whole", encoding="utf-8")
    found = report_folder(tmp_path)
    assert [name for name, _ in found.left_out] == ["<i>broken.nc", "Index.nc", "older.nc"]
    items = [words for words in Index(tmp_path).words if ".nc" in words]
    assert items == [": ".join(each) for each in found.left_out]
    assert "this is not a saved fit" in items[0]
    assert "this page" in items[1]
    assert "layout 1" in items[2]
    assert stub == ["plain"]
    assert "not shown: Index.nc" in found.text


def test_a_report_that_fails_does_not_stop_the_others(
    fit: Fit, tmp_path: Path, stub: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = folder_files.write_report

    def failing(fit: Fit, folder: Path, name: str, **options: object) -> list[Path]:
        return [] if 1 / (name != "bad") else write(fit, folder, name)

    monkeypatch.setattr(folder_files, "write_report", failing)
    for name in ("bad", "good"):
        fit.save(tmp_path / f"{name}.nc")
    ((name, reason),) = report_folder(tmp_path).left_out
    assert name == "bad.nc"
    assert "a fault of bayesmeta" in reason
    assert Index(tmp_path).links == ["good.html"]


def test_a_folder_without_fits_is_refused(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no saved fit in this folder\n.*bayesmeta fit"):
        report_folder(tmp_path)
    (tmp_path / "below").mkdir()
    fit.save(tmp_path / "below" / "plain.nc")
    with pytest.raises(InputError, match="folders below it: below"):
        report_folder(tmp_path)
    (tmp_path / "broken.nc").write_text("no netCDF", encoding="utf-8")
    with pytest.raises(InputError, match=r"the one fit in.*\n.*broken.nc: this is not a saved fit"):
        report_folder(tmp_path)
    (tmp_path / "other.nc").write_text("no netCDF", encoding="utf-8")
    with pytest.raises(InputError, match="none of the 2 fits in this folder can be shown"):
        report_folder(tmp_path)
    assert not (tmp_path / "index.html").exists()


def test_formats_are_checked_first(fit: Fit, tmp_path: Path, stub: list[str]) -> None:
    fit.save(tmp_path / "plain.nc")
    with pytest.raises(SpecError, match="not written as xls"):
        report_folder(tmp_path, formats=["xls"])
    assert stub == []


def test_what_did_not_converge_ends_with_1(
    fit: Fit,
    tmp_path: Path,
    stub: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one", "two"):
        fit.save(tmp_path / f"{name}.nc")
    failed = Diagnostics(verdict="fail", messages=("Some draws are not finite.",))
    monkeypatch.setattr("bayesmeta.results.fit.diagnose_exact", lambda error: failed)
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path)])
    assert ended.value.code == 1
    page = Index(tmp_path)
    assert page.words.count("convergence: fail") == 2
    assert page.words.count("Some draws are not finite.") == 2
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path), "--measure", "OR"])
    assert ended.value.code == 2
    assert "Leave out measure" in capsys.readouterr().err
