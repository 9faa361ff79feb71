"""From a study table to effects: what is computed, left out, corrected, refused."""

import numpy as np
import pandas as pd
import pytest

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import find_measure, study_effects
from bayesmeta.spec import Effect
from bayesmeta.studies import study_table

EXACT_RTOL = 1e-12
"""Two closed forms of the same number in double precision."""

EVENTS = ("events_treatment", "total_treatment", "events_control", "total_control")
MEANS = (
    "mean_treatment",
    "sd_treatment",
    "total_treatment",
    "mean_control",
    "sd_control",
    "total_control",
)
PAIRS = ("mean_before", "sd_before", "mean_after", "sd_after", "total")


def effects(names, rows, measure, **options):
    """Effects of the studies A, B, …, one row of numbers each."""
    frame = pd.DataFrame(rows, columns=list(names))
    frame.insert(0, "study", [chr(ord("A") + i) for i in range(len(rows))])
    effect = Effect(measure=measure, **options)
    return study_effects(study_table(frame), effect, find_measure(measure))


def test_gives_effect_and_standard_error_on_the_analysis_scale():
    table = effects(EVENTS, [(10, 100, 20, 100)], "OR")
    assert table["effect"].item() == pytest.approx(np.log(10 * 80 / (90 * 20)), rel=EXACT_RTOL)
    expected = np.sqrt(1 / 10 + 1 / 90 + 1 / 20 + 1 / 80)
    assert table["std_error"].item() == pytest.approx(expected, rel=EXACT_RTOL)


def test_keeps_the_table_and_leaves_its_argument_as_it_was():
    frame = pd.DataFrame({**dict(zip(EVENTS, ([10], [100], [20], [100]), strict=True)), "dose": 5})
    table = study_table(frame)
    found = study_effects(table, Effect(measure="OR"), find_measure("OR"))
    assert found["dose"].item() == 5
    assert "effect" not in table
    assert found.attrs["warnings"] == table.attrs["warnings"]


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
def test_a_missing_number_leaves_the_study_out_and_names_the_column(measure):
    table = effects(EVENTS, [(10, 100, 20, 100), (5, 50, None, 50), (1, None, 2, None)], measure)
    assert list(table["study"].values) == ["A"]
    assert table.attrs["excluded"] == (
        {"study": "B", "reason": "missing: events_control"},
        {"study": "C", "reason": "missing: total_treatment, total_control"},
    )


DOUBLE_ZERO = [(3, 50, 6, 50), (0, 40, 0, 42), (40, 40, 42, 42)]


@pytest.mark.parametrize("measure", ["OR", "RR", "PETO"])
def test_ratios_leave_out_studies_without_events_or_with_nothing_else(measure):
    table = effects(EVENTS, DOUBLE_ZERO, measure)
    assert list(table["study"].values) == ["A"]
    reason = "no events, or only events, in both arms: not estimable"
    assert table.attrs["excluded"] == (
        {"study": "B", "reason": reason},
        {"study": "C", "reason": reason},
    )
    assert table.attrs["corrections"] == ()


def test_differences_keep_studies_without_events():
    table = effects(EVENTS, DOUBLE_ZERO, "RD")
    assert list(table["study"].values) == ["A", "B", "C"]
    assert table.attrs["excluded"] == ()
    assert [item["study"] for item in table.attrs["corrections"]] == ["B", "C"]


def test_studies_without_events_stay_on_request():
    table = effects(EVENTS, DOUBLE_ZERO, "OR", zero_cells={"drop00": False})
    assert table.attrs["excluded"] == ()
    expected = np.log(0.5 * 42.5 / (40.5 * 0.5))
    assert table["effect"].sel(study="B").item() == pytest.approx(expected, rel=EXACT_RTOL)


def test_a_correction_is_recorded():
    table = effects(EVENTS, [(3, 50, 6, 50), (0, 40, 4, 42)], "RR")
    assert table.attrs["corrections"] == ({"study": "B", "correction": "0.5 added to every cell"},)
    expected = np.log((0.5 / 41) / (4.5 / 43))
    assert table["effect"].sel(study="B").item() == pytest.approx(expected, rel=EXACT_RTOL)


