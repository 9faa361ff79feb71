"""Every outcome of a review: RevMan's answer, the Bayesian one, and how far priors matter."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bayesmeta.comparison import Origin, Row, own_method, row_of_posterior, side_by_side
from bayesmeta.densities import NormalMixture
from bayesmeta.engines.quadrature import refusal, solve
from bayesmeta.engines.refit import refit
from bayesmeta.errors import BayesmetaError, InputError, SpecError
from bayesmeta.measures import find_measure
from bayesmeta.model import Problem
from bayesmeta.parity import inferred_settings, verify
from bayesmeta.pipeline import Prepared, prepare
from bayesmeta.results import worst
from bayesmeta.results.prior_influence import TAU_POINTS, prior_warnings
from bayesmeta.review_analysis.result import OutcomeResult, PriorRow, ReviewResult
from bayesmeta.sensitivity_analysis import (
    Benefit,
    Numbers,
    hellinger,
    numbers_of,
    numbers_of_draws,
    prior_variations,
)
from bayesmeta.sources import outcome_defaults
from bayesmeta.spec import OPTIONS, Spec, build_spec
from bayesmeta.studies import Outcome, Review, read_review
from bayesmeta.typical_variance import typical_variance

__all__ = ["review"]

_OF_ALL = ("priors", "model", "engine", "interval")
"""Tables of the spec that hold for all outcomes of a review."""

_ALSO_OF_ALL = frozenset({"better", "smd", "zero_cells", "bias_correction", "try_tau", "try_mu"})
"""Keywords of other tables that hold for all outcomes, too."""


def review(source: str | Path | Review, *, progress: bool = False, **options: Any) -> ReviewResult:
    """A Bayesian second opinion on every outcome of a review.

    Each outcome is analysed with RevMan's studies and measure, under the default priors of that
    measure or those that are given, by quadrature, or by NUTS where ``engine="nuts"``; beside it
    stand RevMan's own result and, by quadrature, the answer under other priors. Where RevMan gives
    no total but subgroups, each subgroup is analysed.

    Parameters
    ----------
    source : path or Review
        A file of RevMan.
    progress : bool
        Show how far it is.
    **options
        Keywords of the spec that hold for all outcomes: ``engine``, ``prob``, ``kind``, ``better``,
        ``tau``, ``mu``, ``heterogeneity``, ``seed``, …; ``try_tau`` and ``try_mu`` are the other
        priors.

    Returns
    -------
    ReviewResult

    Raises
    ------
    InputError
        The file cannot be read, or an option is wrong. An outcome that cannot be analysed is
        listed in the result and does not stop the others; where none can, the first says why.

    Examples
    --------
    >>> found = bm.review("review.rm5")
    >>> found.table
    """
    started = time.perf_counter()
    read = source if isinstance(source, Review) else read_review(Path(source))
    options = {"engine": "quadrature", **options}
    _check_options(options)
    ready, errors = _prepare_all(read, options)
    if errors and not ready:
        raise _wrong_with_all(errors)
    broken = [(label, str(error)) for label, error in errors]
    results: list[OutcomeResult] = []
    failed: list[Exception] = []
    for each in _tracked(ready, progress):
        try:
            results.append(_second_opinion(read, each))
        except BayesmetaError as error:
            failed.append(error)
            broken.append((each.label, str(error)))
        except Exception as error:  # whatever it is, the other outcomes are not lost for it
            failed.append(error)
            fault = "a fault of bayesmeta, please report it"
            broken.append((each.label, f"{fault}: {type(error).__name__}: {error}"))
    if failed and not results:
        raise failed[0]
    return ReviewResult(
        review=read,
        outcomes=tuple(sorted(results, key=lambda result: result.rank)),
        broken=tuple(broken),
        parity=verify(read),
        engine=str(options["engine"]),
        seconds=round(time.perf_counter() - started, 3),
    )


def _check_options(options: Mapping[str, Any]) -> None:
    """A wrong option is no broken outcome."""
    build_spec(options, tables={"effect": {"measure": "OR"}})
    for name in options:
        if OPTIONS[name][0] not in _OF_ALL and name not in _ALSO_OF_ALL:
            raise SpecError(
                f"{name!r} is of one analysis, and a review has many",
                hint="bayesmeta.compare, fit or sensitivity takes it, with analysis.",
            )


def _wrong_with_all(errors: Sequence[tuple[str, BayesmetaError]]) -> BayesmetaError:
    """Why no outcome can be analysed: what was given for all of them, or the first one's reason."""
    for _, error in errors:
        if isinstance(error, InputError) and (error.key or "").partition(".")[0] in _OF_ALL:
            return error
    return errors[0][1]


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """An outcome, or a subgroup of it, that is ready to be analysed.

    Attributes
    ----------
    outcome : Outcome
    place : int
        Which subgroup; -1 for all studies.
    prepared : Prepared
    others : tuple of (str, Problem)
        The analysis under other priors, each with its label.
    """

    outcome: Outcome
    place: int
    prepared: Prepared
    others: tuple[tuple[str, Problem], ...]

    @property
    def label(self) -> str:
        return _label(self.outcome, self.place)


def _label(outcome: Outcome, place: int) -> str:
    subgroup = f", {outcome.subgroups[place].name}" if place >= 0 else ""
    return f"{outcome.analysis} {outcome.name}{subgroup}"


