"""Averages of functions on a line under normal distributions of true effects.

``E f(mu + tau * Z)`` for functions whose logarithm is known at the nodes of a `Line`. Where the
distribution is wide beside the spacing of the nodes it is their weighted sum, where it is narrow a
Gauss-Hermite rule at whose points the logarithm is interpolated. Both keep relative precision in
the tails, since nothing is subtracted.
"""

from functools import cache

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logsumexp, ndtr

from bayesmeta.densities.interpolation import between, stencils
from bayesmeta.densities.line import Line
from bayesmeta.densities.search import Floats

__all__ = ["log_averages", "log_interpolated", "strained"]

_RESOLVED = 1.25
"""The least ratio of the scale to the spacing of the nodes at which these resolve the normal
density: the error of the sum is 2 exp(-2 π² 1.25²) = 8e-14."""

_EXACT = 1e-9
"""Ratio below which the average is the value itself."""

_RULES = (
    (_EXACT, 1, np.inf),
    (1e-3, 3, 0.06),
    (1e-2, 4, 0.18),
    (0.06, 6, 0.54),
    (0.2, 9, 1.1),
    (0.5, 14, 2.3),
    (_RESOLVED, 24, 4.2),
)
"""Largest ratio, the points of the Gauss-Hermite rule that serves up to it, and the largest product
of the scale and the slope of the logarithm at which it is right to 1e-9."""

_ROOT_2PI = float(np.sqrt(2 * np.pi))
_BLOCK = 400_000
"""Numbers of the kernel that are worked on at once."""

_LEAST = -340.0
"""Log of the least factor of a product: smaller numbers slow a processor down a hundredfold."""

_TRUSTED = np.exp(_LEAST + 40)
"""The least sum of such products that is right to all digits; smaller ones need logarithms."""

_PAIRS = 2000

_LOWEST = -1e6
"""Stands for the logarithm of 0 where it is interpolated."""


