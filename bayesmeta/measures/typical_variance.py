"""The sampling variance of a typical study."""

from bayesmeta.measures.base import Floats

__all__ = ["typical_variance"]


def typical_variance(variance: Floats) -> float:
    """The typical sampling variance of studies with these sampling variances.

    Higgins & Thompson 2002, Stat Med 21:1539, eq. 9; NaN for one study, where it is not defined.
    """
    weights = 1 / variance
    k, total = weights.size, weights.sum()
    if k < 2:
        return float("nan")
    return float((k - 1) * total / (total**2 - (weights**2).sum()))
