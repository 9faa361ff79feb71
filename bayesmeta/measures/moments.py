"""Means and standard deviations from what papers print instead of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from bayesmeta.measures.base import Floats

__all__ = ["Moments", "combine_arms", "moments_from_quantiles"]


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Participants, mean and standard deviation; arrays of one shape."""

    total: Floats
    mean: Floats
    sd: Floats


def moments_from_quantiles(
    *,
    total: ArrayLike,
    median: ArrayLike,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    minimum: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
) -> Moments:
    """Estimate mean and standard deviation from the median with quartiles, range, or both.

    The mean is that of Luo, Wan, Liu & Tong 2018 (Stat Methods Med Res 27:1785), the standard
    deviation that of Wan, Wang, Liu & Tong 2014 (BMC Med Res Methodol 14:135). Both assume a
    normal distribution: for skewed data they mislead.

    Parameters
    ----------
    total, median, q1, q3, minimum, maximum : array_like
        Broadcast against one another. The quartiles, the range, or both are needed.

    Raises
    ------
    ValueError
        Neither the quartiles nor the range is given.
    """
    n, middle = np.asarray(total, float), np.asarray(median, float)
    quartiles = None if q1 is None or q3 is None else (np.asarray(q1, float), np.asarray(q3, float))
    ends = (
        None
        if minimum is None or maximum is None
        else (np.asarray(minimum, float), np.asarray(maximum, float))
    )
    sd_range = 2 * ndtri((n - 0.375) / (n + 0.25))
    sd_quartiles = 2 * ndtri((0.75 * n - 0.125) / (n + 0.25))
    if quartiles and ends:
        weight_range = 2.2 / (2.2 + n**0.75)
        weight_quartiles = 0.7 - 0.72 / n**0.55
        sd = ((ends[1] - ends[0]) / sd_range + (quartiles[1] - quartiles[0]) / sd_quartiles) / 2
    elif quartiles:
        weight_range, weight_quartiles = np.zeros_like(n), 0.7 + 0.39 / n
        sd = (quartiles[1] - quartiles[0]) / sd_quartiles
    elif ends:
        weight_range, weight_quartiles = 4 / (4 + n**0.75), np.zeros_like(n)
        sd = (ends[1] - ends[0]) / sd_range
    else:
        raise ValueError("the median alone does not tell the mean: give quartiles or range")
    mean = (1 - weight_range - weight_quartiles) * middle
    if ends:
        mean = mean + weight_range * (ends[0] + ends[1]) / 2
    if quartiles:
        mean = mean + weight_quartiles * (quartiles[0] + quartiles[1]) / 2
    return Moments(total=n, mean=mean, sd=sd)


def combine_arms(*, total: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Moments:
    """Combine the arms of a trial into one, as if all participants had been in it.

    Parameters
    ----------
    total, mean, sd : array_like
        One entry an arm along the last axis.

    Returns
    -------
    Moments
        Without the last axis. The standard deviation is that of all participants together
        (Cochrane Handbook, table 6.5.a, extended to any number of arms).
    """
    n, m, s = np.asarray(total, float), np.asarray(mean, float), np.asarray(sd, float)
    whole = n.sum(axis=-1)
    centre = (n * m).sum(axis=-1) / whole
    squares = ((n - 1) * s**2 + n * (m - centre[..., None]) ** 2).sum(axis=-1)
    return Moments(total=whole, mean=centre, sd=np.sqrt(squares / (whole - 1)))
