"""The sampling variance of a typical study."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["typical_variance"]


def typical_variance(variance: NDArray[np.float64]) -> float:
    """The typical sampling variance of studies with these sampling variances.

    Higgins & Thompson 2002, Stat Med 21:1539, eq. 9: ``(k - 1) Σ w / ((Σ w)² - Σ w²)`` with weights
    ``w = 1 / variance``. NaN for one study, where it is not defined.
    """
    weights = np.sort(1 / variance)
    if weights.size < 2:
        return float("nan")
    # The difference of squares as twice the sum over pairs: nothing is lost where one weight is
    # greater than all others by many orders of magnitude.
    pairs = (weights[1:] * np.cumsum(weights)[:-1]).sum()
    return float((weights.size - 1) * weights.sum() / (2 * pairs))
