"""Posterior densities of single estimates: exact where the engine was quadrature, else smoothed."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from bayesmeta.densities import NormalMixture
from bayesmeta.results.exact import Effects
from bayesmeta.results.overlap import Density, smooth_density

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["mirrored", "posterior_of"]


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


def mirrored(density: Density) -> Density:
    """The distribution of minus the number."""
    return Density(pdf=lambda x: density.pdf(-x), ppf=lambda q: -density.ppf(1 - q))
