"""A review as text for people: its outcomes, and how far its numbers are reproduced."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.parity.result import Check, Level, Parity
from bayesmeta.studies import METHODS, Outcome, Review

__all__ = ["outcomes_to_text", "parity_to_text"]

_LISTED = 20
"""Differences that are listed where not all are asked for."""

_LEVELS: Mapping[Level, str] = MappingProxyType(
    {"study": "study rows", "subgroup": "subgroup results", "total": "pooled results"}
)


def outcomes_to_text(review: Review) -> RenderableType:
    """Comparison, outcome, measure, model, studies and participants of each outcome."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("analysis", "outcome", "measure", "method", "model"):
        table.add_column(header, overflow="fold")
    for header in ("k", "subgroups", "participants"):
        table.add_column(header, justify="right")
    comparison = None
    for outcome in review.outcomes:
        if (outcome.review, outcome.comparison) != comparison:
            comparison = outcome.review, outcome.comparison
            table.add_row("", Text(outcome.comparison_name, style="bold"))
        table.add_row(
            outcome.analysis,
            Text(outcome.name),
            *_settings(outcome),
            f"{int(outcome.rows.in_total.sum())}",
            f"{len(outcome.subgroups) or ''}",
            f"{outcome.participants or ''}",
        )
    left_out = [Text(f"left out: {name}: {reason}") for name, reason in review.left_out]
    first = next((outcome.analysis for outcome in review.outcomes), None)
    advice = f"Analyse one with --analysis, as in: bayesmeta fit FILE --analysis {first}"
    return Group(
        Text(review.title or review.file.name, style="bold"),
        table,
        *left_out,
        *([Text(advice)] if first else []),
    )


def _settings(outcome: Outcome) -> tuple[str, str, str]:
    settings = outcome.settings
    if settings is None:
        return outcome.kind, "", ""
    measure = settings.measure
    if measure in ("GEN", "RATIO"):
        measure = settings.measure_text
    model = "random" if settings.random else "fixed"
    if settings.random and settings.estimator != "DL":
        model += f", {settings.estimator}"
    return measure, METHODS[settings.method], model


def parity_to_text(parity: Parity, *, every: bool = False) -> RenderableType:
    """How many stored numbers are reproduced, and those that are not.

    Parameters
    ----------
    parity
        What `verify` gives.
    every
        List all differences, not the first of each reason alone.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for header in ("checked", "reproduced", "numbers", "reproduced"):
        table.add_column(header, justify="right")
    for level, label in _LEVELS.items():
        whole, numbers = parity.counts(level), parity.numbers(level)
        table.add_row(label, *(str(count) for count in (*whole, *numbers)))
    notes = [Text(f"not checked: {name}: {reason}") for name, reason in parity.not_checked]
    if parity.inferred:
        notes.append(
            Text(
                f"The settings of {parity.inferred} analyses are not in the file and were found "
                "from its numbers."
            )
        )
    if parity.idle:
        notes.append(
            Text(
                f"{parity.idle} more stored numbers stand for nothing: zeros for what does not "
                "exist or is not shown, logarithms of differences, heterogeneity of one study."
            )
        )
    differences = parity.differences
    if not differences:
        notes.append(Text("Every stored number is reproduced.", style="bold"))
    else:
        notes += [Text(f"{count} numbers: {reason}") for reason, count in parity.reasons().items()]
    shown = differences if every else differences[:_LISTED]
    listed = [_differences(shown)] if shown else []
    if len(shown) < len(differences):
        notes.append(Text(f"{len(differences) - len(shown)} more differences: --all lists them."))
    return Group(Text(parity.file, style="bold"), table, *listed, *notes)


def _differences(checks: Iterable[Check]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("analysis", "where", "quantity"):
        table.add_column(header, overflow="fold")
    for header in ("stored", "recomputed"):
        table.add_column(header, justify="right")
    table.add_column("likely reason", overflow="fold")
    for check in checks:
        table.add_row(
            check.analysis,
            Text(check.where or "total"),
            check.quantity,
            f"{check.stored:.9g}",
            f"{check.computed:.9g}",
            Text(check.reason),
        )
    return table
