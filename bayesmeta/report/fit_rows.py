"""A fit as a row of an index: what it found, and what to look at."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bayesmeta.report.axis import Axis
from bayesmeta.report.index import Answer, Cell, IndexRow, Line, Picture, answer_cells
from bayesmeta.results import Fit
from bayesmeta.results.estimates_text import effect_text
from bayesmeta.results.numbers import decimals, format_number, format_probability, interval_name
from bayesmeta.results.tables import describe_model

__all__ = ["FEW", "ListedFit", "list_fit"]

FEW = 4
"""Of no more studies the prior of tau matters, and the fit has a warning that says how much."""

_WIDTH = 140
"""Of a picture, in pixels."""

_MOST_MEANS = 8
"""More means of one fit are in its report."""

_WARNED = MappingProxyType(
    {
        "Try a wider prior.": "prior and data disagree",
        "No events were seen": "no events",
        " Monte Carlo standard errors: ": "engines disagree",
    }
)
"""Words that stand in warnings of one kind alone, and that kind."""

_SEVERITY = MappingProxyType({"ok": 0, "warn": 100, "fail": 1000})
"""Verdicts by how much there is to look at; a flag counts 10, and a warning 1."""

_Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ListedFit:
    """What an index says of a fit, so that the fit itself need not be kept.

    Attributes
    ----------
    row : IndexRow
    title : str
    interval : str
        The name of its intervals.
    verdict : {"ok", "warn", "fail"}
    flags : tuple of str
        What to look at, in words.
    """

    row: IndexRow
    title: str
    interval: str
    verdict: str
    flags: tuple[str, ...]


def list_fit(fit: Fit, *, name: str, page: str) -> ListedFit:
    """What an index says of a fit.

    Parameters
    ----------
    fit
        The fit.
    name
        Of its file, without the suffix.
    page
        The file name of its report.
    """
    means = _means(fit)
    flags, verdict = tuple(_flags(fit)), fit.diagnostics.verdict
    severity = _SEVERITY[verdict] + 10 * len(flags) + len(fit.warnings)
    measure = fit.measure
    cells: list[Cell | Picture] = [
        _title(fit, name, page),
        Cell(lines=[Line(text=flag, tone="flag") for flag in flags], value=severity),
        Cell(lines=[Line(text=measure.code)]),
        Cell(lines=[Line(text=str(_units(fit)))], value=_units(fit)),
        _participants(fit),
        *_answers(fit, means),
        _chances(fit, means),
        _tau(fit, means),
        _convergence(fit),
    ]
    return ListedFit(
        row=IndexRow(cells=cells, flagged=len(flags) + len(fit.warnings)),
        title=fit.spec.title or name,
        interval=interval_name(fit.spec.interval),
        verdict=verdict,
        flags=flags,
    )


def _flags(fit: Fit) -> Iterator[str]:
    """What to look at, the gravest first."""
    verdict, warnings = fit.diagnostics.verdict, fit.warnings
    if verdict != "ok":
        yield f"convergence: {verdict}"
    for words, flag in _WARNED.items():
        if any(words in warning for warning in warnings):
            yield flag
    if _crosses(fit):
        yield "new study on either side"
    if _units(fit) == 1:
        yield "one study"
    elif _units(fit) <= FEW:
        yield "few studies"


def _crosses(fit: Fit) -> bool:
    """Whether the prediction interval includes no effect and the credible one does not."""
    null = fit.measure.null
    mean, new = _only(fit, "mu"), _only(fit, "theta_new")
    if null is None or mean is None or new is None:
        return False
    return new["lower"] <= null <= new["upper"] and not mean["lower"] <= null <= mean["upper"]


def _units(fit: Fit) -> int:
    """Studies, however many results each has."""
    clusters = fit.problem.clusters
    return len(fit.problem.study) if clusters is None else len(clusters.names)


def _rows(fit: Fit, *names: str) -> list[dict[str, Any]]:
    """The estimates of these names, one after the other."""
    table = fit.estimates
    return [
        {str(key): value for key, value in row.items()}
        for name in names
        for row in table[table["name"] == name].to_dict("records")
    ]


def _only(fit: Fit, name: str) -> dict[str, Any] | None:
    """The estimate of this name; None where there is none or there are several."""
    rows = _rows(fit, name)
    return rows[0] if len(rows) == 1 else None


def _title(fit: Fit, name: str, page: str) -> Cell:
    spec, warnings = fit.spec, fit.warnings
    about = f"{name}: {describe_model(spec)}, {spec.model.likelihood} likelihood"
    results = len(fit.problem.study)
    if _units(fit) < results:
        about += f"; {results} results"
    title, count = spec.title or name, len(warnings)
    return Cell(
        lines=[Line(text=title, link=quote(page)), Line(text=about, tone="soft")],
        value=title,
        more=warnings,
        more_name=f"{count} {'warning' if count == 1 else 'warnings'}",
    )


def _participants(fit: Fit) -> Cell:
    people = fit.n_participants
    if people is None:
        return Cell(value=math.nan)
    return Cell(lines=[Line(text=f"{people:,}")], value=people)


def _convergence(fit: Fit) -> Cell:
    verdict = fit.diagnostics.verdict
    return Cell(
        lines=[
            Line(text=verdict, tone="" if verdict == "ok" else "flag"),
            Line(text="quadrature" if fit.exact is not None else "NUTS", tone="soft"),
        ],
        value=verdict,
    )


def _means(fit: Fit) -> list[_Row]:
    """The means, each with a label, then what a new study may show where they are one."""
    design = fit.problem.design
    if design.subgroups is not None:
        means = [{**row, "label": row["subgroup"]} for row in _rows(fit, "mu")]
        overall = [{**row, "label": "mean of all"} for row in _rows(fit, "mu_overall")]
        return [*means[:_MOST_MEANS], *overall]
    label = "pooled" if design.is_pooled else "at reference"
    points = [{**row, "label": row["term"]} for row in _rows(fit, "mu_at")]
    new = [{**row, "label": "new study"} for row in _rows(fit, "theta_new")]
    means = [{**row, "label": label} for row in _rows(fit, "mu")]
    return [*means, *points[:_MOST_MEANS], *new]


def _headline(means: Sequence[_Row]) -> _Row | None:
    """The one mean that speaks for all; None where there is none."""
    overall = [row for row in means if row["name"] == "mu_overall"]
    own = [row for row in means if row["name"] == "mu"]
    return overall[0] if overall else own[0] if len(own) == 1 else None


def _is_new(row: _Row) -> bool:
    return bool(row["name"] == "theta_new")


def _answers(fit: Fit, means: Sequence[_Row]) -> tuple[Cell, Cell, Picture]:
    measure = fit.measure
    axis = Axis.around(
        [(row["lower"], row["upper"]) for row in means if not _is_new(row)],
        [(row["lower"], row["upper"]) for row in means if _is_new(row)],
        null=measure.null,
        width=_WIDTH,
        scale=measure.scale,
    )
    answers = []
    for row in means:
        text = effect_text(row, measure)
        if _is_new(row):  # its interval alone is a prediction
            text = text.partition(" (")[2].removesuffix(")")
        answers.append(
            Answer(
                label=row["label"],
                text=text,
                kind="new" if _is_new(row) else "bayes",
                bar=axis.bar(row["median"], row["lower"], row["upper"]),
                marker="" if _is_new(row) else "diamond",
            )
        )
    headline, more = _headline(means), len(_rows(fit, "mu", "mu_at")) - _MOST_MEANS
    return answer_cells(
        answers,
        axis,
        value=math.nan if headline is None else headline["display_median"],
        rest=f"and {more} more" if more > 0 else "",
    )


def _chances(fit: Fit, means: Sequence[_Row]) -> Cell:
    """The probability of benefit, a line an answer; none where benefit is not known."""
    headline = _headline(means)
    lines = [
        Line(text=format_probability(row["prob_benefit"]), tone="new" if _is_new(row) else "bayes")
        for row in means
    ]
    return Cell(
        lines=lines if any(line.text for line in lines) else (),
        value=math.nan if headline is None else headline["prob_benefit"],
    )


def _tau(fit: Fit, means: Sequence[_Row]) -> Cell:
    """Tau, or that of each subgroup; none under a common effect."""
    rows = _rows(fit, "tau")
    shown = rows if len(rows) == 1 else rows[: sum(row["name"] == "mu" for row in means)]
    places = [decimals(0, 4 * row["median"]) if row["median"] > 0 else 2 for row in shown]
    return Cell(
        lines=[
            Line(text=format_number(row["median"], count), tone="bayes")
            for row, count in zip(shown, places, strict=True)
        ],
        value=rows[0]["median"] if len(rows) == 1 else math.nan,
    )
