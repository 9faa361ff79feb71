"""Common effect: all studies have the same true effect, so tau is 0."""

import numpy as np

from bayesmeta.densities import NORMAL as NORMAL_SCALES
from bayesmeta.model.heterogeneity.base import Heterogeneity

__all__ = ["COMMON"]

COMMON = Heterogeneity(
    label="common effect: all studies have the same true effect",
    parameters=(),
    variance=lambda parameters: 0.0,
    effects=lambda problem, mu, parameters: mu,
    standard=lambda problem, rng, shape: np.zeros(shape),
    scales=lambda problem: NORMAL_SCALES,
)
