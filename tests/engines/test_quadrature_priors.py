"""Quadrature with priors of mu that have heavy tails, and with very narrow and very wide ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp, ndtr

from bayesmeta.engines.quadrature import Posterior, integrate, refusal, solve
from bayesmeta.engines.quadrature.normal_priors import as_coefficients
from bayesmeta.errors import EngineError
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.results.diagnostics import diagnose_exact

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "quadrature.json").read_text(encoding="utf-8")
)

DIRECT = 3e-9
"""Of an sd, a probability or a log evidence, against Gauss-Legendre quadrature over mu and tau on a
grid whose evidence does not change by 1e-13 with finer panels or more points."""

NARROW = 1e-9
"""Of an sd of mu, and relative for tau, where a prior decides tau: against Gauss-Legendre
quadrature over its quantiles, good to 1e-12."""

MIXTURE = 1e-13
"""Relative, of the density of a mixture, whose logarithm of up to 200 is rounded to 3e-14."""

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(16)
ENDS = np.array([0.025, 0.5, 0.975])


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    found = next(d for d in REFERENCE["datasets"] if d["name"] == name)
    return np.array(found["effect"]), np.array(found["std_error"])


SCHOOLS = data("Rubin1981")
CRINS = data("Crins2014_AR")
HINKS = data("Hinks2010")
FOUR = (np.array([2.6, 3.4, 2.9, 3.8]), np.array([0.4, 0.5, 0.3, 0.6]))
"""Far from no effect."""


def panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of Gauss-Legendre rules between edges."""
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + POINTS)).ravel(), (half * WEIGHTS).ravel()


class Grid:
    """The joint posterior of mu and tau: nothing but the densities of the model."""

    def __init__(self, effect: np.ndarray, std_error: np.ndarray, mu: str, tau: str) -> None:
        prior = parse_prior(mu)
        place, scale = list(prior.arguments.values())[-2:]
        far = np.geomspace(0.05, 1e6, 45)
        centre, typical = np.average(effect, weights=std_error**-2.0), std_error.min()
        edges = [
            x + width * signed
            for x, width in ((place, scale), (centre, typical))
            for signed in (-far, np.zeros(1), far)
        ]
        self.edges = np.unique(np.concatenate(edges))
        self.tau_edges = np.concatenate([[0], np.geomspace(1e-3, 1e4, 45)])
        self.mu, of_mu = panels(self.edges)
        self.tau, of_tau = panels(self.tau_edges)
        log = prior.logpdf(self.mu)[:, None] + parse_prior(tau).logpdf(self.tau)
        log += np.log(of_mu)[:, None] + np.log(of_tau)
        for y, s in zip(effect, std_error, strict=True):
            variance = s**2 + self.tau**2
            log -= 0.5 * ((y - self.mu[:, None]) ** 2 / variance + np.log(2 * np.pi * variance))
        self.log_evidence = logsumexp(log)
        mass = np.exp(log - self.log_evidence)
        self.of_mu, self.of_tau = mass.sum(1), mass.sum(0)


def moments(x: np.ndarray, mass: np.ndarray) -> tuple[float, float]:
    mean = (x * mass).sum()
    return mean, (mass * (x - mean) ** 2).sum() ** 0.5


