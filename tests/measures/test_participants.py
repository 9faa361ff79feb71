"""How many took part, and the unit-information standard deviation."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmeta.measures import (
    MEASURES,
    display_size,
    find_measure,
    participants,
    study_effects,
    unit_information_sd,
)
from bayesmeta.spec import Effect
from bayesmeta.studies import study_table

UISD_RTOL = 1e-9
"""A closed form against numbers that R prints in full."""

THEORETICAL_RTOL = 0.03
"""One participant's information in theory (equal arms, no effect) against that of real trials."""

UISD = json.loads(
    (Path(__file__).parents[1] / "reference" / "uisd.json").read_text(encoding="utf-8")
)["uisd"]

KNOWN = {"OR": 4.0, "PETO": 4.0, "SMD": 2.0, "SMDH": 2.0, "SMCC": 2.0, "SMCR": 2.0, "ZCOR": 1.0}
"""Where it is known (Röver, Bender, Dias et al. 2021, Res Synth Methods 12:448); every log ratio
has that of the log odds ratio, every standardised difference that of two arms."""


def effects(columns, measure="GEN"):
    table = study_table(pd.DataFrame(columns))
    return study_effects(table, Effect(measure=measure), find_measure(measure))


@pytest.mark.parametrize("name", UISD)
def test_the_unit_information_sd_is_that_of_r(name):
    given = UISD[name]
    table = effects(
        {"effect": given["yi"], "std_error": np.sqrt(given["vi"]), "total": given["ni"]}
    )
    value, source = unit_information_sd(table, MEASURES["GEN"])
    assert value == pytest.approx(given["uisd"], rel=UISD_RTOL)
    assert "Röver et al. 2021" in source


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.code)
def test_it_is_known_from_theory_for_log_odds_ratios_standardised_differences_and_correlations(
    measure,
):
    expected = KNOWN["OR"] if measure.scale.ratio else KNOWN.get(measure.code)
    assert measure.unit_information_sd == expected


@pytest.mark.parametrize(("code", "data"), [("SMD", "gibson2002_SMD"), ("ZCOR", "molloy2014_ZCOR")])
def test_theory_is_near_what_trials_give(code, data):
    assert KNOWN[code] == pytest.approx(UISD[data]["uisd"], rel=THEORETICAL_RTOL)


def test_the_value_of_theory_goes_before_that_of_the_data():
    table = effects({"effect": [1.0], "std_error": [0.5], "total": [10]})
    value, source = unit_information_sd(table, MEASURES["SMD"])
    assert value == 2.0
    assert "standardised mean difference" in source


def test_it_is_not_known_where_no_study_tells_its_participants():
    table = effects({"effect": [1.0], "std_error": [0.5]})
    assert unit_information_sd(table, MEASURES["GEN"]) is None


def test_it_is_that_of_the_studies_that_tell_their_participants():
    table = effects({"effect": [1.0, 2.0], "std_error": [0.5, 0.1], "total": [16, np.nan]})
    value, _ = unit_information_sd(table, MEASURES["GEN"])
    assert value == pytest.approx(2.0, rel=UISD_RTOL)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"total_treatment": [10, 20], "total_control": [12, 20]}, [22, 40]),
        ({"total": [22, 40]}, [22, 40]),
        ({"total_treatment": [10], "total_control": [12], "total": [22]}, [22]),
        ({"total_treatment": [10], "total": [22]}, [22]),
        ({"total_treatment": [10]}, [np.nan]),
        ({"effect": [1.0]}, [np.nan]),
    ],
    ids=["arms", "all together", "both", "one arm and all", "one arm", "not told"],
)
def test_participants_are_counted_once(columns, expected):
    table = study_table(pd.DataFrame(columns))
    np.testing.assert_array_equal(participants(table), expected)


def test_the_size_for_display_is_the_harmonic_mean():
    table = study_table(pd.DataFrame({"total": [10, 40, np.nan]}))
    assert display_size(table) == pytest.approx(16, rel=UISD_RTOL)


def test_the_size_for_display_is_not_known_without_participants():
    assert np.isnan(display_size(study_table(pd.DataFrame({"effect": [1.0]}))))
