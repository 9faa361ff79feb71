"""Averages of functions on a line under distributions of true effects.

``E f(mu + tau * Z)`` for functions whose logarithm is known at the nodes of a `Line`. Where the
distribution is wide beside the spacing of the nodes it is their weighted sum, where it is narrow a
Gauss-Hermite rule at whose points the logarithm is interpolated. Both keep relative precision in
the tails, since nothing is subtracted.
"""

from functools import cache

import numpy as np
from scipy.sparse import csr_array
from scipy.special import ndtr

from bayesmeta.densities.interpolation import between, stencils
from bayesmeta.densities.line import Line
from bayesmeta.densities.scales import NORMAL, Scales
from bayesmeta.densities.search import Floats

__all__ = ["log_averages"]

_RESOLVED = 1.25
"""The least ratio of the scale to the spacing of the nodes at which these resolve the normal
density: the error of the sum is 2 exp(-2 π² 1.25²) = 8e-14."""

_EXACT = 1e-9
"""Ratio below which the average is the value itself."""

_RULES = (
    (_EXACT, 1),
    (1e-3, 3),
    (1e-2, 4),
    (0.06, 6),
    (0.2, 9),
    (0.5, 14),
    (_RESOLVED, 24),
)
"""Largest ratio, and the points of the Gauss-Hermite rule that serves up to it."""

_ROOT_2PI = float(np.sqrt(2 * np.pi))
_BLOCK = 400_000
"""Numbers of the kernel that are worked on at once."""

_LEAST = -340.0
"""Log of the least factor of a product: smaller numbers slow a processor down a hundredfold."""

_LOWEST = -2000.0
"""Stands for the logarithm of 0 where it is interpolated."""


def log_averages(
    line: Line, log_f: Floats, mu: Floats, tau: Floats, scales: Scales = NORMAL
) -> Floats:
    """Logarithms of averages of functions.

    Parameters
    ----------
    line
        The nodes.
    log_f : array (node, function)
        Logarithms of the functions there; beyond the last nodes they are constant.
    mu, tau : array (point,)
        Locations and scales; tau may be 0.
    scales
        The distribution.

    Returns
    -------
    array (point, function)
        At least the largest of the function less 340: averages that are smaller are not told apart.
    """
    log_f = np.maximum(log_f, _LOWEST)
    top = log_f.max(0)
    log_f = log_f - top
    averages = np.zeros((mu.size, log_f.shape[1]))
    for weight, factor in zip(scales.weights, scales.factors, strict=True):
        averages += weight * _averages(line, log_f, mu, factor * tau)
    log: Floats = np.log(np.maximum(averages, np.exp(_LEAST))) + top
    return log


def _averages(line: Line, log_f: Floats, mu: Floats, tau: Floats) -> Floats:
    ratio = tau / line.spacing(mu)
    averages = np.empty((mu.size, log_f.shape[1]))
    wide = ratio > _RESOLVED
    if wide.any():
        averages[wide] = _wide(line, np.exp(np.maximum(log_f, _LEAST)), mu[wide], tau[wide])
    low = -1.0
    for high, count in _RULES:
        some = np.flatnonzero((ratio > low) & (ratio <= high))
        if some.size:
            averages[some] = _narrow(line, log_f, mu[some], tau[some], count)
        low = high
    return averages


def _wide(line: Line, f: Floats, mu: Floats, tau: Floats) -> Floats:
    """Sums over the nodes; what lies beyond the last ones counts as there."""
    averages = np.empty((mu.size, f.shape[1]))
    points, slopes = line.points, line.slopes
    rows = max(1, _BLOCK // points.size)
    for first in range(0, mu.size, rows):
        some = slice(first, first + rows)
        centre, scale = mu[some, None], tau[some, None]
        z = (points - centre) / scale
        shares = np.exp(np.maximum(-0.5 * z * z, _LEAST)) * (slopes / (_ROOT_2PI * scale))
        shares[:, :1] += ndtr((points[0] - slopes[0] / 2 - centre) / scale)
        shares[:, -1:] += ndtr((centre - points[-1] - slopes[-1] / 2) / scale)
        averages[some] = shares @ f
    return averages


def _narrow(line: Line, log_f: Floats, mu: Floats, tau: Floats, count: int) -> Floats:
    """Sums of few points, at which the logarithms are interpolated."""
    points, weights = _rule(count)
    at = line.place(mu[:, None] + tau[:, None] * points)
    values = np.exp(_interpolated(log_f, at.ravel())).reshape(*at.shape, -1)
    averages: Floats = np.einsum("rpf,p->rf", values, weights)
    return averages


@cache
def _rule(count: int) -> tuple[Floats, Floats]:
    """Points and weights of the Gauss-Hermite rule, which averages over the normal density."""
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


def _interpolated(values: Floats, at: Floats) -> Floats:
    """Functions (node, function) at places in units of nodes (point, function)."""
    count = values.shape[0]
    at = np.clip(at, 0, count - 1)
    start, weights = stencils(at, count)
    width = weights.shape[-1]
    matrix = csr_array(
        (
            weights.ravel(),
            (start[:, None] + np.arange(width)).ravel(),
            np.arange(0, at.size * width + 1, width),
        ),
        shape=(at.size, count),
    )
    left = np.minimum(at.astype(np.intp), count - 2)
    return between(matrix @ values, values[left], values[left + 1])
