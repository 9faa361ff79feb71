"""NUTS against exact posteriors, against itself, and where it cannot do what is asked."""

import json
import os
from pathlib import Path
from typing import get_args

import arviz_stats as azs
import numpy as np
import pytest
import xarray as xr

from bayesmeta.engines import nuts
from bayesmeta.engines.nuts import SAMPLERS, fit_nuts
from bayesmeta.errors import EngineError, SpecError
from bayesmeta.model import Problem, build_model
from bayesmeta.priors import parse_prior
from bayesmeta.spec import Engine, build_spec

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "normal_normal.json").read_text(encoding="utf-8")
)

MONTE_CARLO_ERRORS = 4.0
"""A correct sampler is further from the truth than this in 6 of 100,000 comparisons."""

DRAWS = 5000
"""More than the default, so that the Monte Carlo error, and with it the limit, is better known."""

EVERY_RUN = {
    "Rubin1981 halfcauchy_0.5__mu_flat",
    "Crins2014_AR halfnormal_0.5__mu_flat",
    "Hinks2010 turner_mortality_pharma_placebo__mu_flat",
    "edge_identical halfnormal_0.5__mu_flat",
    "edge_outlier halfcauchy_0.5__mu_N(0,4)",
    "bangertdrowns2004 uniform_0_4__mu_flat",
    "edge_k1 halfnormal_0.5__mu_N(0,4)",
    "bcg_RR gamma_1.5_3__mu_flat",
}
"""The cases of every run, chosen to differ; ``pytest -m exhaustive`` runs the others."""


def problem_of(dataset: dict, *, mu: str, tau: str | None) -> Problem:
    priors = {"mu": parse_prior(mu)} | ({"tau": parse_prior(tau)} if tau else {})
    return Problem(
        study=tuple(f"study {i}" for i in range(len(dataset["effect"]))),
        effect=np.array(dataset["effect"]),
        std_error=np.array(dataset["std_error"]),
        likelihood="normal",
        heterogeneity="normal" if tau else "common",
        priors=priors,
    )


def monte_carlo_z(draws: xr.DataArray, exact: dict, tail_exponent: float) -> dict[str, float]:
    """How many Monte Carlo standard errors each estimate is from the exact number.

    Where the density falls as a power of tau, a mean has a Monte Carlo error only if the variance
    exists (exponent above 3), and an sd only if the fourth moment does (above 5).
    """
    values = draws.to_numpy()
    found = {
        "median": (np.median(values), azs.mcse(values, method="median")),
        "lower": (np.quantile(values, 0.025), azs.mcse(values, method="quantile", prob=0.025)),
        "upper": (np.quantile(values, 0.975), azs.mcse(values, method="quantile", prob=0.975)),
    }
    if tail_exponent > 3:
        found["mean"] = (values.mean(), azs.mcse(values, method="mean"))
    if tail_exponent > 5:
        found["sd"] = (values.std(ddof=1), azs.mcse(values, method="sd"))
    return {name: float((value - exact[name]) / error) for name, (value, error) in found.items()}


def cases() -> list:
    return [
        pytest.param(
            dataset,
            case,
            id=(name := f"{dataset['name']} {case['id']}"),
            marks=[] if name in EVERY_RUN else [pytest.mark.exhaustive],
        )
        for dataset in REFERENCE["datasets"]
        for case in dataset["fits"]
    ]


@pytest.mark.parametrize(("dataset", "case"), cases())
def test_agrees_with_the_exact_posterior(dataset: dict, case: dict) -> None:
    """Far off with one seed is looked at with another: an error of the sampler would be far twice.

    Of the 3,711 comparisons of all cases one is beyond the limit with the first seed (4.17, the
    sd of theta_new for three studies) and within it with the second; with the default 2,000 draws
    and seed three are (4.02 to 4.61, in tails).
    """
    problem = problem_of(dataset, mu=case["mu"], tau=case["tau"])
    for seed in (1, 2):
        posterior = fit_nuts(problem, Engine(draws=DRAWS, seed=seed))["posterior"]
        distances = {
            f"{statistic} of {name}": distance
            for name, exact in case["estimates"].items()
            for statistic, distance in monte_carlo_z(
                posterior[name], exact, case["tail_exponent"]
            ).items()
        }
        far = {what: z for what, z in distances.items() if abs(z) >= MONTE_CARLO_ERRORS}
        if not far:
            return
    pytest.fail(f"with two seeds: {far}")


def test_the_cases_of_every_run_exist() -> None:
    names = {f"{d['name']} {case['id']}" for d in REFERENCE["datasets"] for case in d["fits"]}
    assert names >= EVERY_RUN


@pytest.fixture(scope="module")
def schools() -> Problem:
    dataset = next(d for d in REFERENCE["datasets"] if d["name"] == "Rubin1981")
    return problem_of(dataset, mu="Normal(0, 20)", tau="HalfNormal(5)")


