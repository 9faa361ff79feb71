"""The pooled risk, or rate, of one arm: its density, that of a new study, the studies' own."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, gammaincinv, logit

from bayesmeta.measures.base import Floats
from bayesmeta.plots.bands import reference_notes
from bayesmeta.plots.fold import fold_name
from bayesmeta.plots.forest_counts import count_columns
from bayesmeta.plots.layout import Column, Sheet
from bayesmeta.plots.levels import set_level_ticks
from bayesmeta.plots.marks import Estimate, draw_mark, mark_limits
from bayesmeta.plots.open_ended import format_open
from bayesmeta.plots.rows_in_axes import rows_in_axes
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import decimals, format_number, format_span, interval_name
from bayesmeta.results.overlap import smooth_density

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["draw_one_arm", "exact_interval"]

_SUMMARIES = {"mu": "Pooled {}, {} CrI", "theta_new": "{} in a new study, {} PrI"}
_COLOURS = {"mu": COLOURS["model"], "theta_new": COLOURS["prediction"]}
_TALL = 1.25
"""Rows that a density is high."""

_BASE = 0.32
"""Rows from the middle of a summary row down to the foot of its density."""

_EDGE = 0.01
_ABOVE = 2.0
"""A density that rises at an end of the axis, in this share of it, is cut off where it is so many
times as high as elsewhere."""

_FROM_ZERO = 0.5
"""The axis starts at 0 where its lower end would be below this share of its upper end."""

_BEYOND = 0.03
_VISIBLE = 0.002
"""Where a density is below this share of its peak, it has no line."""

_POINTS = 800


@dataclass(frozen=True, kw_only=True)
class _Arm:
    """What was observed, and the scale of the risk or rate.

    Attributes
    ----------
    own : list of Estimate
        Observed risks or rates of the studies, with exact confidence intervals.
    size : array
        Participants, or person-time.
    rate : bool
    """

    own: list[Estimate]
    size: Floats
    rate: bool

    @property
    def what(self) -> str:
        """The word for the level."""
        return "rate" if self.rate else "risk"

    @property
    def unit(self) -> float:
        """What a level is multiplied with in text: risks are in per cent."""
        return 1.0 if self.rate else 100.0


def draw_one_arm(fit: "Fit", title: str, ax: "Axes | Sequence[Axes] | None" = None) -> "Figure":
    """The plot `absolute_risk` of one arm.

    Parameters
    ----------
    fit
        A fit of the counts of one arm.
    title
        Above; "" for none.
    ax
        One axes to draw into, instead of a figure of its own.
    """
    arm = _arm(fit)
    names = set(fit.estimates["name"])
    summaries = {name: _summary(fit, name) for name in _SUMMARIES if name in names}
    rows = [row for name in summaries for row in (f"over {name}", name)]
    left = _left(fit, arm, rows)
    if ax is None:
        figure, axes = _sheet(fit, arm, summaries, left, title)
    else:
        labels = [text for text in (*left[0].cells, *left[0].summary) if text]
        at = [*range(len(arm.own)), *(_row_of(arm, rows, name) for name in summaries)]
        last = len(arm.own) + len(rows) + 0.4 - 0.5
        figure, axes = rows_in_axes(ax, labels, at, last=last)
    axes.set_xlim(*_limits(arm, list(summaries.values())))
    for row, estimate in enumerate(arm.own):
        size = 2.5 + 5.5 * float(np.sqrt(arm.size[row] / arm.size.max()))
        draw_mark(axes, row, estimate, colour=COLOURS["data"], marker="s", size=size)
    for name, estimate in summaries.items():
        _density(axes, fit, name, estimate, _row_of(arm, rows, name) + _BASE, rate=arm.rate)
    set_level_ticks(axes, rate=arm.rate, sides="x")
    axes.set_xlabel("Events per unit of time" if arm.rate else "Risk", labelpad=4)
    return figure


def _row_of(arm: _Arm, rows: list[str], name: str) -> float:
    """The row of a summary, as in a sheet."""
    return len(arm.own) + 0.4 + rows.index(name)


def _sheet(
    fit: "Fit", arm: _Arm, summaries: dict[str, Estimate], left: list[Column], title: str
) -> "tuple[Figure, Axes]":
    rows = [row for name in summaries for row in (f"over {name}", name)]
    sheet = Sheet(
        left=left,
        right=[_right(fit, arm, summaries, rows)],
        rows=len(arm.own),
        title=title,
        notes=[*_notes(fit, arm, summaries), *reference_notes(fit)],
        summary_rows=rows,
        directions=None,
        null=None,
    )
    return sheet.figure, sheet.axes


def exact_interval(
    events: Floats, size: Floats, prob: float, *, rate: bool
) -> tuple[Floats, Floats]:
    """Exact confidence intervals of observed risks, or rates.

    Clopper & Pearson 1934, Biometrika 26:404, for risks; Garwood 1936, Biometrika 28:437, for
    rates.

    Parameters
    ----------
    events, size
        Events, and participants or person-time.
    prob
        Probability that an interval holds the true value, at least.
    rate
        Whether `size` is person-time.
    """
    tail = (1 - prob) / 2
    below, above = np.maximum(events, 1), np.minimum(events, size - 1)
    if rate:
        lower = gammaincinv(below, tail) / size
        return np.where(events == 0, 0.0, lower), gammaincinv(events + 1, 1 - tail) / size
    lower = betaincinv(below, size - below + 1, tail)
    upper = betaincinv(above + 1, size - above, 1 - tail)
    return np.where(events == 0, 0.0, lower), np.where(events == size, 1.0, upper)


def _arm(fit: "Fit") -> _Arm:
    counts = fit.problem.counts
    rate = "time" in counts
    events, size = counts["events"], counts["time" if rate else "total"]
    lower, upper = exact_interval(events, size, fit.spec.interval.prob, rate=rate)
    return _Arm(
        own=[
            Estimate(centre=float(p), lower=float(low), upper=float(high))
            for p, low, high in zip(events / size, lower, upper, strict=True)
        ],
        size=size,
        rate=rate,
    )


def _summary(fit: "Fit", name: str) -> Estimate:
    row = fit.estimate(name)
    return Estimate(
        centre=row["display_median"], lower=row["display_lower"], upper=row["display_upper"]
    )


def _limits(arm: _Arm, said: list[Estimate]) -> tuple[float, float]:
    """From 0, but where all is far from it; no further than a little beyond 100 %."""
    low, high = mark_limits(said, arm.own)
    if low < _FROM_ZERO * high:
        low, high = mark_limits(said, arm.own, [0.0])
    if arm.rate or high <= 1:
        return low, high
    return low, 1 + _BEYOND * (1 - low)


def _density(
    axes: "Axes", fit: "Fit", name: str, estimate: Estimate, foot: float, *, rate: bool
) -> None:
    """A density that stands on its foot, with the interval and the median on it."""
    low, high = axes.get_xlim()
    bottom, top = max(low, 0.0), high if rate else min(high, 1.0)
    x = np.linspace(bottom, top, _POINTS + 2)[1:-1]
    effect, slope = (np.log(x), 1 / x) if rate else (logit(x), 1 / (x * (1 - x)))
    height = _pdf(fit, name)(effect) * slope
    edge = _EDGE * (top - bottom)
    inner = (x >= bottom + edge) & (x <= top - edge)
    peak = min(float(height.max()), _ABOVE * float(height[inner].max()))
    raised = foot - _TALL * np.minimum(height / peak, 1.0)
    colour = _COLOURS[name]
    axes.fill_between(x, foot, raised, color=colour, alpha=0.25, linewidth=0)
    seen = height > _VISIBLE * peak
    axes.plot(x[seen], raised[seen], color=colour, linewidth=1.2)
    ends = np.clip([estimate.lower, estimate.upper], low, high)
    axes.plot(ends, [foot] * 2, color=colour, linewidth=3, solid_capstyle="butt", zorder=3)
    axes.plot(
        [estimate.centre],
        [foot],
        "o",
        color=colour,
        markerfacecolor="white",
        markersize=5,
        zorder=4,
    )


def _pdf(fit: "Fit", name: str) -> Callable[[Floats], Floats]:
    """The density of the pooled effect, or of that in a new study, on the analysis scale."""
    if fit.exact is None:
        return smooth_density(fit.posterior[name].to_numpy()).pdf
    effects = getattr(fit.exact, name)
    return lambda x: np.asarray(effects.pdf(x)[0, 0])


def _left(fit: "Fit", arm: _Arm, rows: list[str]) -> list[Column]:
    prob, blank = f"{100 * fit.spec.interval.prob:g} %", [""] * len(rows)
    labels = {
        name: text.format(*((arm.what, prob) if name == "mu" else (arm.what.capitalize(), prob)))
        for name, text in _SUMMARIES.items()
    }
    studies = Column(
        header="Study",
        cells=[fold_name(str(name)) for name in fit.table["study"].to_numpy()],
        summary=[labels.get(row, "") for row in rows],
        align="left",
    )
    return [studies, *count_columns(fit, blank)]


def _right(fit: "Fit", arm: _Arm, summaries: dict[str, Estimate], rows: list[str]) -> Column:
    pooled = summaries["mu"]
    places = max(decimals(arm.unit * pooled.lower, arm.unit * pooled.upper), 1)

    def text(estimate: Estimate) -> str:
        middle, lower, upper = (
            _number(arm, value, places)
            for value in (estimate.centre, estimate.lower, estimate.upper)
        )
        return f"{middle} [{lower}, {upper}]"

    return Column(
        group=arm.what.capitalize() + ("" if arm.rate else ", %"),
        header=f"[{100 * fit.spec.interval.prob:g} % CI]",
        cells=[text(estimate) for estimate in arm.own],
        summary=[text(summaries[row]) if row in summaries else "" for row in rows],
    )


def _number(arm: _Arm, level: float, places: int) -> str:
    """A level in the unit of the column: 0 and 100 % only where they are exact."""
    if level == 0 or (level == 1 and not arm.rate):
        return format_number(arm.unit * level, places)
    return format_open(arm.unit * level, places, end=math.inf if arm.rate else arm.unit)


def _notes(fit: "Fit", arm: _Arm, summaries: dict[str, Estimate]) -> list[str]:
    interval, names = fit.spec.interval, set(fit.estimates["name"])
    size, method = ("person-time", "Garwood") if arm.rate else ("participants", "Clopper-Pearson")
    prob = f"{100 * interval.prob:g} %"
    notes = [
        f"Squares: observed {arm.what}s with exact ({method}) {prob} confidence intervals; area by "
        f"{size}.",
        f"Upper curve: posterior density of the pooled {arm.what}, with its "
        f"{interval_name(interval)}.",
    ]
    if "theta_new" in summaries:
        notes.append(
            f"Lower curve: that of the true {arm.what} in a new study, with its "
            f"{interval_name(interval, prediction=True)}."
        )
    else:
        notes[-1] = notes[-1].replace("Upper curve", "Curve")
    if f"{arm.what}_mean" in names:
        notes.append(
            f"The pooled {arm.what} is the median of the studies' true {arm.what}s; their mean is "
            f"{_row(fit, f'{arm.what}_mean', arm)}."
        )
    if f"{arm.what}_upper" in names:
        upper = arm.unit * fit.estimate(f"{arm.what}_upper")["upper"]
        sign = "" if arm.rate else " %"
        notes.append(
            f"No events were seen: the pooled {arm.what} is below {upper:.3g}{sign} with {prob} "
            "probability."
        )
    if "events_new" in names:
        row = fit.estimate("events_new")
        notes.append(
            f"Events in a new study of {fit.new_total:g}: {row['median']:.0f} "
            f"({row['lower']:.0f} to {row['upper']:.0f})."
        )
    return notes


def _row(fit: "Fit", name: str, arm: _Arm) -> str:
    row = fit.estimate(name)
    middle, lower, upper = (arm.unit * row[end] for end in ("median", "lower", "upper"))
    places = decimals(lower, upper)
    sign = "" if arm.rate else " %"
    return f"{format_number(middle, places)}{sign} ({format_span(lower, upper, places)}{sign})"
