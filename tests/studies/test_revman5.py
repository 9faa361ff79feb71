"""Files of RevMan 5: every number under our names, and nothing about people."""

import math
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bayesmeta.errors import DataError
from bayesmeta.studies import Review, is_revman, read_review

RESULTS = {
    "effect": "EFFECT_SIZE",
    "lower": "CI_START",
    "upper": "CI_END",
    "log10_effect": "LOG_EFFECT_SIZE",
    "log10_lower": "LOG_CI_START",
    "log10_upper": "LOG_CI_END",
    "weight": "WEIGHT",
}
POOLED = RESULTS | {
    "z": "Z",
    "p_effect": "P_Z",
    "chi2": "CHI2",
    "df": "DF",
    "p_chi2": "P_CHI2",
    "i2": "I2",
    "tau2": "TAU2",
    "subgroup_chi2": "Q",
    "subgroup_p": "P_Q",
    "subgroup_i2": "I2_Q",
    "events_treatment": "EVENTS_1",
    "total_treatment": "TOTAL_1",
    "events_control": "EVENTS_2",
    "total_control": "TOTAL_2",
    "studies": "STUDIES",
}
ENTERED = {
    "events_treatment": "EVENTS_1",
    "total_treatment": "TOTAL_1",
    "events_control": "EVENTS_2",
    "total_control": "TOTAL_2",
    "mean_treatment": "MEAN_1",
    "sd_treatment": "SD_1",
    "mean_control": "MEAN_2",
    "sd_control": "SD_2",
    "effect": "ESTIMATE",
    "std_error": "SE",
}
REAL = {
    "CD004976StatsDataOnly.rm5": (19, 56, 0),
    "CD007868StatsDataOnly.rm5": (41, 197, 2),
    "CD008625StatsDataOnly.rm5": (74, 689, 112),
    "Fleiss1993.rm5": (2, 12, 0),
    "antibiotics-for-sore-throat_v2.rm5": (21, 217, 22),
}
"""Outcomes, study rows and subgroups of each file."""


def read(folder: Path, content: str | bytes) -> Review:
    path = folder / "review.rm5"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert is_revman(path)
    return read_review(path)


def same(numbers: object, expected: list[float]) -> None:
    np.testing.assert_array_equal(numbers, np.array(expected))


@pytest.fixture(scope="module")
def review(review_xml: str, tmp_path_factory: pytest.TempPathFactory) -> Review:
    return read(tmp_path_factory.mktemp("review"), review_xml)


def test_outcomes_and_what_is_left_out(review: Review) -> None:
    assert review.title == "Tea & sleep"
    assert [outcome.analysis for outcome in review] == ["1.1", "1.2", "1.3", "2.1"]
    assert review.left_out == (
        ("2.2 Remarks", "it is text without numbers"),
        ("2.3 Nothing", "it has no studies"),
    )
    assert review.decimals is None
    assert len(review.sha256) == 64


def test_a_dichotomous_outcome(review: Review) -> None:
    outcome = review.outcome("1.1")
    rows, settings = outcome.rows, outcome.settings
    assert (outcome.comparison_name, outcome.name) == ("Tea", "Sleep")
    assert (outcome.treatment, outcome.control) == ("Tea", "Water")
    assert outcome.favours == ("Favours tea", "Favours water")
    assert rows.study == ("Ada 2001", "Dai-Eck 2004", "Cy")
    same(rows.year, [2001, 2004, math.nan])
    same(rows.subgroup, [0, 1, 1])
    same(rows.estimable, [True, False, True])
    same(rows.numbers["events_treatment"], [4, 0, 0])
    same(rows.numbers["total_control"], [21, 10, 0])
    same(rows.stored["variance"], [0.3, math.nan, math.nan])
    same(rows.stored["std_error"], [0.5, 0, math.nan])
    same(rows.stored["log10_lower"], [math.nan] * 3)
    assert [group.name for group in outcome.subgroups] == ["Green", "Green (2)"]
    assert dict(outcome.subgroups[0].stored) == {"effect": 0.4}
    assert outcome.stored["chi2"] == 1.25
    assert outcome.stored["subgroup_chi2"] == 0.5
    assert "subgroup_df" not in outcome.stored
    assert settings is not None
    assert (settings.measure, settings.method, settings.random) == ("RR", "MH", True)
    assert (settings.swap_events, settings.subgroup_test) == (True, False)
    assert (settings.study_level, settings.level) == (0.95, 0.9)


