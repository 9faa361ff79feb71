"""The constant, distribution function and quantiles of the conventional prior, by quadrature.

Its density is proportional to ``x * exp(-1.5 * mean(log(s**2 + x**2)))``. In ``u = log(x)`` that
is analytic, and falls as ``exp(2 * u)`` and ``exp(-u)``: Gauss-Legendre panels of width 1 give its
integral to 1e-13.
"""

import numpy as np

from bayesmeta.priors.base import Floats
from bayesmeta.priors.quantile import invert

__all__ = ["conventional_cdf", "conventional_ppf", "log_normaliser"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_BELOW, _ABOVE = 18.0, 36.0
"""How far from the standard errors, in u, the mass ends: the rest is 1e-15 of it."""


def log_normaliser(std_error: Floats) -> float:
    """The log of the integral of the density without its constant."""
    _, inside = _panels(std_error)
    return float(np.log(inside.sum()) - 0.5 * _shift(std_error))


def conventional_cdf(x: Floats, std_error: Floats, log_normaliser: float) -> Floats:
    """The distribution function: whole panels below, and part of the one that holds `x`."""
    edges, inside = _panels(std_error)
    below = np.concatenate([[0.0], np.cumsum(inside)])
    u = np.clip(np.log(x), edges[0], edges[-1])
    panel = np.clip(np.searchsorted(edges, u, side="right") - 1, 0, inside.size - 1)
    part = _integral(edges[panel], u, std_error)
    reached: Floats = np.minimum((below[panel] + part) / below[-1], 1.0)
    return reached


def conventional_ppf(q: Floats, std_error: Floats, log_normaliser: float) -> Floats:
    """The quantile function, by inversion of the distribution function."""
    edges, _ = _panels(std_error)
    at_edges = conventional_cdf(np.exp(edges), std_error, log_normaliser)
    panel = np.clip(np.searchsorted(at_edges, q, side="right"), 1, edges.size - 1)
    return np.exp(
        invert(
            lambda u: conventional_cdf(np.exp(u), std_error, log_normaliser),
            q,
            low=edges[panel - 1],
            high=edges[panel],
        )
    )


def _shift(std_error: Floats) -> float:
    """The log of a typical variance, which keeps exponents near 0."""
    return float(np.mean(np.log(std_error**2)))


def _panels(std_error: Floats) -> tuple[Floats, Floats]:
    """Edges of the panels in u, and the integral over each, shifted."""
    logs = np.log(std_error)
    edges = np.arange(np.floor(logs.min() - _BELOW), np.ceil(logs.max() + _ABOVE) + 1)
    return edges, _integral(edges[:-1], edges[1:], std_error)


def _integral(low: Floats, high: Floats, std_error: Floats) -> Floats:
    half = (high - low) / 2
    u = (low + half)[..., None] + half[..., None] * _POINTS
    variances = std_error**2 + np.exp(2 * u)[..., None]
    log = 2 * u - 1.5 * np.log(variances).mean(-1) + 0.5 * _shift(std_error)
    integral: Floats = half * (np.exp(log) @ _WEIGHTS)
    return integral
