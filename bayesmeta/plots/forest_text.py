"""The columns of text of a forest plot, and the directions below its axis."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import Scale, display_size, participants
from bayesmeta.model import uses_counts
from bayesmeta.plots.columns import Column
from bayesmeta.plots.forest_counts import count_columns, format_raw
from bayesmeta.plots.forest_rows import Contents, Row
from bayesmeta.plots.marks import Estimate
from bayesmeta.plots.open_ended import format_open
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import decimals, format_number

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["directions", "estimate_text", "left_columns", "right_columns"]

_ARMS = ("treatment", "control", "before", "after")
_SHORT = {"mean": "Mean", "sd": "SD", "total": "Total", "events": "Events", "time": "Time"}
_ENDS_OF_SCALES = {"log": math.inf, "logit": 1.0}
"""Scales that start at 0, and their upper ends; no estimate reaches either."""

_MAX_HEADING = 20


def left_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """Studies, the numbers of their arms, their weights."""
    studies = Column(
        header="Study",
        cells=[row.label for row in shown.body],
        summary=[row.label for row in shown.foot],
        align="left",
        spills=not fit.problem.is_plain,
    )
    weights = Column(
        header="Weight %",
        cells=[format_number(weight, 1) for weight in fit.weights.to_numpy()],
        summary=[],
    )
    numbers = [*_raw_columns(fit), *([weights] if fit.has_weights else [])]
    return [studies, *(_by_row(column, shown) for column in numbers)]


def _by_row(column: Column, shown: Contents) -> Column:
    """A column with one cell a study, spread over the rows of the plot."""
    cells = ["" if row.study is None else column.cells[row.study] for row in shown.body]
    return replace(column, cells=cells, summary=[""] * len(shown.foot))


def right_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """The estimates as text, on the display scale."""
    prob, text = _prob(fit), _texts(fit)
    typical, sizes = display_size(fit.table), participants(fit.table)
    sizes = np.broadcast_to(sizes, len(shown.own))

    def own(row: Row) -> str:
        if row.study is not None:
            return text(shown.own[row.study], float(sizes[row.study]))
        return text(row.estimate, typical) if row.mark else ""

    columns = [
        Column(
            group=_heading(fit),
            header=f"[{prob} CI]",
            cells=[own(row) for row in shown.body],
            summary=[own(row) for row in shown.foot],
            colour=COLOURS["data"],
        )
    ]
    if shown.shrunken:
        cells = [text(*pair) for pair in zip(shown.shrunken, map(float, sizes), strict=True)]
        column = Column(
            group="Shrunken",
            header=f"[{prob} CrI]",
            cells=cells,
            summary=[],
            colour=COLOURS["model"],
        )
        columns.append(_by_row(column, shown))
    if shown.outlier is not None:
        cells = [format_number(float(p), 2) for p in shown.outlier]
        column = Column(header="P(outlier)", cells=cells, summary=[], colour=COLOURS["changed"])
        columns.append(_by_row(column, shown))
    return columns


def _prob(fit: "Fit") -> str:
    return f"{100 * fit.spec.interval.prob:g} %"


def _places(fit: "Fit") -> int:
    """Decimals on the display scale: two digits of a ratio, else what the interval deserves."""
    means = fit.estimates[fit.estimates["name"] == "mu"]
    if fit.measure.scale.ratio:
        return max(2, 1 - math.floor(math.log10(means["display_median"].min())))
    ends = means[["display_lower", "display_upper"]].to_numpy(float)
    return max(decimals(low, high) for low, high in ends)


def _heading(fit: "Fit") -> str:
    """The measure over its column: its name, or its code where that is long."""
    label = fit.measure.label
    return label[:1].upper() + label[1:] if len(label) <= _MAX_HEADING else fit.measure.code


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


def _texts(fit: "Fit") -> Callable[[Estimate | None, float], str]:
    """What writes an estimate, given the participants of its study."""
    places, scale = _places(fit), fit.measure.scale

    def text(estimate: Estimate | None, size: float) -> str:
        if estimate is None:
            return "not estimable"
        return estimate_text(estimate, scale=scale, places=places, size=size)

    return text


def estimate_text(estimate: Estimate, *, scale: Scale, places: int, size: float = math.nan) -> str:
    """An estimate with its interval on the display scale, as in ``1.20 [0.90, 1.61]``."""
    values = np.array([estimate.centre, estimate.lower, estimate.upper])
    shown = scale.to_display(values, np.full(values.shape, size))
    centre, lower, upper = (_number(float(value), places, scale) for value in shown)
    return f"{centre} [{lower}, {upper}]"


def _number(value: float, places: int, scale: Scale) -> str:
    if scale.name not in _ENDS_OF_SCALES:
        return format_number(value, places)
    return format_open(value, places, end=_ENDS_OF_SCALES[scale.name])


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
