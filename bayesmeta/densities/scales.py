"""Distributions of true effects around a location, as mixtures of normal distributions."""

from dataclasses import dataclass

import numpy as np

from bayesmeta.densities.search import Floats

__all__ = ["NORMAL", "Scales", "student_t"]

_NEGLIGIBLE = 30.0
"""Log of the smallest share that counts: 1e-10."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scales:
    """A standardised symmetric distribution: normal ones of several scales.

    Attributes
    ----------
    weights, factors : array (component,)
        Shares of the components, which sum to 1, and their standard deviations.
    """

    weights: Floats
    factors: Floats


NORMAL = Scales(weights=np.ones(1), factors=np.ones(1))
"""The standard normal distribution."""


def student_t(nu: float) -> Scales:
    """The t distribution: the precision of its components has a gamma distribution.

    Its integral over the logarithm of the variance is summed at equal steps, which converges
    geometrically.

    Parameters
    ----------
    nu
        Its degrees of freedom.
    """
    step = (8.0 + 0.85 * nu) ** -0.5
    low = -np.log(2 * (_NEGLIGIBLE + nu) / nu)
    high = 2 * _NEGLIGIBLE / nu
    log_variance = np.arange(low, high + step, step)
    log_weight = -nu / 2 * (log_variance + np.exp(-log_variance))
    weights = np.exp(log_weight - log_weight.max())
    counts = weights > np.exp(-_NEGLIGIBLE)
    return Scales(
        weights=weights[counts] / weights[counts].sum(),
        factors=np.exp(log_variance[counts] / 2),
    )
