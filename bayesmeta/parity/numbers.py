"""What we compute of an outcome, under the names by which a review stores it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayesmeta.classical import GroupResult, Heterogeneity, Pooled, RevManAnalysis
from bayesmeta.measures import find_measure
from bayesmeta.measures.base import Floats
from bayesmeta.studies import Outcome, Settings, Stored

__all__ = ["group_numbers", "row_numbers", "total_numbers"]

_ARMS = ("treatment", "control")


def row_numbers(analysis: RevManAnalysis) -> dict[str, Floats]:
    """The numbers of the studies, one entry a row (see `bayesmeta.studies.Stored`)."""
    numbers = {
        "effect": analysis.effect,
        "lower": analysis.lower,
        "upper": analysis.upper,
        "std_error": analysis.std_error,
        "weight": analysis.weight,
        "variance": analysis.std_error**2,
    }
    return numbers | _displayed(numbers, analysis.settings)


def total_numbers(outcome: Outcome, analysis: RevManAnalysis) -> Stored:
    """The numbers of the pooled result of all studies, and of the test between subgroups."""
    rows = outcome.rows
    numbers = _sums(outcome, rows.in_total)
    settings = analysis.settings
    if analysis.total is not None:
        numbers |= _result(analysis.total, settings)
        numbers["weight"] = float(analysis.weight[rows.in_total].sum())
    if settings.subtotals and not settings.totals and analysis.of_subgroups is not None:
        numbers |= _effect(analysis.of_subgroups, settings)
    if analysis.differences is not None:
        numbers |= _differences(analysis.differences)
    return numbers


def group_numbers(outcome: Outcome, analysis: RevManAnalysis, group: int) -> Stored:
    """The numbers of the pooled result of a subgroup."""
    included = outcome.rows.subgroup == group
    numbers = _sums(outcome, included)
    result = analysis.subgroups[group]
    if result is not None:
        numbers |= _result(result, analysis.settings)
        numbers["weight"] = float(analysis.weight[included].sum())
    return numbers


def _displayed(numbers: Mapping[str, Floats], settings: Settings) -> dict[str, Floats]:
    """Effects and intervals on the display scale, and of ratios the logarithms to base ten."""
    scale = find_measure(settings.measure).scale
    shown: dict[str, Floats] = {}
    with np.errstate(all="ignore"):
        for name in ("effect", "lower", "upper"):
            shown[name] = scale.to_display(numbers[name], np.array(np.nan))
            if scale.ratio:
                shown[f"log10_{name}"] = np.log10(shown[name])
    return shown


def _effect(pooled: Pooled, settings: Settings) -> dict[str, float]:
    """A pooled effect, its interval and its test."""
    ends: dict[str, Floats] = {
        "effect": np.array(pooled.estimate),
        "lower": np.array(pooled.lower),
        "upper": np.array(pooled.upper),
    }
    found = {name: float(value) for name, value in _displayed(ends, settings).items()}
    statistic = "z" if np.isinf(pooled.df) else "t"
    return found | {statistic: abs(pooled.statistic), "p_effect": pooled.p_value}


def _result(result: GroupResult, settings: Settings) -> dict[str, float]:
    """All of a pooled result; its heterogeneity where there are degrees of freedom."""
    spread = result.pooled.heterogeneity
    found = _effect(result.pooled, settings) | {"tau2": spread.tau2, "df": float(spread.df)}
    if spread.df > 0:
        found |= {"chi2": spread.q, "p_chi2": spread.p_value, "i2": 100 * spread.i2}
    if result.tau2_interval is not None:
        found["tau2_lower"], found["tau2_upper"] = result.tau2_interval
    if result.prediction is not None:
        scale = find_measure(settings.measure).scale
        ends_of = scale.to_display(np.array(result.prediction), np.array(np.nan))
        found["prediction_lower"], found["prediction_upper"] = (float(end) for end in ends_of)
    return found


def _differences(found: Heterogeneity) -> dict[str, float]:
    return {
        "subgroup_chi2": found.q,
        "subgroup_df": float(found.df),
        "subgroup_p": found.p_value,
        "subgroup_i2": 100 * found.i2,
    }


def _sums(outcome: Outcome, included: NDArray[np.bool_]) -> dict[str, float]:
    """Events and participants of the rows, and how many studies these are."""
    numbers = outcome.rows.numbers
    found = {
        name: float(np.nansum(numbers[name][included]))
        for arm in _ARMS
        for name in (f"events_{arm}", f"total_{arm}")
        if name in numbers
    }
    names = {outcome.rows.study[i] for i in np.flatnonzero(included)}
    return found | {"studies": float(len(names))}
