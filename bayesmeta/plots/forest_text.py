"""The columns of text of a forest plot, and the directions below its axis."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bayesmeta.model import uses_counts
from bayesmeta.plots.columns import Column
from bayesmeta.plots.forest_counts import count_columns, format_raw
from bayesmeta.plots.forest_estimates import (
    Form,
    effect_heading,
    estimate_text,
    estimate_texts,
    shrunken_texts,
)
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import format_number

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = [
    "by_row",
    "directions",
    "estimate_column",
    "estimate_text",
    "left_columns",
    "outlier_columns",
    "right_columns",
    "study_column",
    "weight_columns",
]

_ARMS = ("treatment", "control", "before", "after")
_SHORT = {"mean": "Mean", "sd": "SD", "total": "Total", "events": "Events", "time": "Time"}


def left_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """Studies, the numbers of their arms, their weights."""
    numbers = [*_raw_columns(fit), *weight_columns(fit, "Weight %")]
    return [study_column(fit, shown, "Study"), *(by_row(column, shown) for column in numbers)]


def study_column(fit: "Fit", shown: Contents, header: str) -> Column:
    """The names of the rows."""
    return Column(
        header=header,
        cells=[row.label for row in shown.body],
        summary=[row.label for row in shown.foot],
        align="left",
        spills=not fit.problem.is_plain,
    )


def weight_columns(fit: "Fit", header: str) -> list[Column]:
    """The weights of the studies, where each has one of its own."""
    if not fit.has_weights:
        return []
    cells = [format_number(weight, 1) for weight in fit.weights.to_numpy()]
    return [Column(header=header, cells=cells, summary=[])]


def by_row(column: Column, shown: Contents) -> Column:
    """A column with one cell a study, spread over the rows of the plot."""

    def spread(of_studies: Sequence[str]) -> list[str]:
        return ["" if row.study is None else of_studies[row.study] for row in shown.body]

    return replace(
        column,
        cells=spread(column.cells),
        summary=[""] * len(shown.foot),
        badges=spread(column.badges) if column.badges else (),
    )


def right_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """The estimates as text, on the display scale."""
    prob = _prob(fit)
    columns = [estimate_column(fit, shown, header=f"[{prob} CI]", group=effect_heading(fit))]
    if shown.shrunken:
        column = Column(
            group="Shrunken",
            header=f"[{prob} CrI]",
            cells=shrunken_texts(fit, shown),
            summary=[],
            colour=COLOURS["model"],
        )
        columns.append(by_row(column, shown))
    return [*columns, *outlier_columns(shown)]


def estimate_column(
    fit: "Fit",
    shown: Contents,
    *,
    header: str,
    group: str = "",
    form: Form = "brackets",
) -> Column:
    """The studies' own estimates, and the means."""
    cells, summary = estimate_texts(fit, shown, form)
    return Column(group=group, header=header, cells=cells, summary=summary)


def outlier_columns(shown: Contents) -> list[Column]:
    """The probability of each study that it is an outlier, where the model has such."""
    if shown.outlier is None:
        return []
    cells = [format_number(float(p), 2) for p in shown.outlier]
    column = Column(header="P(outlier)", cells=cells, summary=[], colour=COLOURS["changed"])
    return [by_row(column, shown)]


def _prob(fit: "Fit") -> str:
    return f"{100 * fit.spec.interval.prob:g} %"


def _raw_columns(fit: "Fit") -> list[Column]:
    """The numbers of the arms, where the effects were computed from them."""
    if uses_counts(fit.spec.model.likelihood):
        return count_columns(fit, [])
    names = [name for name in fit.measure.columns if name in fit.table]
    if len(names) < len([name for name in fit.measure.columns if name != "r"]):
        return []
    columns = []
    for name in names:
        base, _, arm = name.partition("_")
        group = arm if arm in _ARMS else ""
        label = getattr(fit.spec.labels, group, group)
        columns.append(
            Column(
                group=label[:1].upper() + label[1:],
                header=_SHORT.get(base, base),
                cells=[format_raw(value) for value in fit.table[name].to_numpy()],
                summary=[],
            )
        )
    return columns


def directions(fit: "Fit") -> tuple[str, str] | None:
    """What stands below the axis left and right of no effect; None where nothing can be said."""
    labels, better, columns = fit.spec.labels, fit.spec.effect.better, fit.measure.columns
    paired, two_arms = "mean_before" in columns, any(c.endswith("_control") for c in columns)
    if fit.measure.null is None or (better is None and not paired and not two_arms):
        return None
    if better is None:
        when = "after" if paired else f"with {labels.treatment}"
        return f"Lower {when}", f"Higher {when}"
    good, bad = f"Favours {labels.treatment}", f"Favours {labels.control}"
    if paired:
        good, bad = "Better after", "Better before"
    return (good, bad) if better == "lower" else (bad, good)
