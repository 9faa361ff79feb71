"""Quadrature of many fits at once, of mixtures, and in other units."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.engines.quadrature import Posterior, integrate, solve, solve_many
from bayesmeta.model import Problem
from bayesmeta.priors import Prior, parse_prior

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "quadrature.json").read_text(encoding="utf-8")
)

SAME = 1e-7
"""Relative, between fits with other nodes: nodes are doubled until probabilities change by less
than 1e-9, which at the end of an interval is more of the number; a fit of a batch has the nodes
that the hardest of the batch needs."""

CLOSED_FORM = 1e-12
"""Relative: rounding."""

SCALED = 1e-9
"""Relative, between fits in other units: rounding moves the nodes, and so what is left of the error
of the quadrature."""

ENDS = np.array([0.025, 0.5, 0.975])


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    found = next(d for d in REFERENCE["datasets"] if d["name"] == name)
    return np.array(found["effect"]), np.array(found["std_error"])


SCHOOLS = data("Rubin1981")
CRINS = data("Crins2014_AR")


def numbers(posterior: Posterior, *, theta: bool = True) -> np.ndarray:
    """Moments and quantiles of mu, tau and theta_new, then of theta (batch, number)."""
    densities = [posterior.mu, posterior.tau, posterior.theta_new]
    densities += [posterior.theta] if theta else []
    found = [x for d in densities for x in (d.mean(), d.sd(), d.ppf(ENDS))]
    return np.concatenate([x.reshape(posterior.log_evidence.size, -1) for x in found], -1)


def assert_same(one: np.ndarray, other: np.ndarray, tolerance: float) -> None:
    """Infinite where the other is; else near, against the largest of them where it is near 0."""
    finite = one[np.isfinite(one)]
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * abs(finite).min())


# --- batches


PRIORS_OF_TAU = [
    "HalfNormal(5)",
    "HalfNormal(0.001)",
    "HalfCauchy(25)",
    "LogNormal(0, 0.01)",
    "HalfNormal(100000)",
    "Uniform(1, 2)",
    "HalfFlat()",
    "LogNormal(3, 3)",
    "Jeffreys()",
    "DuMouchel()",
]


def priors(expressions: list[str], std_error: np.ndarray) -> list[Prior]:
    return [parse_prior(expression).resolve(std_error) for expression in expressions]


def test_rows_of_a_batch_of_priors_equal_single_fits() -> None:
    taus = priors(PRIORS_OF_TAU, SCHOOLS[1])
    batch = integrate(*SCHOOLS, mu=parse_prior("Flat()"), tau=taus)
    rows = numbers(batch)
    for row, tau in enumerate(taus):
        single = integrate(*SCHOOLS, mu=parse_prior("Flat()"), tau=tau)
        assert batch.log_evidence[row] == pytest.approx(single.log_evidence[0], rel=SAME)
        assert_same(rows[row], numbers(single)[0], SAME)


def test_rows_of_a_batch_of_priors_of_mu_equal_single_fits() -> None:
    """Of one kind and of several: a normal prior beside Student-t ones."""
    expressions = ["Normal(0, 5)", "Normal(100, 1)", "Flat()", "StudentT(4, 0, 5)", "Cauchy(0, 5)"]
    mus = [parse_prior(expression) for expression in expressions]
    tau = parse_prior("HalfNormal(5)")
    batch = integrate(*SCHOOLS, mu=mus, tau=tau)
    rows = numbers(batch, theta=False)
    for row, mu in enumerate(mus):
        single = integrate(*SCHOOLS, mu=mu, tau=tau)
        assert batch.log_evidence[row] == pytest.approx(single.log_evidence[0], rel=SAME)
        assert_same(rows[row], numbers(single, theta=False)[0], SAME)


def test_rows_of_a_batch_of_data_equal_single_fits() -> None:
    rng = np.random.default_rng(1)
    std_error = np.exp(rng.normal(-1, 1, (20, 6)))
    effect = rng.normal(rng.normal(0, 5, (20, 1)), 0.5, (20, 6)) + std_error * rng.normal(0, 1)
    mu, tau = parse_prior("Normal(0, 4)"), parse_prior("HalfCauchy(0.5)")
    batch = integrate(effect, std_error, mu=mu, tau=tau)
    rows = numbers(batch)
    for row in range(20):
        single = integrate(effect[row], std_error[row], mu=mu, tau=tau)
        assert batch.log_evidence[row] == pytest.approx(single.log_evidence[0], rel=SAME)
        assert_same(rows[row], numbers(single)[0], SAME)


@pytest.mark.parametrize("tau", ["HalfNormal(5)", "HalfCauchy(25)", "HalfFlat()"])
def test_studies_left_out_do_not_count(tau: str) -> None:
    effect, std_error = SCHOOLS
    given = {"mu": parse_prior("Flat()"), "tau": parse_prior(tau)}
    left_out = np.eye(effect.size, dtype=bool)
    batch = integrate(effect, std_error, included=~left_out, **given)
    rows = numbers(batch, theta=False)
    for study in range(effect.size):
        single = integrate(np.delete(effect, study), np.delete(std_error, study), **given)
        assert batch.log_evidence[study] == pytest.approx(single.log_evidence[0], rel=SAME)
        assert_same(rows[study], numbers(single, theta=False)[0], SAME)
        others = np.delete(batch.theta.mean()[study], study)
        np.testing.assert_allclose(others, single.theta.mean()[0], rtol=SAME)


def problem(effect: np.ndarray, std_error: np.ndarray, mu: str, tau: str | None) -> Problem:
    found = {"mu": parse_prior(mu)}
    if tau is not None:
        found["tau"] = parse_prior(tau).resolve(std_error)
    return Problem(
        study=tuple(f"study {i}" for i in range(effect.size)),
        effect=effect,
        std_error=std_error,
        likelihood="normal",
        heterogeneity="normal" if tau else "common",
        priors=found,
    )


def test_blocks_of_problems_equal_single_solutions() -> None:
    """Of all kinds, mixed, with other counts of studies, and more than go into one block."""
    kinds: list[tuple[str, str | None]] = [
        ("Flat()", "HalfNormal(5)"),
        ("Normal(0, 10)", "DuMouchel()"),
        ("StudentT(4, 0, 10)", "HalfCauchy(5)"),
        ("Flat()", None),
        ("Flat()", "Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(1), HalfNormal(10)])"),
        ("Cauchy(0, 5)", None),
    ]
    problems = [
        problem(SCHOOLS[0][:count], SCHOOLS[1][:count], mu, tau)
        for count in (3, 8, 5, 8, 3, 8)
        for mu, tau in kinds
    ]
    problems += [problem(*SCHOOLS, "Flat()", f"HalfNormal({i})") for i in range(1, 601)]
    seen = []
    blocks = 0
    for places, posterior in solve_many(problems):
        blocks += 1
        seen += places
        chosen = places if len(places) < 50 else places[::100]
        for place in chosen:
            row, single = places.index(place), solve(problems[place])
            assert posterior.log_evidence[row] == pytest.approx(single.log_evidence[0], rel=SAME)
            many = [posterior.mu.mean(), posterior.mu.sd(), posterior.theta_new.sd()]
            alone = [single.mu.mean(), single.mu.sd(), single.theta_new.sd()]
            assert_same(np.array([x[row, 0] for x in many]), np.ravel(alone), SAME)
    assert sorted(seen) == list(range(len(problems)))
    assert blocks >= len(kinds)


# --- a common effect, and mixtures


@pytest.mark.parametrize(("prior", "mean", "sd"), [("Flat()", 0.0, np.inf), ("Normal(2, 3)", 2, 3)])
def test_common_effect_has_the_closed_form(prior: str, mean: float, sd: float) -> None:
    effect, std_error = CRINS
    posterior = integrate(effect, std_error, mu=parse_prior(prior), tau=None)
    precision = (std_error**-2.0).sum() + sd**-2.0
    right = ((effect / std_error**2).sum() + mean / sd**2) / precision
    assert posterior.tau is None
    assert posterior.mu.mean().item() == pytest.approx(right, rel=CLOSED_FORM)
    assert posterior.mu.sd().item() == pytest.approx(precision**-0.5, rel=CLOSED_FORM)
    squares = (effect**2 / std_error**2).sum() + mean**2 / sd**2 - precision * right**2
    log_evidence = -0.5 * (
        squares
        + np.log(2 * np.pi * std_error**2).sum()
        + np.log(precision)
        + (2 * np.log(sd) if np.isfinite(sd) else -np.log(2 * np.pi))
    )
    assert posterior.log_evidence[0] == pytest.approx(log_evidence, rel=CLOSED_FORM)
    assert posterior.error[0] == 0


MIXTURES = [
    (
        "mu",
        [("Normal(0, 1)", 0.2), ("Normal(-3, 0.2)", 0.5), ("StudentT(4, 0, 2)", 0.3)],
        "HalfNormal(0.5)",
    ),
    ("mu", [("Cauchy(0, 1)", 0.9), ("Normal(0, 0.01)", 0.1)], "DuMouchel()"),
    (
        "tau",
        [("HalfNormal(0.5)", 0.1), ("LogNormal(-2, 0.5)", 0.6), ("HalfCauchy(2)", 0.3)],
        "Normal(0, 4)",
    ),
    ("tau", [("Uniform(0, 1)", 0.5), ("Uniform(0.5, 3)", 0.5)], "Flat()"),
    ("tau", [("HalfNormal(1e-4)", 0.5), ("InverseGamma(3, 2)", 0.5)], "Flat()"),
]


@pytest.mark.parametrize(("name", "parts", "other"), MIXTURES)
def test_mixture_is_the_weighted_sum(name: str, parts: list[tuple[str, float]], other: str) -> None:
    """Each component counts with its weight times its evidence."""
    effect, std_error = CRINS
    fixed = {("tau" if name == "mu" else "mu"): parse_prior(other).resolve(std_error)}
    expressions, weights = zip(*parts, strict=True)
    text = f"Mixture(w={list(weights)}, comp_dists=[{', '.join(expressions)}])"
    mixed = integrate(effect, std_error, **{name: parse_prior(text)}, **fixed)
    single = [integrate(effect, std_error, **{name: parse_prior(e)}, **fixed) for e in expressions]
    evidence = np.array(weights) * np.exp([p.log_evidence[0] for p in single])
    assert mixed.log_evidence[0] == pytest.approx(np.log(evidence.sum()), rel=SAME)
    shares = evidence / evidence.sum()
    for quantity in ("mu", "theta_new", "theta", "tau"):
        density = getattr(mixed, quantity)
        assert_same(
            density.mean().ravel(),
            sum(
                w * getattr(p, quantity).mean().ravel() for w, p in zip(shares, single, strict=True)
            ),
            SAME,
        )
        quantiles = density.ppf(ENDS)
        below = sum(
            w * getattr(p, quantity).cdf(quantiles) for w, p in zip(shares, single, strict=True)
        )
        np.testing.assert_allclose(below, np.broadcast_to(ENDS, below.shape), rtol=1e-7)
        heights = sum(
            w * getattr(p, quantity).pdf(quantiles) for w, p in zip(shares, single, strict=True)
        )
        np.testing.assert_allclose(density.pdf(quantiles), heights, rtol=1e-6)


def test_mixture_beside_a_simple_prior() -> None:
    mixture = parse_prior("Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(0.1), HalfNormal(2)])")
    taus = [parse_prior("HalfNormal(0.5)"), mixture]
    rows = numbers(integrate(*CRINS, mu=parse_prior("Flat()"), tau=taus))
    for row, tau in zip(rows, taus, strict=True):
        single = integrate(*CRINS, mu=parse_prior("Flat()"), tau=tau)
        assert_same(row, numbers(single)[0], SAME)


# --- units


@pytest.mark.parametrize("unit", [1e-100, 1e-6, 1e6, 1e100])
@pytest.mark.parametrize(
    ("mu", "tau"),
    [
        ("Flat()", "HalfNormal({0!r})"),
        ("Normal(0, {0!r})", "HalfCauchy({0!r})"),
        ("Flat()", "DuMouchel()"),
        ("StudentT(4, 0, {0!r})", "Uniform(0, {0!r})"),
        ("Flat()", "HalfFlat()"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_results_follow_the_unit(mu: str, tau: str, unit: float) -> None:
    effect, std_error = CRINS
    found = []
    for scale in (1.0, unit):
        mu_prior, tau_prior = (
            parse_prior(text.format(2 * scale)).resolve(std_error * scale) for text in (mu, tau)
        )
        posterior = integrate(effect * scale, std_error * scale, mu=mu_prior, tau=tau_prior)
        found.append(numbers(posterior)[0] / scale)
        found.append(posterior.log_evidence + np.log(scale) * (effect.size - (mu == "Flat()")))
    one, evidence, other, other_evidence = found
    assert_same(other, one, SCALED)
    if tau != "HalfFlat()":
        assert other_evidence[0] == pytest.approx(evidence[0], abs=SCALED)


@pytest.mark.parametrize("place", [1e3, -1e6])
def test_results_follow_the_place(place: float) -> None:
    effect, std_error = CRINS
    mu, tau = parse_prior("Flat()"), parse_prior("HalfNormal(0.5)")
    here = integrate(effect, std_error, mu=mu, tau=tau)
    there = integrate(effect + place, std_error, mu=mu, tau=tau)
    rounding = abs(place) * 1e-15 / std_error.min()
    np.testing.assert_allclose(
        there.tau.ppf(ENDS), here.tau.ppf(ENDS), rtol=SCALED + 1e2 * rounding
    )
    apart = there.mu.ppf(ENDS) - place - here.mu.ppf(ENDS)
    assert abs(apart).max() < SCALED + 1e2 * rounding
