"""Beta-binomial likelihood: the risks of a kind of arm vary between studies as a beta distribution.

A sensitivity analysis for rare events (Kuss 2015, Stat Med 34:1097): one mean risk for all control
arms and one for all treatment arms, whose log odds ratio is mu, and an intraclass correlation rho
in the place of tau. It pools arms, not differences within studies.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import betaln, expit

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import arms_of, linear_predictors
from bayesmeta.model.likelihoods.base import Likelihood, Variable
from bayesmeta.model.likelihoods.binomial import BINOMIAL, FAMILY, log_choose
from bayesmeta.model.means import study_means
from bayesmeta.model.notation import Equation
from bayesmeta.model.problem import Problem

__all__ = ["BETA_BINOMIAL"]


def _parameters(problem: Problem) -> tuple[str, ...]:
    return ("alpha", "rho") if problem.two_arms else ("rho",)


def _observe(problem: Problem, theta: Any, around: Any, variable: Variable) -> None:
    import pymc as pm

    rho = variable("rho")
    alpha = variable("alpha") if problem.two_arms else 0.0
    for arm in arms_of(problem, FAMILY):
        risk, size = pm.math.sigmoid(alpha + arm.share * theta), (1 - rho) / rho
        pm.BetaBinomial(
            arm.name,
            n=arm.size,
            alpha=risk * size,
            beta=(1 - risk) * size,
            observed=arm.events,
            dims="study",
        )


def _shapes(problem: Problem, draws: xr.Dataset, share: float) -> tuple[Floats, Floats]:
    """The two shapes of the beta distribution of an arm (chain, draw, study)."""
    alpha = draws["alpha"].to_numpy()[..., None] if "alpha" in draws else 0.0
    risk = expit(alpha + share * study_means(problem, draws))
    size = 1 / draws["rho"].to_numpy()[..., None] - 1
    return risk * size, (1 - risk) * size


def _log_density(problem: Problem, draws: xr.Dataset) -> Floats:
    log = np.zeros((*draws["rho"].shape, len(problem.study)))
    for arm in arms_of(problem, FAMILY):
        one, other = _shapes(problem, draws, arm.share)
        events, rest = arm.events, arm.size - arm.events
        log += log_choose(events, arm.size) + betaln(events + one, rest + other)
        log -= betaln(one, other)
    return log


def _draw_data(
    problem: Problem, rng: np.random.Generator, draws: xr.Dataset, theta: Floats
) -> Mapping[str, Floats]:
    found = {}
    for arm in arms_of(problem, FAMILY):
        one, other = (
            np.broadcast_to(each, theta.shape) for each in _shapes(problem, draws, arm.share)
        )
        risk = rng.beta(np.maximum(one, 1e-9), np.maximum(other, 1e-9))
        found[arm.name] = rng.binomial(arm.size.astype(int), risk).astype(float)
    return found


def _equations(problem: Problem, label: str) -> tuple[Equation, ...]:
    arm, of = ("ia", "arm a of study i") if problem.two_arms else ("i", "study i")
    risk = f"p_{{{arm}}}"
    return (
        Equation(
            latex=rf"y_{{{arm}}} \sim \mathrm{{BetaBinomial}}"
            rf"(n_{{{arm}}}, {risk} \kappa, (1 - {risk}) \kappa)",
            meaning=f"the counts of {of}: y events of n participants, whose risk varies around p; "
            f"its {label} is theta",
        ),
        Equation(
            latex=r"\kappa = (1 - \rho) / \rho",
            meaning="rho is the intraclass correlation of the risks, in the place of tau",
        ),
        *linear_predictors(problem, FAMILY.link, r"\alpha"),
    )


BETA_BINOMIAL = Likelihood(
    label="beta-binomial: risks of arms vary between studies by rho, which takes the place of tau",
    measures=BINOMIAL.measures,
    heterogeneities=("common",),
    parameters=_parameters,
    observe=_observe,
    equations=_equations,
    profile=None,
    log_density=_log_density,
    draw_data=_draw_data,
    rough=BINOMIAL.rough,
    complete=lambda problem, rng, draws: draws,
    integrable=BINOMIAL.integrable,
)
