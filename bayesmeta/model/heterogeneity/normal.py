"""Random effects: the true effects are normal around mu with standard deviation tau."""

from typing import Any

import numpy as np

from bayesmeta.model.heterogeneity.base import Floats, Heterogeneity, Parameters

__all__ = ["NORMAL"]


def _effects(mu: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.Normal("standard_effect", np.float64(0), np.float64(1), dims="study")
    return pm.Deterministic("theta", mu + parameters["tau"] * standard, dims="study")


def _new_effect(rng: np.random.Generator, mu: Floats, parameters: Parameters) -> Floats:
    new: Floats = mu + parameters["tau"] * rng.standard_normal(mu.shape)
    return new


NORMAL = Heterogeneity(
    label="random effects: true effects are normal around mu with standard deviation tau",
    parameters=("tau",),
    variance=lambda parameters: parameters["tau"] ** 2,
    effects=_effects,
    new_effect=_new_effect,
)