@pytest.mark.parametrize(
    ("analysis", "kind", "measure", "method", "totals", "subtotals", "log_data"),
    [
        ("1.2", "continuous", "SMD", "IV", False, True, False),
        ("1.3", "inverse variance", "HR", "IV", False, False, True),
        ("2.1", "O-E and variance", "PETO", "PETO", True, True, False),
    ],
)
def test_settings_that_a_file_leaves_out(
    review: Review,
    analysis: str,
    kind: str,
    measure: str,
    method: str,
    totals: bool,
    subtotals: bool,
    log_data: bool,
) -> None:
    outcome = review.outcome(analysis)
    settings = outcome.settings
    assert settings is not None
    assert outcome.kind == kind
    assert (settings.measure, settings.method) == (measure, method)
    assert (settings.totals, settings.subtotals) == (totals, subtotals)
    assert settings.log_data == log_data
    assert settings.level == 0.95


def test_other_numbers(review: Review) -> None:
    hours, time, death = (review.outcome(analysis).rows for analysis in ("1.2", "1.3", "2.1"))
    same(hours.numbers["mean_control"], [-7])
    assert all(np.isnan(values).all() for values in hours.stored.values())
    assert dict(review.outcome("1.2").stored) == {}
    same(time.numbers["effect"], [-0.5])
    same(time.numbers["std_error"], [0.25])
    same(time.stored["effect"], [0.61])
    same(death.numbers["o_e"], [-3.5])
    same(death.numbers["variance"], [10.25])
    same(death.numbers["total_control"], [21])


def test_risk_of_bias(review: Review) -> None:
    assert [(each.study, each.judgement, each.outcome) for each in review.risk_of_bias] == [
        ("Ada 2001", "low", "Deaths"),
        ("Cy", "high", ""),
        ("Unlisted", "unclear", ""),
    ]
    assert {each.domain for each in review.risk_of_bias} == {"Blinding"}


def test_nothing_about_people(review: Review) -> None:
    assert "ecret" not in repr(review)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'EVENTS_1="4" TOTAL_1="20"',
            'EVENTS_1="-4" TOTAL_1="20"',
            "-4 is not possible",
            id="negative",
        ),
        pytest.param(
            'EVENTS_1="4" TOTAL_1="20"',
            'EVENTS_1="4" TOTAL_1="3"',
            "4 events among 3 patients",
            id="events",
        ),
        pytest.param('TOTAL_1="20"', 'TOTAL_1="1e300"', "not possible", id="more than live"),
        pytest.param(
            'EVENTS_1="4" TOTAL_1="20"',
            'EVENTS_1="four" TOTAL_1="20"',
            "'four' is not a number",
            id="text",
        ),
        pytest.param(
            'EVENTS_1="4" TOTAL_1="20"',
            f'EVENTS_1="{"4" * 99}" TOTAL_1="20"',
            "is not a number",
            id="long",
        ),
        pytest.param('SD_1="1.0"', 'SD_1="-1.0"', "-1 is not possible", id="spread"),
        pytest.param('CHI2="1.25"', 'CHI2="1_000"', "is not a number", id="Python's numbers"),
        pytest.param('CHI2="1.25"', 'CHI2="1,234"', "is not a number", id="thousands"),
        pytest.param('ESTIMATE="-0.5"', 'ESTIMATE="-1e200"', "not possible", id="far"),
        pytest.param('SE="0.25"', 'SE="1e-200"', "not possible", id="narrow"),
        pytest.param('MEAN_2="-7.0"', 'MEAN_2="1e101"', "not possible", id="far mean"),
        pytest.param('VAR="10.25"', 'VAR="1e101"', "not possible", id="wide"),
        pytest.param('CI_TOTAL="90"', 'CI_TOTAL="900"', "not the level of an interval", id="level"),
        pytest.param('CI_TOTAL="90"', 'CI_TOTAL="0.95"', "which is in percent", id="share"),
        pytest.param('CMP-001.02"', 'CMP-x"', "not the number of a comparison", id="number"),
        pytest.param(
            'TYPE="INTERVENTION"', 'TYPE="DIAGNOSTIC"', "diagnostic accuracy", id="accuracy"
        ),
        pytest.param("COCHRANE_REVIEW", "OTHER_REVIEW", "not a file of RevMan 5", id="root"),
    ],
)
def test_impossible_files(tmp_path: Path, review_xml: str, old: str, new: str, said: str) -> None:
    assert old in review_xml
    with pytest.raises(DataError) as caught:
        read(tmp_path, review_xml.replace(old, new))
    assert caught.value.file == tmp_path / "review.rm5"
    assert said in str(caught.value)