def test_the_size_of_the_correction_is_recorded():
    rule = {"add": 0.1, "to": "all"}
    table = effects(EVENTS, [(3, 50, 6, 50), (0, 40, 4, 42)], "RR", zero_cells=rule)
    assert [item["correction"] for item in table.attrs["corrections"]] == [
        "0.1 added to every cell"
    ] * 2


def test_without_a_correction_an_empty_cell_has_no_ratio():
    rule = {"to": "none"}
    table = effects(EVENTS, [(3, 50, 6, 50), (0, 40, 4, 42)], "RR", zero_cells=rule)
    assert table.attrs["excluded"] == (
        {
            "study": "B",
            "reason": "its effect or standard error cannot be computed from its numbers",
        },
    )


def test_no_spread_in_either_arm_gives_no_standard_error():
    table = effects(MEANS, [(1, 2, 20, 0, 2, 20), (1, 0, 20, 3, 0, 20)], "MD")
    assert table.attrs["excluded"] == ({"study": "B", "reason": "its standard error is 0"},)


def test_no_spread_in_one_arm_is_no_reason_to_leave_out():
    table = effects(MEANS, [(1, 2, 20, 0, 0, 20)], "MD")
    assert table["std_error"].item() == pytest.approx(np.sqrt(4 / 20), rel=EXACT_RTOL)


@pytest.mark.parametrize(
    ("measure", "row"),
    [
        ("SMD", (1, 0, 20, 3, 0, 20)),
        ("ROM", (1, 2, 20, 0, 2, 20)),
        ("ROM", (1, 2, 20, -3, 2, 20)),
    ],
    ids=["SMD without spread", "ratio of a mean of 0", "ratio of means of two signs"],
)
def test_what_cannot_be_computed_is_left_out(measure, row):
    table = effects(MEANS, [(2, 2, 20, 1, 2, 20), row], measure)
    assert table.attrs["excluded"] == (
        {
            "study": "B",
            "reason": "its effect or standard error cannot be computed from its numbers",
        },
    )


def test_more_events_than_patients_is_an_error_with_its_place():
    with pytest.raises(DataError, match="60 events are more than the 50 patients") as raised:
        effects(EVENTS, [(3, 50, 6, 50), (3, 50, 60, 50)], "OR")
    error = raised.value
    assert (error.row, error.study, error.column) == (2, "B", "events_control")


def test_events_may_outnumber_person_time():
    names = ("events_treatment", "time_treatment", "events_control", "time_control")
    table = effects(names, [(9, 4.5, 3, 6)], "IRR")
    assert table["effect"].item() == pytest.approx(np.log(4), rel=EXACT_RTOL)


@pytest.mark.parametrize(
    ("measure", "names", "rows", "column"),
    [
        ("MD", MEANS, [(1, 2, 20, 0, 2, 20), (1, 2, 20, 0, 2, 1)], "total_control"),
        ("SMD", MEANS, [(1, 2, 20, 0, 2, 20), (1, 2, 1, 0, 2, 20)], "total_treatment"),
        ("ZCOR", ("correlation", "total"), [(0.2, 20), (0.2, 3)], "total"),
        ("SMCC", (*PAIRS, "r"), [(5, 2, 4, 2, 20, 0.5), (5, 2, 4, 2, 2, 0.5)], "total"),
    ],
    ids=["MD", "SMD", "ZCOR", "SMCC"],
)
def test_too_few_patients_is_an_error_with_its_place(measure, names, rows, column):
    with pytest.raises(DataError, match="is too small") as raised:
        effects(names, rows, measure)
    error = raised.value
    assert (error.row, error.study, error.column) == (2, "B", column)


