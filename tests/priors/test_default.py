"""The priors where a spec names none."""

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.priors import default_mu, default_tau

SIX_DIGITS_RTOL = 5e-6
"""A default is printed, and used, with six significant digits: half the last is at most this."""


def test_mu_is_normal_with_the_unit_information_sd():
    prior = default_mu((4.0, "unit-information sd 4 of a log odds ratio"))
    assert prior.expression == "Normal(mu=0, sigma=4)"
    assert prior.source == "default: unit-information sd 4 of a log odds ratio"


def test_tau_is_half_normal_with_the_scale_of_the_measure():
    prior = default_tau(0.5, (4.0, "known"))
    assert prior.expression == "HalfNormal(sigma=0.5)"
    assert prior.source.startswith("default: weakly informative, tau is below 1 with 95 %")
    assert "Röver et al. 2021" in prior.source


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.code)
def test_what_the_default_says_of_tau_is_true(measure):
    if measure.tau_scale is not None:
        assert default_tau(measure.tau_scale, None).ppf(0.95) < 1
        assert default_tau(measure.tau_scale, None).ppf(0.96) > 1


def test_tau_is_an_eighth_of_the_unit_information_sd_where_the_measure_has_no_scale():
    prior = default_tau(None, (24.0, "unit-information sd 24 of these data"))
    assert prior.expression == "HalfNormal(sigma=3)"
    assert prior.source == "default: an eighth of the unit-information sd 24 of these data"


@pytest.mark.parametrize("sd", [1e-7, 0.123456789, 98.4875077862583, 3e9])
def test_defaults_follow_the_units_of_the_data(sd):
    known = (sd, "known")
    assert default_mu(known).arguments["sigma"] == pytest.approx(sd, rel=SIX_DIGITS_RTOL)
    tau = default_tau(None, known).arguments["sigma"]
    assert tau == pytest.approx(sd / 8, rel=SIX_DIGITS_RTOL)


def test_both_defaults_agree_for_a_log_odds_ratio():
    odds_ratio = MEASURES["OR"]
    known = (odds_ratio.unit_information_sd, "known")
    own, eighth = default_tau(odds_ratio.tau_scale, known), default_tau(None, known)
    np.testing.assert_array_equal(own.ppf([0.1, 0.9]), eighth.ppf([0.1, 0.9]))


def test_tau_has_no_default_where_nothing_is_known():
    with pytest.raises(ValueError, match="neither a scale nor"):
        default_tau(None, None)
