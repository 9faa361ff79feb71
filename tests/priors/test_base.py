"""The contract that a prior of every family keeps: integral, quantiles, tail, pickling."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from scipy.integrate import quad

from bayesmeta.errors import PriorError
from bayesmeta.priors import FAMILIES, parse_prior

INTEGRAL_ATOL = 1e-8
"""Ten times what the integration is asked for (1e-9), since its own error is an estimate."""

TAIL_ATOL = 2e-3
"""The slope of a density at 1e9 standard deviations: what is left of its next term."""

LOG_TAIL_ATOL = 0.05
"""The same for the logarithm, at 600, the largest whose exponential is a number."""

STUDIES = (0.1, 0.25, 0.2, 0.7)
"""Standard errors of the studies that some priors depend on."""

PRIORS = {
    "Normal": ("Normal(0, 4)", "Normal(-1.5, 0.1)"),
    "HalfNormal": ("HalfNormal(0.5)",),
    "StudentT": ("StudentT(4, 0.3, 2)", "StudentT(nu=3)"),
    "HalfStudentT": ("HalfStudentT(3, 0.5)",),
    "Cauchy": ("Cauchy(-1, 2.5)",),
    "HalfCauchy": ("HalfCauchy(0.5)",),
    "Logistic": ("Logistic(0, 1)", "Logistic(-1.5, 0.1)"),
    "Exponential": ("Exponential(2)",),
    "LogNormal": ("LogNormal(-1.28, 0.87)",),
    "Gamma": ("Gamma(2, 0.1)", "Gamma(1, 3)"),
    "InverseGamma": ("InverseGamma(2, 0.3)",),
    "Beta": ("Beta(2, 5)", "Beta(1, 1.5)", "Beta(0.5, 0.5)"),
    "Uniform": ("Uniform(0, 10)", "Uniform(-2, 0.5)"),
    "Flat": ("Flat()",),
    "HalfFlat": ("HalfFlat()",),
    "HalfLogistic": ("HalfLogistic(0.3)",),
    "Lomax": ("Lomax(1, 0.5)", "Lomax(6, 2)"),
    "Rayleigh": ("Rayleigh(0.4)",),
    "InverseChi": ("InverseChi(3, 0.5)",),
    "LogT": ("LogT(5, -1.7, 1.3)",),
    "Jeffreys": ("Jeffreys()",),
    "OverallJeffreys": ("OverallJeffreys()",),
    "BergerDeely": ("BergerDeely()",),
    "Conventional": ("Conventional()",),
    "DuMouchel": ("DuMouchel()",),
    "UniformShrinkage": ("UniformShrinkage()",),
    "UniformI2": ("UniformI2()",),
    "UniformSqrt": ("UniformSqrt()",),
    "Mixture": (
        "Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), StudentT(4, 1, 2)])",
        "Mixture(w=[0.3, 0.7], comp_dists=[Uniform(0, 1), HalfNormal(1)])",
        "Mixture(w=[0.5, 0.5], comp_dists=[DuMouchel(), LogNormal(-1, 1)])",
    ),
}
"""Priors to try, by family."""

ALL = [expression for expressions in PRIORS.values() for expression in expressions]


def resolved(expression):
    return parse_prior(expression).resolve(STUDIES)


PROPER = [expression for expression in ALL if resolved(expression).proper]
IMPROPER = [expression for expression in ALL if expression not in PROPER]
OF_DATA = [expression for expression in ALL if resolved(expression) != parse_prior(expression)]

VALUES = np.array([-40.0, -1.7, -1e-3, 1e-3, 0.05, 0.3, 1.0, 2.5, 8.0, 60.0])
"""Inside and outside of every support, and no value at an end of one."""


def test_every_family_is_tried():
    assert set(PRIORS) == set(FAMILIES)
    assert {parse_prior(expression).family.name for expression in ALL} == set(FAMILIES)


def test_improper_are_those_that_do_not_integrate():
    assert {parse_prior(expression).family.name for expression in IMPROPER} == {
        "Flat",
        "HalfFlat",
        "Jeffreys",
        "OverallJeffreys",
        "BergerDeely",
        "UniformSqrt",
    }


@pytest.mark.parametrize("expression", PROPER)
def test_the_density_integrates_to_the_distribution_function(expression):
    prior = resolved(expression)
    ends = np.unique([*prior.ppf([0.025, 0.2, 0.5, 0.7, 0.975]), *prior.breaks])
    if prior.log_tail:  # quad cannot reach its ends
        ends = ends[1:-1]
    for low, high in itertools.pairwise(ends):
        inside, _ = quad(prior.pdf, low, high, epsabs=INTEGRAL_ATOL / 10, limit=500)
        expected = float(prior.cdf(high) - prior.cdf(low))
        assert inside == pytest.approx(expected, abs=INTEGRAL_ATOL)
    assert prior.cdf(prior.lower) == pytest.approx(0, abs=INTEGRAL_ATOL)
    assert prior.cdf(prior.upper) == pytest.approx(1, abs=INTEGRAL_ATOL)


@pytest.mark.parametrize("expression", PROPER)
def test_quantiles_are_the_inverse_of_the_distribution_function(expression):
    prior = resolved(expression)
    probabilities = np.array([1e-3, 0.025, 0.2, 0.5, 0.7, 0.975, 0.9999])
    np.testing.assert_allclose(prior.cdf(prior.ppf(probabilities)), probabilities, atol=1e-12)
    beyond = np.array([prior.lower - 1, prior.upper + 1])
    np.testing.assert_allclose(prior.cdf(beyond), [0, 1], atol=1e-12)
    np.testing.assert_array_equal(prior.ppf([0, 1]), [prior.lower, prior.upper])


@pytest.mark.parametrize("expression", ALL)
def test_the_tail_falls_with_its_exponent(expression):
    prior = resolved(expression)
    if prior.log_tail or prior.upper < math.inf:
        return
    spread = max(abs(float(prior.ppf(0.9))), 1.0) if prior.proper else 1.0
    x = spread * np.array([1e9, 2e9])
    slope = -np.diff(prior.logpdf(x))[0] / math.log(2)
    if prior.tail < math.inf:
        assert slope == pytest.approx(prior.tail, abs=TAIL_ATOL)
    else:
        assert slope > 10 or np.isnan(slope)


def test_a_tail_of_a_logarithm_still_integrates():
    prior = parse_prior("LogT(5, -1.7, 1.3)")
    assert (prior.tail, prior.log_tail) == (1.0, True)
    log = np.array([300.0, 600.0])
    slope = -np.diff(prior.logpdf(np.exp(log)) + log)[0] / math.log(2)
    assert slope == pytest.approx(5 + 1, abs=LOG_TAIL_ATOL)


@pytest.mark.parametrize("expression", PROPER)
def test_draws_lie_in_the_support_and_follow_the_seed(expression):
    prior = resolved(expression)
    draws = prior.sample(np.random.default_rng(1), (50, 4))
    again = prior.sample(np.random.default_rng(1), (50, 4))
    assert draws.shape == (50, 4)
    assert np.isfinite(prior.logpdf(draws)).all()
    np.testing.assert_array_equal(draws, again)


@pytest.mark.parametrize("expression", IMPROPER)
def test_an_improper_prior_has_neither_quantiles_nor_draws(expression):
    prior = resolved(expression)
    with pytest.raises(PriorError, match="is improper: it has no quantiles"):
        prior.ppf(0.5)
    with pytest.raises(PriorError, match="is improper: it has no distribution function"):
        prior.cdf(0.5)
    with pytest.raises(PriorError, match="is improper"):
        prior.sample(np.random.default_rng(1), (3,))


@pytest.mark.parametrize("expression", ALL)
def test_the_expression_gives_the_same_prior(expression):
    prior = resolved(expression)
    again = resolved(prior.expression)
    assert again == prior
    assert hash(again) == hash(prior)


@pytest.mark.parametrize("value", [1 / 3, 1e-300, 123456789.0, 1e22, -0.1])
def test_the_expression_keeps_every_digit(value):
    prior = parse_prior(f"Normal({value!r}, 1)")
    assert parse_prior(prior.expression).arguments["mu"] == value


@pytest.mark.parametrize("expression", ALL)
def test_a_prior_can_be_pickled_and_copied(expression):
    prior = parse_prior(expression, source="a paper").resolve(STUDIES)
    for again in (pickle.loads(pickle.dumps(prior)), copy.deepcopy(prior)):
        assert again == prior
        assert again.source == "a paper"
        np.testing.assert_array_equal(again.logpdf(VALUES), prior.logpdf(VALUES))


@pytest.mark.parametrize("expression", ALL)
def test_the_ends_are_where_the_support_begins_and_ends(expression):
    prior = resolved(expression)
    if math.isfinite(prior.lower):
        assert np.isneginf(prior.logpdf(prior.lower - 1e-6))
        assert np.isfinite(prior.logpdf(prior.lower + 1e-2))
    else:
        assert np.isfinite(prior.logpdf(-1e6))
    if math.isfinite(prior.upper):
        assert np.isneginf(prior.logpdf(prior.upper + 1e-6))
    assert (prior.breaks[0], prior.breaks[-1]) == (prior.lower, prior.upper)


@pytest.mark.parametrize("expression", ALL)
def test_no_density_is_undefined_at_0_or_far_out(expression):
    far = np.array([0.0, 1e-140, 1e-9, 1e9, 1e140])
    assert not np.isnan(resolved(expression).logpdf(far)).any()


def test_a_prior_keeps_its_shape():
    prior = parse_prior("HalfNormal(1)")
    assert prior.pdf(np.zeros((2, 3))).shape == (2, 3)
    assert prior.ppf(np.full((2, 3), 0.5)).shape == (2, 3)
    assert resolved("Conventional()").ppf(np.full((2, 3), 0.5)).shape == (2, 3)


@pytest.mark.parametrize("expression", OF_DATA)
def test_a_prior_that_depends_on_the_data_says_so(expression):
    prior = parse_prior(expression)
    with pytest.raises(PriorError, match="depends on the standard errors"):
        prior.logpdf(1.0)
    assert resolved(expression) != prior.resolve([0.2, 0.3])


def test_which_priors_depend_on_the_data():
    names = {name for name, family in FAMILIES.items() if family.from_data is not None}
    assert {parse_prior(expression).family.name for expression in OF_DATA} == names | {"Mixture"}


def test_parameters_are_all_its_numbers():
    assert parse_prior("StudentT(4, 0.3, 2)").parameters == {"nu": 4, "mu": 0.3, "sigma": 2}
    assert list(resolved("Conventional()").parameters) == ["std_error", "log_normaliser"]
    mixture = resolved("Mixture(w=[0.5, 0.5], comp_dists=[DuMouchel(), LogNormal(-1, 1)])")
    assert list(mixture.parameters) == ["0.weight", "0.s0", "1.weight", "1.mu", "1.sigma"]