@pytest.mark.parametrize(
    ("measure", "names", "smallest"),
    [
        ("MD", MEANS, (1, 2, 2, 0, 2, 2)),
        ("SMD", MEANS, (1, 2, 2, 0, 2, 2)),
        ("SMDH", MEANS, (1, 2, 2, 0, 2, 2)),
        ("ROM", MEANS, (1, 2, 2, 3, 2, 2)),
        ("MN", ("mean", "sd", "total"), (1, 2, 2)),
        ("ZCOR", ("correlation", "total"), (0.2, 4)),
        ("MC", (*PAIRS, "r"), (5, 2, 4, 2, 2, 0.5)),
        ("SMCC", (*PAIRS, "r"), (5, 2, 4, 2, 3, 0.5)),
        ("SMCR", (*PAIRS, "r"), (5, 2, 4, 2, 3, 0.5)),
        ("ROMC", (*PAIRS, "r"), (5, 2, 4, 2, 2, 0.5)),
        ("OR", EVENTS, (1, 1, 0, 1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_smallest_possible_study_has_an_effect(measure, names, smallest):
    table = effects(names, [smallest], measure)
    assert table.attrs["excluded"] == ()


PAIRED = ["MC", "SMCC", "SMCR", "ROMC"]


@pytest.mark.parametrize("measure", PAIRED)
def test_paired_data_need_their_correlation(measure):
    with pytest.raises(SpecError, match="correlation of the two measurements") as raised:
        effects(PAIRS, [(5, 2, 4, 2, 20)], measure)
    assert raised.value.key == "effect.r"


@pytest.mark.parametrize("measure", PAIRED)
def test_one_study_without_correlation_is_an_error(measure):
    with pytest.raises(SpecError) as raised:
        effects((*PAIRS, "r"), [(5, 2, 4, 2, 20, 0.5), (5, 2, 4, 2, 20, None)], measure)
    assert raised.value.key == "effect.r"


@pytest.mark.parametrize("measure", PAIRED)
def test_the_correlation_of_the_spec_is_used_where_the_table_has_none(measure):
    rows = [(5, 2, 4, 2, 20, 0.3), (5, 2, 4, 2, 20, None)]
    table = effects((*PAIRS, "r"), rows, measure, r=0.8)
    own = effects((*PAIRS, "r"), [(5, 2, 4, 2, 20, 0.3), (5, 2, 4, 2, 20, 0.8)], measure)
    np.testing.assert_array_equal(table["std_error"], own["std_error"])
    assert table["std_error"][0] != table["std_error"][1]


def test_the_standard_error_of_a_mean_change():
    table = effects(PAIRS, [(5, 2, 4, 3, 20)], "MC", r=0.5)
    assert table["effect"].item() == -1
    expected = np.sqrt((4 + 9 - 2 * 0.5 * 2 * 3) / 20)
    assert table["std_error"].item() == pytest.approx(expected, rel=EXACT_RTOL)


def test_raw_numbers_go_before_estimates():
    names = (*EVENTS, "effect", "std_error")
    table = effects(names, [(10, 100, 20, 100, 99, 99)], "OR")
    assert table["effect"].item() == pytest.approx(np.log(4 / 9), rel=EXACT_RTOL)


def test_a_missing_column_is_an_error_that_says_what_the_table_has():
    with pytest.raises(SpecError, match=r"no column for total_control \(patients in the") as raised:
        effects((*EVENTS[:3], "totl_control"), [(10, 100, 20, 100)], "OR")
    assert raised.value.key == "data.columns"
    assert "Did you mean 'totl_control'?" in raised.value.hint


def test_estimates_need_a_column_of_effects():
    with pytest.raises(SpecError, match=r"no column for effect \(effect estimate\)"):
        effects(("std_error",), [(1,)], "GEN")


def test_a_table_without_any_effect_is_an_error_that_says_why():
    with pytest.raises(DataError, match="no study has an effect") as raised:
        effects(EVENTS, [(0, 40, 0, 42)], "OR")
    assert raised.value.hint == "A: no events, or only events, in both arms: not estimable"
