"""The estimates of a forest plot as text, in brackets or in the manner of JAMA."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesmeta.measures import Scale, display_size, participants
from bayesmeta.plots.forest_rows import Contents, Row
from bayesmeta.plots.marks import Estimate
from bayesmeta.plots.open_ended import format_open
from bayesmeta.results.numbers import decimals, format_large, format_number

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Form", "effect_heading", "estimate_text", "estimate_texts", "shrunken_texts"]

Form = Literal["brackets", "parentheses"]
"""``1.20 [0.90, 1.61]``; or ``1.20 (0.90–1.61)``, and ``−0.44 (−1.20 to 0.31)`` where a number may
be negative."""

_ENDS_OF_SCALES = {"log": math.inf, "logit": 1.0}
"""Scales that start at 0, and their upper ends; no estimate reaches either."""

_LARGE = 1e4
"""Ratios have no decimals from here on."""

_MAX_HEADING = 20


def estimate_texts(
    fit: "Fit", shown: Contents, form: Form = "brackets"
) -> tuple[list[str], list[str]]:
    """The texts of the rows of the body, and of those below: studies' own estimates, and means."""
    text, typical = _texts(fit, form), display_size(fit.table)
    sizes = np.broadcast_to(participants(fit.table), len(shown.own))

    def of(row: Row) -> str:
        if row.study is not None:
            return text(shown.own[row.study], float(sizes[row.study]))
        return text(row.estimate, typical) if row.mark else ""

    return [of(row) for row in shown.body], [of(row) for row in shown.foot]


def shrunken_texts(fit: "Fit", shown: Contents) -> list[str]:
    """The posterior of the true effect of each study."""
    text, sizes = _texts(fit), np.broadcast_to(participants(fit.table), len(shown.own))
    return [text(*pair) for pair in zip(shown.shrunken, map(float, sizes), strict=True)]


def effect_heading(fit: "Fit") -> str:
    """The measure over its column: its name, or its code where that is long."""
    label = fit.measure.label
    return label[:1].upper() + label[1:] if len(label) <= _MAX_HEADING else fit.measure.code


def _places(fit: "Fit") -> int:
    """Decimals on the display scale: two digits of a ratio, else what the interval deserves."""
    means = fit.estimates[fit.estimates["name"] == "mu"]
    if fit.measure.scale.ratio:
        return max(2, 1 - math.floor(math.log10(means["display_median"].min())))
    ends = means[["display_lower", "display_upper"]].to_numpy(float)
    return max(decimals(low, high) for low, high in ends)


def _texts(fit: "Fit", form: Form = "brackets") -> Callable[[Estimate | None, float], str]:
    """What writes an estimate, given the participants of its study."""
    places, scale = _places(fit), fit.measure.scale

    def text(estimate: Estimate | None, size: float) -> str:
        if estimate is None:
            return "not estimable"
        return estimate_text(estimate, scale=scale, places=places, size=size, form=form)

    return text


def estimate_text(
    estimate: Estimate,
    *,
    scale: Scale,
    places: int,
    size: float = math.nan,
    form: Form = "brackets",
) -> str:
    """An estimate with its interval on the display scale, as in ``1.20 [0.90, 1.61]``."""
    values = np.array([estimate.centre, estimate.lower, estimate.upper])
    shown = scale.to_display(values, np.full(values.shape, size))
    centre, lower, upper = (_number(float(value), places, scale) for value in shown)
    if form == "brackets":
        return f"{centre} [{lower}, {upper}]"
    return f"{centre} ({lower}{'–' if scale.name in _ENDS_OF_SCALES else ' to '}{upper})"


def _number(value: float, places: int, scale: Scale) -> str:
    if scale.name not in _ENDS_OF_SCALES:
        return format_number(value, places)
    if value >= _LARGE:
        return format_large(value)
    return format_open(value, places, end=_ENDS_OF_SCALES[scale.name])
