"""Hard cases of two standard deviations, against a dense grid; and how far their tails reach."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bayesmeta.engines.quadrature import densities, solve
from bayesmeta.model import Design, Groups, Problem, moments_of
from bayesmeta.priors import parse_prior
from bayesmeta.results.exact import ExactDensities

GRID = 5e-6
"""Posterior sds, and log evidence: below its lowest deviations the grid misses up to 4e-6 of the
probability. Between its ends equal steps of the logarithms err far less."""

SLOPE = 2e-3
"""Of a power that is read off between 1e4 and 1e5, where the next term is still seen."""

HALF_NORMAL = {"mu": "Normal(0, 2)", "omega": "HalfNormal(0.5)", "tau": "HalfNormal(0.5)"}
HEAVY = {"mu": "Normal(0, 2)", "omega": "HalfCauchy(0.5)", "tau": "HalfCauchy(0.5)"}
NESTED = {"mu": "Normal(0, 2)", "tau": "HalfNormal(0.5)", "tau_within": "HalfNormal(0.5)"}
RESULTS = np.repeat([0.5, -0.1, 0.2, 0.0, 0.4], 3) + 0.2 * np.sin(np.arange(15))
THREES = np.repeat(np.arange(5), 3)


def problem(
    effect: Sequence[float],
    std_error: float | Sequence[float],
    priors: dict[str, str],
    *,
    groups: Sequence[object] = (),
    clusters: Sequence[object] = (),
    means: str = "exchangeable",
    terms: Sequence[Sequence[float]] = (),
    rho: float | None = None,
) -> Problem:
    count = len(effect)
    names = tuple(f"x{i}" for i in range(len(terms)))
    of_groups = Groups.of([str(group) for group in groups]) if len(groups) else None
    walk = of_groups is not None and means == "random-walk"
    return Problem(
        study=tuple(f"study {i}" for i in range(count)),
        effect=np.array(effect, float),
        std_error=np.broadcast_to(std_error, count).astype(float),
        likelihood="normal",
        heterogeneity="nested" if "tau_within" in priors else "normal",
        priors={name: parse_prior(text) for name, text in priors.items()},
        clusters=Groups.of([str(cluster) for cluster in clusters]) if len(clusters) else None,
        rho=rho,
        design=Design(
            matrix=np.array(terms, float).reshape(len(terms), count).T,
            terms=names,
            steps=np.full(len(names), np.nan),
            subgroups=of_groups,
            means=means,
            gaps=np.ones(len(of_groups.names) - 1) if walk and of_groups else np.zeros(0),
        ),
    )


def on_a_grid(asked: Problem, low: float, high: float) -> dict[str, np.ndarray]:
    """Mean and sd of all by summing over equal steps of the logarithms of both deviations.

    With the covariance of the effects written out: nothing is shared with the engine.
    """
    design, priors, count = asked.design, asked.priors, len(asked.study)
    mu_sd = float(priors["mu"].arguments["sigma"])
    nested = asked.heterogeneity == "nested"
    inner, outer = ("tau_within", "tau") if nested else ("tau", "omega")
    scale = np.mean(asked.std_error**-2.0) ** -0.5
    log, step = np.linspace(low, high, 240, retstep=True)
    deviation = scale * np.exp(log)
    weights = {
        name: priors[name].logpdf(deviation) + np.log(deviation) + np.log(step)
        for name in (inner, outer)
    }
    groups, same = np.eye(design.count)[design.member], np.zeros((count, count))
    sampling = np.diag(asked.std_error**2)
    if asked.clusters is not None:
        same = (asked.clusters.member[:, None] == asked.clusters.member).astype(float)
        pairs = np.outer(asked.std_error, asked.std_error) * (same - np.eye(count))
        sampling = sampling + (asked.rho or 0.0) * pairs
    apart = np.eye(design.count) if not nested else np.zeros((1, 1))
    if design.means == "random-walk":
        apart = design.steps_of_walk @ design.steps_of_walk.T
    log_mass, means, variances = [], [], []
    for sigma, log_prior in zip(deviation, weights[outer], strict=True):
        of_means = mu_sd**2 * np.ones_like(apart) + sigma**2 * apart
        fixed = sampling + groups @ of_means @ groups.T + sigma**2 * same * nested
        whole = fixed + (deviation**2)[:, None, None] * np.eye(count)
        inverse = np.linalg.inv(whole)
        misfit = np.einsum("i,nij,j->n", asked.effect, inverse, asked.effect)
        log_density = -0.5 * (misfit + np.linalg.slogdet(2 * np.pi * whole)[1])
        log_mass.append(log_density + log_prior + weights[inner])
        gain = of_means @ groups.T @ inverse
        means.append(gain @ asked.effect)
        variances.append(np.diagonal(of_means - gain @ groups @ of_means, axis1=1, axis2=2))
    total = np.logaddexp.reduce(np.array(log_mass), axis=None)
    mass = np.exp(np.array(log_mass) - total)

    def mean_and_sd(mean: np.ndarray, variance: np.ndarray | float = 0.0) -> np.ndarray:
        first = np.tensordot(mass, mean, 2)
        second = np.tensordot(mass, variance + (mean - first) ** 2, 2)
        return np.stack([first, np.sqrt(second)])

    each = np.broadcast_to(deviation, mass.shape)
    return {
        "log_evidence": np.array(total),
        "mu": mean_and_sd(np.array(means), np.array(variances)),
        inner: mean_and_sd(each),
        outer: mean_and_sd(each.T),
    }


EMPTY = problem([0.1, 0.9, 0.4], 0.2, HALF_NORMAL, groups="aab")
EMPTY = replace(
    EMPTY,
    design=replace(
        EMPTY.design, subgroups=Groups(names=("a", "b", "c"), member=np.array([0, 0, 1]))
    ),
)
"""As where a study is left out that was the only one of its subgroup."""

CASES = {
    "one study each": (problem([0.1, 0.9], [0.2, 0.3], HALF_NORMAL, groups="ab"), -12, 4),
    "one study each, heavy": (problem([0.1, 0.9], [0.2, 0.3], HEAVY, groups="ab"), -12, 17),
    "far apart": (
        problem([10, 10.1, -10, -10.2, 0, 0.1], 0.1, HALF_NORMAL, groups="aabbcc"),
        -12,
        5,
    ),
    "an outlier, heavy": (
        problem([0.1, 0.2, 0, 0.1, 0.2, 50], 0.1, HEAVY, groups="aabbcc"),
        -11,
        14,
    ),
    "tiny errors": (
        problem([0.1, 0.9, -0.3, 0.5, 0.4, 0.2], 1e-4, HALF_NORMAL, groups="aabbcc"),
        -6,
        12,
    ),
    "huge errors": (
        problem([0.1, 0.9, -0.3, 0.5, 0.4, 0.2], 1e3, HALF_NORMAL, groups="aabbcc"),
        -22,
        -4,
    ),
    "identical": (problem([0.3] * 6, 0.2, HALF_NORMAL, groups="aabbcc"), -14, 4),
    "two times": (
        problem([0.1, 0.9], [0.2, 0.3], HALF_NORMAL, groups="ab", means="random-walk"),
        -12,
        4,
    ),
    "three levels": (problem(RESULTS, 0.1, NESTED, clusters=THREES), -12, 4),
    "three levels, rho near 1": (
        problem(RESULTS, np.linspace(0.05, 0.3, 15), NESTED, clusters=THREES, rho=0.999),
        -12,
        5,
    ),
    "one result each": (problem(RESULTS, 0.1, NESTED, clusters=np.arange(15)), -12, 4),
    "one study": (problem(RESULTS, 0.1, NESTED, clusters=np.zeros(15)), -12, 5),
    "errors correlated across subgroups": (
        problem(
            [0.3, 0.9, -0.2, 0.5, 0.7, 0.1],
            [0.2, 0.4, 0.3, 0.15, 0.3, 0.25],
            HALF_NORMAL,
            groups="xyxzyz",
            clusters="aabbcd",
            rho=0.6,
        ),
        -12,
        4,
    ),
    "a subgroup without a study": (EMPTY, -12, 4),
}


@pytest.mark.parametrize("name", CASES)
def test_hard_cases(name: str) -> None:
    asked, low, high = CASES[name]
    right = on_a_grid(asked, low, high)
    exact: ExactDensities = densities(solve(asked), asked)
    assert exact.error <= 1e-8
    assert exact.log_evidence == pytest.approx(float(right.pop("log_evidence")), abs=GRID)
    for key, (mean, sd) in right.items():
        density = exact.effects.get(key) or exact.deviations[key]
        existing = np.isfinite(density.sd().ravel())
        assert (np.abs(density.mean().ravel() - mean) <= GRID * sd).all(), key
        assert (np.abs(density.sd().ravel() / sd - 1)[existing] <= GRID).all(), key


WIDE = {"omega": "HalfCauchy(0.5)", "tau": "HalfNormal(0.5)"}
WIDE_NESTED = {"tau": "HalfCauchy(0.5)", "tau_within": "HalfNormal(0.5)"}
SIX = [0.1, 0.9, 0.4, 0.2, -0.3, 0.8]
OF_STUDY, INSIDE = [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]
FLAT_TERM = {"beta[x0]": "Flat()"}

TAILS = {
    "exchangeable": ({"groups": "aabbcc"}, WIDE, False, 5),
    "exchangeable, flat": ({"groups": "aabbcc"}, WIDE, True, 4),
    "walk": ({"groups": "aabbcc", "means": "random-walk"}, WIDE, False, 4),
    "walk, flat": ({"groups": "aabbcc", "means": "random-walk"}, WIDE, True, 4),
    "nested": ({"clusters": "aabbcc"}, WIDE_NESTED, False, 5),
    "nested, flat": ({"clusters": "aabbcc"}, WIDE_NESTED, True, 4),
    "nested, flat term of studies": (
        {"clusters": "aabbcc", "terms": [OF_STUDY]},
        WIDE_NESTED | FLAT_TERM,
        True,
        3,
    ),
    "nested, flat term inside studies": (
        {"clusters": "aabbcc", "terms": [INSIDE]},
        WIDE_NESTED | FLAT_TERM,
        True,
        4,
    ),
}


@pytest.mark.parametrize("name", TAILS)
def test_the_outer_deviation_falls_with_what_the_data_hold(name: str) -> None:
    """As ``sigma**-(2 + held)``: each deviate that no flat coefficient replaces is one power."""
    options, priors, flat, power = TAILS[name]
    mu = "Flat()" if flat else "Normal(0, 2)"
    asked = problem(SIX, 0.2, {"mu": mu, **priors}, **options)
    outer = "tau" if asked.clusters is not None else "omega"
    exact = densities(solve(asked), asked)
    assert exact.error <= 1e-8  # however far out, nothing cancels
    density = exact.deviations[outer]
    log = density.log_density(np.array([[1e4, 1e5]]))[0]
    assert (log[0] - log[1]) / np.log(10) == pytest.approx(power, abs=SLOPE)
    moments = moments_of(asked)
    assert int(moments[outer]) == min(power - 2, 2)
    assert np.isfinite(density.sd()).all() == (power > 3)
    if "beta[x0]" in priors:
        assert np.isfinite(exact.effects["beta"].sd()).all() == (power > 3)


def test_two_times_do_not_tell_the_variance_of_a_heavy_walk() -> None:
    """One step alone: the density of omega falls as ``omega**-3`` whatever the prior of mu."""
    for mu in ("Normal(0, 2)", "Flat()"):
        asked = problem([0.1, 0.9], 0.2, {"mu": mu, **WIDE}, groups="ab", means="random-walk")
        omega = densities(solve(asked), asked).deviations["omega"]
        assert np.isposinf(omega.sd()).all()
        assert np.isfinite(omega.mean()).all()
        assert int(moments_of(asked)["omega"]) == 1


def test_a_mean_is_as_wide_as_tau_or_omega() -> None:
    """Under a flat prior two studies leave tau one moment, and so the overall mean."""
    priors = {"mu": "Flat()", "omega": "HalfNormal(0.5)", "tau": "HalfCauchy(0.5)"}
    asked = problem([0.1, 0.9], 0.2, priors, groups="ab")
    found, exact = moments_of(asked), densities(solve(asked), asked)
    for name in ("mu", "mu_overall", "mu_new", "theta_new", "theta_new_overall"):
        assert int(found[name]) == 1, name
        assert np.isfinite(exact.effects[name].mean()).all(), name
        assert np.isposinf(exact.effects[name].sd()).all(), name
