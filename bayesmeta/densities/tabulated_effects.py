"""Densities of effects that are known at the nodes of a `Line`, many at once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import ndtri

from bayesmeta.densities.interpolation import between, cumulative, interpolate
from bayesmeta.densities.line import Line
from bayesmeta.densities.normal_mixture import highest
from bayesmeta.densities.search import Floats, increasing_root, shortest

__all__ = ["TabulatedEffects"]

_ROOT_2PI = float(np.sqrt(2 * np.pi))
_LOWEST_LOG = -700.0
_FINER = 3
"""How much closer nodes are, by interpolation of the log density, for the distribution function:
its error is about the root of that of sums over the nodes."""


@dataclass(frozen=True, kw_only=True)
class TabulatedEffects:
    """Densities on the whole line, many at once; its methods are those of `NormalMixture`.

    Attributes
    ----------
    line : Line
        The nodes.
    log_density_at : array (batch, quantity, node)
        Logarithms of the densities there; they need not be normalised.
    moments : int
        How many moments exist: where not 2, the sd is infinite, where 0, there is no mean.
        An array (batch, 1) where it differs.
    """

    line: Line
    log_density_at: Floats
    moments: Floats = field(default_factory=lambda: np.array([[2.0]]))

    @property
    def shape(self) -> tuple[int, ...]:
        """Batch rows and quantities."""
        return self.log_density_at.shape[:2]

    def row(self, number: int) -> Self:
        """The densities of one batch row."""
        moments = self.moments[[number]] if self.moments.shape[0] > 1 else self.moments
        return type(self)(
            line=self.line, log_density_at=self.log_density_at[[number]], moments=moments
        )

    @cached_property
    def mass(self) -> Floats:
        """Weights of the nodes (batch, quantity, node); they sum to 1 over the nodes."""
        top = self.log_density_at.max(-1, keepdims=True)
        mass = np.exp(self.log_density_at - top) * self.line.slopes
        mass /= mass.sum(-1, keepdims=True)
        return mass

    @cached_property
    def _fine(self) -> Line:
        """Nodes that are closer together."""
        line = self.line
        return Line(
            centre=line.centre,
            width=line.width,
            step=line.step / _FINER,
            count=line.count * _FINER,
        )

    @cached_property
    def _log_density(self) -> Floats:
        """Normalised, at the closer nodes, and never so low that it could not be interpolated."""
        top = self.log_density_at.max(-1, keepdims=True)
        mass = np.exp(self.log_density_at - top) * self.line.slopes
        log = self.log_density_at - top - np.log(mass.sum(-1, keepdims=True))
        log = np.maximum(log, _LOWEST_LOG)
        at = np.arange(self._fine.points.size) / _FINER
        found = interpolate(log, np.broadcast_to(at, (*self.shape, at.size)), 0.0, 0.0)
        left = np.minimum(at.astype(np.intp), log.shape[-1] - 2)
        return between(found, log[..., left], log[..., left + 1])

    @cached_property
    def _cumulative(self) -> Floats:
        """Mass below each of the closer nodes."""
        return cumulative(np.exp(self._log_density) * self._fine.slopes)

    def expectation(self, values: Floats) -> Floats:
        """Means (batch, quantity) of functions given at the nodes (…, node)."""
        means: Floats = (self.mass * values).sum(-1)
        return means

    def mean(self) -> Floats:
        """Means (batch, quantity); NaN where there is none."""
        return np.where(self.moments >= 1, self.expectation(self.line.points), np.nan)

    def sd(self) -> Floats:
        """Standard deviations (batch, quantity); infinite where there is none."""
        apart = self.line.points - self.expectation(self.line.points)[..., None]
        return np.where(self.moments >= 2, self.expectation(apart**2) ** 0.5, np.inf)

    def cdf(self, x: Floats) -> Floats:
        """Distribution function at points (batch, quantity, point)."""
        return np.clip(self._at(self._cumulative, x, 0.0, 1.0), 0.0, 1.0)

    def pdf(self, x: Floats) -> Floats:
        """Density at points (batch, quantity, point)."""
        return np.exp(self.log_density(x))

    def log_density(self, x: Floats) -> Floats:
        """Log density at points (batch, quantity, point)."""
        return self._at(self._log_density, x, _LOWEST_LOG, _LOWEST_LOG)

    def _at(self, values: Floats, x: Floats, below: float, above: float) -> Floats:
        points = np.broadcast_to(x, (*self.shape, np.shape(x)[-1]))
        return interpolate(values, self._fine.place(points), below, above)

    def ppf(self, q: Floats) -> Floats:
        """Quantiles at probabilities (batch, quantity, point), minus infinity at 0."""
        q = np.broadcast_to(q, (*self.shape, np.shape(q)[-1]))
        z = ndtri(q)
        inside = np.isfinite(z)
        target = np.where(inside, z, 0.0)
        nodes = self._fine.points
        near = (self._cumulative[..., None, :] < q[..., None]).sum(-1)
        start = nodes[np.clip(near, 1, nodes.size - 2)]

        def probit(x: Floats) -> tuple[Floats, Floats]:
            found = ndtri(self.cdf(x))
            return found - target, self.pdf(x) * _ROOT_2PI * np.exp(found**2 / 2)

        root = increasing_root(probit, start, self._fine.spacing(start))
        return np.where(inside, root, z)

    def interval(self, prob: float, kind: str = "eti") -> tuple[Floats, Floats]:
        """Equal-tailed (``"eti"``) or shortest (``"hdi"``) intervals (batch, quantity)."""
        if kind == "hdi":
            return shortest(self.ppf, self.log_density, prob, self.shape)
        ends = self.ppf(np.array([(1 - prob) / 2, (1 + prob) / 2]))
        return ends[..., 0], ends[..., 1]

    def mode(self) -> Floats:
        """Where the densities are highest (batch, quantity)."""
        best = self.log_density_at.argmax(-1)[..., None]
        points, last = self.line.points, self.line.points.size - 1
        low, high = points[np.maximum(best - 1, 0)], points[np.minimum(best + 1, last)]
        return highest(self.pdf, low, high)[..., 0]
