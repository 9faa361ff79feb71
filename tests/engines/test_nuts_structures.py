"""NUTS on designs, three levels and correlated errors: against quadrature, exact numbers, JAGS."""

from functools import cache

import arviz_stats as azs
import numpy as np
import pytest
import xarray as xr

from bayesmeta.engines.cross_check import cross_check
from bayesmeta.engines.nuts import fit_nuts
from bayesmeta.model import Design, Groups, Problem
from bayesmeta.model.design import CONTRAST
from bayesmeta.priors import parse_prior
from bayesmeta.results import diagnose
from bayesmeta.spec import Engine
from tests.engines.counts import problem as problem_of_counts
from tests.engines.structures import REFERENCE, case, problem_of_case, reference

FAR = 4.0
"""Monte Carlo standard errors, of both samplers together where both sample."""

JAGS = reference("structures_jags.json")
DRAWS = 3000

CHECKED = {
    "exchangeable_bcg": True,
    "independent_bcg": False,
    "regression_alloc_bcg": True,
    "nested_rho_assink": False,
    "nested_konstantopoulos": False,
    "random_walk_oa_pain": True,
    "covariance_berkey": False,
    "covariance_assink": False,
    "exchangeable_oa_pain": False,
    "exchangeable_common_oa_pain": False,
    "exchangeable_common_bcg": False,
    "independent_oa_pain": False,
    "regression_bcg": False,
    "regression_alloc_narrow_bcg": False,
    "free_times_oa_pain": False,
    "linear_times_oa_pain": False,
}
"""What quadrature does, and whether every run looks at it; ``pytest -m exhaustive`` at all."""

EXACT = {
    "separate_bcg": True,
    "nested_rho_prior_assink": False,
    "random_walk_nested_oa_pain": False,
}
"""What quadrature cannot do, against the independent quadrature of the reference."""

RUNS = {
    "separate_bcg": False,
    "student_oa_pain": False,
    "mixture_oa_pain": True,
    "binomial_two_arm_ibd": True,
    "binomial_one_arm_ssc": False,
    "nested_rho_prior_assink": False,
    "random_walk_nested_oa_pain": False,
}
"""Runs of JAGS. Those called check_ are of models that quadrature does: they checked JAGS."""

THEIRS = {"mu_new_subgroup": "mu_new", "theta_new_of_new_subgroup": "theta_new_overall"}
NOT_OURS = ("cluster",)
PROBS = {2: 0.025, 3: 0.1, 4: 0.5, 5: 0.9, 6: 0.975}


def cases(names: dict[str, bool]) -> list:
    return [
        pytest.param(name, marks=[] if every_run else [pytest.mark.exhaustive])
        for name, every_run in names.items()
    ]


def problem_of(name: str) -> Problem:
    """Of a case of the exact reference, or of a run of JAGS."""
    if name not in RUNS or name in EXACT:
        return problem_of_case(name)
    run = JAGS["runs"][name]
    priors = {key: text.partition(", nu")[0] for key, text in run["priors"].items()}
    if name.startswith("binomial"):
        data = JAGS["data"][run["data"]]
        groups = Groups.of(data["tissue_source"])
        means = "exchangeable" if "omega" in priors else "independent"
        design = Design(matrix=np.zeros((len(data["study"]), 0)), subgroups=groups, means=means)
        return problem_of_counts(data, priors, design=design)
    data = REFERENCE["data"][run["data"]]
    return Problem(
        study=tuple(f"study {i}" for i in range(len(data["effect"]))),
        effect=np.array(data["effect"]),
        std_error=np.sqrt(data["variance"]),
        likelihood="normal",
        heterogeneity="student-t" if "nu" in priors else "mixture",
        nu=None,
        priors={key: parse_prior(text, parameter=key) for key, text in priors.items()},
    )


@cache
def posterior_of(name: str, seed: int) -> xr.Dataset:
    tree = fit_nuts(problem_of(name), Engine(draws=DRAWS, seed=seed))
    posterior = tree["posterior"].to_dataset()
    found = diagnose(posterior, tree["sample_stats"].to_dataset())
    assert found.verdict == "ok", found.messages
    return cut(posterior) if name == "student_oa_pain" else posterior


