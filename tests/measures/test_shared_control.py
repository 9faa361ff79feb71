"""Comparisons that share a control arm: their covariance, or one arm that is split or combined."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import MEASURES, find_measure, study_effects
from bayesmeta.measures.shared_covariance import CONTROL_VARIANCES
from bayesmeta.spec import Effect
from bayesmeta.studies import study_table

METAFOR_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

EXACT_RTOL = 1e-12
"""Two closed forms of the same number in double precision."""

LARGE_SAMPLE_RTOL = 0.01
"""First terms of a series in 1 / n, with several hundred participants or events."""

ONE_STANDARD_DEVIATION_RTOL = 0.05
"""Gleser & Olkin's formula is for a standard deviation pooled over all arms of the trial, and ours
is pooled over two. Beside effects of 1 and 1.5 that is much more than what n leaves."""

MONTE_CARLO = 4
"""Standard errors of a simulated covariance."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "shared_control.json").read_text(encoding="utf-8")
)
EXAMPLES, SIMULATED = REFERENCE["examples"], REFERENCE["simulated"]

EVENTS = ("events_treatment", "total_treatment", "events_control", "total_control")
TIMES = ("events_treatment", "time_treatment", "events_control", "time_control")
MEANS = (
    "mean_treatment",
    "sd_treatment",
    "total_treatment",
    "mean_control",
    "sd_control",
    "total_control",
)
PAIRS = ("mean_before", "sd_before", "mean_after", "sd_after", "total")

TRIAL = [(10, 50, 20, 60), (15, 55, 20, 60), (5, 40, 8, 42)]
"""Events of three comparisons, the first two with one control arm."""

SCALES = [(5, 2, 20, 3, 2.5, 30), (6, 3, 25, 3, 2.5, 30), (4, 2, 18, 3, 2, 20)]
"""Means of three comparisons, the first two with one control arm."""

RATES = [(8, 90.5, 12, 100), (9, 80, 12, 100), (4, 50, 6, 60)]
"""Events over person-time of three comparisons, the first two with one control arm."""


def frame_of(names, rows, arms=("X", "X", ""), studies=None):
    frame = pd.DataFrame(rows, columns=list(names))
    frame.insert(0, "study", studies or [chr(ord("A") + i) for i in range(len(rows))])
    frame["control"] = list(arms)
    return frame


def effects(frame, measure, method, *, counts=False, column="control", **options):
    effect = Effect(measure=measure, shared_control={"column": column, "method": method}, **options)
    return study_effects(study_table(frame), effect, find_measure(measure), counts=counts)


def alone(names, rows, measure, **options):
    """Effects of the same numbers, where nobody shares."""
    frame = pd.DataFrame(rows, columns=list(names))
    return study_effects(
        study_table(frame), Effect(measure=measure, **options), find_measure(measure)
    )


# Covariance


def of_example(measure, **options):
    frame = pd.DataFrame(EXAMPLES[measure]["data"]).rename(columns={"study": "trial"})
    if measure == "SMD":
        frame = frame.assign(sd_treatment=frame["sd"], sd_control=frame["sd"])
    return effects(frame, measure, "covariance", column="trial", **options), frame["trt"]


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


@pytest.mark.parametrize("measure", ["RD", "OR", "RR"])
def test_the_covariance_of_gleser_and_olkin_is_that_of_metafor(measure):
    table, _ = of_example(measure)
    np.testing.assert_allclose(table["covariance"], EXAMPLES[measure]["V"], rtol=METAFOR_RTOL)


def test_the_covariance_of_standardised_differences_is_that_of_metafor():
    # On the diagonal they have the standard deviation of all arms, and we that of two.
    table, _ = of_example("SMD", bias_correction=False)
    expected = off_diagonal(np.array(EXAMPLES["SMD"]["V"]))
    found = off_diagonal(table["covariance"].to_numpy())
    np.testing.assert_allclose(found, expected, rtol=METAFOR_RTOL)
    assert np.count_nonzero(expected) == 4


