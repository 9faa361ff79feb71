"""How an outcome was analysed, where its file does not say: found from the numbers it stores."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bayesmeta.classical import RevManAnalysis, revman_analysis
from bayesmeta.measures import MEASURES
from bayesmeta.parity.numbers import row_numbers
from bayesmeta.parity.precision import agree
from bayesmeta.studies import Method, Outcome, Settings

__all__ = ["has_effects", "inferred_settings"]

_MEASURES = {
    "dichotomous": ("RR", "OR", "RD", "PETO"),
    "continuous": ("MD", "SMD"),
    "inverse variance": ("RATIO", "GEN"),
    "O-E and variance": ("PETO",),
}
"""Measures that are tried, those that are most common first; ratios may be of any kind."""

_LEVELS = (0.95, 0.99, 0.9)
"""Levels of intervals that RevMan offers."""

_POOLED = ((True, True), (False, True))
_NOT_POOLED = ((False, False),)
"""Whether there are totals and subtotals; weights of 0 mean that RevMan was told not to pool."""

_EFFECTS = ("effect", "lower", "upper")


def has_effects(outcome: Outcome) -> bool:
    """Whether a study that is estimable has a stored effect."""
    effect = outcome.rows.stored.get("effect")
    return effect is not None and bool((np.isfinite(effect) & outcome.rows.estimable).any())


def inferred_settings(outcome: Outcome, decimals: int | None) -> Settings:
    """The settings under which most of the stored numbers are reproduced.

    First the measure, by the studies' effects and intervals; then the method, by their weights:
    fixed or random effects, Mantel-Haenszel or inverse variance, and how tau² is estimated.

    Parameters
    ----------
    outcome
        An outcome whose file does not say how it was analysed.
    decimals
        Decimals of the stored numbers; None for full precision.

    Returns
    -------
    Settings
        Where no study that is estimable has a stored effect, those of a measure that asks for
        events in an arm and for participants without them.
    """
    if not has_effects(outcome):
        return next(each for each in _measures(outcome) if each.measure != "RR")
    by_effect = _best(outcome, _measures(outcome), _EFFECTS, decimals)
    return _best(outcome, _methods(outcome, by_effect), ("weight",), decimals)


def _measures(outcome: Outcome) -> Iterator[Settings]:
    for level in _LEVELS:
        for code in _MEASURES[outcome.kind]:
            plain = Settings(
                measure=code,
                measure_text=MEASURES[code].label,
                method="PETO" if code == "PETO" else "IV",
                random=False,
                log_data=code in ("RATIO", "PETO"),
                study_level=level,
                level=level,
            )
            yield plain
            if outcome.kind == "dichotomous":
                yield replace(plain, swap_events=True)


def _methods(outcome: Outcome, measure: Settings) -> Iterator[Settings]:
    """Ways to pool effects of a measure, RevMan's defaults first."""
    if measure.method == "PETO":
        methods: tuple[Method, ...] = ("PETO",)
    else:
        methods = ("MH", "IV") if outcome.kind == "dichotomous" else ("IV",)
    weights = outcome.rows.stored.get("weight")
    pooled = weights is not None and np.nansum(weights) > 0
    for totals, subtotals in _POOLED if pooled else _NOT_POOLED:
        for method in methods:
            chosen = replace(measure, method=method, totals=totals, subtotals=subtotals)
            yield chosen
            if pooled and method != "PETO":
                yield replace(chosen, random=True)
                yield replace(chosen, random=True, estimator="REML")


def _best(
    outcome: Outcome,
    candidates: Iterator[Settings],
    quantities: tuple[str, ...],
    decimals: int | None,
) -> Settings:
    """The first candidate that reproduces all of these numbers, else that which comes closest."""
    best, closest = None, (-1.0, -np.inf)
    for candidate in candidates:
        analysis = revman_analysis(outcome, candidate)
        found = _closeness(outcome, analysis, quantities, decimals)
        if best is None or found > closest:
            best, closest = candidate, found
        if found[0] == 1:
            break
    assert best is not None  # there is a candidate for each kind of outcome
    return best


def _closeness(
    outcome: Outcome,
    analysis: RevManAnalysis,
    quantities: tuple[str, ...],
    decimals: int | None,
) -> tuple[float, float]:
    """Share of the stored numbers that an analysis reproduces, and minus the largest difference."""
    computed = row_numbers(analysis)
    agreeing, apart = [np.ones(0, bool)], [np.zeros(0)]
    for quantity in quantities:
        stored = outcome.rows.stored.get(quantity)
        if stored is not None:
            known = np.isfinite(stored) & analysis.estimable
            agreeing.append(agree(stored[known], computed[quantity][known], decimals))
            apart.append(np.abs(stored[known] - computed[quantity][known]))
    agreed = np.concatenate(agreeing)
    share = float(agreed.mean()) if agreed.size else 0.0
    return share, -float(np.concatenate(apart).max(initial=0.0))
