"""Peto's pooling of observed less expected events and their variances."""

import numpy as np

from bayesmeta.classical.cells import Cells
from bayesmeta.classical.inverse_variance import inverse_variance
from bayesmeta.classical.pooled import Pooled
from bayesmeta.measures.base import Floats

__all__ = ["peto", "peto_statistics"]


def peto(o_minus_e: Floats, variance: Floats, *, level: float = 0.95) -> Pooled:
    """Pool studies by observed less expected events, under a common effect.

    Yusuf et al. 1985, Prog Cardiovasc Dis 27:335; metafor's ``rma.peto``. The same as pooling
    ``o_minus_e / variance`` with the weights `variance`: RevMan's Peto odds ratio, and its
    outcomes of O-E and variance.

    Parameters
    ----------
    o_minus_e : array, one a study
        Observed less expected events under treatment.
    variance : array, one a study
        Its hypergeometric or log-rank variance, which must be positive: leave out studies
        without events or without non-events.
    level
        Of confidence.

    Returns
    -------
    Pooled
        A log odds ratio, or a log hazard ratio where the input comes from log-rank tests.
    """
    return inverse_variance(o_minus_e / variance, 1 / np.asarray(variance, float), level=level)


def peto_statistics(cells: Cells) -> tuple[Floats, Floats]:
    """Observed less expected events under treatment, and their hypergeometric variance.

    Yusuf et al. 1985, Prog Cardiovasc Dis 27:335.

    Returns
    -------
    (array, array)
        One a study; the variance is 0 where there are no events, or nothing but events.
    """
    events, others = cells.a + cells.c, cells.b + cells.d
    n = cells.participants
    variance = cells.treated * cells.controls * events * others / (n**2 * (n - 1))
    return cells.a - cells.treated * events / n, variance
