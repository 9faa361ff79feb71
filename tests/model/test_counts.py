"""Counts: what the likelihoods are given, what they refuse, what they integrate."""

from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import betabinom, binom, norm, poisson

import bayesmeta as bm
from bayesmeta.errors import DataError, SpecError
from bayesmeta.model import LIKELIHOODS, Problem, effect_nodes, moments_of
from bayesmeta.priors import parse_prior
from tests.engines.counts import problem

PRIORS = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)", "alpha": "Normal(-1, 2)"}
TWO = {
    "events_treatment": [0, 3, 7, 0],
    "total_treatment": [20, 25, 7, 12],
    "events_control": [4, 5, 2, 0],
    "total_control": [22, 24, 9, 11],
}
RATES = {
    "events_treatment": [0, 3],
    "time_treatment": [20.5, 25],
    "events_control": [4, 5],
    "time_control": [22, 24.25],
}
INTEGRAL = 1e-10
"""Relative: against adaptive integration to 1e-12."""


def frame(**columns: list) -> pd.DataFrame:
    table = pd.DataFrame({**TWO, **columns})
    return table.assign(study=[f"S{i}" for i in range(len(table))])


@pytest.mark.parametrize("contrast", ["half", "treatment"])
@pytest.mark.parametrize("likelihood", ["binomial", "poisson"])
def test_a_profile_is_an_integral_over_the_baseline(likelihood: str, contrast: str) -> None:
    data = TWO if likelihood == "binomial" else RATES
    asked = problem(data, PRIORS, likelihood=likelihood, contrast=contrast)
    theta = np.array([-6.0, -0.7, 0.0, 2.5])
    found = LIKELIHOODS[likelihood].profile(asked, theta)
    shares = {"half": (0.5, -0.5), "treatment": (1.0, 0.0)}[contrast]
    for study, (point, effect) in product(range(len(asked.study)), enumerate(theta)):
        arms = [
            (share * effect, asked.counts[f"events_{arm}"][study], size_of(asked, arm, study))
            for arm, share in zip(("treatment", "control"), shares, strict=True)
        ]
        density = partial(density_of_baseline, likelihood, arms)

        def level(alpha: float, offset: float = arms[1][0], density: object = density) -> float:
            eta = alpha + offset
            mean = 1 / (1 + np.exp(-eta)) if likelihood == "binomial" else np.exp(eta)
            return float(mean * density(alpha))

        rule = {"points": [-8, -4, -2, 0, 2, 4], "epsabs": 0, "epsrel": 1e-12, "limit": 400}
        right = quad(density, -20, 15, **rule)[0]
        assert np.exp(found.log_likelihood[study, point]) == pytest.approx(right, rel=INTEGRAL)
        mean = quad(level, -20, 15, **rule)[0] / right
        assert found.control[study, point] == pytest.approx(mean, rel=INTEGRAL)


def size_of(asked: Problem, arm: str, study: int) -> float:
    name = "total" if f"total_{arm}" in asked.counts else "time"
    return float(asked.counts[f"{name}_{arm}"][study])


def density_of_baseline(likelihood: str, arms: list, alpha: float) -> float:
    total = norm.pdf(alpha, -1, 2)
    for offset, events, size in arms:
        eta = alpha + offset
        if likelihood == "binomial":
            total *= binom.pmf(events, size, 1 / (1 + np.exp(-eta)))
        else:
            total *= poisson.pmf(events, size * np.exp(eta))
    return float(total)


def test_the_beta_binomial_density_is_scipys() -> None:
    import xarray as xr

    asked = problem(
        {"events": [0, 3, 9], "total": [10, 12, 9]},
        {"mu": "Logistic(0, 1)", "rho": "Uniform(0, 1)"},
        likelihood="beta-binomial",
    )
    draws = xr.Dataset({"mu": (("chain", "draw"), [[-1.0]]), "rho": (("chain", "draw"), [[0.2]])})
    found = LIKELIHOODS["beta-binomial"].log_density(asked, draws)[0, 0]
    risk, size = 1 / (1 + np.e), 0.8 / 0.2
    right = betabinom.logpmf([0, 3, 9], [10, 12, 9], risk * size, (1 - risk) * size)
    assert found == pytest.approx(right, rel=1e-12)