@pytest.mark.parametrize("measure", ["RD", "OR", "RR"])
def test_the_means_of_the_treatments_are_those_that_the_chapter_prints(measure):
    table, treatments = of_example(measure)
    design = pd.get_dummies(treatments).to_numpy(float)
    weights = np.linalg.inv(table["covariance"].to_numpy())
    variance = np.linalg.inv(design.T @ weights @ design)
    means = variance @ design.T @ weights @ table["effect"].to_numpy()
    printed = EXAMPLES[measure]["printed"]
    np.testing.assert_allclose(-means, printed["coef"], rtol=0, atol=0.5e-4)
    if "vcov" in printed:
        np.testing.assert_allclose(variance, printed["vcov"], rtol=0, atol=0.5e-5)
    if "vcov_per_million" in printed:
        np.testing.assert_allclose(1e6 * variance, printed["vcov_per_million"], rtol=0, atol=0.5e-3)


def simulated_case(measure, i=0):
    return [case for case in SIMULATED if case["measure"] == measure][i]


def at_the_truth(case):
    """Our covariance where the data are the values from which was simulated."""
    columns = {}
    for name in MEASURES[case["measure"]].columns:
        number, arm = name.split("_")
        arms = case["arms"][:2] if arm == "treatment" else [case["arms"][2]] * 2
        if number == "events":
            size, share = ("total", "risk") if "total" in arms[0] else ("time", "rate")
            columns[name] = [each[size] * each[share] for each in arms]
        else:
            columns[name] = [each[number] for each in arms]
    table = effects(pd.DataFrame({**columns, "control": "X"}), case["measure"], "covariance")
    return table["covariance"].to_numpy()[0, 1]


@pytest.mark.parametrize("measure", CONTROL_VARIANCES)
def test_the_covariance_is_that_of_simulated_trials(measure):
    case = simulated_case(measure)
    margin = LARGE_SAMPLE_RTOL * case["covariance"] + MONTE_CARLO * case["mcse"]
    assert at_the_truth(case) == pytest.approx(case["covariance"], rel=0, abs=margin)


@pytest.mark.parametrize("measure", ["MD", "RD", "IRD"])
def test_the_covariance_of_differences_is_exact(measure):
    case = simulated_case(measure)
    margin = MONTE_CARLO * case["mcse"]
    assert at_the_truth(case) == pytest.approx(case["covariance"], rel=0, abs=margin)


def test_the_covariance_of_large_standardised_differences_is_somewhat_large():
    case = simulated_case("SMD", 1)
    found = at_the_truth(case)
    assert found == pytest.approx(case["covariance"], rel=ONE_STANDARD_DEVIATION_RTOL)
    assert found > case["covariance"]


def some_data(measure):
    """Columns and rows of three comparisons for a measure."""
    for names, rows in ((EVENTS, TRIAL), (MEANS, SCALES), (TIMES, RATES)):
        if set(names) == set(MEASURES[measure].columns):
            return names, rows
    raise LookupError(measure)


@pytest.mark.parametrize("measure", CONTROL_VARIANCES)
def test_the_diagonal_is_the_variance_and_studies_apart_are_independent(measure):
    names, rows = some_data(measure)
    table = effects(frame_of(names, rows), measure, "covariance")
    covariance = table["covariance"]
    assert covariance.dims == ("study", "other_study")
    assert list(covariance["other_study"].values) == ["A", "B", "C"]
    np.testing.assert_array_equal(np.diag(covariance), table["std_error"].to_numpy() ** 2)
    np.testing.assert_array_equal(covariance, covariance.T)
    assert covariance[0, 1] > 0
    np.testing.assert_array_equal(covariance[2, :2], [0, 0])
    np.testing.assert_array_equal(table["effect"], alone(names, rows, measure)["effect"])
    assert table.attrs["corrections"] == ()


