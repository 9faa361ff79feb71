"""Binomial likelihood with logit link: events out of participants, no correction of empty cells."""

from typing import Any

import numpy as np
from scipy.special import expit, gammaln

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import CountFamily
from bayesmeta.model.likelihoods.counts import likelihood_of_counts

__all__ = ["BINOMIAL", "FAMILY", "log_choose"]


def log_choose(events: Floats, total: Floats) -> Floats:
    """Log of the number of ways to choose the events out of all."""
    log: Floats = gammaln(total + 1) - gammaln(events + 1) - gammaln(total - events + 1)
    return log


def _log_density(events: Floats, total: Floats, eta: Floats) -> Floats:
    log: Floats = log_choose(events, total) + events * eta - total * np.logaddexp(0, eta)
    return log


def _variance(total: Floats, eta: Floats) -> Floats:
    variance: Floats = total * expit(eta) * expit(-eta)
    return variance


def _variable(name: str, total: Floats, eta: Any, events: Floats) -> Any:
    import pymc as pm

    return pm.Binomial(name, n=total, logit_p=eta, observed=events, dims="study")


def _rough(events: Floats, total: Floats, added: Floats | float) -> tuple[Floats, Floats]:
    some, none = events + added, total - events + added
    return np.log(some / none), 1 / some + 1 / none


FAMILY = CountFamily(
    size="total",
    latex=r"\mathrm{{Binomial}}(n_{{{a}}}, p_{{{a}}})",
    link=r"\mathrm{{logit}}(p_{{{a}}})",
    words="y events of n participants, with risk p",
    log_density=_log_density,
    mean=lambda total, eta: total * expit(eta),
    variance=_variance,
    level=expit,
    draw=lambda rng, total, eta: rng.binomial(total.astype(int), expit(eta)).astype(float),
    variable=_variable,
    rough=_rough,
    at_end=lambda events, total: events == total,
)

BINOMIAL = likelihood_of_counts(
    FAMILY,
    label="binomial: events of each arm, logit link; no correction, studies without events stay in",
    measures=("OR", "PLO"),
)
