"""How RevMan was told to analyse an outcome, from the words of any of its formats."""

import math
from typing import Literal

from bayesmeta.errors import brief
from bayesmeta.studies.review import Kind
from bayesmeta.studies.study_rows import Place

__all__ = ["level_of", "method_of"]

_LEVEL = 0.95
"""RevMan's own level, where a file names none."""


def method_of(kind: Kind, measure: str, text: str) -> Literal["MH", "IV", "PETO"]:
    """How studies are pooled.

    Only dichotomous outcomes leave a choice: estimates and continuous outcomes are weighted by
    inverse variance; O-E and variance are pooled as Peto does, as his odds ratio always is.
    """
    if kind == "O-E and variance" or (kind == "dichotomous" and measure == "PETO"):
        return "PETO"
    if kind == "dichotomous" and text.strip().casefold() not in ("iv", "inverse variance"):
        return "MH"
    return "IV"


def level_of(text: str, place: Place) -> float:
    """The level of intervals, from ``"95"`` or ``"95%"``.

    Raises
    ------
    DataError
        It is not between 0 and 100 percent.
    """
    plain = text.strip().removesuffix("%").strip()
    if not plain:
        return _LEVEL
    try:
        percent = float(plain)
    except ValueError:
        percent = math.nan
    if not 0 < percent < 100:
        raise place.error(f"{brief(text)} is not the level of an interval", "level", None, 0)
    return percent / 100