@pytest.mark.parametrize("smd", ["exact", "revman"])
def test_standardised_differences_use_the_participants_of_all_arms_once(smd):
    table = effects(frame_of(MEANS, SCALES), "SMD", "covariance", smd=smd)
    first, second, _ = table["effect"].to_numpy()
    expected = 1 / 30 + first * second / (2 * (20 + 25 + 30))
    assert table["covariance"][0, 1].item() == pytest.approx(expected, rel=EXACT_RTOL)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("OR", 1 / 0.5 + 1 / 60.5), ("RR", 1 / 0.5 - 1 / 61), ("RD", 0.5 * 60.5 / 61**3)],
)
def test_a_control_arm_without_events_is_corrected_as_its_effects_are(measure, expected):
    rows = [(10, 50, 0, 60), (15, 55, 0, 60)]
    table = effects(frame_of(EVENTS, rows, "XX"), measure, "covariance")
    assert table["covariance"][0, 1].item() == pytest.approx(expected, rel=EXACT_RTOL)
    assert [item["study"] for item in table.attrs["corrections"]] == ["A", "B"]


def test_a_correction_of_one_effect_alone_counts_there_alone():
    rows = [(0, 50, 20, 60), (15, 55, 20, 60)]
    table = effects(frame_of(EVENTS, rows, "XX"), "OR", "covariance")
    with_it, without = 1 / 20.5 + 1 / 40.5, 1 / 20 + 1 / 40
    expected = np.sqrt(with_it * without)
    assert table["covariance"][0, 1].item() == pytest.approx(expected, rel=EXACT_RTOL)


def test_a_control_arm_without_events_over_person_time_is_corrected():
    rows = [(8, 90, 0, 100), (9, 80, 0, 100)]
    table = effects(frame_of(TIMES, rows, "XX"), "IRR", "covariance")
    assert table["covariance"][0, 1].item() == pytest.approx(1 / 0.5, rel=EXACT_RTOL)


def test_the_matrix_is_that_of_the_studies_that_remain():
    rows = [(None, 50, 20, 60), *TRIAL[:2], (0, 9, 0, 8), (0, 10, 0, 8), (3, 9, 4, 9)]
    table = effects(frame_of(EVENTS, rows, "XXXYYZ"), "OR", "covariance")
    assert list(table["study"].values) == list(table["other_study"].values) == ["B", "C", "F"]
    assert np.count_nonzero(off_diagonal(table["covariance"].to_numpy())) == 2


@pytest.mark.parametrize(
    "arms",
    [("X", "Y", ""), ("", "", ""), (None, None, "Y"), (np.nan, np.nan, 1.0)],
    ids=["labels", "empty", "none", "numbers"],
)
@pytest.mark.parametrize("method", ["covariance", "combine"])
def test_nothing_is_done_where_no_two_rows_share(arms, method):
    table = effects(frame_of(EVENTS, TRIAL, arms), "OR", method)
    assert "covariance" not in table
    np.testing.assert_array_equal(table["effect"], alone(EVENTS, TRIAL, "OR")["effect"])
    assert table.attrs["corrections"] == ()


def test_nothing_is_added_where_one_of_the_two_is_left_out():
    rows = [(None, 50, 20, 60), *TRIAL[1:]]
    assert "covariance" not in effects(frame_of(EVENTS, rows), "OR", "covariance")


def test_control_arms_may_be_told_by_numbers():
    table = effects(frame_of(EVENTS, TRIAL, (7, 7, np.nan)), "OR", "covariance")
    assert table["covariance"][0, 1] > 0


def test_a_table_that_has_a_covariance_gets_its_own():
    table = effects(frame_of(EVENTS, TRIAL), "OR", "covariance")
    rule = {"column": "control"}
    again = study_effects(
        table.isel(study=slice(0, 2)), Effect(measure="RR", shared_control=rule), MEASURES["RR"]
    )
    assert again["covariance"].shape == (2, 2)
    assert again["covariance"][0, 1].item() == pytest.approx(1 / 20 - 1 / 60, rel=EXACT_RTOL)


def test_effects_that_nothing_random_tells_apart_are_an_error():
    rows = [(5, 0, 20, 3, 2.5, 30), (6, 0, 25, 3, 2.5, 30), SCALES[2]]
    with pytest.raises(DataError, match=r"covariance of A, B, .* is not positive definite"):
        effects(frame_of(MEANS, rows), "MD", "covariance")


TWO_ARMS = [m.code for m in MEASURES.values() if any(n.endswith("_control") for n in m.columns)]


