"""tau² and its interval against metafor, and where metafor's own search stops short."""

import itertools

import numpy as np
import pytest
from scipy.special import chdtri

from bayesmeta.classical.heterogeneity import cochran_q
from bayesmeta.classical.profile import profile
from bayesmeta.classical.tau2 import TAU2_ESTIMATORS, dersimonian_laird, q_profile

CLOSED_FORM = 1e-9
"""Of closed forms against numbers of 13 digits; some digits are lost where tau² is a difference."""

ITERATED = 1e-10
"""Relative to tau², against metafor with tolerances of 1e-15; its results have 15 digits."""

ZERO = 1e-12
"""tau² that metafor's search leaves in place of 0."""

METAFOR_STOPS = 2e-4
"""metafor's default tolerances are 1e-5 for scoring steps, and 1.2e-4 for roots (R's `uniroot`);
they are absolute, or relative to tau² where that is above 1."""

NEGLIGIBLE = 1e-5
"""What sampling variances of 1e-6 of tau² and less may change, relative to tau²."""

ITERATED_METHODS = ("ML", "REML", "PM", "EB", "PMM")
SAME_AS = {"MP": "PM", "CO": "HE"}
"""metafor's other names of two methods."""

CAPPED = {"Rubin1981": 100.0, "SnedecorCochran": 728.3043416851, "edge_k2": 100.0}
"""Data sets whose interval of tau² metafor stops at a bound: 100, or ten times the estimate."""

TWO_MAXIMA = [
    ([0.221, -0.271, 0.222, 0.226, 0.0666], [0.000153, 0.024, 0.00148, 0.38, 0.386], 0.0),
    ([0.377, 0.184, 3.74], [0.0176, 0.000761, 1.69], 2.01397910339003),
    (
        [-0.188, -0.148, -0.852, -0.252, -0.942, 0.147],
        [0.296, 0.124, 0.000481, 4.11, 0.000105, 0.907],
        0.00704011866677182,
    ),
]
"""Effects, variances and what metafor 3.8-1 gives: ``rma(effect, variance, method = "REML",
control = list(maxiter = 5000, stepadj = 0.5))``. Its start leads it to the lower maximum."""


def arrays(found):
    return np.array(found["effect"], float), np.array(found["variance"], float)


@pytest.fixture(scope="module")
def sets(reference):
    return reference["sets"]


def test_every_method_of_the_reference_is_there(sets):
    methods = {method for found in sets.values() for method in found["fits"]}
    assert methods - {"EE", "fixed", *SAME_AS} == set(TAU2_ESTIMATORS)
    assert len(sets) == 33


@pytest.mark.parametrize("method", ["DL", "HE", "SJ", "HS", "HSk", "CO"])
def test_closed_forms_are_those_of_metafor(sets, method):
    for found in sets.values():
        estimate = TAU2_ESTIMATORS[SAME_AS.get(method, method)](*arrays(found))
        expected = found["fits"][method]["tau2"]
        assert estimate == pytest.approx(expected, rel=CLOSED_FORM, abs=ZERO)


@pytest.mark.parametrize("method", ITERATED_METHODS)
def test_iterated_estimates_are_those_of_metafor_with_tight_tolerances(sets, method):
    for name, found in sets.items():
        estimate = TAU2_ESTIMATORS[method](*arrays(found))
        expected = found["iterated"]["tau2"][method]
        assert estimate == pytest.approx(expected, rel=ITERATED, abs=ZERO), name


@pytest.mark.parametrize("method", [*ITERATED_METHODS, "DLIT", "MP"])
def test_metafor_by_default_stops_near_the_same(sets, method):
    for name, found in sets.items():
        estimate = TAU2_ESTIMATORS[SAME_AS.get(method, method)](*arrays(found))
        expected = found["fits"][method]["tau2"]
        assert estimate == pytest.approx(expected, rel=METAFOR_STOPS, abs=METAFOR_STOPS), name


def test_q_profile_is_that_of_metafor_with_tight_tolerances(sets):
    for name, found in sets.items():
        expected = found["iterated"]["q_profile"]
        assert q_profile(*arrays(found)) == pytest.approx(expected, rel=ITERATED, abs=ZERO), name


def test_q_profile_has_no_bound_where_metafor_has_one(sets):
    capped = {}
    for name, found in sets.items():
        interval, by_default = q_profile(*arrays(found)), found["q_profile"]
        if interval != pytest.approx(by_default, rel=METAFOR_STOPS, abs=METAFOR_STOPS):
            capped[name] = by_default[1]
    assert capped == CAPPED


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
def test_the_ends_of_q_profile_are_where_q_is_a_quantile(sets, level):
    for found in sets.values():
        effect, variance = arrays(found)
        for end, tail in zip(q_profile(effect, variance, level), (-1, 1), strict=True):
            quantile = chdtri(effect.size - 1, (1 + tail * level) / 2)
            if end > 0:
                at = float(profile(effect, variance, np.array(end)).q)
                assert at == pytest.approx(quantile, rel=CLOSED_FORM)
            else:
                assert cochran_q(effect, variance) <= quantile


