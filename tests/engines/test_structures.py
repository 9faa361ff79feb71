"""Designs, three levels and correlated errors by quadrature, against an independent quadrature."""

import numpy as np
import pytest

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.engines.quadrature import densities, refusal, solve
from bayesmeta.engines.quadrature.linear import linear_of
from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.errors import EngineError
from bayesmeta.model import Problem
from bayesmeta.model.design import CONTRAST
from bayesmeta.results.exact import ExactDensities
from tests.engines.structures import CASES, REFERENCE, case, problem_of_case

EXACT = 1e-7
"""Posterior sds: what quadrature promises against an independent value. Two computations of the
reference differ by less than 1e-9, and we are within 5e-10 of it."""

LOG_EVIDENCE = 1e-9
"""Both sum densities of the effects with all their constants; we are within 1e-13 of it."""

PROBABILITIES = np.array([0.025, 0.1, 0.5, 0.9, 0.975])

REFUSED = {
    "separate_bcg": "one tau, not one for each subgroup",
    "nested_rho_prior_assink": "a known correlation rho, not one with a prior",
    "random_walk_nested_oa_pain": "this model has three: tau, tau_within and omega",
}
DONE = [name for name in CASES if name not in REFUSED]
THEIRS = {"mu_new": "mu_new_subgroup", "theta_new_overall": "theta_new_of_new_subgroup"}

Numbers = dict[str, np.ndarray]


def statistics(density: NormalMixture | Tabulated) -> np.ndarray:
    """Those of the reference (quantity, number)."""
    quantiles = density.ppf(PROBABILITIES).reshape(-1, PROBABILITIES.size)
    columns = [density.mean().ravel(), density.sd().ravel(), *quantiles.T]
    return np.stack(columns, -1)


def estimates(exact: ExactDensities) -> Numbers:
    """All estimates but theta, by their names in the reference."""
    found = {name: statistics(density)[0] for name, density in exact.deviations.items()}
    for name, density in exact.effects.items():
        if name in ("theta", "contrast"):
            continue
        labels = exact.labels.get(name, ("", ("",)))[1]
        name = THEIRS.get(name, name)
        for label, numbers in zip(labels, statistics(density), strict=True):
            found[f"{name}[{label}]" if label else name] = numbers
    return found


def contrasts(exact: ExactDensities) -> Numbers:
    """Contrasts, also the other way round."""
    if "contrast" not in exact.effects:
        return {}
    found = {}
    for label, numbers in zip(
        exact.labels["contrast"][1], statistics(exact.effects["contrast"]), strict=True
    ):
        b, a = label.split(CONTRAST)
        found[f"contrast[{b} - {a}]"] = numbers
        mean, sd, *quantiles = numbers
        found[f"contrast[{a} - {b}]"] = np.array([-mean, sd, *(-q for q in quantiles[::-1])])
    return found


def of_clusters(problem: Problem, exact: LinearPosterior) -> Numbers:
    """The mean effect of each study of several results, and that of a new study."""
    if problem.heterogeneity != "nested":
        return {}
    assert problem.clusters is not None
    base = exact.linear.base.shape[1]
    each = np.repeat(exact.linear.means, len(problem.clusters.names), 0)
    each[:, base:] = np.eye(len(problem.clusters.names))
    rows = statistics(exact.combined(each))
    found = {f"cluster[{n}]": row for n, row in zip(problem.clusters.names, rows, strict=True)}
    new = exact.combined(exact.linear.means, variance=exact.outer_variances)
    return found | {"cluster_new": statistics(new)[0]}


def distances(found: Numbers, right: dict[str, list[float]]) -> dict[str, float]:
    """Largest differences in posterior sds."""
    return {
        name: float(np.abs(found[name] - numbers).max() / numbers[1])
        for name, numbers in right.items()
    }


@pytest.mark.parametrize("name", DONE)
def test_agrees_with_an_independent_quadrature(name: str) -> None:
    problem, right = problem_of_case(name), case(name)
    posterior = solve(problem)
    exact = densities(posterior, problem)
    assert exact.log_evidence == pytest.approx(right["log_evidence"], abs=LOG_EVIDENCE)
    assert isinstance(posterior, LinearPosterior)
    own = estimates(exact)
    assert own.keys() <= right["estimates"].keys()  # nor is a number of ours unchecked
    found = {**own, **contrasts(exact), **of_clusters(problem, posterior)}
    far = {n: z for n, z in distances(found, right["estimates"]).items() if not z <= EXACT}
    assert not far
    if "tau" in right["priors"]:
        of_theta = statistics(exact.effects["theta"])
        reference = np.array(right["theta"])
        apart = np.abs(of_theta - reference).max(1) / reference[:, 1]
        assert apart.max() <= EXACT
    else:
        assert "theta" not in exact.effects
    assert exact.error <= 1e-8