@pytest.mark.parametrize("measure", [code for code in TWO_ARMS if code not in CONTROL_VARIANCES])
def test_a_measure_without_a_known_covariance_is_refused_by_name(measure):
    with pytest.raises(SpecError, match=f"is known for {measure} ") as raised:
        effects(frame_of(*some_data(measure)), measure, "covariance")
    assert raised.value.key == "effect.shared_control.method"
    assert '"combine" or "split"' in raised.value.hint


# Splitting


@pytest.mark.parametrize("method", ["split", "combine"])
@pytest.mark.parametrize("measure", TWO_ARMS)
def test_every_measure_of_two_arms_can_be_split_and_combined(measure, method):
    table = effects(frame_of(*some_data(measure)), measure, method)
    assert table.sizes["study"] == {"split": 3, "combine": 2}[method]
    assert np.isfinite(table["std_error"]).all()
    assert "covariance" not in table


def test_a_control_arm_with_events_is_split_with_its_participants():
    # Cochrane Handbook 23.3.4: events and participants are divided.
    table = effects(frame_of(EVENTS, TRIAL), "OR", "split")
    by_hand = [(10, 50, 10, 30), (15, 55, 10, 30), TRIAL[2]]
    expected = alone(EVENTS, by_hand, "OR")
    np.testing.assert_array_equal(table["effect"], expected["effect"])
    np.testing.assert_array_equal(table["std_error"], expected["std_error"])
    np.testing.assert_array_equal(table["total_control"], [30, 30, 42])
    assert table.attrs["corrections"] == (
        {"study": "A", "correction": "its control arm, shared with B, was split in 2"},
        {"study": "B", "correction": "its control arm, shared with A, was split in 2"},
    )


def test_a_control_arm_is_split_in_as_many_parts_as_comparisons_share_it():
    rows = [(10, 50, 20, 61), (15, 55, 20, 61), (5, 40, 20, 61)]
    table = effects(frame_of(EVENTS, rows, "XXX"), "RR", "split")
    np.testing.assert_array_equal(table["events_control"], np.full(3, 20 / 3))
    np.testing.assert_array_equal(table["total_control"], np.full(3, 61 / 3))
    assert "shared with A, C, was split in 3" in table.attrs["corrections"][1]["correction"]


def test_means_and_standard_deviations_are_not_split():
    # Cochrane Handbook 23.3.4: of continuous outcomes the participants alone are divided.
    table = effects(frame_of(MEANS, SCALES), "MD", "split")
    expected = np.sqrt(2**2 / 20 + 2.5**2 / 15)
    assert table["std_error"][0].item() == pytest.approx(expected, rel=EXACT_RTOL)
    np.testing.assert_array_equal(table["effect"], [2, 3, 1])


def test_person_time_is_split():
    table = effects(frame_of(TIMES, RATES), "IRR", "split")
    np.testing.assert_array_equal(table["events_control"], [6, 6, 6])
    np.testing.assert_array_equal(table["time_control"], [50, 50, 60])


def test_a_row_that_is_left_out_takes_no_part_of_the_control_arm():
    rows = [(None, 50, 20, 60), *TRIAL[:2]]
    table = effects(frame_of(EVENTS, rows, "XXX"), "OR", "split")
    np.testing.assert_array_equal(table["total_control"], [30, 30])


def test_a_control_arm_is_split_once():
    table = effects(frame_of(EVENTS, TRIAL), "OR", "split")
    rule = {"column": "control", "method": "split"}
    again = study_effects(table, Effect(measure="RR", shared_control=rule), MEASURES["RR"])
    np.testing.assert_array_equal(again["total_control"], table["total_control"])
    assert again.attrs["corrections"] == table.attrs["corrections"]


def test_a_control_arm_too_small_to_be_split_is_an_error_with_its_place():
    rows = [(5, 2, 20, 3, 2.5, 3), (6, 3, 25, 3, 2.5, 3), SCALES[2]]
    with pytest.raises(DataError, match="arm of 3 is too small to be split in 2") as raised:
        effects(frame_of(MEANS, rows), "MD", "split")
    assert (raised.value.row, raised.value.study) == (1, "A")


# Combining


