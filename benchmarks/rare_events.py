"""Scenarios of trials with few events, and data sets simulated from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit, logit

__all__ = ["MAIN", "SCENARIOS", "DataSets", "Prior", "Scenario", "simulate", "simulate_from_priors"]

Array = np.ndarray


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What the trials of a data set are like.

    Attributes
    ----------
    risk : float
        Of the control arm of every trial.
    per_arm : int
        Participants of each arm.
    log_or, tau : float
        Mean and standard deviation of the true log odds ratios.
    k : int
        How many trials.
    """

    risk: float
    per_arm: int
    log_or: float = 0.0
    tau: float = 0.0
    k: int = 6


MAIN = (Scenario(risk=0.01, per_arm=30), Scenario(risk=0.01, per_arm=30, tau=0.3))
"""Those that the criterion is for, without and with true effects that vary."""

SCENARIOS = tuple(
    Scenario(risk=risk, per_arm=per_arm, log_or=log_or, tau=tau)
    for risk in (0.01, 0.05, 0.1)
    for per_arm in (30, 100)
    for log_or in (0.0, float(np.log(2)))
    for tau in (0.0, 0.3)
)
"""All of them, from the rarest events to the most frequent."""


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What the parameters of data sets are drawn from.

    Attributes
    ----------
    mu_sd, tau_scale : float
        Of a normal distribution around 0, and of a half-normal one.
    alpha : (float, float) or None
        Mean and sd of the baselines, midway between the arms on the logit scale; None where the
        control arms have the risk that follows.
    risk : float
        Of the control arms.
    """

    mu_sd: float
    tau_scale: float = 0.5
    alpha: tuple[float, float] | None = None
    risk: float = 0.01


@dataclass(frozen=True, kw_only=True)
class DataSets:
    """Many data sets of trials of one size.

    Attributes
    ----------
    treatment, control : array (set, study)
        Events.
    per_arm : int
        Participants of each arm.
    mu, tau, theta_new : array (set,)
        The truth; that of a further trial.
    """

    treatment: Array
    control: Array
    per_arm: int
    mu: Array
    tau: Array
    theta_new: Array

    @property
    def events(self) -> Array:
        """All events of each set."""
        return (self.treatment + self.control).sum(1)

    def some(self, chosen: Array) -> Self:
        """Those data sets that are chosen."""
        return type(self)(
            treatment=self.treatment[chosen],
            control=self.control[chosen],
            per_arm=self.per_arm,
            mu=self.mu[chosen],
            tau=self.tau[chosen],
            theta_new=self.theta_new[chosen],
        )

    def distinct(self) -> tuple[Self, Array]:
        """Each different data set once, whatever the order of its studies, and where each is."""
        table = np.sort(self.treatment * (self.per_arm + 1) + self.control, 1)
        _, first, place = np.unique(table, axis=0, return_index=True, return_inverse=True)
        return self.some(first), place.ravel()


def simulate(scenario: Scenario, count: int, seed: Sequence[int]) -> DataSets:
    """Data sets of a scenario."""
    rng = np.random.default_rng(seed)
    mu, tau = np.full(count, scenario.log_or), np.full(count, scenario.tau)
    control = np.full((count, scenario.k), logit(scenario.risk))
    return _drawn(rng, mu, tau, control, share=0.0, per_arm=scenario.per_arm)


def simulate_from_priors(prior: Prior, count: int, seed: Sequence[int]) -> DataSets:
    """Data sets of six trials with 30 participants an arm, whose truth is drawn from priors."""
    rng = np.random.default_rng(seed)
    mu = rng.normal(0, prior.mu_sd, count)
    tau = np.abs(rng.normal(0, prior.tau_scale, count))
    shape = (count, 6)
    if prior.alpha is None:
        return _drawn(rng, mu, tau, np.full(shape, logit(prior.risk)), share=0.0, per_arm=30)
    return _drawn(rng, mu, tau, rng.normal(*prior.alpha, shape), share=0.5, per_arm=30)


def _drawn(
    rng: np.random.Generator, mu: Array, tau: Array, alpha: Array, *, share: float, per_arm: int
) -> DataSets:
    """Counts, given baselines that lie this share of the effect above the control arm's logit."""
    theta = mu[:, None] + tau[:, None] * rng.standard_normal(alpha.shape)
    control = alpha - share * theta
    return DataSets(
        treatment=rng.binomial(per_arm, expit(control + theta)),
        control=rng.binomial(per_arm, expit(control)),
        per_arm=per_arm,
        mu=mu,
        tau=tau,
        theta_new=mu + tau * rng.standard_normal(mu.size),
    )
