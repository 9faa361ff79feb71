"""Counts in one arm or two: how the linear predictors of the arms follow from the true effect.

Two arms: ``alpha + theta / 2`` and ``alpha - theta / 2`` with a baseline alpha midway between them
(Smith, Spiegelhalter & Thomas 1995, Stat Med 14:2685), or ``alpha + theta`` and ``alpha`` with that
of the control arm. One arm: theta itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.problem import Problem

__all__ = ["ARMS", "Arm", "CountFamily", "arms_of"]

ARMS = ("treatment", "control")


@dataclass(frozen=True, kw_only=True)
class CountFamily:
    """A distribution of the events of an arm given its linear predictor eta.

    Attributes
    ----------
    size : str
        The column of what the events are out of: ``total`` or ``time``.
    log_density : callable
        Log probability of events, out of a size, at eta.
    mean, variance : callable
        Of the events out of a size, at eta: the derivatives of the log density need no more.
    level : callable
        The risk or rate at eta.
    draw : callable
        Draws of events from a random generator, a size and eta.
    variable : callable
        Adds the observed PyMC variable: name, size, eta, events.
    rough : callable
        Estimate of eta and its variance from events out of a size, both after what is added.
    at_end : callable
        Where the events allow any eta, however high, of a size.
    """

    size: str
    log_density: Callable[[Floats, Floats, Floats], Floats]
    mean: Callable[[Floats, Floats], Floats]
    variance: Callable[[Floats, Floats], Floats]
    level: Callable[[Floats], Floats]
    draw: Callable[[np.random.Generator, Floats, Floats], Floats]
    variable: Callable[[str, Floats, Any, Floats], Any]
    rough: Callable[[Floats, Floats, Floats | float], tuple[Floats, Floats]]
    at_end: Callable[[Floats, Floats], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """The counts of one arm of all studies, and the share of theta in its linear predictor."""

    name: str
    events: Floats
    size: Floats
    share: float


def arms_of(problem: Problem, family: CountFamily) -> list[Arm]:
    """The arms of a problem: treatment and control, or one."""
    if not problem.two_arms:
        counts = problem.counts
        (share,) = problem.shares
        return [Arm(name="events", events=counts["events"], size=counts[family.size], share=share)]
    return [
        Arm(
            name=f"events_{arm}",
            events=problem.counts[f"events_{arm}"],
            size=problem.counts[f"{family.size}_{arm}"],
            share=share,
        )
        for arm, share in zip(ARMS, problem.shares, strict=True)
    ]
