"""Pooling where it is awkward: one study, studies that are all the same, unknown names."""

import numpy as np
import pytest

from bayesmeta.classical.heterogeneity import heterogeneity
from bayesmeta.classical.inverse_variance import inverse_variance
from bayesmeta.classical.peto import peto
from bayesmeta.typical_variance import typical_variance

CLOSED_FORM = 1e-12
"""The same few operations in another order."""

EFFECT = np.array([0.1, 0.8, -0.3, 0.5])
VARIANCE = np.array([0.05, 0.02, 0.04, 0.01])


def test_one_study_is_its_own_result():
    pooled = inverse_variance(np.array([0.4]), np.array([0.04]), tau2=0)
    assert [pooled.estimate, pooled.std_error] == pytest.approx([0.4, 0.2], rel=CLOSED_FORM)
    assert pooled.weights == [100]
    spread = pooled.heterogeneity
    assert (spread.q, spread.df, spread.p_value, spread.i2, spread.h2) == (0, 0, 1, 0, 1)


@pytest.mark.parametrize("interval", ["t", "HKSJ", "HKSJ-truncated"])
def test_the_t_interval_of_one_study_does_not_exist(interval):
    pooled = inverse_variance(np.array([0.4]), np.array([0.04]), interval=interval)
    assert np.isnan([pooled.lower, pooled.upper, pooled.p_value]).all()


def test_estimates_that_are_all_the_same():
    same, variance = np.full(3, 0.5), np.full(3, 0.25)
    pooled = inverse_variance(same, variance, interval="HKSJ")
    assert (pooled.lower, pooled.upper, pooled.p_value) == (0.5, 0.5, 0)
    truncated = inverse_variance(same, variance, interval="HKSJ-truncated")
    assert truncated.std_error == inverse_variance(same, variance).std_error
    nothing = inverse_variance(np.zeros(3), variance, interval="HKSJ")
    assert np.isnan(nothing.p_value)


@pytest.mark.parametrize("interval", ["Wald", "t", "HKSJ", "HKSJ-truncated"])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_an_interval_excludes_what_the_test_rejects(interval, level):
    plain = inverse_variance(EFFECT, VARIANCE, tau2=0.1, interval=interval, level=level)
    # Moved so that one end lies at 0, where the p-value is one less the level.
    moved = inverse_variance(
        EFFECT - plain.lower, VARIANCE, tau2=0.1, interval=interval, level=level
    )
    assert moved.p_value == pytest.approx(1 - level, rel=1e-9)
    assert moved.weights.sum() == pytest.approx(100, rel=CLOSED_FORM)


def test_i2_from_tau2_takes_the_typical_variance():
    found = heterogeneity(EFFECT, VARIANCE, tau2=0.1, i2_from_tau2=True)
    assert found.i2 == pytest.approx(0.1 / (0.1 + typical_variance(VARIANCE)), rel=CLOSED_FORM)
    from_q = heterogeneity(EFFECT, VARIANCE, tau2=0.1)
    assert from_q.i2 == pytest.approx((from_q.q - 3) / from_q.q, rel=CLOSED_FORM)


def test_log_rank_results_pool_as_their_ratios():
    o_minus_e, variance = np.array([-3.0, 2.0, -8.0]), np.array([4.0, 9.0, 16.0])
    pooled = peto(o_minus_e, variance)
    assert pooled.estimate == pytest.approx(-9 / 29, rel=CLOSED_FORM)
    assert pooled.std_error == pytest.approx(29**-0.5, rel=CLOSED_FORM)


def test_an_unknown_interval_is_refused_by_name():
    with pytest.raises(ValueError, match="interval 'hksj' of a pooled effect"):
        inverse_variance(EFFECT, VARIANCE, interval="hksj")
