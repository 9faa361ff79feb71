"""What an analysis is read from: a spec, a table, an outcome of a RevMan file."""

from pathlib import Path

import pandas as pd
import pytest

from bayesmeta.errors import DataError, InputError, SpecError
from bayesmeta.pipeline import check
from bayesmeta.sources import outcome_defaults, outcome_of, read_spec, read_studies
from bayesmeta.studies import read_review

ROOT = Path(__file__).parents[1]
TOY = ROOT / "tests" / "parity" / "toy.rm5"


def spec_file(folder: Path, text: str) -> Path:
    """A spec beside a copy of the toy review."""
    (folder / "toy.rm5").write_bytes(TOY.read_bytes())
    (folder / "studies.csv").write_text("study,effect,std_error\nToy 2001,0.1,0.2\n")
    path = folder / "a.toml"
    path.write_text(text, encoding="utf-8")
    return path


CHOSEN = '[data]\nfile = "toy.rm5"\nanalysis = "1.2"\n'


def test_a_spec_may_choose_an_outcome(tmp_path: Path) -> None:
    prepared = check(spec_file(tmp_path, CHOSEN))
    assert prepared.spec.effect.measure == "RR"
    assert prepared.spec.title == "Toy drug against placebo, counts: Relapse, risk ratio"
    assert prepared.problem.study[:4] == ("Ada 2001", "Bo 2002", "Cy 2003", "Di 2004")
    by_option = check(TOY, analysis="1.2")
    assert (by_option.problem.effect == prepared.problem.effect).all()
    assert by_option.spec.effect == prepared.spec.effect


def test_what_the_spec_says_holds_and_options_hold_above_it(tmp_path: Path) -> None:
    text = 'title = "Mine"\n' + CHOSEN + '[effect]\nmeasure = "OR"\nbetter = "lower"\n'
    spec, path = read_spec(spec_file(tmp_path, text), {})
    assert (spec.title, spec.effect.measure, spec.effect.better) == ("Mine", "OR", "lower")
    assert spec.effect.zero_cells.revman
    assert path == tmp_path / "a.toml"
    spec, _ = read_spec(path, {"measure": "RD", "analysis": "1.1", "title": "Ours"})
    assert (spec.title, spec.effect.measure, spec.data.analysis) == ("Ours", "RD", "1.1")


def test_labels_of_arms_come_from_the_file(tmp_path: Path) -> None:
    spec, _ = read_spec(TOY, {"analysis": "1.1"})
    assert (spec.labels.treatment, spec.labels.control) == ("Drug A", "Placebo B")
    text = '[data]\nfile = "toy.rm5"\nanalysis = "1.1"\n[labels]\ntreatment = "Mine"\n'
    spec, _ = read_spec(spec_file(tmp_path, text), {})
    assert (spec.labels.treatment, spec.labels.control) == ("Mine", "Placebo B")


@pytest.mark.parametrize(
    ("analysis", "effect"),
    [
        ("1.1", {"measure": "OR", "zero_cells": {"revman": True}}),
        ("1.5", {"measure": "RR", "zero_cells": {"revman": True}}),
        ("2.2", {"measure": "SMD"}),
        ("3.1", {"measure": "HR", "scale": "analysis"}),
        ("3.2", {"measure": "MD"}),
        ("3.3", {"measure": "HR", "scale": "analysis"}),
    ],
)
def test_what_a_file_says_of_an_outcome(analysis: str, effect: dict[str, object]) -> None:
    defaults = outcome_defaults(read_review(TOY).outcome(analysis))
    assert defaults["effect"] == {"smd": "revman", **effect}


@pytest.mark.parametrize("measure", ["OR", "RD"])
def test_the_studies_may_be_analysed_by_another_measure(measure: str) -> None:
    prepared = check(TOY, analysis="1.2", measure=measure)
    assert prepared.spec.effect.measure == measure
    assert len(prepared.problem.study) == (5 if measure == "RD" else 4)


