"""The contract that a prior of every family keeps, against PyMC and against its own integral."""

import math
import pickle

import numpy as np
import pymc as pm
import pytest
from scipy.integrate import quad

from bayesmeta.errors import PriorError
from bayesmeta.priors import FAMILIES, parse_prior

PYMC_RTOL = 1e-12
"""The same closed form in double precision."""

PYMC_ATOL = 1e-14
"""A log density can pass through 0, where no relative error holds."""

SINGLE_PRECISION_LOG_2 = {"HalfCauchy", "HalfStudentT"}
"""PyMC writes the factor of two of these as log(2) of a small integer, which PyTensor computes in
single precision: their log density is one constant above ours, which no posterior can see."""

INTEGRAL_ATOL = 1e-8
"""Ten times what the integration is asked for (1e-9), since its own error is an estimate."""

PRIORS = {
    "Normal": ("Normal(0, 4)", "Normal(-1.5, 0.1)"),
    "HalfNormal": ("HalfNormal(0.5)",),
    "StudentT": ("StudentT(4, 0.3, 2)", "StudentT(nu=3)"),
    "HalfStudentT": ("HalfStudentT(3, 0.5)",),
    "Cauchy": ("Cauchy(-1, 2.5)",),
    "HalfCauchy": ("HalfCauchy(0.5)",),
    "Exponential": ("Exponential(2)",),
    "LogNormal": ("LogNormal(-1.28, 0.87)",),
    "Gamma": ("Gamma(2, 0.1)", "Gamma(1, 3)"),
    "InverseGamma": ("InverseGamma(2, 0.3)",),
    "Uniform": ("Uniform(0, 10)", "Uniform(-2, 0.5)"),
    "Flat": ("Flat()",),
    "HalfFlat": ("HalfFlat()",),
}
"""Priors to try, by family."""

ALL = [expression for expressions in PRIORS.values() for expression in expressions]
PROPER = [expression for expression in ALL if parse_prior(expression).proper]
IMPROPER = [expression for expression in ALL if expression not in PROPER]

VALUES = np.array([-40.0, -1.7, -1e-3, 1e-3, 0.05, 0.3, 1.0, 2.5, 8.0, 60.0])
"""Inside and outside of every support, and no value at an end of one."""


def test_every_family_is_tried():
    assert set(PRIORS) == set(FAMILIES)
    assert {parse_prior(expression).family.name for expression in ALL} == set(FAMILIES)


@pytest.mark.parametrize("expression", ALL)
def test_the_density_is_that_of_pymc(expression):
    prior = parse_prior(expression)
    with pm.Model():
        variable = prior.to_pymc("x")
    theirs = pm.logp(variable, VALUES).eval()
    assert theirs.dtype == np.float64
    if prior.family.name in SINGLE_PRECISION_LOG_2:
        theirs = theirs - (np.float64(np.log(np.float32(2))) - np.log(2))
    np.testing.assert_allclose(prior.logpdf(VALUES), theirs, rtol=PYMC_RTOL, atol=PYMC_ATOL)


@pytest.mark.parametrize("expression", ALL)
def test_a_variable_of_pymc_has_the_support_of_the_prior(expression):
    prior = parse_prior(expression)
    with pm.Model() as model:
        prior.to_pymc("x")
    (variable,) = model.free_RVs
    assert variable.name == "x"
    bounded_below = math.isfinite(prior.lower)
    assert (model.rvs_to_transforms[variable] is not None) == bounded_below


@pytest.mark.parametrize("expression", PROPER)
def test_the_density_integrates_to_1(expression):
    prior = parse_prior(expression)
    middle = float(prior.ppf(0.5))
    upper = prior.arguments.get("upper", math.inf)
    below, _ = quad(prior.pdf, prior.lower, middle, epsabs=INTEGRAL_ATOL / 10)
    above, _ = quad(prior.pdf, middle, upper, epsabs=INTEGRAL_ATOL / 10)
    assert below == pytest.approx(0.5, abs=INTEGRAL_ATOL)
    assert above == pytest.approx(0.5, abs=INTEGRAL_ATOL)


@pytest.mark.parametrize("expression", PROPER)
def test_quantiles_are_the_inverse_of_the_integral(expression):
    prior = parse_prior(expression)
    probabilities = [0.025, 0.2, 0.7, 0.975]
    ends = [float(prior.ppf(0.5)), *map(float, prior.ppf(probabilities))]
    for probability, end in zip(probabilities, ends[1:], strict=True):
        inside, _ = quad(prior.pdf, ends[0], end, epsabs=INTEGRAL_ATOL / 10)
        assert inside == pytest.approx(probability - 0.5, abs=INTEGRAL_ATOL)


@pytest.mark.parametrize("expression", PROPER)
def test_draws_lie_in_the_support_and_follow_the_seed(expression):
    prior = parse_prior(expression)
    draws = prior.sample(np.random.default_rng(1), (50, 4))
    again = prior.sample(np.random.default_rng(1), (50, 4))
    assert draws.shape == (50, 4)
    assert np.isfinite(prior.logpdf(draws)).all()
    np.testing.assert_array_equal(draws, again)


@pytest.mark.parametrize("expression", IMPROPER)
def test_an_improper_prior_has_neither_quantiles_nor_draws(expression):
    prior = parse_prior(expression)
    with pytest.raises(PriorError, match="is improper: it has no quantiles"):
        prior.ppf(0.5)
    with pytest.raises(PriorError, match="is improper"):
        prior.sample(np.random.default_rng(1), (3,))


@pytest.mark.parametrize("expression", ALL)
def test_the_expression_gives_the_same_prior(expression):
    prior = parse_prior(expression)
    assert parse_prior(prior.expression) == prior


@pytest.mark.parametrize("value", [1 / 3, 1e-300, 123456789.0, 1e22, -0.1])
def test_the_expression_keeps_every_digit(value):
    prior = parse_prior(f"Normal({value!r}, 1)")
    assert parse_prior(prior.expression).arguments["mu"] == value


@pytest.mark.parametrize("expression", ALL)
def test_a_prior_can_be_pickled(expression):
    prior = parse_prior(expression, source="a paper")
    again = pickle.loads(pickle.dumps(prior))
    assert again == prior
    assert again.source == "a paper"
    np.testing.assert_array_equal(again.logpdf(VALUES), prior.logpdf(VALUES))


@pytest.mark.parametrize("expression", ALL)
def test_the_lower_end_is_where_the_support_begins(expression):
    prior = parse_prior(expression)
    if math.isfinite(prior.lower):
        assert np.isneginf(prior.logpdf(prior.lower - 1e-6))
        assert np.isfinite(prior.logpdf(prior.lower + 1e-2))
    else:
        assert np.isfinite(prior.logpdf(-1e6))


def test_a_prior_keeps_its_shape():
    prior = parse_prior("HalfNormal(1)")
    assert prior.pdf(np.zeros((2, 3))).shape == (2, 3)
    assert prior.ppf(np.full((2, 3), 0.5)).shape == (2, 3)
