"""Exact densities in a file, and fits by quadrature from the data to the report."""

import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.console import Console
from scipy import stats

import bayesmeta as bm
from bayesmeta.engines.quadrature import Posterior, integrate, solve
from bayesmeta.engines.quadrature.engine import densities
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.results.exact import ExactDensities, ExactISquared
from bayesmeta.results.export import summary_to_csv, summary_to_dict, summary_to_json
from bayesmeta.results.summary import COLUMNS
from bayesmeta.results.tables import fit_to_text

ROOT = Path(__file__).parents[2]

SAME = 1e-12
"""Relative: the same numbers, summed in another order."""

INTEGRAL = 1e-9
"""Of I², against an integral over the density of tau on a fine grid."""

KOLMOGOROV = 1e-4
"""A p-value that correct draws fall below once in 10,000 seeds; the seed is fixed."""

DRAWN = ("ess_bulk", "ess_tail", "rhat", "mcse_mean")
"""What only draws have."""

NAMES = ("pooled effect (mu)", "heterogeneity (tau)", "effect in new study")
"""What the estimates are called in the terminal."""

THREE = pd.DataFrame({"effect": [0.1, 0.5, 1.6], "std_error": [0.2, 0.35, 0.3]})
"""Three studies: with improper priors the posterior has no variance, and hardly a mean."""


@pytest.fixture(scope="module")
def exact() -> bm.Fit:
    return bm.fit(ROOT / "models" / "oa-pain.toml", engine="quadrature")


@pytest.fixture(scope="module")
def posterior(exact: bm.Fit) -> Posterior:
    """The same once more, from nothing but effects, standard errors and priors."""
    table = exact.table
    return integrate(
        table["effect"].to_numpy(),
        table["std_error"].to_numpy(),
        mu=exact.priors["mu"],
        tau=exact.priors["tau"],
    )


def problem(mu: str, tau: str | None) -> Problem:
    priors = {"mu": parse_prior(mu)}
    if tau is not None:
        priors["tau"] = parse_prior(tau)
    return Problem(
        study=("Ada", "Bo", "Cy"),
        effect=THREE["effect"].to_numpy(),
        std_error=THREE["std_error"].to_numpy(),
        likelihood="normal",
        heterogeneity="normal" if tau else "common",
        priors=priors,
    )


# --- in a file


@pytest.mark.parametrize(
    ("mu", "tau"),
    [
        ("Normal(0, 4)", "HalfNormal(0.5)"),
        ("Flat()", "HalfFlat()"),
        ("Flat()", "UniformSqrt()"),
        ("Cauchy(0, 1)", "Uniform(0, 2)"),
        ("Flat()", "Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(0.1), Uniform(0.5, 2)])"),
        ("Normal(0, 4)", None),
    ],
)
def test_densities_survive_a_file(mu: str, tau: str | None, tmp_path: Path) -> None:
    asked = problem(mu, tau)
    before = densities(solve(asked), asked)
    path = tmp_path / "exact.nc"
    before.to_dataset().to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as group:
        assert group["study"].to_numpy().tolist() == list(asked.study)
        after = ExactDensities.from_dataset(group.load())
    assert (after.log_evidence, after.error) == (before.log_evidence, before.error)
    probs = np.array([0.0, 0.01, 0.5, 0.99, 1.0])
    for name in ("mu", "tau", "theta_new", "theta"):
        one, other = getattr(before, name), getattr(after, name)
        assert (one is None) == (other is None)
        if one is None:
            continue
        for statistic in ("mean", "sd", "mode"):
            np.testing.assert_array_equal(getattr(one, statistic)(), getattr(other, statistic)())
        np.testing.assert_array_equal(one.ppf(probs), other.ppf(probs))
        np.testing.assert_array_equal(one.interval(0.8, "hdi"), other.interval(0.8, "hdi"))


