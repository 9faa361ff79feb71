"""Pooled effects, intervals, tests, heterogeneity and predictions against metafor.

tau² is that which metafor printed, so that where its search stops does not matter here.
"""

import numpy as np
import pytest

from bayesmeta.classical.inverse_variance import inverse_variance
from bayesmeta.classical.prediction import prediction_interval

CLOSED_FORM = 1e-9
"""Relative, against numbers of 13 digits."""

CANCELLED = 1e-12
"""Absolute: an end of an interval near 0 is a difference of larger numbers."""

DEGENERATE = {"edge_identical"}
"""All estimates are the same: the standard error of HKSJ is 0 in R, and a rounding error here."""

TAU2_GIVEN = "fixed"
"""metafor's Riley then takes no degree of freedom for it: t with k - 1."""

TOO_FEW = {"edge_k2"}
"""Two studies: t with k - 2 degrees of freedom does not exist. metafor takes one degree."""

METHODS = 13
NUMBERS_COMPARED = 6 * (33 * (2 + 4 * METHODS + 1) - METHODS)
"""Six under each test of each method and data set: two tests of metafor's common effect ("EE"),
four of its other methods, one with a given tau² ("fixed"); without `DEGENERATE`."""


def fits(reference):
    for name, found in reference["sets"].items():
        effect, variance = (np.array(found[key], float) for key in ("effect", "variance"))
        for method, fit in found["fits"].items():
            for interval, values in fit["tests"].items():
                numbers = dict(zip(reference["columns"], values, strict=True))
                yield name, method, interval, effect, variance, fit, numbers


def test_pooled_effects_are_those_of_metafor(reference):
    compared = 0
    for name, method, interval, effect, variance, _, numbers in fits(reference):
        if name in DEGENERATE and interval == "HKSJ":
            continue
        pooled = inverse_variance(effect, variance, tau2=numbers["tau2"], interval=interval)
        for quantity in ("estimate", "std_error", "lower", "upper", "statistic", "p_value"):
            expected = pytest.approx(numbers[quantity], rel=CLOSED_FORM, abs=CANCELLED)
            assert getattr(pooled, quantity) == expected, (name, method, interval, quantity)
            compared += 1
    assert compared == NUMBERS_COMPARED


def test_heterogeneity_is_that_of_metafor(reference):
    for name, method, _, effect, variance, fit, numbers in fits(reference):
        if numbers["tau2"] != fit["tau2"]:
            continue  # printed for the first test alone
        found = inverse_variance(
            effect, variance, tau2=fit["tau2"], i2_from_tau2=method != "EE"
        ).heterogeneity
        expected = [fit["QE"], fit["QEp"], fit["I2"] / 100, fit["H2"]]
        assert [found.q, found.p_value, found.i2, found.h2] == pytest.approx(
            expected, rel=CLOSED_FORM, abs=CANCELLED
        ), (name, method)


@pytest.mark.parametrize("kind", ["metafor", "Riley", "simple"])
def test_predictions_are_those_of_metafor(reference, kind):
    for name, method, interval, effect, variance, _, numbers in fits(reference):
        if method == "EE":
            continue  # metafor predicts the common effect itself
        if kind == "Riley" and (name in TOO_FEW or method == TAU2_GIVEN):
            continue
        pooled = inverse_variance(effect, variance, tau2=numbers["tau2"], interval=interval)
        found = prediction_interval(effect, variance, pooled, kind=kind)
        expected = [numbers[f"{kind} {end}"] for end in ("lower", "upper")]
        assert found == pytest.approx(expected, rel=CLOSED_FORM, abs=CANCELLED), (name, method)
