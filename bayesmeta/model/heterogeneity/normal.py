"""Random effects: the true effects are normal around mu with standard deviation tau."""

from typing import Any

import numpy as np

from bayesmeta.densities import NORMAL as NORMAL_SCALES
from bayesmeta.model.heterogeneity.base import Heterogeneity, Parameters
from bayesmeta.model.problem import Problem

__all__ = ["NORMAL"]


def _effects(problem: Problem, mu: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.Normal("standard_effect", np.float64(0), np.float64(1), dims="study")
    return pm.Deterministic("theta", mu + parameters["tau"] * standard, dims="study")


NORMAL = Heterogeneity(
    label="random effects: true effects are normal around mu with standard deviation tau",
    parameters=("tau",),
    variance=lambda parameters: parameters["tau"] ** 2,
    effects=_effects,
    standard=lambda problem, rng, shape: rng.standard_normal(shape),
    scales=lambda problem: NORMAL_SCALES,
)
