"""Robust random effects: the true effects have a t distribution around mu with scale tau.

Studies that do not resemble the rest pull less on mu (Lee & Thompson 2008, Stat Med 27:418).
"""

from typing import Any

import numpy as np

from bayesmeta.model.heterogeneity.base import Components, Heterogeneity, Parameters
from bayesmeta.model.notation import Symbol, number
from bayesmeta.model.problem import Problem

__all__ = ["STUDENT_T"]

_NEGLIGIBLE = 30.0
"""Log of the smallest share that counts: 1e-10."""

_STEP = (8.0, 0.85)
"""Steps of the log variance are ``1 / sqrt(8 + 0.85 * nu)``: with many degrees of freedom its
density is narrow, and the step follows its width."""


def _nu(problem: Problem, parameters: Parameters) -> Any:
    return parameters["nu"] if problem.nu is None else np.float64(problem.nu)


def _effects(problem: Problem, mean: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.StudentT(
        "standard_effect",
        nu=_nu(problem, parameters),
        mu=np.float64(0),
        sigma=np.float64(1),
        dims="study",
    )
    return pm.Deterministic("theta", mean + parameters["tau"] * standard, dims="study")


def _components(problem: Problem, parameters: Parameters) -> Components:
    """The precision of the components has a gamma distribution.

    Its integral over the logarithm of the variance is summed at equal steps, which converges
    geometrically.
    """
    nu = np.asarray(_nu(problem, parameters), float)
    nu = nu.reshape(nu.shape or (1,) * np.ndim(parameters["tau"]))
    far = 2 * _NEGLIGIBLE / nu  # log_variance + exp(-log_variance) is as far above 1 at the ends
    low, high = -np.log(far + 2), far + np.minimum(np.sqrt(2 * far), 1)
    nodes = int(np.ceil(((high - low) * np.sqrt(_STEP[0] + _STEP[1] * nu)).max())) + 1
    log_variance = np.linspace(low, high, nodes)
    log_weight = -nu / 2 * (log_variance + np.exp(-log_variance))
    weights = np.exp(log_weight - log_weight.max(0))
    shares = weights / weights.sum(0)
    variances = parameters["tau"] ** 2 * np.exp(log_variance)
    return list(zip(shares, variances, strict=True))


def _latex(problem: Problem, mean: str, symbol: Symbol, added: str) -> str:
    nu = symbol("nu") if problem.nu is None else number(problem.nu)
    return rf"\mathrm{{StudentT}}({nu}, {mean}, {symbol('tau')})"


STUDENT_T = Heterogeneity(
    label="robust random effects: true effects have a t distribution around mu with scale tau",
    parameters=lambda problem: ("tau",) if problem.nu is not None else ("tau", "nu"),
    components=_components,
    closed=False,
    effects=_effects,
    deviations=lambda problem, rng, parameters, shape: (
        parameters["tau"] * rng.standard_t(np.broadcast_to(_nu(problem, parameters), shape))
    ),
    latex=_latex,
    tau="the scale of the t distribution of the true effects",
)
