"""Data packages of RevMan Web: settings by name of column, no data in unused zeros."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import DataError
from bayesmeta.studies import Review, Settings, is_revman, read_review, study_table

Zip = Callable[[Mapping[str, str | bytes]], bytes]
Tables = Mapping[str, str]

ANALYSES = "1-analysis-data/1-overall-estimates-and-settings.csv"
ROWS = "1-analysis-data/1-data-rows.csv"


def read(folder: Path, content: bytes) -> Review:
    path = folder / "package.zip"
    path.write_bytes(content)
    assert is_revman(path)
    return read_review(path)


def same(numbers: object, expected: list[float]) -> None:
    np.testing.assert_array_equal(numbers, np.array(expected))


@pytest.fixture(scope="module")
def review(package_tables: Tables, zipped: Zip, tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Version 1, within two other archives, as downloads are."""
    tables = {name: text for name, text in package_tables.items() if name.endswith("csv")}
    inner = zipped({"a/b-data.zip": zipped(tables), "a/article.pdf": b"%PDF"})
    return read(tmp_path_factory.mktemp("web"), zipped({"x.zip": inner, "__MACOSX/._x.zip": b"?"}))


def settings_of(review: Review, analysis: str) -> Settings:
    settings = review.outcome(analysis).settings
    assert settings is not None
    return settings


def test_settings_of_version_1(review: Review) -> None:
    assert review.decimals == 6
    assert settings_of(review, "1.1") == Settings(
        measure="RR", measure_text="Risk Ratio", method="MH", random=True, level=0.9
    )
    assert settings_of(review, "1.2") == Settings(
        measure="SMD",
        measure_text="Standardized Mean Difference",
        method="IV",
        random=False,
        subtotals=False,
    )
    time, death = settings_of(review, "2.1"), settings_of(review, "2.2")
    assert (time.measure, time.method, time.log_data) == ("HR", "IV", True)
    assert (death.measure, death.method, death.log_data) == ("PETO", "PETO", True)
    kinds = [outcome.kind for outcome in review]
    assert kinds == ["dichotomous", "continuous", "inverse variance", "O-E and variance"]
    assert review.left_out == (("2.3 Empty", "it has no studies"),)


def test_rows_and_subgroups(review: Review) -> None:
    outcome = review.outcome("1.1")
    rows = outcome.rows
    assert (outcome.treatment, outcome.control) == ("Tea", "Water")
    assert rows.study == ("Ada, 2001", "Bö 2002", "Cy 2003")
    same(rows.year, [2001, math.nan, 2003])
    assert [group.name for group in outcome.subgroups] == ["Black", "Green"]
    same(rows.subgroup, [1, 0, -1])
    same(rows.in_total, [True, False, True])
    same(rows.estimable, [True, False, True])
    same(rows.row, [2, 3, 4])
    same(rows.numbers["events_control"], [9, 0, 2])
    assert set(rows.numbers) == {
        "events_treatment",
        "events_control",
        "total_treatment",
        "total_control",
    }
    same(rows.stored["lower"], [0.169, math.nan, 0.05])
    assert outcome.stored["tau2"] == 0.05
    assert outcome.stored["subgroup_chi2"] == 0.5
    assert dict(outcome.subgroups[1].stored) == {
        "effect": 0.466667,
        "lower": 0.169,
        "upper": 1.288,
        "weight": 60.5,
        "tau2": 0,
        "df": 0,
        "events_treatment": 4,
        "total_treatment": 20,
        "events_control": 9,
        "total_control": 21,
    }


def test_what_revman_has_not_computed_is_not_stored(review: Review) -> None:
    hours = review.outcome("1.2")
    assert dict(hours.stored) == {"total_treatment": 20, "total_control": 21}
    assert all(np.isnan(values).all() for values in hours.rows.stored.values())
    assert hours.rows.estimable.all()


def test_estimates_stay_as_they_were_entered(review: Review) -> None:
    time, death = review.outcome("2.1"), review.outcome("2.2")
    same(time.rows.numbers["effect"], [-0.5])
    assert time.stored["effect"] == 0.606531
    same(death.rows.numbers["variance"], [10.25])


def test_risk_of_bias(review: Review) -> None:
    assert [(each.study, each.domain, each.judgement) for each in review.risk_of_bias] == [
        ("Ada 2001", "Blinding", "low"),
        ("Ada 2001", "Other", "some concerns"),
        ("Cy 2003", "Blinding", "high"),
    ]
    assert "ecret" not in repr(review)


def test_version_2(package_tables: Tables, zipped: Zip, tmp_path: Path) -> None:
    files = {ROWS: package_tables[ROWS], ANALYSES: package_tables["version 2"]}
    review = read(tmp_path, zipped(files))
    outcome = review.outcome("1.1")
    settings = settings_of(review, "1.1")
    assert (settings.measure, settings.method) == ("OR", "IV")
    assert (settings.estimator, settings.interval) == ("REML", "HKSJ")
    assert settings.prediction
    assert settings.i2_from_tau2
    assert (settings.study_level, settings.level) == (0.9, 0.9)
    assert outcome.favours == ("Favours tea", "")
    assert {name: outcome.stored[name] for name in ("t", "prediction_upper", "tau2_upper")} == {
        "t": 2.5,
        "prediction_upper": 2.1,
        "tau2_upper": 1.5,
    }
    assert "z" not in outcome.stored  # a 0 that fills its cell
    assert settings_of(read(tmp_path, zipped(files)), "1.1") == settings
    assert [each.settings is None for each in review] == [False, True, True, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"1-parameters.csv": "x"}, "diagnostic accuracy", id="accuracy"),
        pytest.param({"2/2-data-rows.csv": "x"}, "several packages", id="two packages"),
        pytest.param({ROWS: None}, "holds no study rows", id="no rows"),
        pytest.param({ROWS: "a,b\n1,2\n"}, "no column 'Analysis group'", id="another table"),
        pytest.param({ROWS: ""}, "no column", id="empty"),
        pytest.param({ROWS: b"\x00\x01"}, "not a text file", id="no text"),
        pytest.param({ANALYSES: "x" * 2**21}, "a line of the table is too long", id="long line"),
    ],
)
def test_packages_that_are_refused(
    package_tables: Tables,
    zipped: Zip,
    tmp_path: Path,
    changes: Mapping[str, str | bytes | None],
    said: str,
) -> None:
    tables = {name: text for name, text in package_tables.items() if name.endswith("csv")}
    files = {name: text for name, text in (tables | dict(changes)).items() if text is not None}
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, zipped(files))
    assert caught.value.file == tmp_path / "package.zip"