def test_no_case_is_left_out() -> None:
    assert {entry["name"] for entry in REFERENCE["cases"]} == {*DONE, *REFUSED}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_do_is_refused_by_name(name: str) -> None:
    problem = problem_of_case(name)
    assert REFUSED[name] in (refusal(problem) or "")
    with pytest.raises(EngineError, match='Take engine = "nuts"'):
        solve(problem)


def test_separate_tau_is_an_analysis_of_each_subgroup_on_its_own() -> None:
    problem, right = problem_of_case("separate_bcg"), case("separate_bcg")
    groups = problem.design.subgroups
    assert groups is not None
    evidence = 0.0
    for name, rows in zip(groups.names, groups.rows, strict=True):
        alone = Problem(
            study=tuple(problem.study[row] for row in rows),
            effect=problem.effect[rows],
            std_error=problem.std_error[rows],
            likelihood="normal",
            heterogeneity="normal",
            priors=problem.priors,
        )
        exact = densities(solve(alone), alone)
        own = {f"{key}[{name}]": numbers for key, numbers in estimates(exact).items()}
        assert max(distances(own, {key: right["estimates"][key] for key in own}).values()) <= EXACT
        reference = np.array(right["theta"])[rows]
        apart = np.abs(statistics(exact.effects["theta"]) - reference).max(1) / reference[:, 1]
        assert apart.max() <= EXACT
        evidence += exact.log_evidence
    assert evidence == pytest.approx(right["log_evidence"], abs=LOG_EVIDENCE)


@pytest.mark.parametrize("name", ["exchangeable_bcg", "covariance_berkey", "regression_bcg"])
def test_a_file_has_the_same_densities(name: str) -> None:
    problem = problem_of_case(name)
    exact = densities(solve(problem), problem)
    again = ExactDensities.from_dataset(exact.to_dataset())
    own, read = estimates(exact), estimates(again)
    assert own.keys() == read.keys()
    for key, numbers in own.items():
        np.testing.assert_allclose(read[key], numbers, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["exchangeable_oa_pain", "independent_oa_pain"])
def test_ranks_are_those_of_draws(name: str) -> None:
    """Each share of 40,000 independent draws is within 5 of its standard errors, and 0.001."""
    problem = problem_of_case(name)
    exact = solve(problem)
    assert isinstance(exact, LinearPosterior)
    ranks = exact.ranks()
    np.testing.assert_allclose(ranks.sum(0), 1, atol=1e-9)
    np.testing.assert_allclose(ranks.sum(1), 1, atol=1e-9)
    count = 40_000
    coefficients = exact.draw(np.random.default_rng(1), count)[2]
    means = coefficients @ exact.linear.means.T
    place = (-means).argsort(-1).argsort(-1)
    for rank in range(means.shape[1]):
        share = (place == rank).mean(0)
        error = np.sqrt(share * (1 - share) / count) + 1 / count
        assert (np.abs(share - ranks[:, rank]) < 5 * error + 1e-3).all()


@pytest.mark.parametrize("name", ["exchangeable_bcg", "random_walk_oa_pain", "regression_bcg"])
def test_draws_are_of_the_densities(name: str) -> None:
    """Means and sds of all coefficients and of both standard deviations, within 5 errors."""
    problem = problem_of_case(name)
    exact, count = solve(problem), 20_000
    assert isinstance(exact, LinearPosterior)
    inner, outer, coefficients = exact.draw(np.random.default_rng(7), count)
    density = exact.combined(np.eye(coefficients.shape[1]))
    pairs = [(coefficients, density.mean()[0], density.sd()[0])]
    for label, drawn in ((exact.linear.inner, inner), (exact.linear.outer, outer)):
        if label is not None:
            own = exact.deviations[label]
            pairs.append((drawn[:, None], own.mean(), own.sd()))
    for drawn, mean, sd in pairs:
        assert (np.abs(drawn.mean(0) - mean) < 5 * sd / np.sqrt(count)).all()
        kurtosis = ((drawn - mean) ** 4).mean(0) / sd**4
        error = np.sqrt((kurtosis - 1) / count) / 2
        assert (np.abs(drawn.std(0) / sd - 1) < 5 * error).all()


def test_rotation_gives_back_the_covariance() -> None:
    problem = problem_of_case("covariance_berkey")
    linear = linear_of(problem)
    again = linear.rotation @ np.diag(linear.std_error**2) @ linear.rotation.T
    np.testing.assert_allclose(again, problem.covariance, atol=1e-15)
    np.testing.assert_allclose(linear.rotation @ linear.effect, problem.effect, atol=1e-14)
