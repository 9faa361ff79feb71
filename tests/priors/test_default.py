"""The priors where a spec names none."""

import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.priors import (
    flat_mu,
    unit_information_mu,
    unit_information_tau,
    weakly_informative_tau,
)

SIX_DIGITS_RTOL = 5e-6
"""A default is printed, and used, with six significant digits: half the last is at most this."""


def test_mu_is_normal_with_the_unit_information_sd():
    prior = unit_information_mu(4.0, "unit-information sd 4 of a log odds ratio")
    assert prior.expression == "Normal(mu=0, sigma=4)"
    assert prior.source == "default: unit-information sd 4 of a log odds ratio"


def test_mu_is_flat_where_there_is_no_null():
    assert flat_mu().expression == "Flat()"
    assert not flat_mu().proper


def test_tau_is_half_normal_with_the_scale_of_the_measure():
    prior = weakly_informative_tau(0.5)
    assert prior.expression == "HalfNormal(sigma=0.5)"
    assert prior.source.startswith("default: weakly informative, tau is below 0.98 with 95 %")
    assert prior.ppf(0.95) == pytest.approx(0.98, abs=0.005)
    assert "Röver et al. 2021" in prior.source


def test_tau_is_an_eighth_of_the_unit_information_sd_where_the_measure_has_no_scale():
    prior = unit_information_tau(24.0, "unit-information sd 24 of these data")
    assert prior.expression == "HalfNormal(sigma=3)"
    assert prior.source == "default: an eighth of the unit-information sd 24 of these data"


@pytest.mark.parametrize("sd", [1e-7, 0.123456789, 98.4875077862583, 3e9])
def test_defaults_follow_the_units_of_the_data(sd):
    mu, tau = unit_information_mu(sd, "known"), unit_information_tau(sd, "known")
    assert mu.arguments["sigma"] == pytest.approx(sd, rel=SIX_DIGITS_RTOL)
    assert tau.arguments["sigma"] == pytest.approx(sd / 8, rel=SIX_DIGITS_RTOL)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.code)
def test_log_ratios_share_the_defaults_of_the_log_odds_ratio(measure):
    if measure.scale.ratio:
        assert (measure.unit_information_sd, measure.tau_scale) == (4.0, 0.5)
        eighth = unit_information_tau(measure.unit_information_sd, "known")
        assert weakly_informative_tau(measure.tau_scale).arguments == eighth.arguments
