"""Meta-regressions as problems with a design: against exact numbers, and bmr of R bayesmeta."""

from functools import cache

import numpy as np
import pytest

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.engines.quadrature import densities, solve
from bayesmeta.engines.quadrature.solve import Exact
from bayesmeta.model import Design, Groups, Problem, Readout
from bayesmeta.priors import parse_prior
from bayesmeta.results.exact import ExactDensities
from tests.engines.structures import reference

REFERENCE = reference("meta_regression.json")
R = reference("structures_r.json")
CUT = {fit["name"]: fit for fit in reference("tails.json")["regressions"]}
ALL = [fit["name"] for fit in REFERENCE["fits"]]

EXACT = 1e-7
"""Posterior sds: the reference is a quadrature with ten digits, and so is ours."""

OF_R = 1e-3
"""Posterior sds: so far off is the grid of R with the finer settings at most (8e-4)."""

SHORTEST_OF_R = 5e-3
"""The same for the ends of shortest intervals, which R searches to an absolute 1e-5."""

OF_R_DEFAULT = 1e-2
"""The same for the one fit with the coarser grid that R takes by itself (2.4e-3)."""

TAU_OF_R = 1e-10
"""Posterior sds: R has the marginal of tau without a grid."""

NO_DESIGN = "bucher_indirect_hn0.5_flat"
"""An indirect comparison, whose studies are differences of two means: no design of ours. That
`integrate` does it is in test_quadrature."""

NAMES = [name for name in ALL if name != NO_DESIGN]

PROBS = {"median": 0.5, "lower_95": 0.025, "upper_95": 0.975, "lower_80": 0.1, "upper_80": 0.9}


def of_reference(name: str) -> dict:
    return next(fit for fit in REFERENCE["fits"] if fit["name"] == name)


