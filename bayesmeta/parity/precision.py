"""When a recomputed number is the stored one: at the precision at which it was stored."""

import numpy as np
from numpy.typing import NDArray

from bayesmeta.measures.base import Floats

__all__ = ["PROBABILITIES", "agree", "agrees"]

PROBABILITIES = frozenset({"p_effect", "p_chi2", "subgroup_p"})
"""Stored numbers that are p-values."""

_FULL_PRECISION = 1e-9
"""Relative, for numbers stored as doubles: the sums of a pooled result lose some digits."""

_FULL_FLOOR = 1e-12
"""Absolute, for such numbers: p-values near 0 are stored with the error of 1 minus a distribution
function."""

_PROBABILITY = 1e-6
"""Absolute, for p-values: RevMan's distribution functions are off by up to 5e-7, against those of
SciPy and of R on the same statistics."""

_ROUNDING = 1e-6
"""Beyond half a unit of the last stored decimal, as a share of the unit: halves are rounded up or
to even, in decimal or binary."""


def agrees(
    stored: float, computed: float, decimals: int | None, *, probability: bool = False
) -> bool:
    """Whether two numbers are the same at the stored precision; see `agree`."""
    same = agree(np.array(stored), np.array(computed), decimals, probability=probability)
    return bool(same)


def agree(
    stored: Floats, computed: Floats, decimals: int | None, *, probability: bool = False
) -> NDArray[np.bool_]:
    """Which numbers are the same at the stored precision.

    Parameters
    ----------
    stored, computed : array
        The numbers, on the scale of the file. A computed NaN agrees with nothing.
    decimals
        Decimals of the stored ones; None for full precision.
    probability
        Whether they are p-values.
    """
    allowed = _FULL_PRECISION * np.abs(stored) + _FULL_FLOOR
    if decimals is not None:
        allowed = allowed + (0.5 + _ROUNDING) * 10.0**-decimals
    if probability:
        allowed = allowed + _PROBABILITY
    with np.errstate(invalid="ignore"):
        same: NDArray[np.bool_] = np.abs(stored - computed) <= allowed
    return same
