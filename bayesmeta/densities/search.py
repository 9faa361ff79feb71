"""Roots of many monotone functions at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "increasing_root", "shortest"]

Floats = NDArray[np.float64]

_MOST_STEPS = 100
_PRECISION = 1e-13
_LAST_STEP = 3e-6
"""A step of Newton's method as small as this, relative to the scale, is the last: the next is its
square."""
_SCAN = 33
_MOST_CUTS = 60
_STEEP = 1e3
"""Stands for a difference of log densities that is infinite."""


def increasing_root(
    function: Callable[[Floats], tuple[Floats, Floats]], start: Floats, scale: Floats
) -> Floats:
    """Roots of increasing functions by Newton's method, kept inside brackets that shrink.

    Where its steps do not shrink fast a bracket is halved, or sought further away.

    Parameters
    ----------
    function
        Its values and slopes at an array of points, one root each.
    start, scale
        Where to begin, and how far a first step may lead (both of the shape of the roots).
    """
    x, reach = start, np.broadcast_to(scale, start.shape).astype(float)
    low, high = np.full_like(x, -np.inf), np.full_like(x, np.inf)
    before = np.full_like(x, np.inf)
    for _ in range(_MOST_STEPS):
        with np.errstate(all="ignore"):
            value, slope = function(x)
            low, high = np.where(value <= 0, x, low), np.where(value >= 0, x, high)
            step = -value / slope
            target = x + np.clip(step, -reach, reach)
            bracketed = np.isfinite(low) & np.isfinite(high)
            middle = np.where(bracketed, (low + high) / 2, x - np.sign(value) * reach)
            far = np.where(bracketed, high - low > scale, np.abs(step) > 0.1 * scale)
            slow = far & (np.abs(step) > 0.5 * before) & (np.abs(step) < reach)
        good = np.isfinite(target) & (target >= low) & (target <= high) & ~slow
        target = np.where(good, target, middle)
        target = np.where(value == 0, x, target)
        apart = np.abs(target - x)
        done = (apart <= _PRECISION * np.maximum(np.abs(x), scale)) | (
            good & (apart <= _LAST_STEP * scale)
        )
        x, before = target, apart
        if done.all():
            break
        reach = 2 * reach
    return x


def shortest(
    ppf: Callable[[Floats], Floats],
    log_density: Callable[[Floats], Floats],
    prob: float,
    shape: tuple[int, ...],
) -> tuple[Floats, Floats]:
    """Shortest intervals that hold a probability.

    Of all lower tail probabilities that leave `prob`, a scan finds where the interval is
    shortest, and halving where the densities at its ends are equal; an interval whose lower end
    has the higher density even at the lower end of the support begins there.

    Parameters
    ----------
    ppf, log_density
        Quantiles at tail probabilities, and log densities at points; arrays of `shape` and one
        more axis.
    prob
        The probability inside.
    shape
        Of the batch.

    Returns
    -------
    (array, array)
        Lower and upper ends, of `shape`.
    """
    tails = np.linspace(0, 1 - prob, _SCAN)
    scan = np.broadcast_to(tails, (*shape, _SCAN))
    width = ppf(scan + prob) - ppf(scan)
    width[np.isnan(width)] = np.inf
    best = width.argmin(-1)
    low, high = tails[np.maximum(best - 1, 0)], tails[np.minimum(best + 1, _SCAN - 1)]

    def rises(tail: Floats) -> Floats:
        """How much higher the log density is at the lower end: it rises with the tail."""
        ends = np.stack([tail, tail + prob], -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            lower, upper = np.moveaxis(log_density(ppf(ends)), -1, 0)
            difference: Floats = lower - upper
        return np.nan_to_num(difference, nan=-_STEEP, neginf=-_STEEP, posinf=_STEEP)

    at_low, at_high = rises(low), rises(high)
    at_start = (best == 0) & (at_low >= 0)
    for _ in range(_MOST_CUTS):
        with np.errstate(invalid="ignore", divide="ignore"):
            tail = low - at_low * (high - low) / (at_high - at_low)
        outside = ~((tail > low) & (tail < high))
        tail = np.where(outside, (low + high) / 2, tail)
        value = rises(tail)
        below = value < 0
        # Illinois: an end that stays is made to count half, so that both ends move
        at_high = np.where(below, at_high / 2, value)
        at_low = np.where(below, value, at_low / 2)
        low, high = np.where(below, tail, low), np.where(below, high, tail)
        if (np.minimum(np.abs(value), high - low)[~at_start] < _PRECISION).all():
            break
    tail = np.where(at_start, 0.0, tail)[..., None]
    ends = ppf(np.concatenate([tail, tail + prob], -1))
    return ends[..., 0], ends[..., 1]