def log_likelihood(effect, variance, tau2, *, restricted):
    weights = 1 / (variance + tau2)
    mean = np.average(effect, weights=weights)
    value = np.log(weights).sum() - (weights * (effect - mean) ** 2).sum()
    return value - np.log(weights.sum()) if restricted else value


@pytest.mark.parametrize("method", ["ML", "REML"])
@pytest.mark.parametrize("seed", range(20))
def test_no_tau2_is_likelier(method, seed):
    random = np.random.default_rng(seed)
    k = int(random.integers(2, 8))
    # Standard errors over five decades: the case of several maxima.
    variance = 10 ** random.uniform(-8, 2, k)
    effect = random.standard_cauchy(k) * 10 ** random.uniform(-3, 1, k)
    found = TAU2_ESTIMATORS[method](effect, variance)
    best = log_likelihood(effect, variance, found, restricted=method == "REML")
    for tau2 in [0.0, *np.geomspace(1e-12, 1e6, 4000)]:
        other = log_likelihood(effect, variance, tau2, restricted=method == "REML")
        assert best >= other - CLOSED_FORM * abs(other)


@pytest.mark.parametrize(("effect", "variance", "metafor"), TWO_MAXIMA)
def test_the_higher_of_two_maxima_is_found(effect, variance, metafor):
    effect, variance = np.array(effect), np.array(variance)
    found = TAU2_ESTIMATORS["REML"](effect, variance)
    grid = [0.0, *np.geomspace(1e-5, 10, 4000)]
    height = [log_likelihood(effect, variance, tau2, restricted=True) for tau2 in grid]
    best, other = (
        log_likelihood(effect, variance, tau2, restricted=True) for tau2 in (found, metafor)
    )
    assert best >= max(height) > other
    inner = np.array([-np.inf, *height, -np.inf])
    assert sum((inner[1:-1] > inner[:-2]) & (inner[1:-1] > inner[2:])) == 2


@pytest.mark.parametrize("method", TAU2_ESTIMATORS)
def test_awkward_data(method):
    estimator = TAU2_ESTIMATORS[method]
    one = np.array([0.3])
    assert estimator(one, one) == 0
    same = np.full(5, 0.3)
    assert estimator(same, np.linspace(0.1, 0.5, 5)) == 0
    homogeneous = np.array([0.1, 0.11])
    assert estimator(homogeneous, np.ones(2)) < 1e-3
    huge = np.array([-1e6, 0.0, 1e6])
    # With equal sampling variances all of them estimate the spread of the estimates less it.
    assert estimator(huge, np.ones(3)) == pytest.approx(1e12, rel=0.5)


@pytest.mark.parametrize("method", TAU2_ESTIMATORS)
def test_tau2_has_the_unit_of_a_variance(method):
    random = np.random.default_rng(7)
    effect, variance = random.normal(0, 0.6, 500), random.uniform(0.01, 0.5, 500)
    estimate = TAU2_ESTIMATORS[method](effect, variance)
    for shift, scale in itertools.product((0.0, 3.0), (1e-6, 1e6)):
        other = TAU2_ESTIMATORS[method](shift * scale + scale * effect, scale**2 * variance)
        assert other / scale**2 == pytest.approx(estimate, rel=CLOSED_FORM)


def test_dersimonian_laird_takes_another_q():
    effect, variance = np.array([0.1, 0.9, 0.5]), np.array([0.1, 0.2, 0.05])
    own = cochran_q(effect, variance)
    assert dersimonian_laird(effect, variance, own) == dersimonian_laird(effect, variance)
    centred = cochran_q(effect, variance, 0.4)
    weights = 1 / variance
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    assert dersimonian_laird(effect, variance, 9.0) == pytest.approx((9 - 2) / scale)
    assert centred == pytest.approx((weights * (effect - 0.4) ** 2).sum())


@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e6, 1e12])
def test_sampling_variances_that_are_nothing_beside_the_heterogeneity(spread):
    effect, variance = spread * np.array([-1.0, 0.0, 1.0]), np.array([1e-14, 1e-12, 1e-13])
    found = q_profile(effect, variance)
    # Then Q is the sum of squares over tau².
    expected = [2 * spread**2 / chdtri(2, tail) for tail in (0.025, 0.975)]
    assert found == pytest.approx(expected, rel=NEGLIGIBLE)
    for method, share in (("REML", 1), ("ML", 2 / 3), ("PM", 1)):
        estimate = TAU2_ESTIMATORS[method](effect, variance)
        assert estimate == pytest.approx(share * spread**2, rel=NEGLIGIBLE)


def test_the_interval_of_one_study_does_not_exist():
    assert np.isnan(q_profile(np.ones(1), np.ones(1))).all()