def test_events_and_participants_are_summed():
    table = effects(frame_of(EVENTS, TRIAL), "OR", "combine")
    expected = alone(EVENTS, [(25, 105, 20, 60), TRIAL[2]], "OR")
    assert list(table["study"].values) == ["A + B", "C"]
    np.testing.assert_array_equal(table["effect"], expected["effect"])
    np.testing.assert_array_equal(table["std_error"], expected["std_error"])
    assert table.attrs["corrections"] == (
        {"study": "A + B", "correction": "A, B combined, as they share a control arm"},
    )


def test_person_time_is_summed():
    table = effects(frame_of(TIMES, RATES), "IRR", "combine")
    np.testing.assert_array_equal(table["events_treatment"], [17, 4])
    np.testing.assert_array_equal(table["time_treatment"], [170.5, 50])
    np.testing.assert_array_equal(table["time_control"], [100, 60])


@pytest.mark.parametrize("measure", ["MD", "SMD", "SMDH", "ROM"])
def test_means_and_standard_deviations_are_those_of_all_participants(measure):
    arms = [
        np.array([3.1, 4.7, 5.2, 8.8]),
        np.array([2.0, 2.5, 9.1]),
        np.array([6.6, 7.0, 7.1, 7.9, 9.3]),
    ]
    rows = [(arm.mean(), arm.std(ddof=1), arm.size, 3, 2.5, 30) for arm in arms]
    table = effects(frame_of(MEANS, rows, "XXX"), measure, "combine")
    everyone = np.concatenate(arms)
    assert table["total_treatment"].item() == everyone.size
    assert table["mean_treatment"].item() == pytest.approx(everyone.mean(), rel=EXACT_RTOL)
    assert table["sd_treatment"].item() == pytest.approx(everyone.std(ddof=1), rel=EXACT_RTOL)
    assert table["sd_control"].item() == 2.5


@pytest.mark.parametrize(
    ("given", "combined"),
    [
        (["Ito 2010", "Roy 2012"], "Ito 2010 + Roy 2012"),
        (["Ito 2010 (low)", "Ito 2010 (high)"], "Ito 2010 (low + high)"),
        (["Ito 2010", "Ito 2010"], "Ito 2010"),
        (["Ito (low)", "Roy (high)"], "Ito (low) + Roy (high)"),
        (["(a)", "(b)"], "(a) + (b)"),
    ],
)
def test_the_combined_row_is_named_after_its_rows(given, combined):
    table = effects(frame_of(EVENTS, TRIAL, studies=[*given, "C"]), "OR", "combine")
    assert list(table["study"].values) == [combined, "C"]


def test_the_combined_name_is_unique():
    rows, names = [*TRIAL, (9, 20, 6, 20)], ["A", "B", "C", "A + B"]
    table = effects(frame_of(EVENTS, rows, ("X", "X", "", ""), names), "OR", "combine")
    assert len(set(table["study"].values)) == 3


def test_other_columns_are_kept_where_the_rows_agree():
    frame = frame_of(EVENTS, TRIAL).assign(
        year=[2010, 2010, 2011], dose=[1.0, 2.0, 3.0], drug=["a", "b", "c"], site=["s", "s", "t"]
    )
    table = effects(frame, "OR", "combine")
    assert list(table["year"].values) == [2010, 2011]
    np.testing.assert_array_equal(table["dose"], [np.nan, 3])
    assert list(table["drug"].values) == ["a + b", "c"]
    assert list(table["site"].values) == ["s", "t"]
    assert list(table["control"].values) == ["X", ""]
    assert list(table["row"].values) == [1, 3]


def test_a_row_with_a_missing_number_is_left_out_and_not_combined():
    rows = [TRIAL[0], (None, 55, 20, 60), TRIAL[1]]
    table = effects(frame_of(EVENTS, rows, "XXX"), "OR", "combine")
    assert list(table["study"].values) == ["A + C"]
    assert table.attrs["excluded"] == ({"study": "B", "reason": "missing: events_treatment"},)


def test_combined_arms_go_with_a_likelihood_of_counts():
    table = effects(frame_of(EVENTS, TRIAL), "OR", "combine", counts=True)
    np.testing.assert_array_equal(table["events_treatment"], [25, 5])
    assert len(table.attrs["corrections"]) == 1


