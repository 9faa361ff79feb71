"""The reference set against R bayesmeta: its posteriors over the likelihood are the priors."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from bayesmeta.errors import PriorError
from bayesmeta.priors import parse_prior

R_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

NORMALISED_ATOL = 1e-10
"""What the constant of the conventional prior is computed to."""

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference_priors.json").read_text(encoding="utf-8")
)["posteriors"]


def log_likelihood(tau, effect, std_error):
    """Of tau, mu integrated out under a flat prior."""
    variance = std_error**2 + tau[:, None] ** 2
    weights = 1 / variance
    mean = (weights * effect).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True)
    squares = (weights * (effect - mean) ** 2).sum(-1)
    return -0.5 * (np.log(variance).sum(-1) + np.log(weights.sum(-1)) + squares)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['data']} {case['prior']}")
def test_the_prior_is_that_of_r_up_to_a_constant(case):
    effect, std_error = np.array(case["effect"]), np.array(case["std_error"])
    tau, density = np.array(case["x"][1:]), np.array(case["posterior_density"][1:])
    prior = parse_prior(case["prior"]).resolve(std_error)
    constant = np.log(density) - log_likelihood(tau, effect, std_error) - prior.logpdf(tau)
    np.testing.assert_allclose(constant, constant[0], rtol=0, atol=R_RTOL)


@pytest.mark.parametrize(
    "std_error", [[0.3], [0.1, 0.25, 0.7], [1e-4, 1.0, 50.0], np.geomspace(0.05, 2, 60)]
)
def test_the_conventional_prior_is_normalised(std_error):
    prior = parse_prior("Conventional()").resolve(std_error)
    total = sum(
        quad(lambda u: prior.pdf(np.exp(u)) * np.exp(u), low, low + 5, epsabs=1e-13)[0]
        for low in range(-35, 40, 5)
    )
    assert total == pytest.approx(1, abs=NORMALISED_ATOL)


def test_the_conventional_prior_of_one_study_has_a_closed_form():
    """The integral of ``x * (s**2 + x**2)**-1.5`` is ``1 / s``."""
    prior, x = parse_prior("Conventional()").resolve([0.3]), np.array([0.01, 0.3, 5.0, 1e6])
    np.testing.assert_allclose(prior.pdf(x), 0.3 * x * (0.09 + x**2) ** -1.5, rtol=1e-12)
    np.testing.assert_allclose(prior.cdf(x), 1 - 0.3 / np.sqrt(0.09 + x**2), atol=1e-13)
    q = np.array([0.001, 0.3, 0.99])
    np.testing.assert_allclose(prior.ppf(q), 0.3 * np.sqrt((1 - q) ** -2 - 1), rtol=1e-9)


def test_a_uniform_share_of_the_typical_variance_needs_two_studies():
    with pytest.raises(PriorError, match="needs at least 2 studies, and there is 1"):
        parse_prior("UniformI2()").resolve([0.3])
    prior = parse_prior("UniformI2()").resolve([0.3, 0.3])
    assert prior.data["s"] == pytest.approx(0.3)


def test_the_typical_variance_loses_no_digits_to_one_precise_study():
    """Of weights a > b > c the sum over pairs is ``ab + ac + bc``; with ``a`` infinite, what is
    left of ``2 (a + b + c) / (2 (ab + ac + bc))`` is ``1 / (b + c)``."""
    prior = parse_prior("UniformI2()").resolve([1e-9, 1, 2])
    assert prior.data["s"] ** 2 == pytest.approx(1 / (1 + 1 / 4), rel=1e-12)


def test_what_dumouchel_and_the_shrinkage_prior_mean():
    """DuMouchel's median is s0; under the other, ``s0**2 / (s0**2 + tau**2)`` is uniform."""
    std_error = np.array([0.2, 0.4])
    s0 = np.sqrt(2 / (1 / 0.2**2 + 1 / 0.4**2))
    assert parse_prior("DuMouchel()").resolve(std_error).ppf(0.5) == pytest.approx(s0)
    q = np.array([0.1, 0.5, 0.9])
    tau = parse_prior("UniformShrinkage()").resolve(std_error).ppf(q)
    np.testing.assert_allclose(s0**2 / (s0**2 + tau**2), 1 - q, rtol=1e-12)
