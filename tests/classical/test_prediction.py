"""Prediction intervals: what each takes, and where they do not exist."""

import numpy as np
import pytest
from scipy.special import stdtrit

from bayesmeta.classical.inverse_variance import hksj_std_error, inverse_variance
from bayesmeta.classical.prediction import PREDICTION_INTERVALS, prediction_interval

EFFECT = np.array([0.1, 0.8, -0.3, 0.5])
VARIANCE = np.array([0.05, 0.02, 0.04, 0.01])
CLOSED_FORM = 1e-9
"""Two ways to write the same closed form."""


def pooled_of(k, interval="Wald"):
    return inverse_variance(EFFECT[:k], VARIANCE[:k], tau2=0.1, interval=interval)


def prediction(k, kind, interval="Wald", level=0.95):
    pooled = pooled_of(k, interval)
    return prediction_interval(EFFECT[:k], VARIANCE[:k], pooled, kind=kind, level=level)


@pytest.mark.parametrize("kind", PREDICTION_INTERVALS)
def test_every_interval_says_what_it_is(kind):
    chosen = PREDICTION_INTERVALS[kind]
    assert chosen.label
    assert chosen.distribution
    assert chosen.reference
    lower, upper = prediction(4, kind)
    wider = prediction(4, kind, level=0.99)
    assert wider[0] < lower < pooled_of(4).estimate < upper < wider[1]


def test_partlett_and_riley_lose_one_more_degree_of_freedom_than_hartung_and_knapp():
    (_, hk), (_, pr) = prediction(4, "HK"), prediction(4, "HK-PR")
    centre = pooled_of(4).estimate
    assert (pr - centre) / stdtrit(2, 0.975) == pytest.approx(
        (hk - centre) / stdtrit(3, 0.975), rel=CLOSED_FORM
    )
    spread = np.sqrt(0.1 + hksj_std_error(EFFECT, VARIANCE, 0.1) ** 2)
    assert pr - centre == pytest.approx(stdtrit(2, 0.975) * spread, rel=CLOSED_FORM)


@pytest.mark.parametrize("kind", ["HTS", "V", "HK", "HK-PR", "S"])
def test_named_intervals_do_not_depend_on_the_test_of_the_pooled_effect(kind):
    assert prediction(4, kind, "HKSJ") == prediction(4, kind, "Wald")


@pytest.mark.parametrize(
    ("k", "missing"),
    [
        (1, {"HTS", "V", "HK", "HK-PR", "Riley"}),
        (2, {"HTS", "HK-PR", "Riley"}),
        (3, set()),
    ],
)
def test_too_few_studies(k, missing):
    found = {kind for kind in PREDICTION_INTERVALS if np.isnan(prediction(k, kind)).all()}
    assert found == missing


def test_an_unknown_interval_is_refused_by_name():
    with pytest.raises(ValueError, match="prediction interval 'hts'"):
        prediction(4, "hts")
