"""Posterior densities of single estimates: exact where the engine was quadrature, else smoothed."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.densities import NormalMixture
from bayesmeta.results.exact import Effects
from bayesmeta.results.overlap import Density, smooth_density

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["mirrored", "posterior_of"]

_MANY = 500
"""Components of a mixture above which it is computed at `_POINTS` points only."""

_POINTS = 600
_TAIL = 1e-8


def posterior_of(
    fit: "Fit", name: str, index: int = 0, *, lower: float = -math.inf, upper: float = math.inf
) -> Density:
    """The posterior of one number.

    Parameters
    ----------
    fit
        The fit.
    name
        Of a variable of the posterior.
    index
        Which of its values, where it has a dimension.
    lower, upper
        Ends of its support, for draws.
    """
    exact = fit.exact
    if exact is not None and name in exact.effects:
        effects = _single(exact.effects[name], index)
        if isinstance(effects, NormalMixture) and effects.weights.size > _MANY:
            return _between_points(effects)
        return Density(pdf=lambda x: effects.pdf(x)[0, 0], ppf=lambda q: effects.ppf(q)[0, 0])
    if exact is not None and name in exact.deviations:
        deviation = exact.deviations[name]
        return Density(pdf=lambda x: deviation.pdf(x[None])[0], ppf=lambda q: deviation.ppf(q)[0])
    draws = fit.posterior[name]
    others = [dim for dim in draws.dims if dim not in ("chain", "draw")]
    values = draws.isel({others[0]: index}) if others else draws
    return smooth_density(values.to_numpy(), lower, upper)


def _single(effects: Effects, index: int) -> Effects:
    """One of several quantities, so that only its density is computed."""
    if isinstance(effects, NormalMixture):
        one = replace(effects, means=effects.means[:, [index]], sds=effects.sds[:, [index]])
        return one.row(0)
    return replace(effects, log_density_at=effects.log_density_at[:, [index]])


def _between_points(mixture: NormalMixture) -> Density:
    """A mixture of thousands, as fine as is seen: computed at points, straight between them."""
    quarter, middle, last = mixture.ppf(np.array([0.25, 0.5, 1 - _TAIL]))[0, 0]
    first = mixture.ppf(np.array([_TAIL]))[0, 0, 0]
    scale = middle - quarter
    low, high = np.arcsinh((np.array([first, last]) - middle) / scale)
    x = middle + scale * np.sinh(np.linspace(low, high, _POINTS))
    density = mixture.pdf(x)[0, 0]
    below = np.append(0.0, np.cumsum(np.diff(x) * (density[1:] + density[:-1]) / 2))
    below += (1 - below[-1]) / 2
    return Density(
        pdf=lambda at: np.interp(at, x, density, left=0.0, right=0.0),
        ppf=lambda q: np.interp(q, below, x),
    )


def mirrored(density: Density) -> Density:
    """The distribution of minus the number."""
    return Density(pdf=lambda x: density.pdf(-x), ppf=lambda q: -density.ppf(1 - q))