def _prepare_all(
    read: Review, options: Mapping[str, Any]
) -> tuple[list[_Ready], list[tuple[str, BayesmetaError]]]:
    """Every outcome ready to be analysed, and those that cannot be, with the reason."""
    ready: list[_Ready] = []
    broken: list[tuple[str, BayesmetaError]] = []
    for found in read.outcomes:
        outcome = found
        if outcome.settings is None:
            outcome = replace(outcome, settings=inferred_settings(outcome, read.decimals))
        for place in _parts(outcome):
            try:
                prepared = _prepare(read, outcome, place, options)
                others = tuple(
                    (each.label, each.problem)
                    for each in prior_variations(prepared, pairs=False)
                    if each.problem is not None
                )
                ready.append(_Ready(outcome=outcome, place=place, prepared=prepared, others=others))
            except BayesmetaError as error:
                broken.append((_label(outcome, place), error))
    return ready, broken


def _parts(outcome: Outcome) -> Iterable[int]:
    """The subgroups that are analysed alone where RevMan gives no total; else -1, all studies."""
    settings = outcome.settings
    if settings is None or settings.totals or not outcome.subgroups:
        return [-1]
    return range(len(outcome.subgroups))


def _prepare(read: Review, outcome: Outcome, place: int, options: Mapping[str, Any]) -> Prepared:
    tables: dict[str, Any] = outcome_defaults(outcome)
    tables["title"] = f"{outcome.comparison_name}: {_label(outcome, place)}".removeprefix(": ")
    tables["data"] = {"file": read.file, "analysis": outcome.analysis}
    spec = build_spec(options, tables=tables)
    return prepare(spec, read.frame(outcome, group=place), data_sha256=read.sha256)


def _numbers(ready: _Ready) -> list[Numbers]:
    """The numbers of an outcome: of its analysis, and of those under other priors."""
    prepared = ready.prepared
    spec, problems = prepared.spec, [problem for _, problem in ready.others]
    found = numbers_of([prepared.problem, *problems], spec, _benefit(prepared))
    return [_sampled(prepared), *found[1:]] if spec.engine.name == "nuts" else found


def _benefit(prepared: Prepared) -> Benefit:
    better = prepared.spec.effect.better
    higher = None if better is None else better == "higher"
    null = find_measure(prepared.spec.effect.measure).null
    return Benefit(null=null, important=None, higher=higher)


def _sampled(prepared: Prepared) -> Numbers:
    """The analysis by NUTS."""
    spec = prepared.spec
    ((posterior, diagnostics),) = refit([prepared.problem], spec.engine)
    return numbers_of_draws(
        posterior, diagnostics.verdict, interval=spec.interval, benefit=_benefit(prepared)
    )


def _second_opinion(read: Review, ready: _Ready) -> OutcomeResult:
    prepared, numbers = ready.prepared, _numbers(ready)
    first, *found = numbers
    bayes = _row(first, prepared)
    origin = Origin.of(read, ready.outcome, ready.place)
    beside = side_by_side(prepared, origin, [bayes])
    revman = _revman_row(beside.rows, ready.outcome, spec=prepared.spec)
    return OutcomeResult(
        outcome=ready.outcome,
        place=ready.place,
        prepared=prepared,
        revman=revman,
        pooled=origin is None or origin.pooled,
        rows=beside.rows,
        priors=tuple(
            _prior_row(label, other, prepared, bayes)
            for (label, _), other in zip(ready.others, found, strict=True)
        ),
        distance=_distance(revman, first),
        verdict=worst(each.verdict for each in numbers),
        sentences=beside.sentences,
        warnings=(*prepared.table.attrs["warnings"], *_prior_warnings(prepared.problem)),
    )


def _prior_warnings(problem: Problem) -> tuple[str, ...]:
    """What the reader must know of the priors, where quadrature can tell."""
    if refusal(problem) is not None:
        return ()
    tau = solve(problem).tau
    points = {} if tau is None else {"tau": tau.ppf(np.array(TAU_POINTS)).ravel()}
    return prior_warnings(problem, points)


def _row(found: Numbers, prepared: Prepared) -> Row:
    tau = found.estimates["tau_median"]
    typical = typical_variance(prepared.problem.std_error**2)
    i2 = {"I2_median": tau**2 / (tau**2 + typical)}  # I² rises with tau: medians go together
    return row_of_posterior(found.estimates | i2, prepared.spec, sd=float(found.mu.sd().item()))


def _prior_row(label: str, found: Numbers, prepared: Prepared, bayes: Row) -> PriorRow:
    row, null = _row(found, prepared), find_measure(prepared.spec.effect.measure).null
    return PriorRow(label=label, row=row, changed=row.excludes(null) != bayes.excludes(null))


def _revman_row(rows: Sequence[Row], outcome: Outcome, *, spec: Spec) -> Row:
    """What RevMan stored; what its method gives where it stored nothing, or at another level."""
    by_method = {row.method: row for row in rows}
    stored = by_method.get("published")
    if stored is not None and stored.level == spec.interval.prob:
        return stored
    return by_method[own_method(outcome.settings) if outcome.settings else "random"]


def _distance(revman: Row, found: Numbers) -> float:
    """Hellinger distance of the posterior of mu from RevMan's normal distribution."""
    if not revman.sd > 0:
        return math.nan
    normal = NormalMixture(
        weights=np.ones((1, 1)),
        means=np.full((1, 1, 1), revman.estimate),
        sds=np.full((1, 1, 1), revman.sd),
    )
    grid = found.grid()
    return hellinger(grid.shares(normal), grid.shares(found.mu))


def _tracked(ready: Sequence[_Ready], progress: bool) -> Iterable[_Ready]:
    """The outcomes, with a progress bar where a person watches."""
    if not progress:
        return ready
    from rich.progress import track

    return track(ready, description="second opinion", transient=True)