def test_the_density_of_exchangeable_baselines_is_a_double_integral() -> None:
    import xarray as xr

    priors = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)"}
    priors |= {"alpha_mean": "Normal(0, 10)", "alpha_sd": "HalfNormal(2)"}
    asked = problem(TWO, priors, baseline="exchangeable")
    point = {"mu": 0.4, "tau": 0.7, "alpha_mean": -1.2, "alpha_sd": 0.8}
    draws = xr.Dataset({name: (("chain", "draw"), [[x]]) for name, x in point.items()})
    found = LIKELIHOODS["binomial"].log_density(asked, draws)[0, 0]

    def density(theta: float, alpha: float, study: int) -> float:
        total = norm.pdf(alpha, -1.2, 0.8) * norm.pdf(theta, 0.4, 0.7)
        for arm, share in (("treatment", 0.5), ("control", -0.5)):
            risk = 1 / (1 + np.exp(-(alpha + share * theta)))
            total *= binom.pmf(TWO[f"events_{arm}"][study], TWO[f"total_{arm}"][study], risk)
        return float(total)

    for study in (0, 3):
        right = dblquad(density, -9, 6, -6, 7, args=(study,), epsabs=1e-13, epsrel=1e-9)[0]
        assert found[study] == pytest.approx(np.log(right), abs=1e-5)


def test_studies_without_events_stay_in_and_unknown_counts_do_not() -> None:
    counts = frame(events_treatment=[0, None, 7, 0])
    fit = bm.fit(counts, measure="OR", likelihood="binomial", engine="quadrature")
    assert list(fit.problem.study) == ["S0", "S2", "S3"]
    assert fit.record["excluded"] == [{"study": "S1", "reason": "missing: events_treatment"}]
    assert fit.record["corrections"] == []
    assert np.isnan(fit.table["effect"].to_numpy()).tolist() == [False, False, True]
    assert fit.weights.to_numpy()[2] == 0
    assert fit.shrinkage.to_numpy()[2] == pytest.approx(1)


