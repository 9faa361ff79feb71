"""What every effect measure has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmeta.spec import Effect

__all__ = ["IDENTITY", "LOG", "Floats", "Formula", "Measure", "Scale", "StudyEffects"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StudyEffects:
    """Estimates of the studies on the analysis scale.

    Attributes
    ----------
    effect : array, one a study
        The estimate; NaN where it does not exist.
    variance : array, one a study
        Its sampling variance (the squared standard error).
    corrected : array of bool, optional
        Studies to whose empty cells something was added.
    dropped : array of bool, optional
        Studies that the rule for empty cells leaves out.
    """

    effect: Floats
    variance: Floats
    corrected: NDArray[np.bool_] | None = None
    dropped: NDArray[np.bool_] | None = None


Formula = Callable[[Mapping[str, Floats], Effect], StudyEffects]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How the analysis scale and the display scale of a measure belong together.

    `to_display` and `to_analysis` take an array of values and an array (or number) of
    participants, which only the Freeman-Tukey transformation uses. `difference` takes differences
    of two effects to the display scale, where these have a meaning there: ratios of ratios, odds
    ratios for logits.
    """

    name: str
    to_display: Callable[[Floats, Floats], Floats]
    to_analysis: Callable[[Floats, Floats], Floats]
    ratio: bool = False
    difference: Callable[[Floats], Floats] = lambda x: np.full(np.shape(x), np.nan)


IDENTITY = Scale(
    name="identity",
    to_display=lambda x, n: x,
    to_analysis=lambda x, n: x,
    difference=lambda x: x,
)


def _exponential(x: Floats, n: Floats) -> Floats:
    """Beyond the largest double it is infinite, which is no fault."""
    with np.errstate(over="ignore"):
        return np.exp(x)


LOG = Scale(
    name="log",
    to_display=_exponential,
    to_analysis=lambda x, n: np.log(x),
    ratio=True,
    difference=lambda x: _exponential(x, np.ones(1)),
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """An effect measure.

    Attributes
    ----------
    code : str
        The code of R's metafor, such as ``"OR"``.
    label : str
        The name on the display scale, such as ``"odds ratio"``.
    analysis_label : str
        The name on the analysis scale, such as ``"log odds ratio"``.
    columns : tuple of str
        The numbers of a study that the formula needs.
    formula : callable or None
        Numbers and the ``[effect]`` section to `StudyEffects`; None where studies can only give
        estimates.
    scale : Scale
        From the analysis scale to the display scale and back.
    null : float or None
        No effect, on the analysis scale; None for the measures of one group.
    unit_information_sd : float or None
        Standard deviation of one participant's information, where theory gives it; None where
        it is taken from the data.
    tau_scale : float or None
        Scale of the default half-normal prior of tau; None where it follows from the data.
    minimum_total : int
        Fewest participants an arm can have for the formula to exist.
    reference : str
        Where the formula is from.
    """

    code: str
    label: str
    analysis_label: str
    columns: tuple[str, ...]
    formula: Formula | None
    scale: Scale = IDENTITY
    null: float | None = 0.0
    unit_information_sd: float | None = None
    tau_scale: float | None = None
    minimum_total: int = 1
    reference: str
