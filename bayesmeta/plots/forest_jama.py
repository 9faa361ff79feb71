"""The columns of a forest plot in the house style of JAMA: each arm in one or two columns."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.plots.columns import Column
from bayesmeta.plots.forest_bias import bias_columns
from bayesmeta.plots.forest_counts import format_raw
from bayesmeta.plots.forest_estimates import effect_heading
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.forest_text import (
    by_row,
    estimate_column,
    outlier_columns,
    study_column,
    weight_columns,
)

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["jama_columns"]

_GROUPS = ("_treatment", "_control", "_before", "_after", "")
_PAIRS = {
    "No./total": ("events{}", "total{}", "{}/{}"),
    "No./time": ("events{}", "time{}", "{}/{}"),
    "Mean (SD)": ("mean{}", "sd{}", "{} ({})"),
    "No.": ("total{}", "total{}", "{}"),
}
"""What stands in a column: two numbers of an arm, and how. One number enters one column."""


def jama_columns(
    fit: "Fit", shown: Contents, *, risk_of_bias: bool
) -> tuple[list[Column], list[Column]]:
    """Source, arms and estimate on the left of the plot, the weight on the right.

    Where there are no weights, the estimate stands on the right.
    """
    prob = f"{100 * fit.spec.interval.prob:g}%"
    estimate = estimate_column(
        fit, shown, header=f"{effect_heading(fit)} ({prob} CI)", form="parentheses"
    )
    sources = study_column(fit, shown, "Source")
    left = [sources, *(by_row(column, shown) for column in _arms(fit))]
    right = [by_row(column, shown) for column in weight_columns(fit, "Weight, %")]
    right = [*right, *outlier_columns(shown), *(bias_columns(fit, shown) if risk_of_bias else [])]
    return ([*left, estimate], right) if fit.has_weights else (left, [estimate, *right])


def _arms(fit: "Fit") -> list[Column]:
    """The numbers from which the effects were computed."""
    known = {
        **{name: fit.table[name].to_numpy() for name in fit.measure.columns if name in fit.table}
    }
    known |= {name: np.asarray(values) for name, values in fit.problem.counts.items()}
    if any(name not in known for name in fit.measure.columns if name != "r"):
        return []
    used: set[str] = set()
    columns = []
    for group in _GROUPS:
        name = group.removeprefix("_")
        label = str(getattr(fit.spec.labels, name, name)) if name else ""
        for header, (first, second, form) in _PAIRS.items():
            pair = first.format(group), second.format(group)
            if used.isdisjoint(pair) and all(one in known for one in pair):
                used |= set(pair)
                columns.append(
                    Column(
                        group=label[:1].upper() + label[1:],
                        header=header,
                        cells=list(_cells(form, known[pair[0]], known[pair[1]])),
                        summary=[],
                    )
                )
    return columns


def _cells(form: str, first: Floats, second: Floats) -> Iterable[str]:
    for pair in zip(first, second, strict=True):
        yield form.format(*(format_raw(float(value)) for value in pair))
