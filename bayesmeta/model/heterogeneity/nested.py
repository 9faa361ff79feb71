"""Three levels: results vary within a study by tau_within, and studies by tau.

Several results of one study, such as outcomes, times or subgroups, share its effect
(Konstantopoulos 2011, Res Synth Methods 2:61; Van den Noortgate et al. 2013, Behav Res Methods
45:576).
"""

from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.heterogeneity.base import Heterogeneity, Parameters
from bayesmeta.model.notation import normal
from bayesmeta.model.problem import Problem

__all__ = ["NESTED"]


def _effects(problem: Problem, mean: Any, parameters: Parameters) -> Any:
    import pymc as pm

    standard = pm.Normal("standard_effect", np.float64(0), np.float64(1), dims="study")
    return pm.Deterministic("theta", mean + parameters["tau_within"] * standard, dims="study")


def _deviations(
    problem: Problem, rng: np.random.Generator, parameters: Parameters, shape: tuple[int, ...]
) -> Floats:
    sd = np.hypot(parameters["tau"], parameters["tau_within"])
    deviations: Floats = sd * rng.standard_normal(shape)
    return deviations


NESTED = Heterogeneity(
    label="three levels: true effects vary by tau between studies and by tau_within inside them",
    parameters=lambda problem: ("tau", "tau_within"),
    components=lambda problem, parameters: [(1.0, parameters["tau_within"] ** 2)],
    effects=_effects,
    deviations=_deviations,
    latex=lambda problem, mean, symbol, added: normal(mean, added, f"{symbol('tau_within')}^2"),
    tau="the standard deviation between studies",
    clustered=True,
    likelihoods=("normal",),
)