def test_the_numbers_of_each_row_are_checked_before_they_are_combined():
    rows = [(52, 50, 20, 60), (1, 55, 20, 60), TRIAL[2]]
    with pytest.raises(DataError, match="52 events are more than the 50 patients"):
        effects(frame_of(EVENTS, rows), "OR", "combine")


# What is refused


@pytest.mark.parametrize(
    ("method", "why"),
    [("covariance", "has no sampling covariance"), ("split", "has no whole numbers")],
)
def test_a_likelihood_of_counts_takes_combined_arms_alone(method, why):
    with pytest.raises(SpecError, match=why) as raised:
        effects(frame_of(EVENTS, TRIAL), "OR", method, counts=True)
    assert raised.value.key == "effect.shared_control.method"
    assert '"combine"' in raised.value.hint


@pytest.mark.parametrize("method", ["covariance", "split", "combine"])
@pytest.mark.parametrize(
    ("measure", "names", "rows", "changed"),
    [
        ("OR", EVENTS, [(10, 50, 20, 60), (15, 55, 21, 60)], "events_control"),
        ("RR", EVENTS, [(10, 50, 20, 60), (15, 55, 20, 61)], "total_control"),
        ("MD", MEANS, [(5, 2, 20, 3, 2, 30), (6, 3, 25, 4, 2, 30)], "mean_control"),
        ("SMD", MEANS, [(5, 2, 20, 3, 2, 30), (6, 3, 25, 3, 1, 30)], "sd_control"),
        ("IRR", TIMES, [(8, 90, 12, 100), (9, 80, 12, 99)], "time_control"),
    ],
    ids=["events", "total", "mean", "sd", "time"],
)
def test_other_numbers_of_a_shared_arm_are_an_error_with_their_place(
    method, measure, names, rows, changed
):
    with pytest.raises(DataError, match="with which it should share its control arm") as raised:
        effects(frame_of(names, rows, "XX"), measure, method)
    error = raised.value
    assert (error.row, error.study, error.column) == (2, "B", changed)
    assert "Both have 'X' in the column 'control'" in error.hint


def test_a_missing_column_is_an_error_that_names_the_nearest():
    with pytest.raises(SpecError, match="no column 'contrl'") as raised:
        effects(frame_of(EVENTS, TRIAL), "OR", "split", column="contrl")
    assert raised.value.key == "effect.shared_control.column"
    assert raised.value.hint == "Did you mean 'control'?"


def test_names_of_studies_are_no_column_of_control_arms():
    with pytest.raises(SpecError, match="no column 'study'") as raised:
        effects(frame_of(EVENTS, TRIAL), "OR", "split", column="study")
    assert "Names of studies are made unique" in raised.value.hint


@pytest.mark.parametrize("method", ["covariance", "split", "combine"])
@pytest.mark.parametrize(
    ("measure", "names", "row"),
    [("MN", ("mean", "sd", "total"), (5, 2, 20)), ("SMCC", PAIRS, (5, 2, 4, 2, 20))],
)
def test_measures_without_a_control_arm_are_refused(measure, names, row, method):
    with pytest.raises(SpecError, match="has no control arm") as raised:
        effects(frame_of(names, [row, row], "XX"), measure, method, r=0.5)
    assert raised.value.key == "effect.shared_control"


@pytest.mark.parametrize("method", ["covariance", "split", "combine"])
@pytest.mark.parametrize("measure", ["OR", "HR", "GEN"])
def test_estimates_without_the_numbers_of_the_arms_are_refused(measure, method):
    with pytest.raises(SpecError, match="estimates without the numbers of their arms") as raised:
        effects(
            frame_of(("effect", "std_error"), [(0.5, 0.2), (0.4, 0.2)], "XX"),
            measure,
            method,
            scale="analysis",
        )
    assert raised.value.key == "effect.shared_control"
    assert ("events_control" in raised.value.hint) == (measure == "OR")


def test_a_table_without_any_numbers_is_told_what_it_lacks():
    with pytest.raises(SpecError, match="no column for events_control"):
        effects(frame_of(EVENTS[:2], [(1, 9), (2, 8)], "XX"), "OR", "combine")