@pytest.mark.parametrize(
    ("studies", "mu", "tau"),
    [
        (CRINS, "StudentT(4, 0, 2)", "HalfNormal(0.5)"),
        (CRINS, "Cauchy(0, 1)", "LogNormal(-2, 0.7)"),
        (FOUR, "StudentT(4, 0, 1)", "HalfNormal(0.5)"),
        (FOUR, "Cauchy(0, 0.5)", "HalfNormal(1)"),
        (FOUR, "Cauchy(3, 0.01)", "HalfCauchy(0.5)"),
        (FOUR, "StudentT(0.8, -2, 0.1)", "HalfNormal(0.5)"),
        (FOUR, "StudentT(1.5, 0, 1)", "HalfCauchy(0.5)"),
        (FOUR, "StudentT(10, 0, 1)", "HalfNormal(0.5)"),
        (FOUR, "StudentT(30, 0, 0.3)", "HalfNormal(0.5)"),
        (FOUR, "StudentT(1000, 0, 0.5)", "HalfNormal(0.5)"),
        (SCHOOLS, "StudentT(3, 100, 1)", "HalfNormal(5)"),
        (CRINS, "Logistic(0, 1)", "HalfNormal(0.5)"),
        (FOUR, "Logistic(3, 0.01)", "HalfCauchy(0.5)"),
        (FOUR, "Logistic(0, 0.05)", "HalfNormal(0.1)"),
        (SCHOOLS, "Logistic(100, 2)", "HalfNormal(5)"),
    ],
)
def test_heavy_tailed_priors_of_mu(
    studies: tuple[np.ndarray, np.ndarray], mu: str, tau: str
) -> None:
    """In agreement with the data and in conflict, narrower and wider than the likelihood."""
    right = Grid(*studies, mu, tau)
    posterior = integrate(*studies, mu=parse_prior(mu), tau=parse_prior(tau))
    assert posterior.log_evidence[0] == pytest.approx(right.log_evidence, abs=DIRECT)
    for density, points, mass, edges in (
        (posterior.mu, right.mu, right.of_mu, right.edges),
        (posterior.tau, right.tau, right.of_tau, right.tau_edges),
    ):
        mean, sd = moments(points, mass)
        assert density.mean().item() == pytest.approx(mean, abs=DIRECT * sd)
        assert density.sd().item() == pytest.approx(sd, rel=DIRECT)
        below = np.concatenate([[0], np.cumsum(mass.reshape(-1, POINTS.size).sum(1))])
        inside = (below > 1e-6) & (below < 1 - 1e-6)
        places = edges[inside].reshape((1,) * (density.mean().ndim) + (-1,))
        np.testing.assert_allclose(density.cdf(places).ravel(), below[inside], atol=DIRECT)
    new = posterior.theta_new.sd().item()
    square = moments(right.mu, right.of_mu)[1] ** 2 + (right.tau**2 * right.of_tau).sum()
    assert new == pytest.approx(square**0.5, rel=DIRECT)


@pytest.mark.parametrize("mu", ["Logistic(0, 1)", "Logistic(-0.1, 0.05)"])
@pytest.mark.parametrize("scales", [60, 200])
def test_a_logistic_prior_is_its_mixture(mu: str, scales: float) -> None:
    """As far out as twice the furthest effect."""
    prior = parse_prior(mu)
    place, scale = prior.arguments.values()
    found = as_coefficients([prior], [], [scales / 2 * scale - abs(place)])
    apart = np.linspace(-scales, scales, 999) * scale
    precision = found.precision[0, :, 0]
    log = found.log_weight[0] + 0.5 * np.log(precision / (2 * np.pi))
    density = logsumexp(log - 0.5 * precision * apart[:, None] ** 2, axis=1)
    np.testing.assert_array_equal(found.mean, place)
    np.testing.assert_allclose(density - prior.logpdf(place + apart), 0, atol=MIXTURE)


