"""Any measure from estimates: with a standard error, an interval, or a p-value.

Formulas: Cochrane Handbook 6.3 (Higgins, Li & Deeks), two-sided normal intervals and tests.
"""

import numpy as np
import xarray as xr
from scipy.special import ndtri

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, StudyEffects
from bayesmeta.measures.participants import display_size
from bayesmeta.spec import Effect
from bayesmeta.studies import place

__all__ = ["GENERIC", "HAZARD_RATIO", "RATIO", "effects_from_estimates"]

_OFF_CENTRE = 0.1
"""An estimate this far from the middle of its interval, as a share of the interval's width, is
more than rounding: usually a ratio that is read as its logarithm, or the reverse."""


def effects_from_estimates(
    table: xr.Dataset, effect: Effect, measure: Measure
) -> tuple[StudyEffects, list[str]]:
    """Effects and variances from what studies print.

    A standard error is used where there is one, else the interval, else the p-value. A standard
    error is always on the analysis scale; `effect.scale` says on which scale the estimates and
    the intervals are.

    Parameters
    ----------
    table
        Has ``effect`` and at least one of ``std_error``, ``lower`` with ``upper``, ``p_value``.
    effect, measure
        The ``[effect]`` section and the measure of which the estimates are.

    Returns
    -------
    StudyEffects, list of str
        The effects, and warnings about intervals that do not lie around their estimate.

    Raises
    ------
    SpecError
        The scale matters and is not given.
    DataError
        A value cannot be: a ratio of 0 or less, an interval that does not hold its estimate.
    """
    uses = [name for name in ("effect", "lower", "upper") if name in table]
    values = {name: _analysis(table, name, effect, measure) for name in uses}
    estimate = values["effect"]
    std_error = _column(table, "std_error", estimate)
    messages: list[str] = []
    if "lower" in values and "upper" in values:
        _check_interval(table)
        width = values["upper"] - values["lower"]
        from_interval = width / (2 * ndtri((1 + effect.level) / 2))
        messages = _off_centre(table, values, np.isnan(std_error))
        std_error = np.where(np.isnan(std_error), from_interval, std_error)
    p_value = _column(table, "p_value", estimate)
    zero = np.flatnonzero(np.isnan(std_error) & (p_value == 0))
    if zero.size:
        raise DataError(
            "a p-value of 0 is a bound, not a value",
            **place(table, int(zero[0]), "p_value"),
            hint="Give the standard error, the interval or the exact p-value.",
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        from_p = np.abs(estimate) / -ndtri(p_value / 2)
    std_error = np.where(np.isnan(std_error), from_p, std_error)
    return StudyEffects(effect=estimate, variance=std_error**2), messages


def _column(table: xr.Dataset, name: str, like: Floats) -> Floats:
    values: Floats = table[name].to_numpy() if name in table else np.full(like.shape, np.nan)
    return values


def _analysis(table: xr.Dataset, name: str, effect: Effect, measure: Measure) -> Floats:
    values: Floats = table[name].to_numpy()
    if measure.scale is IDENTITY or effect.scale == "analysis":
        return values
    if effect.scale is None:
        raise SpecError(
            f"the estimates may be on the scale of the {measure.label} or of the "
            f"{measure.analysis_label}",
            key="effect.scale",
            hint=f'scale = "display" for the {measure.label}, "analysis" for the '
            f"{measure.analysis_label}.",
        )
    sizes = np.full(values.shape, display_size(table))
    with np.errstate(invalid="ignore", divide="ignore"):
        converted: Floats = measure.scale.to_analysis(values, sizes)
    wrong = np.flatnonzero(~np.isfinite(converted) & ~np.isnan(values))
    if wrong.size:
        raise DataError(
            f"{values[wrong[0]]:g} is not possible as a {measure.label}",
            **place(table, int(wrong[0]), name),
        )
    return converted


def _check_interval(table: xr.Dataset) -> None:
    """Each interval holds its estimate, on the scale on which both are given."""
    lower, upper, estimate = (table[name].to_numpy() for name in ("lower", "upper", "effect"))
    wrong = np.flatnonzero((lower > upper) | (estimate < lower) | (estimate > upper))
    if wrong.size:
        i = int(wrong[0])
        raise DataError(
            f"the effect {estimate[i]:g} does not lie in its interval "
            f"from {lower[i]:g} to {upper[i]:g}",
            **place(table, i, "effect"),
        )


def _off_centre(table: xr.Dataset, values: dict[str, Floats], used: np.ndarray) -> list[str]:
    lower, upper = values["lower"], values["upper"]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.abs(values["effect"] - (lower + upper) / 2) / (upper - lower)
    return [
        f"{table['study'].to_numpy()[i]}: the estimate is not in the middle of its interval on "
        "the analysis scale; check the scale and the numbers."
        for i in np.flatnonzero(used & (share > _OFF_CENTRE))
    ]


GENERIC = Measure(
    code="GEN",
    label="effect",
    analysis_label="effect",
    columns=(),
    formula=None,
    scale=IDENTITY,
    reference="Cochrane Handbook 6.3",
)
HAZARD_RATIO = Measure(
    code="HR",
    label="hazard ratio",
    analysis_label="log hazard ratio",
    columns=(),
    formula=None,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Cochrane Handbook 6.8",
)
RATIO = Measure(
    code="RATIO",
    label="ratio",
    analysis_label="log ratio",
    columns=(),
    formula=None,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Cochrane Handbook 6.3",
)
