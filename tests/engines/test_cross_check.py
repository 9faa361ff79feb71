"""Draws against exact densities, and what a fit says where they differ."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.engines.cross_check import cross_check
from bayesmeta.engines.quadrature import fit_quadrature
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.spec import Engine

FAR = 5.0
"""Monte Carlo standard errors: of the twelve numbers of a check, the largest of correct draws is
beyond once in 100,000 fits."""

EFFECT = np.array([0.1, 0.5, 1.1, 0.4])
STD_ERROR = np.array([0.2, 0.35, 0.3, 0.1])


def problem(
    mu: str = "Normal(0, 4)", tau: str | None = "HalfNormal(0.5)", count: int = 4
) -> Problem:
    priors = {"mu": parse_prior(mu)} | ({"tau": parse_prior(tau)} if tau else {})
    return Problem(
        study=tuple(f"study {i}" for i in range(count)),
        effect=EFFECT[:count],
        std_error=STD_ERROR[:count],
        likelihood="normal",
        heterogeneity="normal" if tau else "common",
        priors=priors,
    )


def draws(asked: Problem, seed: int = 1) -> xr.Dataset:
    """Independent draws by the other engine's own sampler: correct, whatever NUTS does."""
    return fit_quadrature(asked, Engine(seed=seed))["posterior"].to_dataset()


@pytest.mark.parametrize(
    ("mu", "tau"),
    [
        ("Normal(0, 4)", "HalfNormal(0.5)"),
        ("Flat()", "HalfCauchy(0.5)"),
        ("StudentT(4, 0, 1)", "LogNormal(-2, 0.7)"),
        ("Flat()", "Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(0.1), HalfNormal(1)])"),
        ("Flat()", None),
    ],
)
def test_right_draws_are_near(mu: str, tau: str | None) -> None:
    asked = problem(mu, tau)
    found = cross_check(asked, draws(asked))
    assert found is not None
    assert found["engine"] == "quadrature"
    assert found["max_difference_in_mcse"] < FAR


@pytest.mark.parametrize(
    ("name", "change", "quantity"),
    [
        ("mu", lambda x: x + 0.05, "of mu"),
        ("tau", lambda x: 1.1 * x, "of tau"),
        ("theta_new", lambda x: x - 0.1, "of theta_new"),
        ("mu", lambda x: x.mean() + 1.2 * (x - x.mean()), "% point of mu"),
    ],
)
def test_wrong_draws_are_far(name: str, change: object, quantity: str) -> None:
    asked = problem()
    wrong = draws(asked)
    wrong[name] = change(wrong[name])
    found = cross_check(asked, wrong)
    assert found["max_difference_in_mcse"] > FAR
    assert quantity in found["quantity"]


def test_draws_of_another_prior_are_far() -> None:
    found = cross_check(problem(), draws(problem(tau="HalfNormal(0.2)")))
    assert found["max_difference_in_mcse"] > FAR


def test_means_that_have_no_error_are_not_compared() -> None:
    """With three studies and improper priors no variance exists: only quantiles are compared."""
    asked = problem("Flat()", "HalfFlat()", count=3)
    wrong = draws(asked)
    wrong["mu"] = wrong["mu"].where(wrong["draw"] > 0, 1e9)
    found = cross_check(asked, wrong)
    assert found["max_difference_in_mcse"] < FAR
    assert "% point" in found["quantity"]


@pytest.mark.parametrize(
    "asked",
    [
        problem("Uniform(-5, 5)"),
        replace(problem(), likelihood="beta-binomial"),
        replace(problem(), heterogeneity="student-t"),
    ],
)
def test_nothing_where_quadrature_cannot(asked: Problem) -> None:
    assert cross_check(asked, draws(problem())) is None


def test_nuts_agrees(oa_pain: bm.Fit, odds_ratios: bm.Fit, common_effect: bm.Fit) -> None:
    for fit in (oa_pain, odds_ratios, common_effect):
        assert fit.record["cross_check"]["max_difference_in_mcse"] < FAR
        assert not any("differ" in warning for warning in fit.warnings)


def test_a_fit_says_where_the_engines_differ(oa_pain: bm.Fit) -> None:
    tree = oa_pain.tree.copy()
    check = {"engine": "quadrature", "max_difference_in_mcse": 12.34, "quantity": "mean of tau"}
    tree.attrs["bayesmeta"] = json.dumps(oa_pain.record | {"cross_check": check})
    (warning,) = set(bm.Fit(tree).warnings) - set(oa_pain.warnings)
    assert "differ in the mean of tau by 12.3 Monte Carlo standard errors" in warning
    assert 'engine = "quadrature"' in warning
