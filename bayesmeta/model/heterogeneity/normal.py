"""Random effects: the true effects are normal around mu with standard deviation tau."""

from typing import Any

import numpy as np

from bayesmeta.model.heterogeneity.base import Heterogeneity, Parameters
from bayesmeta.model.notation import normal
from bayesmeta.model.problem import Problem

__all__ = ["NORMAL"]


def _effects(problem: Problem, mean: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.Normal("standard_effect", np.float64(0), np.float64(1), dims="study")
    return pm.Deterministic("theta", mean + parameters["tau"] * standard, dims="study")


NORMAL = Heterogeneity(
    label="random effects: true effects are normal around mu with standard deviation tau",
    parameters=lambda problem: ("tau",),
    components=lambda problem, parameters: [(1.0, parameters["tau"] ** 2)],
    effects=_effects,
    deviations=lambda problem, rng, parameters, shape: (
        parameters["tau"] * rng.standard_normal(shape)
    ),
    latex=lambda problem, mean, symbol, added: normal(mean, added, f"{symbol('tau')}^2"),
)
