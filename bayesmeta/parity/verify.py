"""Recompute every number that a review stores, and compare at the stored precision."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bayesmeta.classical import RevManAnalysis, revman_analysis
from bayesmeta.parity.infer import inferred_settings
from bayesmeta.parity.numbers import group_numbers, row_numbers, total_numbers
from bayesmeta.parity.placeholders import stands_for_nothing
from bayesmeta.parity.precision import PROBABILITIES, agrees
from bayesmeta.parity.reasons import explained
from bayesmeta.parity.result import Check, Level, Parity
from bayesmeta.studies import Outcome, Review, read_review

__all__ = ["verify", "verify_outcome"]


def verify(source: str | Path | Review, *, progress: bool = False) -> Parity:
    """Recompute every number of a review.

    Parameters
    ----------
    source : path or Review
        A file of RevMan.
    progress
        Show how far it is.

    Returns
    -------
    Parity

    Raises
    ------
    DataError
        The file cannot be read.
    """
    review = source if isinstance(source, Review) else read_review(Path(source))
    checks: list[Check] = []
    inferred = idle = 0
    for outcome in _tracked(review.outcomes, progress):
        settings = outcome.settings
        if settings is None:
            settings = inferred_settings(outcome, review.decimals)
            inferred += 1
        found, none = verify_outcome(outcome, revman_analysis(outcome, settings), review.decimals)
        checks += explained(outcome, settings, found, review.decimals)
        idle += none
    return Parity(
        file=str(review.file),
        checks=tuple(checks),
        not_checked=review.left_out,
        inferred=inferred,
        idle=idle,
    )


def verify_outcome(
    outcome: Outcome, analysis: RevManAnalysis, decimals: int | None
) -> tuple[list[Check], int]:
    """Compare everything that an outcome stores with an analysis of it.

    Parameters
    ----------
    outcome, analysis
        The outcome, and what `revman_analysis` gives.
    decimals
        Decimals of the stored numbers; None for full precision.

    Returns
    -------
    list of Check, int
        The checks, and how many stored numbers stand for nothing: zeros for results that do not
        exist or are not shown, logarithms of differences, heterogeneity of one study.
    """
    settings = analysis.settings
    checks, idle = _row_checks(outcome, analysis, decimals)
    groups = [
        ("subgroup", place, group.stored, settings.totals or settings.subtotals)
        for place, group in enumerate(outcome.subgroups)
    ]
    for level, place, stored, shown in (*groups, ("total", 0, outcome.stored, settings.totals)):
        if level == "total":
            computed = total_numbers(outcome, analysis)
        else:
            computed = group_numbers(outcome, analysis, place)
        for quantity, value in stored.items():
            found = computed.get(quantity, math.nan)
            hidden = value == 0 and not shown
            if hidden or (math.isnan(found) and stands_for_nothing(quantity, stored, settings)):
                idle += 1
                continue
            numbers = value, found
            checks.append(_check(outcome, level, place, quantity, numbers, decimals))  # type: ignore[arg-type]
    return checks, idle


def _row_checks(
    outcome: Outcome, analysis: RevManAnalysis, decimals: int | None
) -> tuple[list[Check], int]:
    """Every stored number of the studies, and whether each is estimable."""
    rows, computed = outcome.rows, row_numbers(analysis)
    ours, checks, idle = analysis.estimable, [], 0
    settings = analysis.settings
    for place in range(len(rows)):
        numbers = float(rows.estimable[place]), float(ours[place])
        checks.append(_check(outcome, "study", place, "estimable", numbers, None))
    for quantity, stored in rows.stored.items():
        found = computed.get(quantity, np.full(stored.shape, np.nan))
        for place in np.flatnonzero(np.isfinite(stored)).tolist():
            numbers = float(stored[place]), float(found[place]) if ours[place] else math.nan
            nothing = not rows.estimable[place] or math.isnan(numbers[1])
            if nothing and stands_for_nothing(quantity, {quantity: numbers[0]}, settings):
                idle += 1
            else:
                checks.append(_check(outcome, "study", place, quantity, numbers, decimals))
    return checks, idle


def _check(
    outcome: Outcome,
    level: Level,
    place: int,
    quantity: str,
    numbers: tuple[float, float],
    decimals: int | None,
) -> Check:
    names = {
        "study": outcome.rows.study,
        "subgroup": [group.name for group in outcome.subgroups],
        "total": [""],
    }
    stored, computed = numbers
    return Check(
        analysis=outcome.analysis,
        level=level,
        where=names[level][place],
        place=place,
        quantity=quantity,
        stored=stored,
        computed=computed,
        agrees=agrees(stored, computed, decimals, probability=quantity in PROBABILITIES),
    )


def _tracked(outcomes: Sequence[Outcome], progress: bool) -> Iterable[Outcome]:
    """The outcomes, with a progress bar where a person watches."""
    if not progress:
        return outcomes
    from rich.progress import track

    return track(outcomes, description="recomputing", transient=True)
