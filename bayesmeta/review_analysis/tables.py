"""A second opinion as text for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.comparison.text import estimate_text, prediction_text
from bayesmeta.results.numbers import interval_name
from bayesmeta.review_analysis.result import OutcomeResult, ReviewResult

__all__ = ["review_to_text"]


def review_to_text(found: ReviewResult) -> RenderableType:
    """The outcomes with something to look at, those that depart most from RevMan first."""
    flagged = [each for each in found.outcomes if each.flags]
    notes = [
        Text(
            f"{len(found.outcomes)} analyses in {found.seconds:.1f} s, {len(flagged)} with "
            "something to look at.",
            style="bold",
        )
    ]
    notes += [Text(f"not analysed: {name}: {reason}") for name, reason in found.broken]
    notes += [Text(f"left out: {name}: {reason}") for name, reason in found.review.left_out]
    differing = len(found.parity.differences)
    if differing:
        listing = f"bayesmeta outcomes {found.review.file} --verify"
        notes.append(Text(f"numbers of the file that are not reproduced: {differing}; {listing}"))
    title = Text(found.review.title or found.review.file.name, style="bold")
    return Group(title, *([_table(flagged)] if flagged else []), *notes)


def _table(outcomes: list[OutcomeResult]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    interval = outcomes[0].prepared.spec.interval
    table.add_column("analysis")
    table.add_column("outcome", overflow="fold")
    table.add_column("measure")
    revman = f"RevMan, {100 * interval.prob:g} % interval"
    for header in ("k", revman, f"Bayesian, {interval_name(interval)}", "new study"):
        table.add_column(header, justify="right")
    table.add_column("to look at", overflow="fold")
    for each in outcomes:
        name = each.outcome.name + (f": {each.subgroup}" if each.subgroup else "")
        table.add_row(
            each.outcome.analysis,
            Text(name),
            each.measure.code,
            str(each.k),
            estimate_text(each.revman, each.measure),
            estimate_text(each.bayes, each.measure),
            prediction_text(each.bayes, each.measure),
            "; ".join(each.flags),
        )
    return table
