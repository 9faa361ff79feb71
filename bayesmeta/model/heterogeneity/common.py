"""Common effect: all studies with the same mean have the same true effect, so tau is 0."""

import numpy as np

from bayesmeta.model.heterogeneity.base import Heterogeneity
from bayesmeta.model.notation import normal

__all__ = ["COMMON"]

COMMON = Heterogeneity(
    label="common effect: all studies have the same true effect",
    parameters=lambda problem: (),
    components=lambda problem, parameters: [(1.0, 0.0)],
    effects=lambda problem, mean, parameters: mean,
    deviations=lambda problem, rng, parameters, shape: np.zeros(shape),
    latex=lambda problem, mean, symbol, added: normal(mean, added),
)
