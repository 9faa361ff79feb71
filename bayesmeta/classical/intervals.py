"""Intervals and tests of an estimate, by the normal or the t distribution."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

__all__ = ["interval", "quantile", "two_sided"]


def quantile(level: float, df: float = np.inf) -> float:
    """Half the width of the central interval of a distribution, in standard errors.

    Parameters
    ----------
    level
        Of the interval.
    df
        Degrees of freedom of t; infinity for the normal distribution.

    Returns
    -------
    float
        NaN where there are no degrees of freedom.
    """
    if df <= 0:
        return float("nan")
    upper = (1 + level) / 2
    return float(ndtri(upper)) if np.isinf(df) else float(stdtrit(df, upper))


def interval(
    estimate: float, std_error: float, *, level: float, df: float = np.inf
) -> tuple[float, float]:
    """The central interval of an estimate; NaN where there are no degrees of freedom."""
    half = quantile(level, df) * std_error
    return estimate - half, estimate + half


def two_sided(statistic: float, df: float = np.inf) -> float:
    """The two-sided p-value of z, or of t with finite degrees of freedom."""
    if df <= 0:
        return float("nan")
    tail = ndtr(-abs(statistic)) if np.isinf(df) else stdtr(df, -abs(statistic))
    return float(2 * tail)
