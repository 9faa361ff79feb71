"""Families that PyMC has, against R bayesmeta (versions are in the file)."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.priors import parse_prior

R_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

R_ATOL = 1e-20
"""Densities so far out in a tail that R itself gives 0."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "priors.json").read_text(encoding="utf-8")
)
SAME = {
    "halfnormal": "HalfNormal({scale})",
    "halft": "HalfStudentT({df}, {scale})",
    "halfcauchy": "HalfCauchy({scale})",
    "logistic": "Logistic({location}, {scale})",
    "beta": "Beta({shape1}, {shape2})",
}
"""R's families and ours."""


def of_families(*names):
    return pytest.mark.parametrize(
        "given",
        [entry for entry in REFERENCE["distributions"] if entry["family"] in names],
        ids=lambda entry: f"{entry['family']} {entry['args']}",
    )


@of_families(*SAME)
def test_densities_are_those_of_r(given):
    prior = parse_prior(SAME[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.pdf(given["x"]), given["density"], rtol=R_RTOL)


@of_families(*SAME)
def test_quantiles_are_those_of_r(given):
    prior = parse_prior(SAME[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.ppf(given["p"]), given["quantile"], rtol=R_RTOL)


@of_families("logistic", "beta")
def test_distribution_functions_are_those_of_r(given):
    prior = parse_prior(SAME[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.cdf(given["x"]), given["cdf"], rtol=R_RTOL)


@of_families("halflogistic")
def test_a_logistic_prior_is_the_half_logistic_of_r_on_both_sides(given):
    prior, x = parse_prior(f"Logistic(0, {given['args']['scale']})"), np.array(given["x"])
    np.testing.assert_allclose(2 * prior.pdf(x), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(2 * prior.pdf(-x), given["density"], rtol=R_RTOL)


@of_families("halfnormal", "halft", "halfcauchy")
def test_two_sided_families_are_the_half_families_of_r_on_both_sides(given):
    scale, df = given["args"]["scale"], given["args"].get("df")
    two_sided = {
        "halfnormal": f"Normal(0, {scale})",
        "halft": f"StudentT({df}, 0, {scale})",
        "halfcauchy": f"Cauchy(0, {scale})",
    }[given["family"]]
    prior, x, p = parse_prior(two_sided), np.array(given["x"]), np.array(given["p"])
    np.testing.assert_allclose(2 * prior.pdf(x), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(2 * prior.pdf(-x), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(prior.ppf((1 + p) / 2), given["quantile"], rtol=R_RTOL)


@of_families("invchi")
def test_inverse_chi_of_tau_is_inverse_gamma_of_its_square_and_gamma_of_the_inverse(given):
    df, scale = given["args"]["df"], given["args"]["scale"]
    square = parse_prior(f"InverseGamma({df / 2}, {scale**2 / 2})")
    precision = parse_prior(f"Gamma({df / 2}, {scale**2 / 2})")
    x, p = np.array(given["x"][1:]), np.array(given["p"])
    density = np.array(given["density"][1:])
    np.testing.assert_allclose(2 * x * square.pdf(x**2), density, rtol=R_RTOL, atol=R_ATOL)
    np.testing.assert_allclose(2 * x**-3 * precision.pdf(x**-2), density, rtol=R_RTOL, atol=R_ATOL)
    np.testing.assert_allclose(np.sqrt(square.ppf(p)), given["quantile"], rtol=R_RTOL)
    np.testing.assert_allclose(precision.ppf(1 - p) ** -0.5, given["quantile"], rtol=R_RTOL)


@of_families("rayleigh")
def test_rayleigh_of_tau_is_exponential_of_its_square(given):
    square = parse_prior(f"Exponential({1 / (2 * given['args']['scale'] ** 2)})")
    x, p = np.array(given["x"]), np.array(given["p"])
    np.testing.assert_allclose(2 * x * square.pdf(x**2), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(np.sqrt(square.ppf(p)), given["quantile"], rtol=R_RTOL)