def log_averages(
    line: Line,
    log_f: Floats,
    mu: Floats,
    tau: Floats,
    *,
    careful: bool = False,
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
    careful
        Be right also where `strained` says that it else is not, which takes longer.

    Returns
    -------
    array (point, function)
    """
    return _log_averages(line, np.maximum(log_f, _LOWEST), mu, tau, careful)


def strained(line: Line, log_f: Floats, mu: Floats, tau: Floats) -> Floats:
    """Where a function is so small that its average under a normal distribution is not exact.

    Takes what `log_averages` takes; the distribution is normal. Numbers of functions (point,).
    """
    log_f = np.maximum(log_f, _LOWEST)
    ratio = tau / line.spacing(mu)
    far = np.zeros((mu.size, log_f.shape[1]), bool)
    wide = ratio > _RESOLVED
    if wide.any():
        lost = _log_averages(line, log_f, mu[wide], tau[wide], False) - log_f.max(0)
        far[wide] = lost < np.log(_TRUSTED)
    low = -1.0
    for high, _, most in _RULES:
        some = np.flatnonzero((ratio > low) & (ratio <= high))
        if some.size:
            slope, _ = _slopes(line, log_f, mu[some])
            far[some] = tau[some, None] * np.abs(slope) > most
        low = high
    return far.sum(1)


def _log_averages(line: Line, log_f: Floats, mu: Floats, tau: Floats, careful: bool) -> Floats:
    ratio = tau / line.spacing(mu)
    log = np.empty((mu.size, log_f.shape[1]))
    wide = ratio > _RESOLVED
    if wide.any():
        log[wide] = _wide(line, log_f, mu[wide], tau[wide], careful)
    low = -1.0
    for high, count, most in _RULES:
        some = np.flatnonzero((ratio > low) & (ratio <= high))
        if some.size:
            log[some] = _narrow(line, log_f, mu[some], tau[some], count)
            if careful and count > 1:
                slope, curvature = _slopes(line, log_f, mu[some])
                rows, functions = np.nonzero(tau[some, None] * np.abs(slope) > most)
                places = some[rows]
                scale = tau[places]
                pull = scale * slope[rows, functions]
                pull /= np.maximum(1 - scale**2 * curvature[rows, functions], 1.0)
                log[places, functions] = _shifted(line, log_f, functions, mu[places], scale, pull)
        low = high
    return log


def _slopes(line: Line, log_f: Floats, x: Floats) -> tuple[Floats, Floats]:
    """First and second derivatives of the logarithms at values (point, function)."""
    place = np.clip(line.place(x), 1, line.points.size - 2)
    around = [line.at(place + side) for side in (-0.5, 0.0, 0.5)]
    left, middle, right = (log_interpolated(log_f, place + side) for side in (-0.5, 0.0, 0.5))
    before = (middle - left) / (around[1] - around[0])[:, None]
    after = (right - middle) / (around[2] - around[1])[:, None]
    return (before + after) / 2, 2 * (after - before) / (around[2] - around[0])[:, None]


def _shifted(
    line: Line, log_f: Floats, functions: np.ndarray, mu: Floats, tau: Floats, pull: Floats
) -> Floats:
    """Averages of one function each by a rule around where its product with the density is."""
    z, weights = _rule(_RULES[-1][1])
    log = np.empty(mu.size)
    values = np.ascontiguousarray(log_f.T)
    for first in range(0, mu.size, _PAIRS):
        some = slice(first, first + _PAIRS)
        b = pull[some, None]
        at = np.clip(line.place(mu[some, None] + tau[some, None] * (z + b)), 0, values.shape[1] - 1)
        start, shares = stencils(at, values.shape[1])
        near = start[..., None] + np.arange(shares.shape[-1])
        own = functions[some, None]
        found = (values[own[..., None], near] * shares).sum(-1)
        left = np.minimum(at.astype(np.intp), values.shape[1] - 2)
        found = between(found, values[own, left], values[own, left + 1])
        log[some] = logsumexp(found - b * z - b * b / 2 + np.log(weights), axis=1)
    return log


def _wide(line: Line, log_f: Floats, mu: Floats, tau: Floats, careful: bool) -> Floats:
    """Sums over the nodes; what lies beyond the last ones counts as there."""
    points, slopes = line.points, line.slopes
    top = log_f.max(0)
    f = np.exp(np.maximum(log_f - top, _LEAST))
    log = np.empty((mu.size, log_f.shape[1]))
    rows = max(1, _BLOCK // points.size)
    for first in range(0, mu.size, rows):
        some = slice(first, first + rows)
        centre, scale = mu[some, None], tau[some, None]
        z = (points - centre) / scale
        shares = np.exp(np.maximum(-0.5 * z * z, _LEAST)) * (slopes / (_ROOT_2PI * scale))
        shares[:, :1] += ndtr((points[0] - slopes[0] / 2 - centre) / scale)
        shares[:, -1:] += ndtr((centre - points[-1] - slopes[-1] / 2) / scale)
        averages = shares @ f
        log[some] = np.log(averages) + top
        for function in np.flatnonzero((averages < _TRUSTED).any(0)) if careful else ():
            far = np.flatnonzero(averages[:, function] < _TRUSTED)
            log_terms = -0.5 * z[far] ** 2 + np.log(slopes / _ROOT_2PI) + log_f[:, function]
            log[first + far, function] = logsumexp(log_terms, axis=1) - np.log(scale[far, 0])
    return log


def _narrow(line: Line, log_f: Floats, mu: Floats, tau: Floats, count: int) -> Floats:
    """Sums of few points, at which the logarithms are interpolated."""
    points, weights = _rule(count)
    at = line.place(mu[:, None] + tau[:, None] * points)
    values = log_interpolated(log_f, at.ravel()).reshape(*at.shape, -1)
    if count == 1:
        return values[:, 0]
    top = values.max(1)
    averages = np.einsum("rpf,p->rf", np.exp(values - top[:, None]), weights)
    log: Floats = np.log(averages) + top
    return log


@cache
def _rule(count: int) -> tuple[Floats, Floats]:
    """Points and weights of the Gauss-Hermite rule, which averages over the normal density."""
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


def log_interpolated(values: Floats, at: Floats) -> Floats:
    """Logarithms of functions between the nodes.

    Parameters
    ----------
    values : array (node, function)
        At the nodes.
    at : array (point,)
        Places, in units of nodes; beyond the last nodes the functions are constant.

    Returns
    -------
    array (point, function)
    """
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