def given_tau(
    studies: tuple[np.ndarray, np.ndarray], tau: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log likelihood of tau with a flat prior of mu, and mean and variance of mu."""
    effect, std_error = studies
    w = 1 / (std_error**2 + tau[:, None] ** 2)
    total = w.sum(-1)
    mean = (w * effect).sum(-1) / total
    misfit = (w * (effect - mean[:, None]) ** 2).sum(-1)
    log = 0.5 * (np.log(w / (2 * np.pi)).sum(-1) - misfit - np.log(total / (2 * np.pi)))
    return log, mean, 1 / total


@pytest.mark.parametrize("studies", [CRINS, SCHOOLS, HINKS], ids=["Crins", "schools", "Hinks"])
@pytest.mark.parametrize(
    "tau",
    [
        "LogNormal(-2, 0.001)",
        "LogNormal(2, 0.001)",
        "Uniform(1, 1.001)",
        "Uniform(0, 1e-6)",
        "HalfNormal(1e-8)",
        "Gamma(100000, 100000)",
        "InverseGamma(100, 0.1)",
        "InverseChi(200, 0.01)",
        "Uniform(3, 4)",
    ],
)
def test_priors_that_decide_tau(studies: tuple[np.ndarray, np.ndarray], tau: str) -> None:
    prior = parse_prior(tau)
    score, weights = panels(np.linspace(-7.5, 7.5, 31))
    values = prior.ppf(ndtr(score))
    log, mean, variance = given_tau(studies, values)
    mass = weights * np.exp(log - log.max() - score**2 / 2) / np.sqrt(2 * np.pi)
    mass, evidence = mass / mass.sum(), log.max() + np.log(mass.sum())
    centre = (mass * mean).sum()
    sd = (mass * (variance + (mean - centre) ** 2)).sum() ** 0.5
    posterior = integrate(*studies, mu=parse_prior("Flat()"), tau=prior)
    assert posterior.log_evidence[0] == pytest.approx(evidence, abs=NARROW)
    assert posterior.mu.mean().item() == pytest.approx(centre, abs=NARROW * sd)
    assert posterior.mu.sd().item() == pytest.approx(sd, rel=NARROW)
    assert posterior.tau.mean().item() == pytest.approx((mass * values).sum(), rel=NARROW)
    of_tau = moments(values, mass)[1]
    assert posterior.tau.sd().item() == pytest.approx(of_tau, rel=1e-6)
    assert diagnose_exact(posterior.error[0]).verdict == "ok"


@pytest.mark.parametrize("studies", [CRINS, SCHOOLS], ids=["Crins", "schools"])
@pytest.mark.parametrize(
    ("wide", "limit", "log_height"),
    [
        ("HalfCauchy(1e6)", "HalfFlat()", np.log(2 / np.pi / 1e6)),
        ("HalfNormal(1e7)", "HalfFlat()", np.log(np.sqrt(2 / np.pi) / 1e7)),
        ("Uniform(0, 1e6)", "HalfFlat()", np.log(1e-6)),
    ],
)
def test_priors_so_wide_that_they_are_flat(
    studies: tuple[np.ndarray, np.ndarray], wide: str, limit: str, log_height: float
) -> None:
    """The rest of their shape is of order 1e-10, (20 / 1e6) squared, and more in the sd of tau."""
    one, other = (
        integrate(*studies, mu=parse_prior("Flat()"), tau=parse_prior(tau)) for tau in (wide, limit)
    )
    assert one.log_evidence[0] - log_height == pytest.approx(other.log_evidence[0], abs=1e-8)
    for name in ("mu", "tau", "theta_new", "theta"):
        found, right = (getattr(p, name).ppf(ENDS) for p in (one, other))
        np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "sigma",
    [
        1e-3,
        1e-6,
    ],
)
def test_narrow_priors_of_mu(sigma: float) -> None:
    """Of effects of order 0.1, or in units in which all numbers are small."""
    effect, std_error = np.array([0.1, 0.2, 0.5]), np.array([0.1, 0.2, 0.3])
    mu = parse_prior(f"Normal(0, {sigma})")
    posterior = integrate(effect, std_error, mu=mu, tau=parse_prior("HalfNormal(0.5)"))
    tau, weights = panels(np.concatenate([[0], np.geomspace(1e-3, 5, 40)]))
    variance = std_error**2 + tau[:, None] ** 2
    spread = np.linalg.inv(np.eye(3) * variance[:, None] + sigma**2)
    misfit = np.einsum("i,tij,j->t", effect, spread, effect)
    log = 0.5 * (np.linalg.slogdet(spread)[1] - misfit) - 2 * tau**2
    mass = weights * np.exp(log)
    mean, sd = moments(tau, mass / mass.sum())
    assert posterior.tau.mean()[0] == pytest.approx(mean, rel=1e-7)
    assert posterior.tau.sd()[0] == pytest.approx(sd, rel=1e-7)


@pytest.mark.parametrize(
    ("studies", "tau"),
    [
        (SCHOOLS, "Gamma(0.01, 0.01)"),
        (SCHOOLS, "LogT(1, 0, 1)"),
    ],
)
def test_says_what_it_cannot_do(studies: tuple[np.ndarray, np.ndarray], tau: str) -> None:
    """Mass over a hundred decades of tau: not all digits are right, and the verdict says so."""
    posterior = integrate(*studies, mu=parse_prior("Normal(0, 20)"), tau=parse_prior(tau))
    assert posterior.error[0] > 1e-8
    found = diagnose_exact(posterior.error[0])
    assert found.verdict == "warn"
    assert "Quadrature changed by" in found.messages[0]


@pytest.mark.parametrize("tau", ["HalfCauchy(0.5)", "DuMouchel()", "Lomax(0.5, 0.1)"])
def test_far_tails(tau: str) -> None:
    """With one study tau keeps its prior, and mu is a mixture over it with as heavy a tail."""
    effect, std_error = np.array([0.4]), np.array([0.3])
    prior = parse_prior(tau).resolve(std_error)
    posterior = integrate(effect, std_error, mu=parse_prior("Flat()"), tau=prior)
    log_tau, weights = panels(np.linspace(-80, 120, 801))
    values = np.exp(log_tau)
    mass = weights * values * prior.pdf(values)
    places = -np.geomspace(1, 1e4, 9)
    z = (places[:, None] - effect) / np.hypot(std_error, values)
    right = (mass * ndtr(z)).sum(-1) / mass.sum()
    assert abs(posterior.mu.cdf(places)[0, 0] - right).max() < max(1e-8, posterior.error[0])


def problem(mu: str, tau: str | None = "HalfNormal(5)", **changed: str) -> Problem:
    given = {"likelihood": "normal", "heterogeneity": "normal" if tau else "common"} | changed
    found = {"mu": parse_prior(mu)} | ({"tau": parse_prior(tau)} if tau else {})
    effect, std_error = SCHOOLS
    study = tuple(f"study {i}" for i in range(effect.size))
    return Problem(study=study, effect=effect, std_error=std_error, priors=found, **given)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (problem("Uniform(-1, 1)"), r"Uniform\(lower=-1, upper=1\) on mu: it takes Normal"),
        (
            problem("Mixture(w=[0.5, 0.5], comp_dists=[Normal(0, 1), Uniform(0, 1)])"),
            r"Uniform\(lower=0, upper=1\)",
        ),
        (problem("Normal(0, 1)", likelihood="beta-binomial"), "likelihood 'beta-binomial'"),
        (problem("Normal(0, 1)", heterogeneity="student-t"), "heterogeneity 'student-t'"),
    ],
)
def test_refuses_by_name(asked: Problem, message: str) -> None:
    assert refusal(asked) is not None
    with pytest.raises(EngineError, match=message):
        solve(asked)
    with pytest.raises(EngineError, match='engine = "nuts"'):
        solve(asked)


def test_refuses_other_priors_of_moderators() -> None:
    with pytest.raises(EngineError, match="normal or flat priors on moderators"):
        integrate(
            *SCHOOLS,
            mu=parse_prior("Flat()"),
            beta=[parse_prior("Cauchy(0, 1)")],
            tau=parse_prior("HalfNormal(5)"),
            design=np.ones((8, 2)),
        )


def test_draws_are_from_the_joint_posterior() -> None:
    """Of the probability integral transform, four standard errors; mu given tau by its moments."""
    studies = CRINS
    posterior = integrate(
        *studies, mu=parse_prior("StudentT(3, 0, 1)"), tau=parse_prior("HalfCauchy(0.5)")
    )
    count = 4000
    tau, coefficients = posterior.draw(np.random.default_rng(1), count)
    limit = 4 / np.sqrt(12 * count)
    assert abs(posterior.tau.cdf(tau[None]).mean() - 0.5) < limit
    assert abs(posterior.mu.cdf(coefficients[:, 0][None, None]).mean() - 0.5) < limit
    for low, high in ((0, 0.1), (0.4, 0.5), (1, 1.5)):
        inside = (tau > low) & (tau < high)
        right = expected_mu(posterior, studies, tau[inside])
        error = coefficients[inside, 0].std() / np.sqrt(inside.sum())
        assert abs(coefficients[inside, 0].mean() - right) < 4 * error


def expected_mu(
    posterior: Posterior, studies: tuple[np.ndarray, np.ndarray], tau: np.ndarray
) -> float:
    """Mean of mu given tau at these values, by a grid over mu."""
    mu, weights = panels(np.linspace(-8, 5, 60))
    prior = parse_prior("StudentT(3, 0, 1)").logpdf(mu)
    found = []
    for values in np.array_split(tau, 1 + tau.size // 200):
        variance = studies[1] ** 2 + values[:, None] ** 2
        apart = (studies[0] - mu[:, None, None]) ** 2 / variance
        height = weights[:, None] * np.exp(prior[:, None] - 0.5 * apart.sum(-1))
        found.append(((mu[:, None] * height).sum(0) / height.sum(0)).sum())
    return float(np.sum(found) / tau.size)