def test_a_message_names_outcome_study_and_column(tmp_path: Path, review_xml: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, review_xml.replace('SD_1="1.0"', 'SD_1="wide"'))
    assert str(caught.value) == (
        f"{tmp_path / 'review.rm5'}, study 'Ada 2001', column 'SD_1': "
        "'wide' is not a number in analysis 1.2"
    )


def test_an_outcome_numbered_twice_or_of_unknown_measure(tmp_path: Path, review_xml: str) -> None:
    changed = review_xml.replace('"CMP-001.02"', '"CMP-001.01" NO="1"')
    changed = changed.replace('EFFECT_MEASURE="RR"', 'EFFECT_MEASURE="ZZ"')
    left_out = dict(read(tmp_path, changed).left_out)
    assert left_out["1.1 Hours"] == "another outcome has the same number"
    assert left_out["1.1 Sleep"] == "RevMan's measure 'ZZ' is not known"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('METHOD="MH"', 'METHOD="GLMM"', "statistical method 'GLMM' is not known: it would be MH"),
        ('METHOD="MH"', 'METHOD="PETO"', "statistical method 'PETO'"),
        ('RANDOM="YES" TOTALS="YES"', 'RANDOM="RE" TOTALS="YES"', "setting RANDOM 'RE'"),
        ('RANDOM="YES" TOTALS="YES"', 'RANDOM="YES" TOTALS="ALL"', "TOTALS 'ALL'"),
        ('SUBGROUP_TEST="NO"', 'SUBGROUP_TEST="maybe"', "SUBGROUP_TEST 'maybe'"),
        ('SWAP_EVENTS="YES"', 'SWAP_EVENTS="2"', "SWAP_EVENTS '2'"),
    ],
)
def test_an_outcome_of_an_unknown_setting_is_left_out(
    tmp_path: Path, review_xml: str, old: str, new: str, said: str
) -> None:
    assert review_xml.count(old) == 1
    assert said in dict(read(tmp_path, review_xml.replace(old, new)).left_out)["1.1 Sleep"]


def test_words_of_settings_in_any_case(tmp_path: Path, review_xml: str, review: Review) -> None:
    changed = review_xml.replace('"YES"', '"Yes"').replace('METHOD="MH"', 'METHOD="mh"')
    read_again = read(tmp_path, changed)
    assert [each.settings for each in read_again] == [each.settings for each in review]


# Real files


@pytest.mark.parametrize("name", REAL)
def test_every_number_of_real_reviews(revman_files: Path, name: str) -> None:
    review = read_review(revman_files / name)
    counted = Counter(
        outcomes=len(review.outcomes),
        rows=sum(len(outcome.rows) for outcome in review),
        subgroups=sum(len(outcome.subgroups) for outcome in review),
    )
    assert tuple(counted.values()) == REAL[name]
    assert review.left_out == ()
    root = ElementTree.parse(revman_files / name).getroot()
    elements = [o for c in root.iter("COMPARISON") for o in c if o.tag.endswith("_OUTCOME")]
    for outcome, element in zip(review, elements, strict=True):
        kind = element.tag.removesuffix("OUTCOME")
        groups = [child for child in element if child.tag == f"{kind}SUBGROUP"]
        rows = [row for part in (element, *groups) for row in part if row.tag == f"{kind}DATA"]
        assert outcome.stored == numbers(element, POOLED)
        for group, its in zip(outcome.subgroups, groups, strict=True):
            assert group.stored == numbers(its, POOLED)
        for i, row in enumerate(rows):
            assert at(outcome.rows.numbers, i) == numbers(row, ENTERED, outcome.rows.numbers)
            assert at(outcome.rows.stored, i, RESULTS) == numbers(row, RESULTS)
            assert outcome.rows.estimable[i] == (row.get("ESTIMABLE") != "NO")


def numbers(element: ElementTree.Element, names: dict[str, str], only: object = None) -> dict:
    """The finite numbers of an element, by our names."""
    wanted = names if only is None else {name: names[name] for name in only}
    values = {name: float(element.get(theirs) or "nan") for name, theirs in wanted.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def at(arrays: object, i: int, names: object = None) -> dict:
    """The known numbers of a row, by our names."""
    return {
        name: values[i]
        for name, values in arrays.items()
        if (names is None or name in names) and not math.isnan(values[i])
    }