def cut(posterior: xr.Dataset) -> xr.Dataset:
    """The draws with nu from 1, as JAGS has it: as many of each chain as the shortest has."""
    kept = [np.flatnonzero(nu >= 1) for nu in posterior["nu"].transpose("chain", "draw").to_numpy()]
    shortest = min(rows.size for rows in kept)
    chains = [
        posterior.isel(chain=[chain], draw=rows[:shortest]).assign_coords(draw=np.arange(shortest))
        for chain, rows in enumerate(kept)
    ]
    return xr.concat(chains, dim="chain")


def draws_of(posterior: xr.Dataset, name: str) -> np.ndarray | None:
    """What the references call by a name (chain, draw); None for what we have not."""
    kind, _, label = name.partition("[")
    kind, label = THEIRS.get(kind, kind), label.removesuffix("]")
    if kind.startswith(NOT_OURS):
        return None
    if not label:
        return posterior[kind].to_numpy()
    values = posterior[kind].transpose("chain", "draw", ...)
    if kind == "contrast":
        b, a = label.split(" - ")
        return values.sel(pair=f"{b}{CONTRAST}{a}").to_numpy()
    return values.sel({values.dims[2]: label}).to_numpy()


def distances(draws: np.ndarray, right: list, errors: list) -> list[float]:
    """Of the mean and quantiles, in Monte Carlo standard errors; none of a mean that is not."""
    found = []
    if right[0] is not None:
        own = azs.mcse(draws, method="mean")
        found.append((draws.mean() - right[0]) / np.hypot(own, errors[0]))
    for place, prob in PROBS.items():
        own = azs.mcse(draws, method="quantile", prob=prob)
        found.append((np.quantile(draws, prob) - right[place]) / np.hypot(own, errors[place]))
    return [abs(float(z)) for z in found]


def compare(name: str, right: dict, errors: dict, theta: list, theta_errors: list) -> None:
    """Far off with one seed is looked at with another: an error would be far off twice."""
    far: dict[str, float] = {}
    for seed in (1, 2):
        posterior = posterior_of(name, seed)
        found = {}
        for key, numbers in right.items():
            draws = draws_of(posterior, key)
            if draws is not None:
                found[key] = max(distances(draws, numbers, errors[key]))
        each = posterior["theta"].transpose("chain", "draw", "study").to_numpy()
        for i, numbers in enumerate(theta):
            found[f"theta {i}"] = max(distances(each[..., i], numbers, theta_errors[i]))
        far = {key: z for key, z in found.items() if not z < FAR}
        if not far:
            return
    pytest.fail(f"with two seeds: {far}")


@pytest.mark.parametrize("name", cases(CHECKED))
def test_agrees_with_quadrature(name: str) -> None:
    problem = problem_of(name)
    found = None
    for seed in (1, 2):
        found = cross_check(problem, posterior_of(name, seed))
        assert found is not None
        if found["max_difference_in_mcse"] < FAR:
            return
    pytest.fail(f"with two seeds: {found}")


@pytest.mark.parametrize("name", cases(EXACT))
def test_agrees_with_exact_numbers_where_quadrature_cannot(name: str) -> None:
    entry = case(name)
    none = {key: [0.0] * 7 for key in entry["estimates"]}
    compare(name, entry["estimates"], none, entry["theta"], [[0.0] * 7] * len(entry["theta"]))


@pytest.mark.parametrize("name", cases(RUNS))
def test_agrees_with_jags(name: str) -> None:
    run = JAGS["runs"][name]
    compare(name, run["estimates"], run["mcse"], run["theta"], run["theta_mcse"])


def test_probabilities_of_outliers_are_those_of_jags() -> None:
    told = JAGS["runs"]["mixture_oa_pain"]["probability"]
    outlier = posterior_of("mixture_oa_pain", 1)["outlier"].transpose("chain", "draw", "study")
    for i, values in enumerate(np.moveaxis(outlier.to_numpy(), -1, 0)):
        error = np.hypot(azs.mcse(values, method="mean"), told["mcse"][i])
        assert abs(values.mean() - told["mean"][i]) < FAR * error, i


def test_nothing_is_left_out() -> None:
    names = {entry["name"] for entry in REFERENCE["cases"]}
    assert names == {*CHECKED, *EXACT}
    assert {name for name in JAGS["runs"] if not name.startswith("check_")} == set(RUNS)
