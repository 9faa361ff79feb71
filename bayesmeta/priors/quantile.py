"""Quantiles of a distribution whose quantile function has no formula."""

from collections.abc import Callable

import numpy as np

from bayesmeta.priors.base import Floats

__all__ = ["invert"]


def invert(cdf: Callable[[Floats], Floats], q: Floats, *, low: Floats, high: Floats) -> Floats:
    """Where an increasing function reaches `q` (Chandrupatla 1997, Adv Eng Softw 28:145).

    Parameters
    ----------
    cdf
        The function, of arrays.
    q
        What it is to reach.
    low, high
        Bounds of the places, of the shape of `q`.
    """
    from scipy.optimize.elementwise import find_root  # for cost: few priors need it

    def beyond(x: Floats, reached: Floats) -> Floats:
        return cdf(x) - reached

    with np.errstate(all="ignore"):
        found = find_root(beyond, (low, high), args=(q,))
    return np.where(low == high, low, found.x)
