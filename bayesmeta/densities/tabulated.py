"""Densities of a positive parameter that are known at the nodes of a double-exponential rule.

Each density is a sum of panels. In a panel the parameter is ``lower + exp(v)``, or
``lower + (upper - lower) * expit(v)`` where it is bounded, with
``v = centre + width * sinh(t)``, and the nodes ``t`` are equally spaced. Its integral to any node
follows from all nodes, which converges as fast as the sum of all nodes does; between nodes log
density and distribution function are interpolated (see `bayesmeta.densities.interpolation`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import ndtri

from bayesmeta.densities.interpolation import cumulative, interpolate
from bayesmeta.densities.normal_mixture import highest
from bayesmeta.densities.search import Floats, increasing_root, shortest

__all__ = ["Panels", "Tabulated"]

_FAR = 345.0
"""Log of the largest value, whose square is still a number."""

_MAPS = ("lower", "upper", "centre", "width")
_TABLE = 2000
_FIRST_DRAWN = 1e-9
"""Quantiles between which draws lie: of a million one in a thousand would be further out."""

_ROOT_2PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, kw_only=True)
class Panels:
    """The maps from the nodes to the parameter.

    Attributes
    ----------
    lower, upper, centre, width : array (batch, panel)
        Of each map; `upper` may be infinite.
    first, step : float
        The nodes are ``first + step * n``.
    """

    lower: Floats
    upper: Floats
    centre: Floats
    width: Floats
    first: float
    step: float

    def reshaped(self, panels: int) -> Self:
        """With so many panels a batch row, from rows of one panel."""
        maps = {name: getattr(self, name).reshape(-1, panels) for name in _MAPS}
        return type(self)(**maps, first=self.first, step=self.step)

    def nodes(self, count: int) -> Floats:
        """The first nodes."""
        return self.first + self.step * np.arange(count, dtype=float)

    def points(self, t: Floats) -> tuple[Floats, Floats]:
        """The parameter and the logarithm of its derivative by t, at t (batch, panel, point)."""
        v = self.centre[..., None] + self.width[..., None] * np.sinh(t)
        log_slope = np.log(self.width[..., None]) + np.log(np.cosh(t))
        lower, length = self.lower[..., None], (self.upper - self.lower)[..., None]
        unbounded = np.exp(np.clip(v, -_FAR, _FAR))
        if np.isinf(length).all():
            return lower + unbounded, log_slope + v
        with np.errstate(over="ignore", invalid="ignore"):
            bounded = length / (1 + np.exp(-v))
            log_bounded = np.log(length) - np.logaddexp(0, v) - np.logaddexp(0, -v)
        finite = np.isfinite(length)
        x = lower + np.where(finite, bounded, unbounded)
        return x, log_slope + np.where(finite, log_bounded, v)

    def place(self, x: Floats) -> Floats:
        """The t (batch, panel, point) of values (batch, point) of the parameter."""
        lower, upper = self.lower[..., None], self.upper[..., None]
        x = np.clip(x[:, None], lower, upper)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = np.where(np.isfinite(upper), np.log(upper - x), 0.0)
            v = np.log(x - lower) - above
        return np.arcsinh((v - self.centre[..., None]) / self.width[..., None])


@dataclass(frozen=True, kw_only=True)
class Tabulated:
    """Densities of a positive parameter, many at once.

    Attributes
    ----------
    panels : Panels
        The maps; one batch row may serve all.
    points : array (batch or 1, panel, node)
        The parameter at the nodes.
    log_density_at : array (batch, panel, node)
        Logarithm of the normalised density there.
    mass : array (batch, panel, node)
        Weights of the nodes; they sum to 1 over panels and nodes.
    at_lower : array (batch,)
        The density at the lower end of the support.
    moments : array (batch,)
        How many moments exist, at most 2.
    """

    panels: Panels
    points: Floats
    log_density_at: Floats
    mass: Floats
    at_lower: Floats
    moments: Floats

    def mean(self) -> Floats:
        """Means (batch,); infinite where there is none."""
        return np.where(self.moments >= 1, (self.mass * self.points).sum((1, 2)), np.inf)

    def sd(self) -> Floats:
        """Standard deviations (batch,); infinite where there is none."""
        with np.errstate(over="ignore", invalid="ignore"):
            centre = (self.mass * self.points).sum((1, 2), keepdims=True)
            variance = (self.mass * (self.points - centre) ** 2).sum((1, 2))
        return np.where(self.moments >= 2, variance**0.5, np.inf)

    def cdf(self, x: Floats) -> Floats:
        """Distribution function at values (batch, point)."""
        place = self.panels.place(x)
        return self._interpolated(self._cumulative, place, 0.0, self.mass.sum(-1)).sum(1)

    def pdf(self, x: Floats) -> Floats:
        """Density at values (batch, point)."""
        place = self.panels.place(x)
        log = self.log_density_at
        found = np.exp(self._interpolated(log, place, log[..., 0], log[..., -1]))
        lower, upper = self.panels.lower[..., None], self.panels.upper[..., None]
        inside = (x[:, None] > lower) & (x[:, None] < upper)
        density = np.where(inside, found, 0.0).sum(1)
        return np.where(x == self.panels.lower.min(1)[:, None], self.at_lower[:, None], density)

    def log_density(self, x: Floats) -> Floats:
        """Log density at values (batch, point)."""
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def ppf(self, q: Floats) -> Floats:
        """Quantiles at probabilities (batch, point)."""
        batch = self.mass.shape[0]
        q = np.broadcast_to(q, (batch, np.shape(q)[-1]))
        lower, upper = self.panels.lower.min(1)[:, None], self.panels.upper.max(1)[:, None]
        mass = self.mass.reshape(batch, -1)
        points = np.broadcast_to(self.points, self.mass.shape).reshape(batch, -1)
        order = np.argsort(points, -1, kind="stable")
        points = np.take_along_axis(points, order, -1)
        running = np.cumsum(np.take_along_axis(mass, order, -1), -1)
        last = points.shape[-1] - 1
        near = (running[..., None] < q[:, None]).sum(1)
        start = np.take_along_axis(points, np.clip(near, 1, last - 1), -1)
        inside = (q > 0) & (q < 1)
        target = ndtri(np.where(inside, q, 0.5))

        def probit(log_x: Floats) -> tuple[Floats, Floats]:
            x = lower + np.exp(log_x)
            found = ndtri(np.clip(self.cdf(x), 0, 1))
            slope = self.pdf(x) * (x - lower) * _ROOT_2PI * np.exp(found**2 / 2)
            return found - target, slope

        tiny = np.finfo(float).tiny
        begin = np.log(np.maximum(start - lower, tiny))
        with np.errstate(over="ignore"):
            root = lower + np.exp(increasing_root(probit, begin, np.ones_like(begin)))
        return np.where(inside, root, np.where(q > 0, upper, lower))

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        """Independent draws from a batch of one, by inversion of a table of quantiles."""
        lower = self.panels.lower.min()
        first, last = np.log(self.ppf(np.array([_FIRST_DRAWN, 1 - _FIRST_DRAWN]))[0] - lower)
        grid = np.linspace(first, last, _TABLE)
        below = self.cdf(lower + np.exp(grid)[None])[0]
        draws: Floats = lower + np.exp(np.interp(rng.uniform(size=count), below, grid))
        return draws

    def interval(self, prob: float, kind: str = "eti") -> tuple[Floats, Floats]:
        """Equal-tailed (``"eti"``) or shortest (``"hdi"``) intervals (batch,)."""
        if kind == "hdi":
            return shortest(self.ppf, self.log_density, prob, self.mass.shape[:1])
        ends = self.ppf(np.array([(1 - prob) / 2, (1 + prob) / 2]))
        return ends[:, 0], ends[:, 1]

    def mode(self) -> Floats:
        """Where the densities are highest (batch,)."""
        batch = self.mass.shape[0]
        points = np.sort(np.broadcast_to(self.points, self.mass.shape).reshape(batch, -1), -1)
        best = self.pdf(points).argmax(-1)[:, None]
        low = np.take_along_axis(points, np.maximum(best - 1, 0), -1)
        high = np.take_along_axis(points, np.minimum(best + 1, points.shape[-1] - 1), -1)
        peak = highest(self.pdf, low, high)
        lower = self.panels.lower.min(1)
        return np.where(self.at_lower >= self.pdf(peak)[:, 0], lower, peak[:, 0])

    @cached_property
    def _cumulative(self) -> Floats:
        """Mass of each panel below each of its nodes (batch, panel, node)."""
        return cumulative(self.mass)

    def _interpolated(
        self, values: Floats, place: Floats, below: Floats | float, above: Floats | float
    ) -> Floats:
        """Values at t (batch, panel, point) from those at the nodes, and beyond the nodes."""
        return interpolate(values, (place - self.panels.first) / self.panels.step, below, above)
