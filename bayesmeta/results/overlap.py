"""Posterior beside prior: the densities of single parameters, and the area that two share."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.densities.search import Floats

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = ["Density", "overlap", "posterior_density", "shared_area", "smooth_density"]

_NODES = (np.arange(4000) + 0.5) / 4000
_PROBABILITIES = _NODES**3 * (10 - 15 * _NODES + 6 * _NODES**2)
_WEIGHTS = 30 * (_NODES * (1 - _NODES)) ** 2 / _NODES.size
"""Probabilities at which two densities are compared, dense towards 0 and 1: where one is much wider
than the other, only the tails are shared."""

_GRID = 1024
_MARGIN = 0.5
"""Standard deviations of the draws by which their smooth density goes beyond them."""


@dataclass(frozen=True, kw_only=True)
class Density:
    """A distribution of one parameter.

    Attributes
    ----------
    pdf : callable
        Density at an array of values.
    ppf : callable
        Quantiles at an array of probabilities.
    """

    pdf: Callable[[Floats], Floats]
    ppf: Callable[[Floats], Floats]


def overlap(fit: "Fit") -> dict[str, float]:
    """How much of each posterior was there before the data: 0 nothing, 1 all.

    The overlap coefficient is the integral of the smaller of the prior and the posterior density
    (Inman & Bradley 1989, Commun Stat Theory Methods 18:3851).

    Parameters
    ----------
    fit
        The fit.

    Returns
    -------
    dict of str to float
        One number a parameter. Those with an improper prior are not there: such a prior shares no
        area with anything.
    """
    return {
        name: shared_area(prior.pdf, posterior_density(fit, name))
        for name, prior in fit.priors.items()
        if prior.proper
    }


def shared_area(pdf: Callable[[Floats], Floats], other: Density) -> float:
    """The integral of the smaller of two densities, as the mean of their ratio, at most 1.

    Parameters
    ----------
    pdf
        One density. It may be infinite at points.
    other
        The other distribution, over which the mean is taken: the narrower, if there is one.
    """
    points = other.ppf(_PROBABILITIES)
    with np.errstate(over="ignore"):
        ratio = pdf(points) / other.pdf(points)
    return float(_WEIGHTS @ np.minimum(ratio, 1.0))


def posterior_density(fit: "Fit", name: str) -> Density:
    """The posterior of one parameter: exact where the engine was quadrature, else smoothed draws.

    Parameters
    ----------
    fit
        The fit.
    name
        ``mu`` or ``tau``.
    """
    if fit.exact is None:
        prior = fit.priors[name]
        return smooth_density(fit.posterior[name].to_numpy(), prior.lower, prior.upper)
    if name == "tau":
        tau = fit.exact.tau
        assert tau is not None  # there is a prior of it
        return Density(pdf=lambda x: tau.pdf(x[None])[0], ppf=lambda q: tau.ppf(q)[0])
    mu = fit.exact.mu
    return Density(pdf=lambda x: mu.pdf(x)[0, 0], ppf=lambda q: mu.ppf(q)[0, 0])


def smooth_density(draws: Floats, lower: float = -math.inf, upper: float = math.inf) -> Density:
    """The density that draws come from, by a normal kernel.

    The kernel works on ``asinh`` of the standardised draws, which is straight in the middle and
    logarithmic in the tails, so that a few draws far out do not flatten the rest. At an end of the
    support the density is reflected.

    Parameters
    ----------
    draws
        Of any shape.
    lower, upper
        Ends of the support.
    """
    import arviz_stats as azs

    values = np.ravel(draws).astype(float)
    low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = max(high - low, float(np.finfo(float).tiny))
    if math.isfinite(lower):
        centre, scale = lower, max(centre - lower, scale)
    inside = np.arcsinh((values - centre) / scale)
    margin = _MARGIN * inside.std()
    ends = [
        float(np.arcsinh((end - centre) / scale)) if math.isfinite(end) else float(beyond)
        for end, beyond in ((lower, inside.min() - margin), (upper, inside.max() + margin))
    ]
    grid, height, _ = azs.kde(
        inside, bw="silverman", custom_lims=ends, bound_correction=True, grid_len=_GRID
    )
    edges = np.linspace(ends[0], ends[1], _GRID + 1)
    below = np.concatenate([[0.0], np.cumsum(height)]) * (edges[1] - edges[0])

    def pdf(x: Floats) -> Floats:
        place = (x - centre) / scale
        at = np.arcsinh(place)
        found = np.interp(at, grid, height) / (scale * np.sqrt(1 + place**2))
        return np.where((at >= ends[0]) & (at <= ends[1]), found, 0.0)

    def ppf(q: Floats) -> Floats:
        found: Floats = centre + scale * np.sinh(np.interp(q, below, edges))
        return found

    return Density(pdf=pdf, ppf=ppf)
