"""The same studies under other likelihoods, and under every rule for empty cells."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.bayesian_rows import row_of_fit
from bayesmeta.comparison.classical_rows import (
    classical_rows,
    outcome_of_table,
    peto_row,
    revman_settings,
)
from bayesmeta.comparison.result import Comparison
from bayesmeta.comparison.rows import Row
from bayesmeta.comparison.text import estimate_text
from bayesmeta.engines.quadrature import refusal
from bayesmeta.errors import InputError, SpecError
from bayesmeta.measures import ZERO_CELL_RULES, Measure, display_size, find_measure
from bayesmeta.model import LIKELIHOODS, check_plain, uses_counts
from bayesmeta.pipeline import Prepared, check, fit_prepared, varied
from bayesmeta.results import worst
from bayesmeta.sources import read_spec

__all__ = ["likelihoods", "other_likelihoods"]

_DRAWS = {"draws": 250}
"""Quadrature gives exact densities: the draws are for nothing here."""


def other_likelihoods(prepared: Prepared) -> list[Prepared]:
    """An analysis with each other likelihood that the studies and the measure allow.

    Those that have a variation of their own in the place of tau are other models: not among them.
    For risk ratios it is the odds ratio of the binomial likelihood, from which they follow.

    Parameters
    ----------
    prepared
        The analysis, whose priors the others have.
    """
    found = []
    for name in _of_measure(find_measure(prepared.spec.effect.measure)):
        if name == prepared.spec.model.likelihood or LIKELIHOODS[name].heterogeneities:
            continue
        try:
            found.append(varied(prepared, model={"likelihood": name}))
        except InputError:  # no counts, or priors that suit no counts
            continue
    if prepared.spec.effect.measure == "RR":
        try:
            by_odds = {"measure": "OR", "important": None}
            found.append(varied(prepared, model={"likelihood": "binomial"}, effect=by_odds))
        except InputError:
            pass
    return found


def _of_measure(measure: Measure) -> list[str]:
    """Likelihoods that go with a measure."""
    return [
        name
        for name, likelihood in LIKELIHOODS.items()
        if not likelihood.measures or measure.code in likelihood.measures
    ]


def likelihoods(
    source: str | Path | pd.DataFrame, *, progress: bool = False, **options: Any
) -> Comparison:
    """What a correction of empty cells did: the same counts under every likelihood.

    Rows are RevMan's methods and Peto's; the normal approximation under each rule for empty cells
    (`bayesmeta.measures.ZERO_CELL_RULES`); and the exact likelihoods, with random and with a common
    effect, and without the studies that have no events in either arm. All Bayesian rows have the
    same priors of mu and tau, and are computed by quadrature where it can.

    Parameters
    ----------
    source : path or pandas.DataFrame
        What `bayesmeta.fit` takes: counts, and a measure that an exact likelihood is for.
    progress : bool
        Show how far the sampler is.
    **options
        Keys of the spec.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, EngineError
        As `bayesmeta.fit`; and a SpecError where the measure has no exact likelihood.

    Examples
    --------
    >>> bm.likelihoods("models/oa-withdrawals.toml").table
    """
    spec, _ = read_spec(source, options)
    measure = find_measure(spec.effect.measure)
    counted = [name for name in _of_measure(measure) if uses_counts(name)]
    if not counted:
        raise SpecError(
            f"no exact likelihood is one of the measure {measure.code}",
            key="effect.measure",
            hint="Take OR or IRR for two arms, PLO or IRLN for one.",
        )
    asked = check(source, **{**options, "likelihood": counted[0], "heterogeneity": "normal"})
    check_plain(asked.problem, "likelihoods")
    base = varied(
        asked,
        model={"likelihood": counted[0], "heterogeneity": "normal"},
        engine={"name": "quadrature"},
    )
    fits = [
        (label, key, fit_prepared(prepared, progress=progress))
        for label, key, prepared in _variants(base, counted)
    ]
    rows = [
        replace(row_of_fit(fit), label=f"{label} (k = {fit.table.sizes['study']})", method=key)
        for label, key, fit in fits
    ]
    exact = next(fit for _, key, fit in fits if key == counted[0])
    return Comparison(
        spec=base.spec,
        rows=(*_classical(base, measure), *rows),
        sentences=tuple(_sentences(base, measure, rows, counted[0])),
        warnings=exact.warnings,
        priors=exact.record["priors"],
        excluded=tuple(exact.record["excluded"]),
        corrections=(),
        reproduced=None,
        verdict=worst(fit.diagnostics.verdict for _, _, fit in fits),
        k=len(base.problem.study),
        size=display_size(base.table),
    )


def _classical(base: Prepared, measure: Measure) -> list[Row]:
    outcome = outcome_of_table(base.table, measure)
    if outcome.kind != "dichotomous":
        known = np.isfinite(base.table["effect"].to_numpy())
        outcome = outcome_of_table(base.table.isel(study=known), measure)
        if not known.any():
            return []
    settings = revman_settings(base.spec, measure, outcome.kind, None)
    rows = classical_rows(outcome, settings)
    peto = peto_row(outcome, settings) if measure.code == "OR" else None
    return [*rows, *([] if peto is None else [peto])]


def _variants(base: Prepared, counted: list[str]) -> Iterator[tuple[str, str, Prepared]]:
    """The label and a name of each way to do the analysis."""
    seen: list[np.ndarray] = []
    for label, rule in ZERO_CELL_RULES.items():
        zeros = base.spec.effect.zero_cells.model_copy(update=rule)
        try:
            normal = _quick(base, model={"likelihood": "normal"}, effect={"zero_cells": zeros})
        except InputError:  # no study is left
            continue
        numbers = np.concatenate([normal.problem.effect, normal.problem.std_error])
        if not any(np.array_equal(numbers, other) for other in seen):
            seen.append(numbers)
            yield f"normal: {label}", f"normal, {label}", normal
    for name in counted:
        own = LIKELIHOODS[name].heterogeneities
        if own:
            model = {"likelihood": name, "heterogeneity": own[0]}
            yield name, name, _quick(base, model=model)
            continue
        yield f"{name}, random effects", name, _quick(base, model={"likelihood": name})
        common = {"likelihood": name, "heterogeneity": "common"}
        yield f"{name}, common effect", f"{name}, common", _quick(base, model=common)
        without = _silent(base)
        if base.problem.two_arms and 0 < without.sum() < without.size:
            raw = base.raw.isel(study=~np.isin(base.raw["study"], base.table["study"][without]))
            kept = _quick(replace(base, raw=raw), model={"likelihood": name})
            yield f"{name}, without studies without events", f"{name}, events", kept


def _quick(base: Prepared, **sections: Any) -> Prepared:
    """With quadrature as the engine where it can do it, else as the spec says."""
    prepared = varied(base, **sections)
    if refusal(prepared.problem) is not None:
        return varied(base, **sections, engine={"name": "nuts"})
    return varied(base, **sections, engine={"name": "quadrature", **_DRAWS})


def _silent(base: Prepared) -> np.ndarray:
    """Studies without an event in any arm."""
    events = [values for name, values in base.problem.counts.items() if name.startswith("events")]
    silent: np.ndarray = np.logical_and.reduce([values == 0 for values in events])
    return silent


def _sentences(base: Prepared, measure: Measure, rows: list[Row], exact: str) -> Iterator[str]:
    size = display_size(base.table)
    empty = np.isnan(base.table["effect"].to_numpy()) | _silent(base)
    for name, values in base.problem.counts.items():
        if name.startswith("events"):
            total = base.problem.counts.get(name.replace("events", "total"))
            empty |= values == 0
            if total is not None:
                empty |= values == total
    silent = int(_silent(base).sum())
    count = int(empty.sum())
    yield f"Studies with an empty cell: {count} of {empty.size}; without events: {silent}."
    normal = sorted((row for row in rows if row.method.startswith("normal")), key=_middle)
    row = next(row for row in rows if row.method == exact)
    shown = estimate_text(row, measure, size)
    if len(normal) > 1:
        yield (
            f"By the rule for empty cells the normal approximation gives from "
            f"{estimate_text(normal[0], measure, size)} to "
            f"{estimate_text(normal[-1], measure, size)}; the {exact} likelihood, to which nothing "
            f"is added, gives {shown}."
        )
    kept = next((row for row in rows if row.method == f"{exact}, events"), None)
    if kept is not None:
        yield (
            f"Without the studies that have no events at all the {exact} likelihood gives "
            f"{estimate_text(kept, measure, size)}: they say little of the effect, and that "
            "little through the priors of the baselines."
        )
    sampled = [row.method for row in rows if row.method in LIKELIHOODS and row.method != exact]
    if sampled:
        yield (
            f"The {sampled[0]} likelihood has rho, the correlation within arms, for tau: "
            "its row is sampled, its last digit has Monte Carlo error."
        )


def _middle(row: Row) -> float:
    return row.estimate
