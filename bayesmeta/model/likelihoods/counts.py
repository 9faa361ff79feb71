"""The likelihood of counts in one arm or two, whatever their family of distributions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import CountFamily, arms_of, linear_predictors
from bayesmeta.model.likelihoods.base import Likelihood, Variable
from bayesmeta.model.likelihoods.baselines import draw_baselines, profile_of
from bayesmeta.model.likelihoods.exchangeable import log_density_of_exchangeable
from bayesmeta.model.notation import Equation, normal, symbol_of
from bayesmeta.model.problem import Problem

__all__ = ["likelihood_of_counts"]

_EMPTY = 0.5
"""What is added to the cells of a study with an empty one, for rough estimates alone."""


def likelihood_of_counts(
    family: CountFamily, *, label: str, measures: tuple[str, ...]
) -> Likelihood:
    """The likelihood of counts of one arm or two with a family of distributions.

    Parameters
    ----------
    family
        The family.
    label, measures
        See `Likelihood`.
    """

    def observe(problem: Problem, theta: Any, around: Any, variable: Variable) -> None:
        alpha = _baselines(problem, variable) if problem.two_arms else 0.0
        for arm in arms_of(problem, family):
            family.variable(arm.name, arm.size, alpha + arm.share * theta, arm.events)

    def draw_data(
        problem: Problem, rng: np.random.Generator, draws: xr.Dataset, theta: Floats
    ) -> Mapping[str, Floats]:
        alpha: Floats = np.zeros(1)
        if problem.two_arms:
            alpha = draws["alpha"].transpose("chain", "draw", "study").to_numpy()
        return {
            arm.name: family.draw(rng, arm.size, alpha + arm.share * theta)
            for arm in arms_of(problem, family)
        }

    def rough(problem: Problem) -> tuple[Floats, Floats]:
        arms = arms_of(problem, family)
        empty = np.logical_or.reduce(
            [(arm.events == 0) | family.at_end(arm.events, arm.size) for arm in arms]
        )
        found = [family.rough(arm.events, arm.size, _EMPTY * empty) for arm in arms]
        effect = found[0][0] - (found[1][0] if problem.two_arms else 0.0)
        return effect, np.sqrt(sum(variance for _, variance in found))

    def complete(problem: Problem, rng: np.random.Generator, draws: xr.Dataset) -> xr.Dataset:
        if not problem.two_arms or "alpha" in draws:
            return draws
        theta = draws["theta"].transpose("chain", "draw", "study").to_numpy()
        alpha = draw_baselines(problem, family, rng, theta)
        return draws.assign(alpha=(("chain", "draw", "study"), alpha))

    def integrable(problem: Problem) -> np.ndarray:
        if problem.two_arms and problem.contrast == "half":
            return np.full(len(problem.study), True)  # the prior of the baselines ends it
        treated = arms_of(problem, family)[0]
        between: np.ndarray = (treated.events > 0) & ~family.at_end(treated.events, treated.size)
        return between

    return Likelihood(
        label=label,
        measures=measures,
        parameters=_parameters,
        observe=observe,
        equations=lambda problem, label: _equations(problem, family, label),
        profile=lambda problem, theta: profile_of(problem, family, theta),
        log_density=lambda problem, draws: log_density_of_exchangeable(problem, family, draws),
        draw_data=draw_data,
        rough=rough,
        complete=complete,
        integrable=integrable,
    )


def _equations(problem: Problem, family: CountFamily, label: str) -> tuple[Equation, ...]:
    """How the counts arise from the true effects, and how the baselines vary."""
    arm, of = ("ia", "arm a of study i") if problem.two_arms else ("i", "study i")
    lines = [
        Equation(
            latex=rf"y_{{{arm}}} \sim {family.latex.format(a=arm)}",
            meaning=f"the counts of {of}: {family.words}; its {label} is theta",
        ),
        *linear_predictors(problem, family.link, r"\alpha_i"),
    ]
    if problem.two_arms and problem.baseline == "exchangeable":
        varying = normal(symbol_of("alpha_mean"), f"{symbol_of('alpha_sd')}^2")
        lines.append(
            Equation(latex=rf"\alpha_i \sim {varying}", meaning="the baselines inform each other")
        )
    return tuple(lines)


def _parameters(problem: Problem) -> tuple[str, ...]:
    if not problem.two_arms:
        return ()
    return ("alpha",) if problem.baseline == "independent" else ("alpha_mean", "alpha_sd")


def _baselines(problem: Problem, variable: Variable) -> Any:
    """The baselines of the studies: each with its prior, or from one normal distribution."""
    import pymc as pm

    if problem.baseline == "independent":
        return variable("alpha", dims="study")
    standard = pm.Normal("standard_baseline", np.float64(0), np.float64(1), dims="study")
    alpha = variable("alpha_mean") + variable("alpha_sd") * standard
    return pm.Deterministic("alpha", alpha, dims="study")
