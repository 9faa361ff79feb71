"""Quantities that depend on tau², at many values of it at once, and where they cross zero."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bayesmeta.measures.base import Floats

__all__ = ["Profile", "downward_crossings", "profile", "search_grid"]

_SECTIONS = 32
"""Parts into which a bracket is cut at each step: few enough steps, and small enough arrays."""

_ULPS = 2.0
"""Width at which a bracket is a point, in units of the last place of its upper end."""

_PER_DECADE = 16
"""Points a decade of tau². Q and the scores are smooth in log tau² at the scale of one e-fold:
their poles, at minus the sampling variances, are a half-turn away."""

_BELOW = 1e-2
"""Where the points begin, as a share of the smallest sampling variance: below, functions of
variance + tau² are straight lines."""

_BEYOND = 2.0
"""How far beyond a bound the points go: where sampling variances are small beside tau² the crossing
is at the bound itself, and rounding would hide it."""


class Profile(NamedTuple):
    """Weights and residuals at values of tau²; the last axis is that of studies."""

    weights: Floats
    total: Floats
    mean: Floats
    residual: Floats

    @property
    def q(self) -> Floats:
        """Cochran's Q with these weights."""
        found: Floats = (self.weights * self.residual**2).sum(-1)
        return found


def profile(effect: Floats, variance: Floats, tau2: Floats) -> Profile:
    """Inverse-variance weights, their sum, the weighted mean and the residuals from it.

    Parameters
    ----------
    effect, variance : array, one a study
    tau2 : array
        Shape ``(n,)`` gives arrays of shape ``(n, k)``; a scalar gives shape ``(k,)``.
    """
    weights = 1 / (variance + np.expand_dims(tau2, -1))
    total = weights.sum(-1)
    mean = (weights * effect).sum(-1) / total
    return Profile(weights, total, mean, effect - np.expand_dims(mean, -1))


def search_grid(variance: Floats, bound: float) -> Floats:
    """Values of tau² from 0 to beyond a bound of the crossings of Q or of a score.

    They are dense enough to tell the crossings apart.
    """
    upper = _BEYOND * bound
    lower = _BELOW * float(variance.min())
    if not lower < upper:
        return np.array([0.0, upper])
    count = 2 + int(_PER_DECADE * np.log10(upper / lower))
    return np.concatenate([[0.0], np.geomspace(lower, upper, count)])


def downward_crossings(function: Callable[[Floats], Floats], grid: Floats) -> list[float]:
    """Where a function goes from above zero to zero or below, between points of a grid.

    Each bracket is cut into sections until no more than a few doubles are left, so that the
    places are exact to the rounding of the function.
    """
    positive = function(grid) > 0
    places = np.flatnonzero(positive[:-1] & ~positive[1:])
    return [_narrowed(function, float(grid[i]), float(grid[i + 1])) for i in places]


def _narrowed(function: Callable[[Floats], Floats], low: float, high: float) -> float:
    while high - low > _ULPS * np.spacing(high):
        points = np.linspace(low, high, _SECTIONS + 1)
        positive = function(points) > 0
        positive[-1] = False
        first = max(1, int(positive.argmin()))
        if (points[first - 1], points[first]) == (low, high):
            break
        low, high = float(points[first - 1]), float(points[first])
    return (low + high) / 2
