"""One outcome by every method: published, RevMan's, restricted maximum likelihood, Bayesian."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.classical import revman_analysis
from bayesmeta.comparison.bayesian_rows import row_of_fit, row_of_risk_ratio
from bayesmeta.comparison.classical_rows import (
    classical_rows,
    outcome_of_table,
    own_method,
    revman_settings,
)
from bayesmeta.comparison.explanations import Facts, explain
from bayesmeta.comparison.likelihoods import other_likelihoods
from bayesmeta.comparison.published import Origin, published
from bayesmeta.comparison.result import Comparison
from bayesmeta.comparison.rows import Row
from bayesmeta.engines.quadrature import refusal, solve
from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import cells_corrected, display_size, find_measure
from bayesmeta.model import Problem, check_plain, check_priors, uses_counts
from bayesmeta.pipeline import Prepared, check, fit_prepared, prepared_from
from bayesmeta.priors import flat_mu
from bayesmeta.results import Fit, worst
from bayesmeta.sources import outcome_of
from bayesmeta.studies import Outcome, Settings

__all__ = ["Origin", "SideBySide", "compare", "side_by_side"]


_NOT_POOLED = "RevMan was told not to pool these studies: its rows say what its method would give."


def compare(
    source: Fit | str | Path | pd.DataFrame, *, progress: bool = False, **options: Any
) -> Comparison:
    """Put a Bayesian fit beside what RevMan and others make of the same studies.

    Parameters
    ----------
    source : Fit, path or pandas.DataFrame
        A fit, or what `bayesmeta.fit` takes.
    progress : bool
        Show how far the sampler is.
    **options
        Keys of the spec; of ``[compare]`` these are ``published`` (a table with ``estimate``,
        ``lower`` and ``upper`` on the display scale, and ``level``, ``measure``, ``tau2``, ``i2``,
        ``source``) and ``method`` (MH, IV or PETO).

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, EngineError
        As `bayesmeta.fit`.

    Examples
    --------
    >>> bm.compare("models/oa-vas-published.toml").table
    >>> bm.compare("review.rm5", analysis="1.2", better="lower")
    """
    if isinstance(source, Fit):
        prepared = prepared_from(source, options)
        first = source.with_interval(**prepared.spec.interval.model_dump())
        check_plain(prepared.problem, "compare")
    else:
        prepared = check(source, **options)
        check_plain(prepared.problem, "compare")
        first = fit_prepared(prepared, progress=progress)
    others = other_likelihoods(prepared) if prepared.whole else []
    fits = [first, *(fit_prepared(other, progress=progress) for other in others)]
    origin, changed = _origin(prepared)
    beside = side_by_side(prepared, origin, [_row(each, prepared) for each in fits])
    record = fits[0].record
    return Comparison(
        spec=prepared.spec,
        rows=beside.rows,
        sentences=beside.sentences,
        warnings=(*changed, *fits[0].warnings),
        priors=record["priors"],
        excluded=tuple(record["excluded"]),
        corrections=tuple(record["corrections"]),
        reproduced=beside.reproduced,
        verdict=worst(each.diagnostics.verdict for each in fits),
        k=len(prepared.problem.study),
        size=display_size(prepared.table),
    )


def _row(fit: Fit, prepared: Prepared) -> Row:
    """The row of a fit on the scale of the analysis."""
    same = fit.spec.effect.measure == prepared.spec.effect.measure
    return row_of_fit(fit) if same else row_of_risk_ratio(fit)


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """Rows of all methods, the published result first; see `Comparison` for the attributes."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...]
    reproduced: str | None


