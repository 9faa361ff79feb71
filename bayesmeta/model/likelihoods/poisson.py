"""Poisson likelihood with log link: events over person-time."""

from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import CountFamily
from bayesmeta.model.likelihoods.counts import likelihood_of_counts

__all__ = ["POISSON"]


_MOST_EXPECTED = 1e15
"""Expected events above which none are drawn: a count would be no 64-bit integer."""


def _log_density(events: Floats, time: Floats, eta: Floats) -> Floats:
    with np.errstate(over="ignore"):
        expected = time * np.exp(eta)
    log: Floats = events * eta + xlogy(events, time) - expected - gammaln(events + 1)
    return log


def _level(eta: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.exp(eta)


def _variable(name: str, time: Floats, eta: Any, events: Floats) -> Any:
    import pymc as pm

    return pm.Poisson(name, mu=time * pm.math.exp(eta), observed=events, dims="study")


def _rough(events: Floats, time: Floats, added: Floats | float) -> tuple[Floats, Floats]:
    return np.log((events + added) / time), 1 / (events + added)


_FAMILY = CountFamily(
    size="time",
    latex=r"\mathrm{{Poisson}}(E_{{{a}}} \, \lambda_{{{a}}})",
    link=r"\log \lambda_{{{a}}}",
    words="y events in the person-time E, with rate lambda",
    log_density=_log_density,
    mean=lambda time, eta: time * _level(eta),
    variance=lambda time, eta: time * _level(eta),
    level=_level,
    draw=lambda rng, time, eta: rng.poisson(np.minimum(time * _level(eta), _MOST_EXPECTED)).astype(
        float
    ),
    variable=_variable,
    rough=_rough,
    at_end=lambda events, time: np.full(np.shape(events), False),
)

POISSON = likelihood_of_counts(
    _FAMILY,
    label="Poisson: events over person-time of each arm, log link",
    measures=("IRR", "IRLN"),
)
