"""Which moments a posterior has, against a reference and against the densities themselves."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.model import existing_moments, tail_exponent
from bayesmeta.priors import parse_prior

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "quadrature.json").read_text(encoding="utf-8")
)

SLOPE = 2e-3
"""Of a power that is read off at 1e6 standard errors, where the next term is still seen."""


@pytest.mark.parametrize(
    "data", [pytest.param(data, id=data["name"]) for data in REFERENCE["datasets"]]
)
def test_tail_exponents(data: dict) -> None:
    for fit in data["fits"]:
        tau, mu = parse_prior(fit["tau"]), parse_prior(fit["mu"])
        found = tail_exponent(tau, len(data["effect"]), flat=int(not mu.proper))
        assert found == (np.inf if fit["tail_exponent"] is None else fit["tail_exponent"])


@pytest.mark.parametrize(
    ("tau", "mu", "studies", "of_mu", "of_tau", "of_new"),
    [
        ("HalfNormal(1)", "Flat()", 1, 2, 2, 2),
        ("HalfFlat()", "Flat()", 3, 0, 0, 0),
        ("HalfFlat()", "Flat()", 4, 1, 1, 1),
        ("HalfFlat()", "Flat()", 5, 2, 2, 2),
        ("HalfCauchy(1)", "Flat()", 1, 0, 0, 0),
        ("HalfCauchy(1)", "Flat()", 2, 1, 1, 1),
        ("HalfCauchy(1)", "Flat()", 3, 2, 2, 2),
        ("HalfCauchy(1)", "Normal(0, 1)", 1, 2, 1, 1),
        ("HalfCauchy(1)", "Normal(0, 1)", 2, 2, 2, 2),
        ("UniformSqrt()", "Flat()", 3, 1, 1, 1),
        ("Jeffreys()", "Flat()", 3, 1, 1, 1),
        ("HalfCauchy(1)", "Cauchy(0, 1)", 1, 2, 1, 1),
        ("HalfFlat()", "Cauchy(0, 1)", 2, 1, 0, 0),
        ("HalfStudentT(3, 1)", "StudentT(0.5, 0, 1)", 1, 2, 2, 2),
        ("LogT(5, 0, 1)", "Flat()", 1, 0, 0, 0),
        ("LogT(5, 0, 1)", "Flat()", 2, 1, 1, 1),
        ("LogT(5, 0, 1)", "Flat()", 3, 2, 2, 2),
        (
            "Mixture(w=[0.9, 0.1], comp_dists=[HalfNormal(1), HalfCauchy(1)])",
            "Flat()",
            2,
            1,
            1,
            1,
        ),
    ],
)
def test_counts_of_moments(
    tau: str, mu: str, studies: int, of_mu: int, of_tau: int, of_new: int
) -> None:
    """An exponent of a moves the last moment below a - 1, or to it where a log-t helps."""
    priors = parse_prior(tau), parse_prior(mu)
    found = existing_moments(*priors, studies, flat=int(not priors[1].proper))
    assert found == {"mu": of_mu, "tau": of_tau, "theta_new": of_new}


def test_a_common_effect_has_all() -> None:
    assert set(existing_moments(None, parse_prior("Flat()"), 1, flat=1).values()) == {2}


@pytest.mark.parametrize("studies", [1, 2, 4])
@pytest.mark.parametrize(
    ("tau", "mu"),
    [
        ("HalfCauchy(1)", "Cauchy(0, 1)"),
        ("HalfStudentT(2, 1)", "StudentT(3, 0, 2)"),
        ("Lomax(0.5, 1)", "StudentT(0.5, 1, 1)"),
    ],
)
def test_tail_of_mu_is_that_of_its_density(tau: str, mu: str, studies: int) -> None:
    """``density ~ mu**-(tail of tau + studies - 1 + tail of mu)``, tau integrated out."""
    priors = parse_prior(tau), parse_prior(mu)
    effect, std_error = np.linspace(0, 1, studies), np.ones(studies)
    log_tau = np.linspace(-20, 60, 8001)
    places = np.array([1e6, 2e6])
    variance = std_error[:, None, None] ** 2 + np.exp(2 * log_tau)
    apart = (effect[:, None, None] - places[:, None]) ** 2 / variance
    log = -0.5 * (apart + np.log(variance)).sum(0) + priors[0].logpdf(np.exp(log_tau)) + log_tau
    density = np.logaddexp.reduce(log, -1) + priors[1].logpdf(places)
    slope = -np.diff(density)[0] / np.log(2)
    falls = tail_exponent(priors[0], studies, flat=0)
    assert slope == pytest.approx(falls - 1 + priors[1].tail, abs=SLOPE)
