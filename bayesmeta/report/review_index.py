"""The index of a second opinion: it ranks the outcomes by how much the Bayesian answer departs."""

import math
from collections.abc import Sequence

from bayesmeta.comparison.text import displayed, estimate_text, prediction_text, tau_text
from bayesmeta.report.axis import Axis
from bayesmeta.report.index import (
    Answer,
    Cell,
    Column,
    Index,
    IndexRow,
    Line,
    Picture,
    answer_cells,
    index_to_html,
)
from bayesmeta.report.review_pages import FILES, foot_text, page_name
from bayesmeta.results.numbers import interval_name
from bayesmeta.review_analysis import OutcomeResult, ReviewResult

__all__ = ["index_page"]

_WIDTH = 150
"""Of a picture, in pixels."""

_MOST_DIFFERENCES = 50

_INTRO = (
    "Each outcome of the review, analysed again with the same studies and measure. First come "
    "those whose answer departs most from RevMan’s: where the conclusion changes, where it rests "
    "on the prior, where the prediction interval includes no effect though the pooled effect does "
    "not."
)
_LEGEND = (
    "Pictures: grey RevMan’s estimate and confidence interval, blue the posterior median and "
    "{interval}, orange the prediction interval of the true effect in a new study; the vertical "
    "line is no effect; each has an axis of its own. Distance: of the posterior of the pooled "
    "effect from RevMan’s normal distribution of its estimate (Hellinger; 0 the same, 1 nothing in "
    "common). tau is of the logarithm for ratios."
)


def index_page(found: ReviewResult) -> str:
    """The page that ranks the outcomes by how much the Bayesian answer departs."""
    review, interval = found.review, _interval(found.outcomes)
    title = review.title or review.file.name
    return index_to_html(
        Index(
            kind="a review",
            title=title,
            above="A Bayesian second opinion",
            intro=_INTRO,
            counts=_counts(found),
            findable="outcome, comparison, measure",
            named="Outcomes",
            columns=_columns(interval),
            rows=[_row(each, place) for place, each in enumerate(found.outcomes, 1)],
            sorted_by="to look at",
            legend=_LEGEND.format(interval=interval),
            lists=_lists(found),
            foot=foot_text(found),
            files=FILES,
        )
    )


def _columns(interval: str) -> list[Column]:
    return [
        Column(name="analysis", kind="word", sort="text"),
        Column(name="outcome", kind="name", sort="text"),
        Column(name="to look at", kind="flags", sort="number"),
        Column(name="measure", kind="word", sort="text"),
        Column(name="k", kind="number", sort="number"),
        Column(name="answer", kind="label"),
        Column(
            name=f"estimate and {interval.replace(' credible', '')}",
            kind="estimate",
            sort="number",
        ),
        Column(name="picture", kind="picture"),
        Column(name="tau", kind="number", sort="number"),
        Column(name="distance", kind="number", sort="number"),
    ]


def _row(each: OutcomeResult, place: int) -> IndexRow:
    outcome, code = each.outcome, each.measure.code
    if code in ("GEN", "RATIO") and outcome.settings is not None:
        code = outcome.settings.measure_text
    unconverged = each.verdict != "ok"
    flags = [Line(text=flag, tone="flag") for flag in each.flags]
    if unconverged:
        flags.append(Line(text=f"convergence: {each.verdict}", tone="flag"))
    if each.k == 1:
        flags.append(Line(text="one study", tone="soft"))
    name = f"{outcome.name}: {each.subgroup}" if each.subgroup else outcome.name
    cells: list[Cell | Picture] = [
        Cell(
            lines=[Line(text=outcome.analysis)],
            value=f"{outcome.comparison:05d}.{outcome.number:05d}",
        ),
        Cell(
            lines=[
                Line(text=name, link=page_name(each)),
                Line(text=outcome.comparison_name, tone="soft"),
            ]
        ),
        Cell(lines=flags, value=place),
        Cell(lines=[Line(text=code)]),
        Cell(lines=[Line(text=str(each.k))], value=each.k),
        *_answers(each),
        Cell(
            lines=[Line(text=""), Line(text=tau_text(each.bayes, interval=False), tone="bayes")],
            value=each.bayes.tau,
        ),
        Cell(lines=[Line(text=_distance(each))], value=each.distance),
    ]
    return IndexRow(cells=cells, flagged=len(each.flags) + unconverged)


def _distance(each: OutcomeResult) -> str:
    return f"{each.distance:.2f}" if math.isfinite(each.distance) else ""


def _answers(each: OutcomeResult) -> tuple[Cell, Cell, Picture]:
    """RevMan's answer, the Bayesian one and what a new study may show: names, numbers, picture."""
    revman, bayes, measure = each.revman, each.bayes, each.measure
    axis = Axis.around(
        [(row.lower, row.upper) for row in (revman, bayes)],
        [(bayes.prediction_lower, bayes.prediction_upper)],
        null=measure.null,
        width=_WIDTH,
        scale=measure.scale,
    )
    answers = [
        Answer(
            label="RevMan",
            text=estimate_text(revman, measure),
            kind="own",
            bar=axis.pooled(revman),
            marker="square",
        ),
        Answer(
            label="Bayesian",
            text=estimate_text(bayes, measure),
            kind="bayes",
            bar=axis.pooled(bayes),
            marker="diamond",
        ),
    ]
    new = prediction_text(bayes, measure)
    if new:
        answers.append(Answer(label="new study", text=new, kind="new", bar=axis.prediction(bayes)))
    return answer_cells(answers, axis, value=displayed([bayes.estimate], measure)[0])


def _counts(found: ReviewResult) -> list[tuple[str, str]]:
    outcomes, stored = found.outcomes, found.parity.stored
    counts = [
        ("analyses", len(outcomes)),
        ("where the conclusion changes", sum(each.conclusion_changes for each in outcomes)),
        ("where it rests on the prior", sum(each.rests_on_prior for each in outcomes)),
        (
            "where only the prediction interval includes no effect",
            sum(each.prediction_crosses for each in outcomes),
        ),
    ]
    shown = [(name, str(count)) for name, count in counts]
    if stored:
        agreed = sum(check.agrees for check in stored)
        name = f"of RevMan’s {len(stored):,} stored numbers reproduced"
        shown.append((name, "all" if agreed == len(stored) else f"{agreed:,}"))
    return shown


def _lists(found: ReviewResult) -> list[tuple[str, list[str]]]:
    """What is not in the table, and what is not as RevMan has it."""
    missing = [f"{name}: {reason}" for name, reason in (*found.broken, *found.review.left_out)]
    differences = [
        f"{check.analysis}, {check.where or 'total'}, {check.quantity}: {check.stored:.9g} stored, "
        f"{check.computed:.9g} recomputed. {check.reason}"
        for check in found.parity.differences[:_MOST_DIFFERENCES]
    ]
    lists = [
        ("Not analysed", missing),
        ("Numbers of RevMan that are not reproduced", differences),
    ]
    return [(heading, items) for heading, items in lists if items]


def _interval(outcomes: Sequence[OutcomeResult]) -> str:
    return interval_name(outcomes[0].prepared.spec.interval) if outcomes else "credible interval"
