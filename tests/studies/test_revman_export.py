"""RevMan 5's export as CSV: a tree written as a table."""

from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import DataError
from bayesmeta.studies import is_revman, read_review


def test_outcomes_subgroups_and_studies(export_csv: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(export_csv, encoding="utf-8")
    assert is_revman(path)
    review = read_review(path)
    sleep, time = review
    assert review.decimals == 8
    assert review.left_out == (("1.3 Remarks", "it has no numbers, or its type is not known"),)
    assert (sleep.analysis, sleep.comparison_name, sleep.name) == ("1.1", "Tea", "Sleep")
    assert sleep.settings is not None
    assert (sleep.settings.measure, sleep.settings.method) == ("RR", "MH")
    assert sleep.settings.random
    assert [group.name for group in sleep.subgroups] == ["Green", "Black"]
    assert sleep.rows.study == ("Ada 2001", "Bö 2002")
    assert list(sleep.rows.subgroup) == [0, 1]
    assert list(sleep.rows.estimable) == [True, False]
    assert list(sleep.rows.year) == [2001, 2002]
    assert sleep.stored["chi2"] == 0.01
    assert sleep.stored["subgroup_chi2"] == 0.5
    assert sleep.subgroups[0].stored["weight"] == 60.5
    assert sleep.favours == ("Favours tea", "Favours water")
    assert time.settings is not None
    assert (time.settings.measure, time.settings.log_data) == ("HR", False)
    assert list(time.rows.numbers["effect"]) == [0.60653066]


def test_a_number_of_an_outcome_that_is_none(export_csv: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(export_csv.replace("1,2,0,Time", "1,two,0,Time"), encoding="utf-8")
    with pytest.raises(DataError, match="'two' is not the number") as caught:
        read_review(path)
    assert (caught.value.row, caught.value.column) == (8, "Outcome Number")


STUDY = "1,1,2,Bö 2002,,,,,0,0,0,10,0,0,0,10"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "1,1,0,Sleep,DIC,MH,RR,Random,5,,,30", "1,1,0,Sleep,DIC,,RR,,5,,,10", id="sum"
        ),
        pytest.param(STUDY, f"1,1,0,Naps,DIC,MH,RR,Fixed,4,,,20,9,,,21\n{STUDY}", id="twice"),
        pytest.param("1,2,0,Ada 2001,", "1,2,0,Naps,IV", id="estimates twice"),
    ],
)
def test_lines_in_another_order(export_csv: str, tmp_path: Path, old: str, new: str) -> None:
    assert export_csv.count(old) == 1
    path = tmp_path / "export.csv"
    path.write_text(export_csv.replace(old, new), encoding="utf-8")
    (_, reason), _ = read_review(path).left_out
    assert reason == ("its lines are not in RevMan's order, or two outcomes have the same number")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DIC,MH,", "DIC,GLMM,", "RevMan's statistical method 'GLMM' is not known"),
        ("RR,Random", "RR,RE", "RevMan's analysis model 'RE' is not known"),
    ],
)
def test_an_unknown_setting_is_left_out(
    export_csv: str, tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(export_csv.replace(old, new), encoding="utf-8")
    assert dict(read_review(path).left_out)["1.1 Sleep"].startswith(said)


def test_a_real_export(revman_files: Path) -> None:
    export = read_review(revman_files / "Fleiss1993_CR.csv")
    review = read_review(revman_files / "Fleiss1993.rm5")
    digits = 0.5e-8 * (1 + 1e-9)  # the export is rounded to eight decimals
    for outcome, other in zip(export, review, strict=True):
        order = [outcome.rows.study.index(study) for study in other.rows.study]
        for name, values in other.rows.numbers.items():
            np.testing.assert_array_equal(outcome.rows.numbers[name][order], values)
    first, same = export.outcome("1.1"), review.outcome("1.1")
    for name, value in first.stored.items():
        if not name.startswith("subgroup"):  # without subgroups one has 0 where the other has 1
            assert value == pytest.approx(same.stored[name], abs=digits, rel=0)
