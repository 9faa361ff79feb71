"""Nodes on the whole line, dense around a centre and ever wider apart."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmeta.densities.search import Floats

__all__ = ["Line"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """The nodes ``centre + width * sinh(step * n)`` for n from `-count` to `count`.

    Sums over them, weighted by `slopes`, are integrals over the line, to within an error that
    falls geometrically as the step shrinks (Takahasi & Mori 1974, Publ RIMS Kyoto 9:721).

    Attributes
    ----------
    centre, width, step : float
        Of the map.
    count : int
        Nodes on either side of the centre.
    """

    centre: float
    width: float
    step: float
    count: int

    @cached_property
    def points(self) -> Floats:
        """The nodes (node,)."""
        points: Floats = self.centre + self.width * np.sinh(self._t)
        return points

    @cached_property
    def slopes(self) -> Floats:
        """Derivatives of the nodes by their number (node,): the weights of sums."""
        slopes: Floats = self.step * self.width * np.cosh(self._t)
        return slopes

    @property
    def _t(self) -> Floats:
        return self.step * np.arange(-self.count, self.count + 1.0)

    def place(self, x: Floats) -> Floats:
        """Values in units of nodes, the first of which is 0."""
        place: Floats = np.arcsinh((x - self.centre) / self.width) / self.step + self.count
        return place

    def at(self, place: Floats) -> Floats:
        """Values at places in units of nodes."""
        x: Floats = self.centre + self.width * np.sinh(self.step * (place - self.count))
        return x

    def spacing(self, x: Floats) -> Floats:
        """How far apart nodes are at values."""
        spacing: Floats = self.step * np.hypot(self.width, x - self.centre)
        return spacing
