"""The contract that every entry of the table of measures keeps."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import SpecError
from bayesmeta.measures import MEASURES, find_measure
from bayesmeta.studies import COLUMNS

ROUND_TRIP_RTOL = 1e-12
"""There and back through two closed forms in double precision; tanh loses most, near 1."""

DISPLAYED = {
    "identity": [-30.0, -0.2, 0.0, 1.5, 400.0],
    "log": [0.001, 0.5, 1.0, 2.02, 800.0],
    "logit": [0.001, 0.3, 0.5, 0.98],
    "double arcsine": [0.0, 0.01, 0.3, 0.5, 0.98, 1.0],
    "Fisher's z": [-0.99, 0.0, 0.3, 0.999],
}
"""Values on the display scale, by the name of the scale."""

RATIOS = {"OR", "RR", "PETO", "ROM", "ROMC", "IRR", "HR", "RATIO"}
ONE_GROUP = {"MN", "PLO", "PR", "PFT", "IR", "IRLN"}
STANDARDISED = {"SMD", "SMDH", "SMCC", "SMCR"}

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "escalc.json").read_text(encoding="utf-8")
)

each_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda m: m.code)


@each_measure
def test_is_found_by_its_code(measure):
    assert find_measure(measure.code) is measure


@each_measure
def test_says_what_it_is_and_where_it_is_from(measure):
    assert measure.label
    assert measure.analysis_label
    assert measure.reference


@each_measure
def test_needs_only_columns_that_a_table_can_have(measure):
    assert set(measure.columns) <= set(COLUMNS)
    assert bool(measure.columns) == (measure.formula is not None)


@each_measure
def test_display_scale_goes_there_and_back(measure):
    shown = np.array(DISPLAYED[measure.scale.name])
    size = np.full(shown.shape, 40.0)
    back = measure.scale.to_display(measure.scale.to_analysis(shown, size), size)
    np.testing.assert_allclose(back, shown, rtol=ROUND_TRIP_RTOL)


@each_measure
def test_display_scale_keeps_the_order(measure):
    shown = np.array(DISPLAYED[measure.scale.name])
    size = np.full(shown.shape, 40.0)
    assert (np.diff(measure.scale.to_analysis(shown, size)) > 0).all()


@each_measure
def test_ratios_are_displayed_as_ratios(measure):
    assert measure.scale.ratio == (measure.code in RATIOS)
    assert ("log" in measure.analysis_label.split()) == (measure.scale.name == "log")


def test_a_log_rate_is_no_log_ratio():
    ratio, rate = MEASURES["IRR"].scale, MEASURES["IRLN"].scale
    assert (rate.name, rate.to_display, rate.to_analysis) == (
        ratio.name,
        ratio.to_display,
        ratio.to_analysis,
    )
    assert not rate.ratio


@each_measure
def test_no_effect_is_one_for_ratios_and_zero_for_differences(measure):
    if measure.code in ONE_GROUP:
        assert measure.null is None
    else:
        null = measure.scale.to_display(np.array([measure.null]), np.array([40.0]))
        assert null == [1.0 if measure.scale.ratio else 0.0]


@each_measure
def test_the_default_scale_of_tau_is_only_for_log_ratios_and_standardised_differences(measure):
    assert (measure.tau_scale is not None) == (measure.code in RATIOS | STANDARDISED)


@each_measure
def test_has_a_reference_row(measure):
    codes = {entry["measure"] for entry in REFERENCE["entries"]}
    assert measure.code in codes or measure.formula is None


def test_every_scale_is_tried():
    assert {measure.scale.name for measure in MEASURES.values()} == set(DISPLAYED)


@pytest.mark.parametrize(
    ("code", "hint"),
    [("or", "Did you mean 'OR'?"), ("SMDX", "Did you mean 'SMD'?"), ("?", "Known are: GEN, HR,")],
)
def test_an_unknown_code_is_an_error_that_names_the_nearest(code, hint):
    with pytest.raises(SpecError, match="unknown measure") as raised:
        find_measure(code)
    assert raised.value.key == "effect.measure"
    assert raised.value.hint.startswith(hint)