@pytest.mark.parametrize(
    ("changed", "error", "message", "hint"),
    [
        ({"measure": "RR"}, SpecError, "not one of the measure RR", 'measure = "OR"'),
        ({"measure": "MD"}, SpecError, "not one of the measure MD", "OR and PLO"),
        ({"likelihood": "poisson"}, SpecError, "poisson likelihood", "IRR and IRLN"),
        (
            {"likelihood": "beta-binomial", "heterogeneity": "normal"},
            SpecError,
            "variation between",
            '"common"',
        ),
        (
            {"baseline": "exchangeable", "heterogeneity": "student-t"},
            SpecError,
            "exchangeable baselines",
            "independent",
        ),
        ({"mu": "Flat()"}, SpecError, "is improper", "proper prior"),
        ({"tau": "HalfFlat()"}, SpecError, "is improper", "proper prior"),
        ({"alpha": "LogT(5)"}, SpecError, "baselines", "normal one"),
        ({"alpha": "StudentT(4, 0, 2)"}, SpecError, "baselines", "normal one"),
        ({"control_risk": 20}, SpecError, "between 0 and 1", "0.02"),
        (
            {"alpha_sd": "Normal(0, 1)", "baseline": "exchangeable"},
            SpecError,
            "cannot be below 0",
            "HalfNormal",
        ),
        (
            {"rho": "Normal(0, 1)", "likelihood": "beta-binomial", "heterogeneity": "common"},
            SpecError,
            "from 0 to 1",
            "Beta",
        ),
        ({"likelihood": "binomal"}, SpecError, "unknown likelihood", "binomial"),
    ],
)
def test_what_cannot_be_is_refused(
    changed: dict, error: type[Exception], message: str, hint: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        bm.check(frame(), **({"measure": "OR", "likelihood": "binomial"} | changed))
    assert hint in raised.value.hint


def test_counts_are_whole_numbers() -> None:
    with pytest.raises(DataError, match=r"2\.5 is not a whole number") as raised:
        bm.check(frame(events_control=[4, 2.5, 2, 0]), measure="OR", likelihood="binomial")
    assert raised.value.study == "S1"
    assert raised.value.column == "events_control"


def test_estimates_alone_are_not_enough() -> None:
    table = pd.DataFrame({"study": ["A", "B"], "effect": [0.1, 0.2], "std_error": [0.2, 0.3]})
    with pytest.raises(SpecError, match="no column for events_treatment"):
        bm.check(table, measure="OR", likelihood="binomial", scale="analysis")


def test_moments_follow_from_studies_that_bound_the_effect() -> None:
    """One arm without events says nothing of how low the logit may be."""
    priors = {"mu": "Normal(0, 1)", "tau": "HalfCauchy(1)"}
    none = problem({"events": [0, 0, 0], "total": [9, 9, 9]}, priors)
    some = problem({"events": [1, 2, 3], "total": [9, 9, 9]}, priors)
    assert moments_of(none) == {"mu": 2, "tau": 0, "theta_new": 0}
    assert moments_of(some) == {"mu": 2, "tau": 2, "theta_new": 2}
    cauchy = problem({"events": [0], "total": [9]}, {"mu": "Cauchy(0, 1)"})
    assert moments_of(cauchy) == {"mu": 0, "tau": 2, "theta_new": 0}
    heavy = problem({"events": [1, 2, 3], "total": [9, 9, 9]}, priors, heterogeneity="student-t")
    assert moments_of(heavy)["theta_new"] == 2
    assert (
        moments_of(
            problem(TWO, PRIORS | {"tau": "HalfNormal(1)"}, heterogeneity="student-t", nu=1.5)
        )["theta_new"]
        == 1
    )


def test_nodes_resolve_every_study() -> None:
    asked = problem(
        {"events": [500, 2], "total": [100_000, 30]},
        {"mu": "Normal(0, 4)", "tau": "HalfNormal(1)"},
    )
    line = effect_nodes([asked], 50.0)
    effect, error = LIKELIHOODS["binomial"].rough(asked)
    assert (line.spacing(effect) <= 0.5001 * error).all()
    assert line.points[0] < -300
    assert line.points[-1] > 300


def test_default_priors_of_counts() -> None:
    one = pd.DataFrame({"study": ["A", "B"], "events": [0, 1], "total": [9, 12], "time": [3, 4.5]})
    risks = bm.check(one, measure="PLO", likelihood="binomial").problem.priors
    assert [risks[name].expression for name in ("mu", "tau")] == [
        parse_prior("Logistic(0, 1)").expression,
        "HalfNormal(sigma=1)",
    ]
    rates = bm.check(one, measure="IRLN", likelihood="poisson").problem.priors
    assert rates["mu"].expression == "Normal(mu=0, sigma=10)"
    two = bm.check(frame(), measure="OR", likelihood="binomial").problem.priors
    assert two["alpha"].expression == "Normal(mu=0, sigma=10)"
    assert "Günhan" in two["alpha"].source


@pytest.mark.parametrize(
    ("options", "unused"),
    [
        ({"rho": "Uniform(0, 1)", "nu": 4}, "the prior of rho, nu"),
        ({"new_total": 50}, "new_total"),
        ({"alpha": "Normal(0, 5)", "control_risk": 0.2}, ""),
        ({"alpha_mean": "Normal(0, 5)", "contrast": "treatment"}, "the prior of alpha_mean"),
        (
            {"likelihood": "normal", "control_risk": 0.2, "contrast": "half"},
            "control_risk, contrast",
        ),
        ({"heterogeneity": "common", "tau": "HalfNormal(1)"}, "the prior of tau"),
    ],
)
def test_what_the_model_has_no_use_for_is_said(options: dict, unused: str) -> None:
    ready = bm.check(frame(), **({"measure": "OR", "likelihood": "binomial"} | options))
    said = [text for text in ready.table.attrs["warnings"] if "Not used" in text]
    assert said == ([f"Not used by this model: {unused}."] if unused else [])
