"""Pooled results of R meta, under its defaults and under its settings for RevMan 5.

Effects and standard errors of the studies are those that R pooled.
"""

import itertools

import numpy as np
import pytest

from bayesmeta.classical.cells import Cells
from bayesmeta.classical.inverse_variance import inverse_variance
from bayesmeta.classical.mantel_haenszel import mantel_haenszel
from bayesmeta.classical.prediction import prediction_interval
from bayesmeta.classical.tau2 import TAU2_ESTIMATORS, dersimonian_laird

CLOSED_FORM = 1e-9
"""Relative, against numbers of 13 digits."""

CANCELLED = 1e-12
"""Absolute: an effect near 0 is a difference of larger numbers."""

R_STOPS = 2e-4
"""R meta takes tau² from metafor, whose default tolerances are 1e-5 for scoring steps and 1.2e-4
for roots; absolute, or relative to tau² where that is above 1."""

ITERATED = {"REML", "ML", "PM", "EB"}

RESULTS = 149
"""Those of R meta that are compared: all by methods that are offered here (see the script)."""

OTHER_RULE = {"Olkin1995", "Pagliaro1992", "dat.nielweise2007", "dat.nissen2007"}
"""Data with empty cells: R meta weighs their risk differences by corrected tables. RevMan does not,
whose own numbers are compared elsewhere."""

QUANTITIES = ("TE", "seTE", "lower", "upper", "z", "p")


def same(expected):
    return pytest.approx(expected, rel=CLOSED_FORM, abs=CANCELLED)


def assert_pooled(pooled, entry, model):
    """Proportions have no test in R meta."""
    found = (
        pooled.estimate,
        pooled.std_error,
        pooled.lower,
        pooled.upper,
        pooled.statistic,
        pooled.p_value,
    )
    for quantity, value in zip(QUANTITIES, found, strict=True):
        expected = entry.get(f"{quantity}_{model}")
        assert expected is None or value == same(expected), (entry["name"], quantity)


def studies_of(entry):
    effect, std_error = (np.array(entry[key], float) for key in ("effect", "std_error"))
    usable = np.isfinite(effect) & np.isfinite(std_error)
    return effect[usable], std_error[usable] ** 2, usable


def centre_of(entry):
    """R's settings for RevMan 5 take Q around the Mantel-Haenszel estimate."""
    own = entry["method"] == "MH" and entry["settings"] == "RevMan5"
    return entry["TE_common"] if own else None


def test_all_results_are_compared(reference):
    assert len(reference["meta"]) == RESULTS


def test_common_effects_by_inverse_variance_and_by_peto(reference):
    for entry in reference["meta"]:
        if entry["method"] == "MH":
            continue
        effect, variance, usable = studies_of(entry)
        pooled = inverse_variance(effect, variance)
        assert_pooled(pooled, entry, "common")
        weights = np.array(entry["weights"], float)[usable]
        assert pooled.weights == same(weights), entry["name"]


def test_common_effects_by_mantel_haenszel(reference):
    compared = 0
    for entry in reference["meta"]:
        if entry["method"] != "MH" or entry["settings"] != "RevMan5":
            continue
        if entry["sm"] == "RD" and entry["name"].split()[0] in OTHER_RULE:
            continue
        effect, variance, usable = studies_of(entry)
        a, n1, c, n2 = (np.array(numbers, float)[usable] for numbers in entry["cells"])
        raw = Cells(a, n1 - a, c, n2 - c)
        pooled = mantel_haenszel(raw.corrected(), entry["sm"], effect=effect, variance=variance)
        assert_pooled(pooled, entry, "common")
        compared += 1
    assert compared == 15 - len(OTHER_RULE)


def test_heterogeneity(reference):
    for entry in reference["meta"]:
        effect, variance, _ = studies_of(entry)
        found = inverse_variance(effect, variance, q_centre=centre_of(entry)).heterogeneity
        expected = [entry[name] for name in ("Q", "pval_Q", "I2")]
        assert [found.q, found.p_value, found.i2] == same(expected), entry["name"]


def test_tau2(reference):
    for entry in reference["meta"]:
        effect, variance, _ = studies_of(entry)
        method = entry["method_tau"]
        if method == "DL":
            q = inverse_variance(effect, variance, q_centre=centre_of(entry)).heterogeneity.q
            tau2 = dersimonian_laird(effect, variance, q)
        else:
            tau2 = TAU2_ESTIMATORS[method](effect, variance)
        expected = same(entry["tau2"])
        if method in ITERATED:
            expected = pytest.approx(entry["tau2"], rel=R_STOPS, abs=R_STOPS)
        assert tau2 == expected, entry["name"]


def test_random_effects_and_predictions(reference):
    kinds = set()
    for entry in reference["meta"]:
        effect, variance, _ = studies_of(entry)
        interval = "Wald" if entry["method_random_ci"] == "classic" else "HKSJ"
        pooled = inverse_variance(effect, variance, tau2=entry["tau2"], interval=interval)
        assert_pooled(pooled, entry, "random")
        kind = entry["method_predict"]
        expected = [entry["lower_predict"], entry["upper_predict"]]
        found = prediction_interval(effect, variance, pooled, kind=kind)
        assert found == same(expected), entry["name"]
        kinds.add((kind, interval))
    assert kinds == set(itertools.product(("V", "HTS", "HK", "S"), ("Wald", "HKSJ")))
