"""Robust random effects: a share of the studies are outliers, whose effects vary more.

Their standard deviation is ``sqrt(tau**2 + tau_outlier**2)`` (Beath 2014, Res Synth Methods 5:285).
"""

from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.heterogeneity.base import Components, Heterogeneity, Parameters
from bayesmeta.model.notation import Symbol, normal
from bayesmeta.model.problem import Problem

__all__ = ["MIXTURE"]


def _components(problem: Problem, parameters: Parameters) -> Components:
    share, variance = parameters["p_outlier"], parameters["tau"] ** 2
    return [(1 - share, variance), (share, variance + parameters["tau_outlier"] ** 2)]


def _effects(problem: Problem, mean: Any, parameters: Parameters) -> Any:
    import pymc as pm

    shares, variances = zip(*_components(problem, parameters), strict=True)
    deviation = pm.NormalMixture(
        "deviation",
        w=pm.math.stack(shares),
        mu=np.zeros(len(shares)),
        sigma=pm.math.sqrt(pm.math.stack(variances, axis=-1)),
        dims="study",
    )
    return pm.Deterministic("theta", mean + deviation, dims="study")


def _deviations(
    problem: Problem, rng: np.random.Generator, parameters: Parameters, shape: tuple[int, ...]
) -> Floats:
    (_, usual), (share, outlying) = _components(problem, parameters)
    sd = np.sqrt(np.where(rng.uniform(size=shape) < share, outlying, usual))
    deviations: Floats = sd * rng.standard_normal(shape)
    return deviations


def _latex(problem: Problem, mean: str, symbol: Symbol, added: str) -> str:
    share, tau, more = (symbol(name) for name in ("p_outlier", "tau", "tau_outlier"))
    usual = normal(mean, added, f"{tau}^2")
    outlying = normal(mean, added, f"{tau}^2", f"{more}^2")
    return rf"(1 - {share}) \, {usual} + {share} \, {outlying}"


MIXTURE = Heterogeneity(
    label="random effects with outliers: a share p_outlier of them varies by tau_outlier more",
    parameters=lambda problem: ("tau", "p_outlier", "tau_outlier"),
    components=_components,
    effects=_effects,
    deviations=_deviations,
    latex=_latex,
    tau="the standard deviation of the true effects of studies that are no outliers",
    outlying=1,
)
