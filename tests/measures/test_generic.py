"""Estimates with a standard error, an interval, or a p-value."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import find_measure, study_effects
from bayesmeta.spec import Effect
from bayesmeta.studies import study_table

CONVERSION_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

QUANTILE = {0.95: 1.9599639845400545, 0.9: 1.6448536269514722, 0.5: 0.6744897501960817}
"""Half the width of a two-sided normal interval by its level (R: ``qnorm((1 + level) / 2)``)."""

WALD = json.loads(
    (Path(__file__).parents[1] / "reference" / "conversions.json").read_text(encoding="utf-8")
)["conv_wald"]


def estimates(columns, measure="GEN", **options):
    """Effects of a table of estimates, one list a column."""
    frame = pd.DataFrame(columns)
    effect = Effect(measure=measure, **options)
    return study_effects(study_table(frame), effect, find_measure(measure))


def test_ratios_with_intervals_and_p_values_are_those_of_conv_wald():
    given = {
        "effect": WALD["input"]["out"],
        "lower": WALD["input"]["lb"],
        "upper": WALD["input"]["ub"],
        "p_value": WALD["input"]["p"],
    }
    known = [i for i, value in enumerate(WALD["vi"]) if value is not None]
    table = estimates(
        {name: np.array(values, float) for name, values in given.items()}, "OR", scale="display"
    )
    np.testing.assert_allclose(
        table["effect"], [WALD["yi"][i] for i in known], rtol=CONVERSION_RTOL
    )
    np.testing.assert_allclose(
        table["std_error"] ** 2, [WALD["vi"][i] for i in known], rtol=CONVERSION_RTOL
    )
    reason = "missing: effect, std_error (or lower and upper, or p_value)"
    assert table.attrs["excluded"] == ({"study": "study 3", "reason": reason},)


def test_a_standard_error_is_taken_as_it_is():
    table = estimates({"effect": [0.2, -1.0], "std_error": [0.1, 0.4]})
    np.testing.assert_array_equal(table["effect"], [0.2, -1.0])
    np.testing.assert_allclose(table["std_error"], [0.1, 0.4], rtol=CONVERSION_RTOL)


def test_a_standard_error_is_on_the_analysis_scale_whatever_the_scale_of_the_estimates():
    given = {"effect": [2.0], "std_error": [0.1]}
    table = estimates(given, "RR", scale="display")
    assert table["effect"].item() == pytest.approx(np.log(2), rel=CONVERSION_RTOL)
    assert table["std_error"].item() == pytest.approx(0.1, rel=CONVERSION_RTOL)


@pytest.mark.parametrize("level", QUANTILE)
def test_the_width_of_an_interval_depends_on_its_level(level):
    table = estimates({"effect": [1.0], "lower": [0.4], "upper": [1.6]}, level=level)
    assert table["std_error"].item() == pytest.approx(0.6 / QUANTILE[level], rel=CONVERSION_RTOL)


def test_intervals_are_95_percent_where_nothing_is_said():
    table = estimates({"effect": [1.0], "lower": [0.4], "upper": [1.6]})
    assert table["std_error"].item() == pytest.approx(0.6 / QUANTILE[0.95], rel=CONVERSION_RTOL)


@pytest.mark.parametrize("effect", [1.2, -1.2])
@pytest.mark.parametrize("level", QUANTILE)
def test_a_p_value_is_two_sided(effect, level):
    table = estimates({"effect": [effect], "p_value": [1 - level]})
    assert table["std_error"].item() == pytest.approx(1.2 / QUANTILE[level], rel=CONVERSION_RTOL)


def test_a_standard_error_goes_before_an_interval_and_an_interval_before_a_p_value():
    table = estimates(
        {
            "effect": [1.0, 1.0, 1.0],
            "std_error": [0.3, np.nan, np.nan],
            "lower": [0.4, 0.4, np.nan],
            "upper": [1.6, 1.6, np.nan],
            "p_value": [0.5, 0.5, 0.5],
        }
    )
    expected = [0.3, 0.6 / QUANTILE[0.95], 1 / QUANTILE[0.5]]
    np.testing.assert_allclose(table["std_error"], expected, rtol=CONVERSION_RTOL)


def test_half_an_interval_is_none():
    table = estimates({"effect": [1.0, 1.0], "lower": [0.4, 0.4], "upper": [1.6, np.nan]})
    assert [item["study"] for item in table.attrs["excluded"]] == ["study 2"]


def test_a_p_value_of_1_tells_no_standard_error():
    table = estimates({"effect": [1.0, 1.0], "p_value": [0.05, 1]})
    (excluded,) = table.attrs["excluded"]
    assert excluded["study"] == "study 2"
    assert "cannot be computed" in excluded["reason"]


def test_a_p_value_of_0_is_an_error_and_does_not_drop_the_most_significant_study():
    with pytest.raises(DataError, match="a p-value of 0 is a bound") as raised:
        estimates({"effect": [1.0, 1.0], "p_value": [0.05, 0]})
    assert (raised.value.row, raised.value.column) == (2, "p_value")
    table = estimates({"effect": [1.0], "p_value": [0.0], "std_error": [0.1]})
    assert table["std_error"].item() == pytest.approx(0.1)


def test_a_standard_error_of_0_leaves_the_study_out():
    table = estimates({"effect": [1.0, 1.0], "std_error": [0.1, 0]})
    assert table.attrs["excluded"] == ({"study": "study 2", "reason": "its standard error is 0"},)


RATIO = {"effect": [2.0], "lower": [1.1], "upper": [3.6]}


@pytest.mark.parametrize("measure", ["OR", "RR", "PETO", "ROM", "IRR", "PLO", "ZCOR", "ROMC"])
def test_the_scale_of_the_estimates_must_be_said_where_there_are_two(measure):
    with pytest.raises(SpecError, match="estimates may be on the scale of the") as raised:
        estimates(RATIO, measure)
    assert raised.value.key == "effect.scale"


@pytest.mark.parametrize("measure", ["MD", "SMD", "RD", "GEN", "MC"])
def test_the_scale_need_not_be_said_where_there_is_one(measure):
    assert estimates(RATIO, measure)["effect"].item() == 2.0


def test_estimates_on_the_analysis_scale_are_taken_as_they_are():
    logs = {name: np.log(values) for name, values in RATIO.items()}
    shown = estimates(RATIO, "OR", scale="display")
    table = estimates(logs, "OR", scale="analysis")
    np.testing.assert_allclose(table["effect"], shown["effect"], rtol=CONVERSION_RTOL)
    np.testing.assert_allclose(table["std_error"], shown["std_error"], rtol=CONVERSION_RTOL)


@pytest.mark.parametrize(("measure", "value"), [("OR", 0), ("RR", -1), ("PLO", 1), ("ZCOR", 1.2)])
def test_a_value_that_the_scale_does_not_have_is_an_error_with_its_place(measure, value):
    with pytest.raises(DataError, match=f"{value:g} is not possible as a") as raised:
        estimates({"effect": [0.5, value], "std_error": [0.1, 0.1]}, measure, scale="display")
    error = raised.value
    assert (error.row, error.study, error.column) == (2, "study 2", "effect")


def test_an_estimate_off_the_centre_of_its_interval_is_warned_about():
    table = estimates(RATIO, "MD")
    assert len(table.attrs["warnings"]) == 1
    assert table.attrs["warnings"][0].startswith("study 1: the estimate is not in the middle")
    assert estimates(RATIO, "OR", scale="display").attrs["warnings"] == ()


def test_an_interval_that_is_not_used_is_not_warned_about():
    assert estimates({**RATIO, "std_error": [0.3]}, "MD").attrs["warnings"] == ()


@pytest.mark.parametrize(
    ("effect", "lower", "upper"),
    [(4.0, 1.1, 3.6), (1.0, 1.1, 3.6), (2.0, 3.6, 1.1)],
    ids=["above", "below", "ends swapped"],
)
@pytest.mark.parametrize(
    ("measure", "scale"), [("MD", None), ("OR", "display"), ("OR", "analysis")]
)
def test_an_estimate_outside_its_interval_is_an_error_with_its_place(
    measure, scale, effect, lower, upper
):
    given = {"effect": [2.0, effect], "lower": [1.1, lower], "upper": [3.6, upper]}
    # The numbers of the message are those of the table, whatever the scale of the analysis.
    with pytest.raises(DataError, match=f"the effect {effect:g} does not lie in") as raised:
        estimates(given, measure, scale=scale)
    error = raised.value
    assert (error.row, error.study, error.column) == (2, "study 2", "effect")
