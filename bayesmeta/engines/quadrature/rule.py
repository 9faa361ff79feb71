"""The rule by which tau is integrated out: adaptive, double-exponential, its error stated.

The logarithm of tau (its logit where tau is bounded) is ``centre + width * sinh(t)``, with centre
and width where the posterior is, and the integral a sum over equally spaced t. The spacing is
halved until nothing changes (Takahasi & Mori 1974, Publ RIMS Kyoto 9:721).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from bayesmeta.densities import Panels
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import interleave

__all__ = ["TOLERANCE", "Nodes", "adapt"]

TOLERANCE = 1e-9
"""Largest change at the last halving: the error of sums is about its square, that of the
distribution function between nodes about itself."""

_FIRST_STEP = 0.25
_MOST_HALVINGS = 7
_NEGLIGIBLE = 42.0
"""Log of the ratio to the highest point below which a node does not count: 6e-19."""

_FAR = 340.0
_LARGEST = np.exp(_FAR)
"""The largest tau: its square is still a number."""

_SCAN = np.linspace(-36, 36, 49)
_ZOOMS = 3
_OFFSETS = 0.002 * 2.0 ** np.arange(11)
_DROP = 0.5
"""Fall of the log density that marks the width of the posterior."""


class Given(Protocol):
    """What is known at nodes."""

    def total(self) -> Floats:
        """Log likelihood (row, node)."""
        ...

    def interleaved(self, between: Self) -> Self:
        """With the nodes of another put between its own."""
        ...


@dataclass(frozen=True, kw_only=True)
class Nodes[T: Given]:
    """The nodes of the rule and what is known there.

    Attributes
    ----------
    panels : Panels
        The maps, one panel a row, or one for all rows.
    tau : array (row or 1, node)
        Values of tau.
    log_mass : array (row, node)
        Log of their unnormalised mass.
    given : Given
        The posterior given these tau.
    error : array (group,)
        The largest change at the last halving.
    """

    panels: Panels
    tau: Floats
    log_mass: Floats
    given: T
    error: Floats


def adapt[T: Given](
    known: Callable[[Floats], T],
    log_prior: Callable[[Floats], Floats],
    checks: Callable[[Nodes[T]], Callable[[Nodes[T]], Floats]],
    *,
    lower: Floats,
    upper: Floats,
    scale: Floats,
    moments: Floats,
) -> Nodes[T]:
    """Choose nodes for each row until nothing changes.

    Parameters
    ----------
    known, log_prior
        The posterior given tau, and the log density of its prior, at tau (row, node).
    checks
        Makes, from the first nodes, the function that says what must not change: numbers of order 1
        (group, number) from nodes.
    lower, upper
        The support of tau (row,), or (1,) where all rows are to share nodes, as many priors on one
        data set do.
    scale
        A typical standard error (row or 1,): where the search begins.
    moments
        How many moments of tau exist (row,): as many are integrated to the end.
    """

    def log_density(panels: Panels, t: Floats) -> tuple[Floats, Floats, T]:
        tau, log_slope = (array[:, 0] for array in panels.points(t))
        given = known(tau)
        with np.errstate(invalid="ignore"):
            log = given.total() + log_prior(tau) + log_slope
        counts = (tau < _LARGEST) & (log < np.inf)
        return tau, np.where(counts, log, -np.inf), given

    start = np.where(np.isfinite(upper), 0.0, np.log(scale))
    centre, width = _locate(log_density, lower, upper, start)
    panels = _panels(lower, upper, centre, width, first=0.0, step=1.0)
    first, last = _range(log_density, panels, width, moments)
    panels = _panels(lower, upper, centre, width, first=first, step=_FIRST_STEP)
    count = int(np.ceil((last - first) / _FIRST_STEP)) + 1
    tau, log, given = log_density(panels, panels.nodes(count))
    nodes = _nodes(panels, tau, log, given)
    check = checks(nodes)
    before = check(nodes)
    for _ in range(_MOST_HALVINGS):
        half = panels.step / 2
        between = panels.nodes(count - 1) + half
        inner_tau, inner_log, inner = log_density(panels, between)
        panels = _panels(lower, upper, centre, width, first=first, step=half)
        count = 2 * count - 1
        tau, log = interleave(tau, inner_tau, 1), interleave(log, inner_log, 1)
        given = given.interleaved(inner)
        nodes = _nodes(panels, tau, log, given)
        after = check(nodes)
        error = np.abs(after - before).max(-1)
        nodes = replace(nodes, error=np.where(np.isnan(error), np.inf, error))
        before = after
        if (nodes.error <= TOLERANCE).all():
            break
    return nodes


def _panels(
    lower: Floats, upper: Floats, centre: Floats, width: Floats, *, first: float, step: float
) -> Panels:
    return Panels(
        lower=lower[:, None],
        upper=upper[:, None],
        centre=centre[:, None],
        width=width[:, None],
        first=first,
        step=step,
    )


def _nodes[T: Given](panels: Panels, tau: Floats, log: Floats, given: T) -> Nodes[T]:
    return Nodes(
        panels=panels,
        tau=tau,
        log_mass=log + np.log(panels.step),
        given=given,
        error=np.full(1, np.inf),
    )


_LogDensity = Callable[[Panels, Floats], tuple[Floats, Floats, Any]]


def _locate(
    log_density: _LogDensity, lower: Floats, upper: Floats, start: Floats
) -> tuple[Floats, Floats]:
    """The highest point of the density of the mapped tau, and its width there.

    Rows that share nodes do so where the geometric mean of their densities is.
    """

    def at(v: Floats) -> Floats:
        """Log density of v itself, at v (row, point)."""
        panels = _panels(lower, upper, np.zeros_like(lower), np.ones_like(lower), first=0, step=1)
        t = np.arcsinh(v)
        log = log_density(panels, t[:, None])[1] - np.log(np.cosh(t))
        return log if log.shape[0] == v.shape[0] else log.mean(0, keepdims=True)

    centre, spacing = start, _SCAN[1] - _SCAN[0]
    grid = _SCAN
    for _ in range(_ZOOMS + 1):
        points = centre[:, None] + grid
        best = at(points).argmax(-1)
        centre = np.take_along_axis(points, best[:, None], 1)[:, 0]
        grid = np.linspace(-spacing, spacing, 17)
        spacing /= 8
    around = at(centre[:, None] + np.concatenate([[0], -_OFFSETS, _OFFSETS]))
    sides = []
    for side in np.split(around[:, 1:], 2, -1):
        with np.errstate(invalid="ignore"):
            fall = around[:, :1] - side
        fall = np.maximum.accumulate(np.nan_to_num(fall, nan=0.0, posinf=1e300), -1)
        beyond = np.minimum((fall < _DROP).sum(-1), _OFFSETS.size - 1)
        fallen = np.take_along_axis(fall, beyond[:, None], -1)[:, 0]
        sides.append(_OFFSETS[beyond] * np.sqrt(_DROP / np.maximum(fallen, _DROP)))
    return centre, np.minimum(*sides)


def _range(
    log_density: _LogDensity, panels: Panels, width: Floats, moments: Floats
) -> tuple[float, float]:
    """From which t to which t the nodes count, in any row."""
    most = np.arcsinh(_FAR / width.min())
    t = np.arange(-np.ceil(2 * most), np.ceil(2 * most) + 1) / 2
    tau, log, _ = log_density(panels, t)
    with np.errstate(divide="ignore"):
        weighted = np.maximum(log, log + moments[:, None] * np.log(tau))
    kept = np.zeros(t.size, bool)
    for values in (log, weighted):
        with np.errstate(invalid="ignore"):
            kept |= (values > values.max(-1, keepdims=True) - _NEGLIGIBLE).any(0)
    inside = np.flatnonzero(kept)
    return float(t[max(inside[0] - 1, 0)]), float(t[min(inside[-1] + 1, t.size - 1)])