def side_by_side(prepared: Prepared, origin: Origin | None, bayesian: Sequence[Row]) -> SideBySide:
    """Put Bayesian rows beside the published result and the classical methods.

    Parameters
    ----------
    prepared
        The analysis.
    origin
        What a RevMan file says of the same studies, if they are from one.
    bayesian
        At least one row.

    Raises
    ------
    DataError
        RevMan's methods give no result.
    """
    spec, measure = prepared.spec, find_measure(prepared.spec.effect.measure)
    outcome = outcome_of_table(prepared.table, measure)
    settings = revman_settings(spec, measure, outcome.kind, origin.settings if origin else None)
    rows = classical_rows(outcome, settings)
    if not rows:
        raise DataError("no study is estimable by RevMan's rules", file=spec.data.file)
    size = display_size(prepared.table)
    facts = _facts(prepared, outcome, settings, {row.method: row for row in rows}, bayesian)
    sentences = explain(facts)
    if origin is not None and not origin.pooled:
        sentences = (_NOT_POOLED, *sentences)
    printed = published(spec, measure, origin, size)
    if printed is None:
        return SideBySide(rows=(*rows, *bayesian), sentences=sentences, reproduced=None)
    at_level = rows
    if printed.level != settings.level:
        at_level = classical_rows(outcome, replace(settings, level=printed.level))
    method = printed.reproduced_by(at_level, measure, size)
    comparable = [printed.row] if printed.measure is measure else []
    return SideBySide(
        rows=(*comparable, *rows, *bayesian),
        sentences=(printed.sentence(method, at_level, measure, size), *sentences),
        reproduced=method,
    )


def _origin(prepared: Prepared) -> tuple[Origin | None, list[str]]:
    """What the RevMan file of an analysis says of it, and a warning where it has changed."""
    found = outcome_of(prepared.spec)
    if found is None:
        return None, []
    review, outcome = found
    if review.sha256 != prepared.data_sha256:
        return None, ["The RevMan file has changed since the fit: what it stores is not shown."]
    origin = Origin.of(review, outcome)
    if origin is not None and prepared.spec.data.where:
        origin = replace(origin, stored={})  # that is of all its studies
    return origin, []


def _facts(
    prepared: Prepared,
    outcome: Outcome,
    settings: Settings,
    rows: dict[str, Row],
    bayesian: Sequence[Row],
) -> Facts:
    spec, problem, table = prepared.spec, prepared.problem, prepared.table
    analysis = revman_analysis(outcome, replace(settings, method="IV", random=False))
    inverse, zeros = analysis.total, spec.effect.zero_cells
    tau = problem.priors.get("tau")
    flat, flat_width = _under_flat_prior(problem, spec.interval.prob)
    return Facts(
        rows={**rows, "bayesian": bayesian[0]},
        counted=next((row for row in bayesian if uses_counts(row.method)), None),
        own=own_method(settings),
        measure=find_measure(spec.effect.measure),
        size=display_size(table),
        k=len(problem.study),
        revman_k=int(analysis.estimable.sum()),
        corrected=cells_corrected(table.attrs["corrections"]),
        added=zeros.add,
        revman_zeros=zeros.revman,
        usual_zeros=zeros.add == 0.5 and zeros.to in (None, "only0"),
        excluded=len(table.attrs["excluded"]),
        only_events=_only_events(prepared),
        method=settings.method,
        inverse=inverse.pooled.estimate if inverse else float("nan"),
        flat=flat,
        flat_width=flat_width,
        mu_prior=problem.priors["mu"].expression,
        tau_prior=tau.expression if tau is not None else "none",
        exact_smd=spec.effect.smd == "exact" and outcome.kind == "continuous",
    )


def _only_events(prepared: Prepared) -> int:
    """Studies left out here that RevMan would keep for a risk ratio: nothing but events."""
    raw, code = prepared.raw, prepared.spec.effect.measure
    if code != "RR" or "events_treatment" not in raw or "total_control" not in raw:
        return 0
    only = np.full(raw.sizes["study"], True)
    for arm in ("treatment", "control"):
        only &= raw[f"events_{arm}"].to_numpy() == raw[f"total_{arm}"].to_numpy()
    return len({str(name) for name in raw["study"].to_numpy()[only]} - set(prepared.problem.study))


def _under_flat_prior(problem: Problem, prob: float) -> tuple[float, float]:
    """Posterior median of mu and width of its interval under a flat prior; NaN without one."""
    flat = replace(problem, priors={**problem.priors, "mu": flat_mu()})
    try:
        check_priors(flat)
    except SpecError:
        return float("nan"), float("nan")
    if refusal(flat) is not None:
        return float("nan"), float("nan")
    ends = np.array([0.5, (1 - prob) / 2, (1 + prob) / 2])
    median, lower, upper = (float(end) for end in solve(flat).mu.ppf(ends).ravel())
    return median, upper - lower
