"""Why a stored number is not reproduced: the likely reason, found by trying other ways."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bayesmeta.classical import revman_analysis
from bayesmeta.parity.numbers import group_numbers, total_numbers
from bayesmeta.parity.precision import agrees
from bayesmeta.parity.result import Check
from bayesmeta.studies import METHODS, Outcome, Settings

__all__ = ["explained"]

_ROUNDED_UNITS = 3.0
"""Units of the last decimal by which the end of an interval is off that was computed from an effect
and a standard error which were rounded to that decimal: 0.5 + 1.96 * 0.5, and 0.5 for its own
rounding; 2.58 for an interval of 99 %."""

_ITERATED = 1e-4
"""Percent by which a weight may be off where RevMan stops iterating tau² by REML."""

_WHOLE = 101.0
"""Percent that the weights of one subgroup do not exceed, whatever their rounding."""

_EDITED = "edited after RevMan computed it, or computed from numbers that are not in the file"


def explained(
    outcome: Outcome, settings: Settings, checks: Sequence[Check], decimals: int | None
) -> list[Check]:
    """The checks, those that do not agree with a likely reason.

    Parameters
    ----------
    outcome, settings
        The outcome, and how it was analysed.
    checks
        Its checks.
    decimals
        Decimals of the stored numbers; None for full precision.
    """
    differing = [check for check in checks if not check.agrees]
    if not differing:
        return list(checks)
    studies = {
        check.place
        for check in differing
        if check.level == "study" and check.quantity != "weight"  # which follows from the method
    }
    found = []
    for check in checks:
        reason = ""
        if not check.agrees and math.isnan(check.computed):
            reason = "a number is stored where there is no result"
        elif not check.agrees and check.level == "study":
            reason = _of_study(outcome, settings, check, studies, decimals)
        elif not check.agrees:
            reason = _of_result(outcome, settings, check, studies, decimals)
        found.append(replace(check, reason=reason) if reason else check)
    return found


def _partly(outcome: Outcome) -> bool:
    """Whether rows count in the subgroups alone, or in the total alone."""
    rows = outcome.rows
    return bool(outcome.subgroups) and bool((~rows.in_total | (rows.subgroup < 0)).any())


def _merged(outcome: Outcome, place: int) -> bool:
    """Whether the stored weights of a row's subgroup are those of more than one subgroup."""
    rows = outcome.rows
    own = rows.subgroup == rows.subgroup[place]
    return float(np.nansum(rows.stored["weight"][own])) > _WHOLE


def _of_study(
    outcome: Outcome, settings: Settings, check: Check, studies: set[int], decimals: int | None
) -> str:
    if check.quantity == "estimable":
        says = "estimable" if check.stored else "not estimable"
        return f"RevMan calls the study {says}, by its numbers it is not so"
    apart = abs(check.stored - check.computed)
    rounded = decimals is not None and apart <= _ROUNDED_UNITS * 10.0**-decimals
    if check.quantity in ("lower", "upper") and rounded:
        return "RevMan took it from an effect and a standard error that were rounded"
    if check.quantity == "weight" and settings.estimator == "REML" and apart <= _ITERATED:
        return "RevMan stops the iteration of REML before its last digits"
    if check.quantity == "weight" and _partly(outcome):
        return (
            "some rows of the analysis count in the subgroups or in the total alone; how RevMan "
            "weighs these is not documented"
        )
    if check.quantity == "weight" and _merged(outcome, check.place):
        return "several subgroups have the same name, and the file does not tell them apart"
    if check.quantity == "weight":
        return _of_weight(outcome, settings, check, studies, decimals)
    if _has_empty_cell(outcome, check.place):
        return "another rule for empty cells, or edited after RevMan computed it"
    return _EDITED


def _of_weight(
    outcome: Outcome, settings: Settings, check: Check, studies: set[int], decimals: int | None
) -> str:
    """The reason for a weight, which follows from all rows and the method."""
    if studies:
        return "the weight follows from all rows of the analysis, some of which differ"
    for words, other in _other_ways(settings):
        weight = float(revman_analysis(outcome, other).weight[check.place])
        if agrees(check.stored, weight, decimals):
            return f"as it would be by {words}"
    return _EDITED


def _has_empty_cell(outcome: Outcome, place: int) -> bool:
    numbers = outcome.rows.numbers
    if outcome.kind != "dichotomous":
        return False
    cells = [
        cell
        for arm in ("treatment", "control")
        for events in (numbers[f"events_{arm}"][place],)
        for cell in (events, numbers[f"total_{arm}"][place] - events)
    ]
    return bool(np.any(np.array(cells) == 0))


def _of_result(
    outcome: Outcome, settings: Settings, check: Check, studies: set[int], decimals: int | None
) -> str:
    """The reason for a pooled result: its studies, another method, or none that is known."""
    rows = outcome.rows
    included = rows.in_total if check.level == "total" else rows.subgroup == check.place
    if any(included[place] for place in studies):
        return "follows from studies that are not reproduced"
    for words, other in _other_ways(settings):
        analysis = revman_analysis(outcome, other)
        if check.level == "total":
            numbers = total_numbers(outcome, analysis)
        else:
            numbers = group_numbers(outcome, analysis, check.place)
        computed = numbers.get(check.quantity)
        if computed is not None and agrees(check.stored, computed, decimals):
            return f"as it would be by {words}"
    return _EDITED


def _other_ways(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Other settings under which a stored result may have been computed."""
    for method in ("MH", "IV") if settings.measure in ("OR", "RR", "RD") else (settings.method,):
        for random in (False, True):
            for estimator in ("DL", "REML") if random else ("DL",):
                other = replace(settings, method=method, random=random, estimator=estimator)
                if other != settings:
                    model = f"random effects ({estimator})" if random else "a fixed effect"
                    yield f"{model} and {METHODS[method]}", other
