"""The pages of a second opinion: one an outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bayesmeta import __version__
from bayesmeta.classical import quantile
from bayesmeta.comparison import Row
from bayesmeta.comparison.text import (
    estimate_text,
    row_cells,
    span_text,
    tau_text,
)
from bayesmeta.files import safe_name
from bayesmeta.measures import Measure
from bayesmeta.plots.ticks import round_places
from bayesmeta.report.axis import Axis, Bar
from bayesmeta.report.page import render
from bayesmeta.results.numbers import interval_name
from bayesmeta.review_analysis import OutcomeResult, ReviewResult
from bayesmeta.sources import hash_of

__all__ = ["FILES", "foot_text", "outcome_page", "page_name"]

_FOREST, _STUDIES = 320, 300
"""Widths of the pictures, in pixels."""

FILES = ("review.csv", "review.json")
"""What holds the numbers of the pages."""

_STYLES = ("base.css", "sparkline.css", "review.css")
_LABEL = 44
"""Pixels from one tick to the next, at least, so that their labels stay apart."""


def outcome_page(each: OutcomeResult, found: ReviewResult) -> str:
    """The page of an outcome: the methods, the studies, other priors."""
    measure = each.measure
    steady = [row for row in each.rows if row.method != "reml"]  # t with one df is very wide
    axis = Axis.around(
        [(row.lower, row.upper) for row in steady],
        [(row.prediction_lower, row.prediction_upper) for row in each.rows],
        null=measure.null,
        width=_FOREST,
        scale=measure.scale,
    )
    effects = each.prepared.problem.effect
    of_studies = Axis.around(
        [(each.bayes.lower, each.bayes.upper), (effects.min(), effects.max())],
        _own(each),
        null=measure.null,
        width=_STUDIES,
        scale=measure.scale,
    )
    table, spec = each.prepared.table, each.prepared.spec
    raw = [name for name in measure.columns if name in table]
    return render(
        "review_outcome.html.jinja",
        styles=_STYLES,
        generator=f"bayesmeta {__version__}, page of a review",
        foot=foot_text(found),
        files=FILES,
        each=each,
        found=found,
        methods=[_method(row, measure, axis) for row in each.rows],
        raw=[name.replace("_", " ") for name in raw],
        studies=_studies(each, raw, of_studies),
        study_axis=of_studies,
        study_ticks=_ticks(of_studies, measure),
        priors=_priors(each),
        used=[(name, prior) for name, prior in each.prepared.problem.priors.items()],
        excluded=table.attrs["excluded"],
        corrections=table.attrs["corrections"],
        warnings=each.warnings,
        interval=interval_name(spec.interval),
        prediction=interval_name(spec.interval, prediction=True),
        axis=axis,
        ticks=_ticks(axis, measure),
    )


def page_name(each: OutcomeResult) -> str:
    """The file name of the page of an outcome: its own, however a file names its reviews."""
    analysis = each.outcome.analysis
    name = safe_name(analysis)
    if name != analysis:  # shortened or with other letters, so that two may be the same
        name += f"-{hash_of(analysis)[:8]}"
    subgroup = f"-{each.place + 1}" if each.place >= 0 else ""
    return f"outcome-{name}{subgroup}.html"


def foot_text(found: ReviewResult) -> str:
    """What made the pages, and from which file."""
    review = found.review
    checksum = f", SHA-256 {review.sha256[:16]}…" if review.sha256 else ""
    return f"bayesmeta {__version__}; {found.engine}; {review.file.name}{checksum}."


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A row of a table with its picture."""

    label: str
    cells: Sequence[str]
    bar: Bar | None
    prediction: Bar | None = None
    kind: str = ""


def _method(row: Row, measure: Measure, axis: Axis) -> _Shown:
    return _Shown(
        label=row.label,
        cells=row_cells(row, measure),
        bar=axis.pooled(row),
        prediction=axis.prediction(row),
        kind=row.kind,
    )


def _own(each: OutcomeResult) -> list[tuple[float, float]]:
    """Confidence intervals of the studies' own effects."""
    problem = each.prepared.problem
    half = quantile(each.prepared.spec.interval.prob) * problem.std_error
    return list(zip(problem.effect - half, problem.effect + half, strict=True))


def _studies(each: OutcomeResult, raw: Sequence[str], axis: Axis) -> list[_Shown]:
    problem, table, measure = each.prepared.problem, each.prepared.table, each.measure
    shown = []
    for i, (study, ends) in enumerate(zip(problem.study, _own(each), strict=True)):
        middle = float(problem.effect[i])
        numbers = [f"{float(table[name].to_numpy()[i]):g}" for name in raw]
        shown.append(
            _Shown(
                label=study,
                cells=[*numbers, span_text((middle, *ends), measure)],
                bar=axis.bar(middle, *ends),
            )
        )
    return shown


def _priors(each: OutcomeResult) -> list[dict[str, Any]]:
    return [
        {
            "label": prior.label,
            "effect": estimate_text(prior.row, each.measure),
            "tau": tau_text(prior.row),
            "changed": prior.changed,
        }
        for prior in each.priors
    ]


def _ticks(axis: Axis, measure: Measure) -> list[tuple[float, str]]:
    """Places and labels of round numbers on the display scale."""
    places, labels = round_places(axis.low, axis.high, scale=measure.scale, gap=_LABEL / axis.width)
    return [(axis.place(float(place)), label) for place, label in zip(places, labels, strict=True)]
