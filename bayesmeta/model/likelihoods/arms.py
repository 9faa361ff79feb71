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
from bayesmeta.model.notation import Equation
from bayesmeta.model.problem import Problem

__all__ = ["ARMS", "Arm", "CountFamily", "arms_of", "linear_predictors"]

ARMS = ("treatment", "control")


@dataclass(frozen=True, kw_only=True)
class CountFamily:
    """A distribution of the events of an arm given its linear predictor eta.

    Attributes
    ----------
    size : str
        The column of what the events are out of: ``total`` or ``time``.
    latex, link : str
        The distribution of the events of an arm with index ``{a}`` as LaTeX, and what is linear
        in the true effect.
    words : str
        What the letters in these are.
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
    latex: str
    link: str
    words: str
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


def linear_predictors(problem: Problem, link: str, alpha: str) -> list[Equation]:
    """The lines that say how the arms follow from the true effect.

    Parameters
    ----------
    problem
        The numbers and priors.
    link
        What is linear in the true effect, of an arm with index ``{a}``.
    alpha
        The baseline.
    """
    if not problem.two_arms:
        latex = rf"{link.format(a='i')} = \theta_i"
        return [Equation(latex=latex, meaning="its true effect is theta")]
    half = problem.contrast == "half"
    where = "midway between the arms" if half else "that of the control arm"
    treatment, control = (link.format(a=rf"i, \text{{{arm}}}") for arm in "TC")
    own = (r" + \theta_i / 2", r" - \theta_i / 2") if half else (r" + \theta_i", "")
    return [
        Equation(
            latex=rf"{treatment} = {alpha}{own[0]}",
            meaning=f"treatment: the true effect theta above the baseline alpha, {where}",
        ),
        Equation(latex=rf"{control} = {alpha}{own[1]}", meaning="control"),
    ]
