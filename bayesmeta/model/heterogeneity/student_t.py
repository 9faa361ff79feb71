"""Robust random effects: the true effects have a t distribution around mu with scale tau.

Studies that do not resemble the rest pull less on mu (Lee & Thompson 2008, Stat Med 27:418).
"""

from typing import Any

import numpy as np

from bayesmeta.densities import student_t
from bayesmeta.model.heterogeneity.base import Heterogeneity, Parameters
from bayesmeta.model.problem import Problem

__all__ = ["STUDENT_T"]


def _effects(problem: Problem, mu: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.StudentT(
        "standard_effect",
        nu=np.float64(problem.nu),
        mu=np.float64(0),
        sigma=np.float64(1),
        dims="study",
    )
    return pm.Deterministic("theta", mu + parameters["tau"] * standard, dims="study")


STUDENT_T = Heterogeneity(
    label="robust random effects: true effects have a t distribution around mu with scale tau",
    parameters=("tau",),
    variance=None,
    effects=_effects,
    standard=lambda problem, rng, shape: rng.standard_t(problem.nu, shape),
    scales=lambda problem: student_t(problem.nu),
)