def test_rows_of_an_outcome_may_be_chosen() -> None:
    frame, sha256 = read_studies(TOY, read_spec(TOY, {"analysis": "1.1"})[0])
    assert frame["study"].tolist()[:2] == ["Ada 2001", "Bo 2002"]
    assert sha256 == read_review(TOY).sha256
    assert check(TOY, analysis="1.1", where="year >= 2003").problem.study == ("Cy 2003", "Di 2004")
    by_group = check(TOY, analysis="2.2", where="subgroup == 'low dose'")
    assert by_group.problem.study == ("Ada 2001", "Bo 2002")


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        (None, r"12 outcomes(.|\n)*--analysis; bayesmeta outcomes lists them"),
        ("1.22", r"no analysis '1\.22'(.|\n)*Did you mean '1\.2'"),
        ("9.9", r"no analysis '9\.9'"),
        ("", "no analysis ''"),
        ("3.4", r"no analysis '3\.4'"),
    ],
)
def test_an_outcome_must_be_chosen_and_be_there(analysis: str | None, message: str) -> None:
    options = {} if analysis is None else {"analysis": analysis}
    with pytest.raises(SpecError, match=message) as raised:
        read_spec(TOY, options)
    assert raised.value.key == "data.analysis"
    assert raised.value.file == TOY


def test_the_only_outcome_needs_no_choice(tmp_path: Path) -> None:
    text = TOY.read_text(encoding="utf-8")
    first, last = text.index("<COMPARISON "), text.index("<IPD_OUTCOME")
    head = '<COMPARISON NO="3"><NAME>Estimates</NAME>'
    path = tmp_path / "one.rm5"
    path.write_text(f"{text[:first]}{head}{text[last:]}", encoding="utf-8")
    spec, _ = read_spec(path, {})
    assert spec.effect.measure == "HR"
    found = outcome_of(spec)
    assert found is not None
    assert found[1].analysis == "3.3"


@pytest.mark.parametrize("analysis", [None, "1.1"])
def test_a_file_without_outcomes_that_can_be_analysed(tmp_path: Path, analysis: str | None) -> None:
    path = tmp_path / "text.rm5"
    outcome = '<OTHER_OUTCOME NO="1"><NAME>Costs</NAME></OTHER_OUTCOME>'
    path.write_text(f'<COCHRANE_REVIEW><COMPARISON NO="1">{outcome}</COMPARISON></COCHRANE_REVIEW>')
    with pytest.raises(DataError, match="no outcome that can be analysed") as raised:
        read_spec(path, {} if analysis is None else {"analysis": analysis})
    assert raised.value.file == path
    assert raised.value.hint == "1.1 Costs: it is text without numbers"


def test_a_table_has_no_outcomes_to_choose(tmp_path: Path) -> None:
    path = spec_file(tmp_path, "").parent / "studies.csv"
    with pytest.raises(SpecError, match="this is none") as raised:
        check(path, measure="GEN", analysis="1.1")
    assert raised.value.key == "data.analysis"
    assert outcome_of(read_spec(path, {"measure": "GEN"})[0]) is None


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "toy.rm5"
    text = TOY.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    before = check(path, analysis="1.1").problem.effect[0]
    path.write_text(text.replace('EVENTS_1="4"', 'EVENTS_1="5"'), encoding="utf-8")
    assert check(path, analysis="1.1").problem.effect[0] > before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file"),
        (b"", "this is no file of RevMan"),
        (b"study,effect,std_error\nToy 2001,0.1,0.2\n", "this is no file of RevMan"),
        (b"<?xml version='1.0'?><A", "not XML"),
        (b"<?xml version='1.0'?><A/>", "not a file of RevMan 5"),
        (b"PK\x03\x04", "damaged"),
        (b"\x1f\x8b\x08", "cut off"),
    ],
)
@pytest.mark.parametrize("options", [{"analysis": "1.1"}, {}])
def test_what_is_wrong_with_a_file_comes_before_what_is_missing(
    tmp_path: Path, content: bytes | None, message: str, options: dict[str, str]
) -> None:
    path = tmp_path / "review.rm5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"review\.rm5.*{message}"):
        check(path, **options)
    with pytest.raises(InputError, match="this is a folder"):
        check(tmp_path, analysis="1.1")


def test_a_data_frame_has_a_hash_of_its_values() -> None:
    frame = pd.DataFrame({"study": ["A"], "effect": [0.1], "std_error": [0.2]})
    spec, path = read_spec(frame, {"measure": "GEN"})
    assert path is None
    _, first = read_studies(frame, spec)
    _, second = read_studies(frame.assign(effect=0.2), spec)
    assert first != second
