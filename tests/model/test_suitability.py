"""Priors that do not suit an analysis: no posterior, another scale, and doubts that travel."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import PriorError, SpecError

IMPROPER = {
    "HalfFlat()": {"flat": 3, "proper": 2},
    "UniformSqrt()": {"flat": 2, "proper": 1},
    "Jeffreys()": {"flat": 2, "proper": 1},
    "BergerDeely()": {"flat": 2, "proper": 1},
    "OverallJeffreys()": {"flat": 1, "proper": 1},
}
"""The fewest studies under a flat and under a proper prior of mu: the density of tau at infinity is
that of the prior times ``tau**-(k - 1)`` and ``tau**-k`` (for the flat and Jeffreys' prior: Röver
2020, J Stat Softw 93(6); for the others by the same count)."""

PROPER = ("HalfNormal(1)", "LogT(5)", "DuMouchel()", "Conventional()", "UniformShrinkage()")
MU = {"flat": "Flat()", "proper": "Normal(0, 1)"}


def studies(k, **columns):
    effect = np.linspace(-0.1, 0.4, k)
    return pd.DataFrame({"effect": effect, "std_error": np.linspace(0.1, 0.3, k), **columns})


def check(k, measure="GEN", **options):
    return bm.check(studies(k), measure=measure, scale="analysis", **options)


@pytest.mark.parametrize("mu", MU)
@pytest.mark.parametrize("tau", IMPROPER)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_an_improper_prior_needs_studies(k, tau, mu):
    fewest = IMPROPER[tau][mu]
    if k >= fewest:
        assert check(k, tau=tau, mu=MU[mu]).problem.priors["tau"].expression == tau
        return
    with pytest.raises(SpecError, match="the posterior does not exist") as raised:
        check(k, tau=tau, mu=MU[mu])
    assert raised.value.key == "priors.tau"
    assert f"at least {fewest} studies" in raised.value.hint


@pytest.mark.parametrize("mu", MU.values())
@pytest.mark.parametrize("tau", PROPER)
def test_a_proper_prior_is_fine_with_one_study(tau, mu):
    assert check(1, tau=tau, mu=mu).problem.priors["tau"].proper


def test_a_uniform_share_of_variance_needs_two_studies():
    with pytest.raises(PriorError, match="needs at least 2 studies") as raised:
        check(1, tau="UniformI2()", mu="Normal(0, 1)")
    assert raised.value.key == "priors.tau"


def test_a_prior_that_depends_on_the_data_is_given_them():
    prior = check(3, tau="Jeffreys()", mu="Normal(0, 1)").problem.priors["tau"]
    np.testing.assert_allclose(prior.data["std_error"], [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("measure", "tau"),
    [
        ("OR", "Turner2015()"),
        ("PETO", "Turner2012()"),
        ("SMD", "Rhodes2015()"),
        ("SMDH", "Bartos2021()"),
        ("RD", "Bartos2023()"),
    ],
)
def test_a_prior_that_was_made_for_the_measure(measure, tau):
    assert check(3, measure, tau=tau, mu="Normal(0, 1)").problem.priors["tau"].warnings == ()


@pytest.mark.parametrize(
    ("measure", "tau", "doubt"),
    [
        ("RR", "Turner2015()", "also log ratios, but not of the same size"),
        ("IRR", "Bartos2023(measure='HR')", "also log ratios"),
        ("SMCC", "Rhodes2015()", "also standardised differences"),
        ("GEN", "Rhodes2015()", "cannot be checked"),
    ],
)
def test_a_prior_of_another_measure_on_the_same_scale_is_warned_of(measure, tau, doubt):
    (warning,) = check(3, measure, tau=tau, mu="Normal(0, 1)").problem.priors["tau"].warnings
    assert doubt in warning
    assert tau[:10] in warning


@pytest.mark.parametrize(
    ("measure", "tau"),
    [
        ("MD", "Turner2015()"),
        ("SMD", "Turner2015()"),
        ("RD", "Turner2015()"),
        ("OR", "Rhodes2015()"),
        ("MD", "Bartos2021()"),
        ("OR", "Bartos2023(measure='RD')"),
    ],
)
def test_a_prior_for_another_scale_is_refused(measure, tau):
    with pytest.raises(PriorError, match="was made for") as raised:
        check(3, measure, tau=tau, mu="Normal(0, 1)")
    assert raised.value.key == "priors.tau"
    assert f"list priors --for {measure}" in raised.value.hint


def test_a_prior_of_mu_is_looked_up_as_one_of_mu():
    priors = check(3, "OR", tau="Bartos2023(subfield='Heart')", mu="Bartos2023()").problem.priors
    assert priors["mu"].family.name == "StudentT"
    assert priors["tau"].family.name == "InverseGamma"
    with pytest.raises(PriorError, match="has priors of tau, not of mu") as raised:
        check(3, "OR", mu="Turner2015()")
    assert raised.value.key == "priors.mu"


def test_doubts_and_priors_are_in_a_saved_fit(tmp_path):
    tau = "Rhodes2015(outcome='mental health', comparison='non-pharmacological')"
    fit = bm.fit(
        studies(3), measure="SMDH", tau=tau, mu="Robust(Bartos2021())", engine="quadrature"
    )
    again = bm.load(fit.save(tmp_path / "fit.nc"))
    assert any("may be a misprint" in warning for warning in again.warnings)
    assert again.priors["mu"].components[1][1].expression == "Normal(mu=0, sigma=4)"
    assert again.priors["tau"].family.name == "LogT"


def test_a_saved_fit_has_the_prior_of_its_studies(tmp_path):
    fit = bm.fit(
        studies(3), measure="GEN", tau="DuMouchel()", mu="Normal(0, 1)", engine="quadrature"
    )
    again = bm.load(fit.save(tmp_path / "fit.nc")).priors["tau"]
    assert again.ppf(0.5) == pytest.approx(np.mean(np.array([0.1, 0.2, 0.3]) ** -2.0) ** -0.5)