def split(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which columns are means of subgroups (or the one mean), and which are terms."""
    for first in range(1, columns.shape[1] + 1):
        means = columns[:, :first]
        if (np.isin(means, (0, 1)).all()) and (means.sum(1) == 1).all():
            return means, columns[:, first:]
    raise AssertionError("no means among the columns")


@cache
def problem_of(name: str) -> Problem:
    fit = of_reference(name)
    columns = np.array(fit["design"], float)
    means, matrix = split(columns)
    count = means.shape[1]
    priors = [parse_prior(text) for text in fit["beta"]]
    terms = tuple(f"term {i}" for i in range(matrix.shape[1]))
    places = np.array([at["x"] for at in fit["predict"]], float).reshape(-1, columns.shape[1])
    groups = Groups(names=tuple(f"group {i}" for i in range(count)), member=means.argmax(1))
    return Problem(
        study=tuple(f"study {i}" for i in range(len(columns))),
        effect=np.array(fit["effect"]),
        std_error=np.array(fit["std_error"]),
        likelihood="normal",
        heterogeneity="normal",
        priors={
            "mu": priors[0],
            **{f"beta[{t}]": p for t, p in zip(terms, priors[count:], strict=True)},
            "tau": parse_prior(fit["tau"]),
        },
        design=Design(
            matrix=matrix,
            terms=terms,
            steps=matrix.std(0, ddof=1),
            subgroups=groups if count > 1 else None,
            points=Readout(
                names=tuple(f"point {i}" for i in range(len(places))),
                of_mu=places[:, :count],
                of_beta=places[:, count:],
                member=np.zeros(len(places), np.intp),
            )
            if len(places)
            else None,
        ),
    )


@cache
def exact_of(name: str) -> ExactDensities:
    """Of one mean and no terms the usual solution, of designs the linear one."""
    problem = problem_of(name)
    solved: Exact = solve(problem)
    return densities(solved, problem)


def coefficients(exact: ExactDensities) -> list[NormalMixture]:
    return [exact.effects[name] for name in ("mu", "beta") if name in exact.effects]


def numbers(density: NormalMixture | Tabulated) -> dict[str, np.ndarray]:
    quantiles = density.ppf(np.array(list(PROBS.values())))
    found = dict(zip(PROBS, quantiles.reshape(-1, len(PROBS)).T, strict=True))
    found |= {"mean": density.mean().ravel(), "sd": density.sd().ravel()}
    lower, upper = density.interval(0.95, "hdi")
    return found | {"shortest_lower_95": lower.ravel(), "shortest_upper_95": upper.ravel()}


def worst(found: dict[str, np.ndarray], rows: list, sds: list | None = None) -> float:
    """The largest difference in posterior sds; sds where the reference cut a heavy tail."""
    apart = 0.0
    for row, told in enumerate(rows):
        right = dict(zip(REFERENCE["statistics"], told, strict=False))
        if sds is not None:
            right["sd"] = sds[row]
        unit = right["sd"] or (right["upper_95"] - right["lower_95"]) / 4
        for name, values in found.items():
            if right[name] is None:
                assert not np.isfinite(values[row])
            elif not name.startswith("shortest"):
                apart = max(apart, abs(values[row] - right[name]) / unit)
            else:  # a minimum is known to the root of the precision
                apart = max(apart, abs(values[row] - right[name]) / unit / 10)
    return apart


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_exact_numbers(name: str) -> None:
    fit, exact, cut = of_reference(name), exact_of(name), CUT.get(name, {})
    parts = [numbers(density) for density in coefficients(exact)]
    whole = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    of_cut = {key: cut[key] for key in ("mean", "new") if key in cut}
    sds = of_cut.get("mean", [])[: len(fit["of_beta"])] or None
    assert worst(whole, fit["of_beta"], sds) <= EXACT
    assert exact.tau is not None
    assert worst(numbers(exact.tau), [fit["of_tau"]]) <= EXACT
    if fit["predict"]:
        for key, effects in (("mean", "mu_at"), ("new", "theta_new_at")):
            rows = [at[key] for at in fit["predict"]]
            assert worst(numbers(exact.effects[effects]), rows, of_cut.get(key)) <= EXACT
    assert exact.theta is not None
    np.testing.assert_allclose(exact.theta.mean()[0], fit["mean_of_theta"], rtol=1e-9)
    if fit["log_evidence"] is not None:
        assert exact.log_evidence == pytest.approx(fit["log_evidence"], abs=1e-10)


def spread(density: NormalMixture | Tabulated) -> np.ndarray:
    """Sds, or a quarter of the central interval where there are none."""
    ends = density.ppf(np.array([0.025, 0.975])).reshape(-1, 2)
    sd = density.sd().ravel()
    return np.where(np.isfinite(sd), sd, np.diff(ends)[:, 0] / 4)


@pytest.mark.parametrize("name", NAMES)
def test_r_bayesmeta_is_as_near_as_its_grid_allows(name: str) -> None:
    told = next(fit for fit in R["regressions"] if fit["name"] == name)
    exact = exact_of(name)
    limit = OF_R if told["tight"] else OF_R_DEFAULT
    assert exact.tau is not None
    assert exact.theta is not None
    printed = np.array(told["summary"], float)  # statistic, (tau, coefficient)
    column = 0
    for density, tolerance in ((exact.tau, TAU_OF_R), *((d, limit) for d in coefficients(exact))):
        lower, upper = (end.ravel() for end in density.interval(0.95, "hdi"))
        unit = spread(density)
        for row, values, far in (
            (1, density.ppf(np.array([0.5])).ravel(), tolerance),
            (2, density.mean().ravel(), tolerance),
            (3, density.sd().ravel(), tolerance),
            (4, lower, SHORTEST_OF_R),
            (5, upper, SHORTEST_OF_R),
        ):
            theirs = printed[row, column : column + unit.size]
            if not (row == 3 and column and name in CUT):
                assert (np.abs(values - theirs) <= far * unit).all(), (row, column)
        column += unit.size
    for key, effects in (("mean", "mu_at"), ("new", "theta_new_at")):
        if told["predict"]:
            density = exact.effects[effects]
            theirs = np.array([at[key] for at in told["predict"]])
            ours = density.ppf(np.array(R["probabilities"])).reshape(theirs.shape)
            assert (np.abs(ours - theirs) <= limit * spread(density)[:, None]).all()
    unit = spread(exact.theta)
    ours = exact.theta.ppf(np.array([0.5])).ravel()
    assert (np.abs(ours - told["shrinkage"]["median"]) <= limit * unit).all()
    assert (np.abs(exact.theta.mean()[0] - told["shrinkage"]["mean"]) <= limit * unit).all()


@pytest.mark.parametrize("name", CUT)
def test_r_cuts_a_heavy_tail_and_so_has_too_small_an_sd(name: str) -> None:
    """Six studies, flat priors of two means and of tau: its density falls as ``tau**-4``."""
    told = next(fit for fit in R["regressions"] if fit["name"] == name)
    exact = exact_of(name)
    (means,) = coefficients(exact)
    np.testing.assert_allclose(means.sd().ravel(), CUT[name]["mean"][:2], rtol=EXACT)
    short = 1 - np.array(told["summary"][3][1:]) / means.sd().ravel()
    assert (short > 5e-3).all()


def test_all_fits_are_compared() -> None:
    assert len(NAMES) == 13
    assert [fit["name"] for fit in R["regressions"]] == ALL