@pytest.fixture(scope="module")
def integrated(schools: Problem) -> xr.DataTree:
    return fit_nuts(schools, Engine())


def test_sampled_theta_agrees_with_integrated_theta(
    schools: Problem, integrated: xr.DataTree
) -> None:
    sampled = fit_nuts(schools, Engine(theta="sampled"))
    for name in ("mu", "tau", "theta_new", "theta"):
        for statistic in ("mean", "sd", "median"):
            one, other = (
                (
                    {"mean": draws.mean, "sd": draws.std, "median": draws.median}[statistic](
                        ("chain", "draw")
                    ),
                    azs.mcse(draws, method=statistic),
                )
                for draws in (integrated["posterior"][name], sampled["posterior"][name])
            )
            distance = (one[0] - other[0]) / np.hypot(one[1], other[1])
            assert float(abs(distance).max()) < MONTE_CARLO_ERRORS, f"{statistic} of {name}"


def test_same_seed_same_draws(schools: Problem, integrated: xr.DataTree) -> None:
    again = fit_nuts(schools, Engine())
    assert again["posterior"].to_dataset().equals(integrated["posterior"].to_dataset())
    other = fit_nuts(schools, Engine(seed=1))
    assert not np.array_equal(other["posterior"]["mu"], integrated["posterior"]["mu"])


def test_groups_and_dimensions(schools: Problem, integrated: xr.DataTree) -> None:
    assert set(integrated.children) == {
        "posterior",
        "sample_stats",
        "observed_data",
        "log_likelihood",
        "log_prior",
        "posterior_predictive",
        "prior",
    }
    posterior = integrated["posterior"].to_dataset()
    assert set(posterior.data_vars) == {"mu", "tau", "theta_new", "theta"}
    assert posterior["theta"].dims == ("chain", "draw", "study")
    assert posterior["study"].to_numpy().tolist() == list(schools.study)
    assert integrated["log_likelihood"]["effect"].dims == ("chain", "draw", "study")


def test_log_likelihood_is_that_of_pymc(schools: Problem, integrated: xr.DataTree) -> None:
    import pymc as pm

    few = xr.DataTree.from_dict(
        {"posterior": integrated["posterior"].to_dataset()[["mu", "tau"]].isel(draw=slice(5))}
    )
    with build_model(schools):
        pm.compute_log_likelihood(few, progressbar=False)
    ours = integrated["log_likelihood"]["effect"].isel(draw=slice(5))
    np.testing.assert_allclose(ours, few["log_likelihood"]["effect"], rtol=1e-12)


def test_common_effect_has_the_closed_form(schools: Problem) -> None:
    dataset = {"effect": schools.effect, "std_error": schools.std_error}
    tree = fit_nuts(problem_of(dataset, mu="Flat()", tau=None), Engine())
    assert set(tree["posterior"].data_vars) == {"mu"}
    assert "prior" not in tree.children
    weights = 1 / schools.std_error**2
    mean, sd = np.average(schools.effect, weights=weights), weights.sum() ** -0.5
    draws = tree["posterior"]["mu"].to_numpy()
    assert abs(draws.mean() - mean) < MONTE_CARLO_ERRORS * azs.mcse(draws, method="mean")
    assert abs(draws.std() - sd) < MONTE_CARLO_ERRORS * azs.mcse(draws, method="sd")


def test_samples_again_where_draws_are_few(schools: Problem) -> None:
    tree = fit_nuts(schools, Engine(chains=2, draws=100))
    assert tree["posterior"].sizes["draw"] == 200
    (message,) = tree.attrs["messages"]
    assert "effective sample size" in message
    assert "target_accept 0.99 and 200 draws" in message


@pytest.mark.parametrize("sampler", ["pymc", "numpyro", "blackjax"])
def test_other_samplers_agree(schools: Problem, integrated: xr.DataTree, sampler: str) -> None:
    if not os.environ.get("CI") and sampler != "pymc":
        pytest.importorskip(sampler)
    tree = fit_nuts(schools, Engine(sampler=sampler, draws=1000))
    for name in ("mu", "tau"):
        draws = [t["posterior"][name].to_numpy() for t in (integrated, tree)]
        error = np.hypot(*(azs.mcse(d, method="mean") for d in draws))
        assert abs(draws[0].mean() - draws[1].mean()) < MONTE_CARLO_ERRORS * error
        assert azs.rhat(draws[1]) < 1.02  # else the error above forgives anything
    assert "diverging" in tree["sample_stats"]


def test_samplers_are_those_of_the_spec() -> None:
    assert set(SAMPLERS) == set(get_args(Engine.model_fields["sampler"].annotation))
    with pytest.raises(SpecError, match="Did you mean 'nutpie'") as caught:
        build_spec({"measure": "OR", "sampler": "nutpy"})
    assert caught.value.key == "engine.sampler"


def test_sampler_that_is_not_installed(schools: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nuts.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install 'bayesmeta\[jax\]'"):
        fit_nuts(schools, Engine(sampler="numpyro"))
