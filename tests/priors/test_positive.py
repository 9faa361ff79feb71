"""Families of positive numbers that PyMC lacks, against R bayesmeta (versions are in the file)."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.priors import parse_prior

R_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "priors.json").read_text(encoding="utf-8")
)
OURS = {
    "halflogistic": "HalfLogistic({scale})",
    "lomax": "Lomax({shape}, {scale})",
    "rayleigh": "Rayleigh({scale})",
    "invchi": "InverseChi({df}, {scale})",
}
"""R's families of tau and ours."""

GIVEN = pytest.mark.parametrize(
    "given",
    [entry for entry in REFERENCE["distributions"] if entry["family"] in OURS],
    ids=lambda entry: f"{entry['family']} {entry['args']}",
)


@GIVEN
def test_densities_are_those_of_r(given):
    prior = parse_prior(OURS[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.pdf(given["x"]), given["density"], rtol=R_RTOL, atol=1e-20)


@GIVEN
def test_distribution_functions_are_those_of_r(given):
    prior = parse_prior(OURS[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.cdf(given["x"]), given["cdf"], rtol=R_RTOL, atol=1e-20)


@GIVEN
def test_quantiles_are_those_of_r(given):
    prior = parse_prior(OURS[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.ppf(given["p"]), given["quantile"], rtol=R_RTOL)


def test_the_logarithm_of_a_log_t_is_t():
    of_tau, of_log = parse_prior("LogT(5, -1.72, 1.295)"), parse_prior("StudentT(5, -1.72, 1.295)")
    p, x = np.array([0.01, 0.5, 0.99]), np.array([0.01, 0.2, 3.0])
    np.testing.assert_allclose(np.log(of_tau.ppf(p)), of_log.ppf(p), rtol=1e-13)
    np.testing.assert_allclose(of_tau.pdf(x) * x, of_log.pdf(np.log(x)), rtol=1e-13)
    assert np.isposinf(of_tau.logpdf(0.0))