@pytest.mark.parametrize(
    ("old", "new", "said", "row"),
    [
        (",4,20,", ",4,3,", "4 events among 3 patients in analysis 1.1", 2),
        (",7.5,1.0,", ",7.5,-1.0,", "-1 is not possible", 5),
        (",-3.5,10.25,", ",-3.5,x,", "'x' is not a number in analysis 2.2", 7),
        ("1,2,Hours,,,Ada 2001", "1,2,Hours,,,", "the study has no name", 5),
        ("2,1,Time", "2,one,Time", "'one' is not the number", 6),
    ],
)
def test_impossible_rows(
    package_tables: Tables,
    zipped: Zip,
    tmp_path: Path,
    old: str,
    new: str,
    said: str,
    row: int,
) -> None:
    rows = package_tables[ROWS]
    assert old in rows
    files = {ROWS: rows.replace(old, new), ANALYSES: package_tables[ANALYSES]}
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path, zipped(files))
    assert caught.value.row == row


def test_an_unknown_measure_or_type_is_left_out(
    package_tables: Tables, zipped: Zip, tmp_path: Path
) -> None:
    analyses = package_tables[ANALYSES].replace("Risk Ratio", "Zz").replace("Continuous", "Text")
    review = read(tmp_path, zipped({ROWS: package_tables[ROWS], ANALYSES: analyses}))
    assert [reason for _, reason in review.left_out] == [
        "RevMan's measure 'Zz' is not known",
        "RevMan's type of data 'Text' is not known",
        "it has no studies",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",IV,", ",GLMM,", "RevMan's statistical method 'GLMM' is not known"),
        ("Random effect", "RE", "RevMan's setting 'Analysis model' 'RE' is not known"),
        ("REML", "Paule-Mandel", "RevMan's setting 'Heterogeneity estimator' 'Paule-Mandel'"),
        ("HKSJ", "KR", "RevMan's setting 'CI method' 'KR' is not known: it would be Wald, HKSJ"),
        ("true,HKSJ", "maybe,HKSJ", "RevMan's setting 'Prediction interval' 'maybe'"),
    ],
)
def test_an_unknown_setting_is_left_out(
    package_tables: Tables, zipped: Zip, tmp_path: Path, old: str, new: str, said: str
) -> None:
    analyses = package_tables["version 2"]
    assert analyses.count(old) == 1
    files = {ROWS: package_tables[ROWS], ANALYSES: analyses.replace(old, new)}
    ((name, reason),) = read(tmp_path, zipped(files)).left_out
    assert name == "1.1 Sleep"
    assert reason.startswith(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("true,HKSJ", "YES,Hartung-Knapp-Sidik-Jonkman"),
        ("REML", "Restricted maximum-likelihood"),
        ("Dichotomous,false", "Dichotomous,#N/A"),
    ],
)
def test_settings_in_other_words(
    package_tables: Tables, zipped: Zip, tmp_path: Path, old: str, new: str
) -> None:
    analyses = package_tables["version 2"]
    assert analyses.count(old) == 1
    one, other = (
        settings_of(read(tmp_path, zipped({ROWS: package_tables[ROWS], ANALYSES: text})), "1.1")
        for text in (analyses, analyses.replace(old, new))
    )
    assert one == other


def test_rows_of_two_analyses_with_the_same_number(
    package_tables: Tables, zipped: Zip, tmp_path: Path
) -> None:
    rows = package_tables[ROWS].replace("1,1,Sleep,Black", "1,1,Wake,Black")
    files = {ROWS: rows, ANALYSES: package_tables[ANALYSES]}
    reasons = dict(read(tmp_path, zipped(files)).left_out)
    assert reasons["1.1 Sleep"] == "two analyses have the same number"


def test_rows_are_those_of_the_file(review: Review) -> None:
    frame = review.frame(review.outcome("1.1"))
    assert list(study_table(frame)["row"].to_numpy()) == [2, 4]


def test_a_real_package(revman_files: Path) -> None:
    package = read_review(revman_files / "Fleiss1993.zip")
    review = read_review(revman_files / "Fleiss1993.rm5")
    assert [len(outcome.rows) for outcome in package] == [7, 5]
    assert len(package.risk_of_bias) == 12
    for outcome, other in zip(package, review, strict=True):
        order = [outcome.rows.study.index(study) for study in other.rows.study]
        for name, values in other.rows.numbers.items():
            same(outcome.rows.numbers[name][order], list(values))
    digits = 0.5e-6  # the package is rounded to six decimals
    for name, value in package.outcome("1.1").stored.items():
        assert value == pytest.approx(review.outcome("1.1").stored[name], abs=digits, rel=0)
