"""Normal likelihood: each effect is normal around its true effect, its standard error known.

With true effects that are normal too, theta is integrated out exactly:
``effect ~ Normal(mu, std_error**2 + tau**2)``, and given mu and tau it is normal again (Gelman et
al. 2013, Bayesian Data Analysis, chapter 5).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.base import Likelihood, Profile, Variable
from bayesmeta.model.notation import Equation, normal, number
from bayesmeta.model.problem import Problem

__all__ = ["NORMAL"]

_LOG_2PI = float(np.log(2 * np.pi))


def _observe(
    problem: Problem, mean: Any, around: Sequence[tuple[Any, Any]], variable: Variable
) -> None:
    import pymc as pm

    sampling: Any = problem.std_error**2
    if problem.clusters is not None and (problem.rho or problem.shared_errors):
        rho = variable("rho") if problem.shared_errors else np.float64(problem.rho)
        standard = pm.Normal("standard_error", np.float64(0), np.float64(1), dims="cluster")
        shared = pm.math.sqrt(rho) * standard[problem.clusters.member]
        mean, sampling = mean + problem.std_error * shared, sampling * (1 - rho)
    if problem.covariance is not None:
        (_, variance), *_ = around
        covariance = problem.covariance + pm.math.eye(len(problem.study)) * variance
        pm.MvNormal("effect", mean, cov=covariance, observed=problem.effect, dims="study")
        return
    shares, variances = zip(*around, strict=True)
    sds = [pm.math.sqrt(sampling + variance) for variance in variances]
    if len(sds) == 1:
        pm.Normal("effect", mean, sds[0], observed=problem.effect, dims="study")
        return
    each = pm.math.zeros_like(sds[0])
    pm.NormalMixture(
        "effect",
        w=pm.math.stack([each + share for share in shares], axis=-1),
        mu=(each + mean)[:, None],
        sigma=pm.math.stack(sds, axis=-1),
        observed=problem.effect,
        dims="study",
    )


def _marginal(problem: Problem, mean: Floats, variance: Floats) -> Floats:
    total = problem.std_error**2 + variance
    return -0.5 * ((problem.effect - mean) ** 2 / total + np.log(total) + _LOG_2PI)


def _profile(problem: Problem, theta: Floats) -> Profile:
    apart = (problem.effect[:, None] - theta) / problem.std_error[:, None]
    log = -0.5 * (apart**2 + _LOG_2PI) - np.log(problem.std_error)[:, None]
    return Profile(log_likelihood=log)


def _draw_data(
    problem: Problem, rng: np.random.Generator, draws: xr.Dataset, theta: Floats
) -> Mapping[str, Floats]:
    return {"effect": rng.normal(theta, problem.std_error)}


def _draw_theta(
    problem: Problem, rng: np.random.Generator, mean: Floats, variance: Floats
) -> Floats:
    towards_mean = problem.std_error**2 / (problem.std_error**2 + variance)
    centre = problem.effect + towards_mean * (mean - problem.effect)
    return rng.normal(centre, np.sqrt(variance * towards_mean))


def _equations(problem: Problem, label: str) -> tuple[Equation, ...]:
    what = "result" if problem.clusters is not None else "study"
    if problem.covariance is not None:
        return (
            Equation(
                latex=r"\mathbf{y} \sim \mathrm{MvNormal}(\boldsymbol{\theta}, \mathbf{S})",
                meaning=f"the observed {label} of each {what}; S, taken as known, holds the "
                "squared standard errors and the covariances of rows that share a control arm",
            ),
        )
    lines = [
        Equation(
            latex=rf"y_i \sim {normal(r'\theta_i', 's_i^2')}",
            meaning=f"the observed {label} of {what} i, its standard error s taken as known",
        )
    ]
    if problem.correlated:
        rho = r"\rho" if problem.shared_errors else number(problem.rho or 0.0)
        lines.append(
            Equation(
                latex=rf"\mathrm{{cor}}(y_i, y_k \mid \theta_i, \theta_k) = {rho}",
                meaning="the sampling errors of results i and k of one study are correlated",
            )
        )
    return tuple(lines)


NORMAL = Likelihood(
    label="normal: effects are normal around the true effects, standard errors known",
    parameters=lambda problem: problem.shared_errors,
    observe=_observe,
    equations=_equations,
    profile=_profile,
    draw_data=_draw_data,
    rough=lambda problem: (problem.effect, problem.std_error),
    complete=lambda problem, rng, draws: draws,
    integrable=lambda problem: np.full(len(problem.study), True),
    marginal=_marginal,
    draw_theta=_draw_theta,
)