def test_a_saved_fit_is_the_same(exact: bm.Fit, tmp_path: Path) -> None:
    again = bm.load(exact.save(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(again.estimates, exact.estimates)
    pd.testing.assert_frame_equal(
        again.summary(prob=0.8, kind="hdi"), exact.summary(prob=0.8, kind="hdi")
    )
    assert summary_to_dict(again) == summary_to_dict(exact)
    np.testing.assert_array_equal(again.weights, exact.weights)


# --- estimates


def test_estimates_are_those_of_the_densities(exact: bm.Fit, posterior: Posterior) -> None:
    estimates = exact.estimates
    assert tuple(estimates.columns) == COLUMNS
    assert estimates["name"].tolist()[:4] == ["mu", "tau", "theta_new", "I2"]
    probs = np.array([0.5, 0.025, 0.975])
    for name in ("mu", "tau", "theta_new", "theta"):
        rows, density = estimates[estimates["name"] == name], getattr(posterior, name)
        quantiles = density.ppf(probs).reshape(-1, 3)
        np.testing.assert_allclose(rows["mean"], density.mean().ravel(), rtol=SAME)
        np.testing.assert_allclose(rows["sd"], density.sd().ravel(), rtol=SAME)
        np.testing.assert_allclose(rows[["median", "lower", "upper"]], quantiles, rtol=1e-10)
        if name != "tau":
            limits = density.cdf(np.array([0.0, -0.5])).reshape(-1, 2)
            np.testing.assert_allclose(rows["prob_benefit"], limits[:, 0], rtol=1e-9)
            np.testing.assert_allclose(rows["prob_important"], limits[:, 1], rtol=1e-9)
    assert estimates["study"].tolist()[4:] == exact.table["study"].to_numpy().tolist()
    assert estimates[list(DRAWN)].isna().all(axis=None)


def test_shortest_intervals_are_shorter(exact: bm.Fit) -> None:
    shortest, central = exact.summary(kind="hdi"), exact.estimates
    assert (
        shortest["upper"] - shortest["lower"] <= central["upper"] - central["lower"] + 1e-9
    ).all()


def test_i_squared_is_the_integral_over_tau(exact: bm.Fit, posterior: Posterior) -> None:
    weights = 1 / exact.table["std_error"].to_numpy() ** 2
    typical = (weights.size - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum())
    points, parts = np.polynomial.legendre.leggauss(16)
    edges = np.concatenate([[0], np.geomspace(1e-4, 20, 200)])
    half = np.diff(edges)[:, None] / 2
    tau = (edges[:-1, None] + half * (1 + points)).ravel()
    mass = (half * parts).ravel() * posterior.tau.pdf(tau[None])[0]
    share = tau**2 / (tau**2 + typical)
    found = exact.estimate("I2")
    mean = (share * mass).sum()
    assert found["mean"] == pytest.approx(mean, abs=INTEGRAL)
    assert found["sd"] == pytest.approx(np.sqrt((mass * (share - mean) ** 2).sum()), abs=1e-7)
    tau_ends = posterior.tau.ppf(np.array([0.025, 0.975]))[0]
    ends = tau_ends**2 / (tau_ends**2 + typical)
    assert (found["lower"], found["upper"]) == pytest.approx(tuple(ends), rel=1e-9)


def test_i_squared_has_a_shortest_interval(posterior: Posterior) -> None:
    share = ExactISquared(tau=posterior.tau, variance=0.05)
    lower, upper = share.interval(0.9, "hdi")
    at = np.exp(share.log_density(np.array([lower, upper]).T)[0])
    assert at[0] == pytest.approx(at[1], rel=1e-4)
    central = share.interval(0.9)
    assert upper - lower < central[1] - central[0]


def test_draws_follow_the_densities(exact: bm.Fit) -> None:
    for name in ("mu", "tau", "theta_new"):
        draws = exact.posterior[name].to_numpy().ravel()
        density = getattr(exact.exact, name)
        shape = (1, -1) if name == "tau" else (1, 1, -1)
        below = density.cdf(draws.reshape(shape)).ravel()
        assert stats.kstest(below, "uniform").pvalue > KOLMOGOROV
    theta = exact.posterior["theta"].transpose("study", ...).to_numpy()
    below = exact.exact.theta.cdf(theta.reshape(1, theta.shape[0], -1))[0]
    for row in below:
        assert stats.kstest(row, "uniform").pvalue > KOLMOGOROV / len(below)


def test_weights_and_shrinkage_are_averages_over_tau(exact: bm.Fit, oa_pain: bm.Fit) -> None:
    """Within the Monte Carlo error of NUTS, whose draws are at least 400 independent ones."""
    assert float(exact.weights.sum()) == pytest.approx(100, rel=SAME)
    for name, spread in (("weights", 2.0), ("shrinkage", 0.1)):
        one, other = getattr(exact, name), getattr(oa_pain, name)
        assert float(abs(one - other).max()) < 4 * spread / np.sqrt(400)


def test_groups_and_diagnostics(exact: bm.Fit, oa_pain: bm.Fit) -> None:
    assert set(exact.tree.children) == {*oa_pain.tree.children, "quadrature"}
    found = exact.diagnostics
    assert found.verdict == "ok"
    assert found.last_change <= 1e-8
    assert found.messages == ()
    assert exact.record["cross_check"] is None
    assert set(exact.posterior.data_vars) == set(oa_pain.posterior.data_vars)
    assert exact.posterior.sizes == oa_pain.posterior.sizes


def test_nuts_and_quadrature_agree(exact: bm.Fit, oa_pain: bm.Fit) -> None:
    for name in ("mu", "tau", "theta_new", "I2"):
        one, other = exact.estimate(name), oa_pain.estimate(name)
        assert abs(one["mean"] - other["mean"]) < 5 * other["mcse_mean"]


# --- files and text


def test_json_has_no_monte_carlo_errors(exact: bm.Fit) -> None:
    summary = json.loads(summary_to_json(exact))
    assert summary["engine"] == "quadrature"
    for row in summary["estimates"]:
        assert [row[name] for name in DRAWN] == [None] * len(DRAWN)
    found = summary["diagnostics"]
    assert found["verdict"] == "ok"
    names = ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences", "bfmi_min")
    assert [found[name] for name in names] == [None] * len(names)
    assert 0 <= found["last_change"] <= 1e-8


def text_of(fit: bm.Fit) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(fit_to_text(fit))
    return console.export_text()


def test_table_says_that_there_is_no_monte_carlo_error(exact: bm.Fit) -> None:
    text = text_of(exact)
    assert "convergence: ok (quadrature" in text
    assert "no Monte Carlo error" in text
    assert "R-hat" not in text


@pytest.mark.parametrize("engine", ["quadrature", "nuts"])
def test_moments_that_do_not_exist(engine: str, tmp_path: Path) -> None:
    """Draws always have a mean and an sd; neither engine may show them."""
    fit = bm.fit(
        THREE, measure="GEN", mu="Flat()", tau="HalfFlat()", engine=engine, draws=500, chains=2
    )
    mu, tau = fit.estimate("mu"), fit.estimate("tau")
    assert mu["sd"] == tau["sd"] == tau["mean"] == math.inf
    assert math.isnan(mu["mean"])
    assert math.isfinite(mu["median"])
    summary = {row["name"]: row for row in json.loads(summary_to_json(fit))["estimates"]}
    assert summary["mu"]["sd"] == summary["tau"]["sd"] == summary["tau"]["mean"] == "Infinity"
    assert summary["theta_new"]["sd"] == "Infinity"
    assert summary["mu"]["mean"] is None
    rows = [line for line in text_of(fit).splitlines() if line.startswith(NAMES)]
    assert [row.count("∞") for row in rows] == [1, 2, 1]
    again = bm.load(fit.save(tmp_path / "fit.nc"))
    assert summary_to_dict(again) == summary_to_dict(fit)
    assert "inf" in summary_to_csv(fit)


def test_common_effect_is_exact() -> None:
    fit = bm.fit(THREE, measure="GEN", mu="Flat()", heterogeneity="common", engine="quadrature")
    weights = THREE["std_error"] ** -2.0
    mu = fit.estimate("mu")
    assert mu["mean"] == pytest.approx(np.average(THREE["effect"], weights=weights), rel=SAME)
    assert mu["sd"] == pytest.approx(weights.sum() ** -0.5, rel=SAME)
    assert set(fit.estimates["name"]) == {"mu"}
    assert fit.diagnostics.verdict == "ok"
    np.testing.assert_allclose(fit.weights, 100 * weights / weights.sum())


def test_one_study() -> None:
    """The posterior of tau is its prior, and there is no I²."""
    fit = bm.fit(THREE[:1], measure="GEN", mu="Flat()", tau="HalfNormal(0.5)", engine="quadrature")
    prior = stats.halfnorm(scale=0.5)
    tau = fit.estimate("tau")
    assert tau["mean"] == pytest.approx(prior.mean(), rel=1e-9)
    ends = tuple(prior.ppf([0.025, 0.975]))
    assert (tau["lower"], tau["upper"]) == pytest.approx(ends, rel=1e-8)
    assert "I2" not in set(fit.estimates["name"])


def test_quadrature_says_what_it_cannot_do() -> None:
    with pytest.raises(bm.EngineError, match='engine = "nuts"'):
        bm.fit(THREE, measure="GEN", mu="Uniform(-9, 9)", tau="HalfNormal(1)", engine="quadrature")
