"""Mixtures of normal distributions: what mu, theta and theta_new are once tau is integrated out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from bayesmeta.densities.search import Floats, increasing_root, shortest

__all__ = ["NormalMixture"]

_ROOT_2PI = float(np.sqrt(2 * np.pi))
_BLOCK = 30_000
"""Numbers that are worked on at once: they stay in the cache."""

_NEGLIGIBLE = 1e-15
"""Weight of a component below which densities and quantiles do not show it."""

_MODE_SCAN = np.linspace(0.005, 0.995, 100)
_GOLDEN = (np.sqrt(5) - 1) / 2
_GOLDEN_STEPS = 45


@dataclass(frozen=True, kw_only=True)
class NormalMixture:
    """Mixtures of normal distributions, many at once.

    Attributes
    ----------
    weights : array (batch, component)
        The same for all quantities of a batch row; they sum to 1.
    means, sds : array (batch or 1, quantity, component)
        Of the components.
    moments : int
        How many moments exist: where not 2, the sd is infinite, where 0, there is no mean.
        An array (batch, 1) where it differs.
    """

    weights: Floats
    means: Floats
    sds: Floats
    moments: Floats = field(default_factory=lambda: np.array([[2.0]]))

    @property
    def shape(self) -> tuple[int, ...]:
        """Batch rows and quantities."""
        return max(self.weights.shape[0], self.means.shape[0]), self.means.shape[1]

    def row(self, number: int) -> Self:
        """The mixtures of one batch row, without the components that do not count in it."""

        def one(array: Floats) -> Floats:
            return array[[number]] if array.shape[0] > 1 else array

        weights = one(self.weights)
        counts = weights[0] > _NEGLIGIBLE
        return type(self)(
            weights=weights[:, counts],
            means=one(self.means)[..., counts],
            sds=one(self.sds)[..., counts],
            moments=one(self.moments),
        )

    def mean(self) -> Floats:
        """Means (batch, quantity); NaN where there is none."""
        mean = (self.weights[:, None] * self.means).sum(-1)
        return np.where(self.moments >= 1, mean, np.nan)

    def sd(self) -> Floats:
        """Standard deviations (batch, quantity); infinite where there is none."""
        centre = (self.weights[:, None] * self.means).sum(-1, keepdims=True)
        variances = self.sds**2 + (self.means - centre) ** 2
        return np.where(
            self.moments >= 2, (self.weights[:, None] * variances).sum(-1) ** 0.5, np.inf
        )

    def cdf(self, x: Floats) -> Floats:
        """Distribution function at points (batch, quantity, point)."""
        return self._averages(x, _below)[0]

    def pdf(self, x: Floats) -> Floats:
        """Density at points (batch, quantity, point)."""
        return self._averages(x, _density)[0]

    def log_density(self, x: Floats) -> Floats:
        """Log density at points (batch, quantity, point)."""
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def ppf(self, q: Floats) -> Floats:
        """Quantiles at probabilities (batch, quantity, point), minus infinity at 0."""
        q = np.broadcast_to(q, (*self.shape, np.shape(q)[-1]))
        z = ndtri(q)
        order = np.argsort(self.sds.sum(1), axis=-1)
        running = np.cumsum(np.take_along_axis(self.weights, order, -1), -1)
        half = np.minimum((running < 0.5).sum(-1, keepdims=True), order.shape[-1] - 1)
        central = np.take_along_axis(order, half, -1)[:, None]
        middle = (self.weights[:, None] * self.means).sum(-1, keepdims=True)
        scale = np.take_along_axis(self.sds, central, -1)
        middle = np.where(np.isfinite(middle), middle, 0.0)
        inside = np.isfinite(z)
        target = np.where(inside, z, 0.0)

        def probit(x: Floats) -> tuple[Floats, Floats]:
            below, density = self._averages(x, _below, _density)
            found = ndtri(below)
            return found - target, density * _ROOT_2PI * np.exp(found**2 / 2)

        root = increasing_root(probit, middle + target * scale, scale)
        return np.where(inside, root, z)

    def interval(self, prob: float, kind: str = "eti") -> tuple[Floats, Floats]:
        """Equal-tailed (``"eti"``) or shortest (``"hdi"``) intervals (batch, quantity)."""
        if kind == "hdi":
            return shortest(self.ppf, self.log_density, prob, self.shape)
        ends = self.ppf(np.array([(1 - prob) / 2, (1 + prob) / 2]))
        return ends[..., 0], ends[..., 1]

    def mode(self) -> Floats:
        """Where the densities are highest (batch, quantity)."""
        grid = self.ppf(_MODE_SCAN)
        best = self.pdf(grid).argmax(-1)[..., None]
        last = grid.shape[-1] - 1
        low = np.take_along_axis(grid, np.maximum(best - 1, 0), -1)
        high = np.take_along_axis(grid, np.minimum(best + 1, last), -1)
        return highest(self.pdf, low, high)[..., 0]

    def _averages(
        self, x: Floats, *functions: Callable[[Floats, Floats], Floats]
    ) -> tuple[Floats, ...]:
        """Weighted averages over the components of functions of the standardised x and 1 / sd."""
        x = np.broadcast_to(x, (*self.shape, np.shape(x)[-1]))
        results = [np.empty(x.shape) for _ in functions]
        each = self.means[0].size
        points = min(x.shape[-1], max(1, _BLOCK // each))
        rows = max(1, _BLOCK // (each * points))
        for row in range(0, x.shape[0], rows):
            some = slice(row, row + rows)
            own = some if self.means.shape[0] > 1 else slice(None)
            means, scale = self.means[own, :, None], 1 / self.sds[own, :, None]
            weights = self.weights[some]
            for point in range(0, x.shape[-1], points):
                at = (some, slice(None), slice(point, point + points))
                z = (x[at][..., None] - means) * scale
                for result, function in zip(results, functions, strict=True):
                    # not by BLAS, whose threads wait for each other on a busy machine
                    result[at] = np.einsum("rqpc,rc->rqp", function(z, scale), weights)
        return tuple(results)


def highest(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Maxima of functions with one maximum between two points, by golden sections."""
    for _ in range(_GOLDEN_STEPS):
        reach = _GOLDEN * (high - low)
        left, right = high - reach, low + reach
        up = function(left) < function(right)
        low, high = np.where(up, left, low), np.where(up, high, right)
    return (low + high) / 2


def _below(z: Floats, scale: Floats) -> Floats:
    below: Floats = ndtr(z)
    return below


def _density(z: Floats, scale: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * z * z) * (scale / _ROOT_2PI)
    return density
