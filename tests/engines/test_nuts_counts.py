"""NUTS on counts: against quadrature, and against JAGS where quadrature cannot."""

import numpy as np
import pytest
import xarray as xr

from bayesmeta.engines.cross_check import cross_check
from bayesmeta.engines.nuts import fit_nuts
from bayesmeta.engines.quadrature import fit_quadrature
from bayesmeta.engines.refit import refit
from bayesmeta.model import Problem
from bayesmeta.results import diagnose
from bayesmeta.spec import Engine
from tests.engines.counts import dataset, problem, reference

FAR = 4.0
"""Monte Carlo standard errors, of both samplers together where both sample."""

RUNS = reference("binomial_mcmc.json")["runs"]
SETTINGS = Engine()


def sampled(asked: Problem) -> xr.Dataset:
    tree = fit_nuts(asked, SETTINGS)
    posterior = tree["posterior"].to_dataset()
    found = diagnose(posterior, tree["sample_stats"].to_dataset())
    assert found.divergences == 0
    assert found.verdict == "ok", found.messages
    return posterior


def two_arms(data: dict, **changed: object) -> Problem:
    priors = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)", "alpha": "Normal(0, 10)"}
    return problem(data, priors, **changed)


ALL_ZERO = {
    "events_treatment": [0, 0, 0],
    "total_treatment": [12, 20, 30],
    "events_control": [0, 0, 0],
    "total_control": [12, 18, 31],
}
ONE_ARM = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(1)"}


@pytest.mark.parametrize(
    "asked",
    [
        two_arms(dataset("dat.bcg")),
        two_arms(dataset("dat.nissen2007_mi")),
        two_arms(dataset("dat.collins1985b"), contrast="treatment"),
        two_arms(dataset("dat.nielweise2008"), likelihood="poisson"),
        two_arms(ALL_ZERO),
        problem({"events": [0, 0], "total": [40, 9]}, ONE_ARM),
        problem(dataset("dat.pritz1997"), {"mu": "Normal(0, 2)"}),
    ],
    ids=["bcg", "nissen", "collins", "rates", "all zero", "one arm, all zero", "common"],
)
def test_agrees_with_quadrature(asked: Problem) -> None:
    found = cross_check(asked, sampled(asked))
    assert found is not None
    assert found["max_difference_in_mcse"] < FAR, found


OF_RUN = {
    "crins_t": {"heterogeneity": "student-t"},
    "crins_exchangeable": {"baseline": "exchangeable"},
    "beta_one": {"likelihood": "beta-binomial"},
    "beta_two": {"likelihood": "beta-binomial"},
    "poisson_one": {"likelihood": "poisson"},
}
THEIRS = {"m": "alpha_mean", "s": "alpha_sd"}


def of_run(name: str) -> Problem:
    run = RUNS[name]
    data = dict(dataset(run["data"]))
    if name == "poisson_one":
        data = {"events": data["events_control"], "time": data["time_control"]}
    priors = {THEIRS.get(key, key): text for key, text in run["priors"].items()}
    if name == "crins_exchangeable":
        priors.pop("alpha", None)
    return problem(data, priors, **OF_RUN[name])


@pytest.mark.parametrize("name", OF_RUN)
def test_agrees_with_jags_where_quadrature_cannot(name: str) -> None:
    import arviz_stats as azs

    posterior = sampled(of_run(name))
    for theirs, told in RUNS[name]["posterior"].items():
        draws = posterior[[THEIRS.get(theirs, theirs)]]
        key = next(iter(draws.data_vars))
        error = np.hypot(float(azs.mcse(draws, method="mean")[key]), told["mcse"]["mean"])
        assert abs(float(draws[key].mean()) - told["estimate"]["mean"]) < FAR * error, key
        for prob, end in ((0.025, "lower"), (0.975, "upper")):
            own = float(azs.mcse(draws, method="quantile", prob=prob)[key])
            error = np.hypot(own, told["mcse"][end])
            apart = float(draws[key].quantile(prob)) - told["estimate"][end]
            assert abs(apart) < FAR * error, (key, end)


@pytest.mark.parametrize(
    "asked",
    [two_arms(dataset("Crins2014_AR")), two_arms(dataset("Crins2014_AR"), baseline="exchangeable")],
    ids=["independent", "exchangeable"],
)
def test_the_log_likelihood_of_studies_has_their_effects_integrated_out(asked: Problem) -> None:
    """Against the mean over draws of the effects and baselines from their distribution."""
    if asked.baseline == "exchangeable":
        priors = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)"}
        priors |= {"alpha_mean": "Normal(0, 10)", "alpha_sd": "HalfNormal(2)"}
        asked = problem(dataset("Crins2014_AR"), priors, baseline="exchangeable")
    settings = Engine(draws=100, tune=200, chains=2)
    tree = fit_nuts(asked, settings)
    posterior = tree["posterior"].to_dataset()
    log = tree["log_likelihood"]["counts"].transpose("chain", "draw", "study").to_numpy()
    rng = np.random.default_rng(3)
    from scipy.stats import binom

    for draw in (0, 40):
        point = {name: float(posterior[name][0, draw]) for name in ("mu", "tau")}
        theta = rng.normal(point["mu"], point["tau"], 400_000)
        if asked.baseline == "exchangeable":
            mean, sd = (float(posterior[name][0, draw]) for name in ("alpha_mean", "alpha_sd"))
        else:
            mean, sd = 0.0, 10.0
        alpha = rng.normal(mean, sd, theta.size)
        for study in (0, 5):
            weight = np.ones(theta.size)
            for arm, share in (("treatment", 0.5), ("control", -0.5)):
                risk = 1 / (1 + np.exp(-(alpha + share * theta)))
                events, total = (asked.counts[f"{n}_{arm}"][study] for n in ("events", "total"))
                weight *= binom.pmf(events, total, risk)
            error = weight.std() / np.sqrt(weight.size) / weight.mean()
            assert abs(np.log(weight.mean()) - log[0, draw, study]) < 5 * error


def test_compiled_models_take_other_counts() -> None:
    """Refits with other priors and numbers are what fits of their own are."""
    base = two_arms(dataset("Crins2014_AR"))
    others = [two_arms(ALL_ZERO), base]
    for asked, (posterior, diagnostics) in zip(others, refit(others, SETTINGS), strict=True):
        assert diagnostics.verdict == "ok"
        found = cross_check(asked, posterior)
        assert found is not None
        assert found["max_difference_in_mcse"] < FAR + 1, found


def test_both_engines_write_the_same_variables() -> None:
    asked = two_arms(dataset("Crins2014_AR"))
    trees = [fit(asked, Engine(draws=200, tune=200)) for fit in (fit_nuts, fit_quadrature)]
    names = [
        {name: set(tree[name].to_dataset().data_vars) for name in tree.children} for tree in trees
    ]
    names[1].pop("quadrature")
    names[0].pop("sample_stats")
    names[1].pop("sample_stats")
    assert names[0] == names[1]
    counts = trees[1]["posterior_predictive"]["events_treatment"].to_numpy()
    assert ((counts >= 0) & (counts <= asked.counts["total_treatment"])).all()
