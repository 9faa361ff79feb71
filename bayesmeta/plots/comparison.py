"""One outcome by several methods: published, RevMan's, restricted maximum likelihood, Bayesian."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import Measure
from bayesmeta.plots.layout import Column, Sheet
from bayesmeta.plots.panels import effect_label, fitting_ticks, legible_range
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.results.tables import decimals, effect_decimals, format_number, format_span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.comparison.rows import Row

__all__ = ["comparison_plot"]

_BELOW = 0.27
"""How far below its row, in rows, a prediction interval is drawn."""

_REACH = 0.75
"""Prediction intervals are cut, with an arrow, this share of the others' range beyond it."""


def comparison_plot(
    rows: "Sequence[Row]", *, measure: Measure, title: str, size: float, prob: float
) -> "Figure":
    """A row a method, with its interval and, where it has one, its prediction interval.

    Squares with grey lines are published results and confidence intervals, blue diamonds are
    posterior medians with credible intervals, orange bars prediction intervals.

    Parameters
    ----------
    rows
        The methods.
    measure, size
        The measure, and the participants of a typical study.
    title
        Above; "" for none.
    prob
        Probability or confidence of the intervals.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC), without_glyph_warnings():
        sheet = Sheet(
            left=[Column(header="Method", cells=_labels(rows), summary=[], align="left")],
            right=_right(rows, measure, size, prob),
            rows=len(rows),
            title=title,
            notes=[
                "■ estimate with confidence interval   ◆ posterior median with credible interval   "
                "orange: prediction interval (REML: t with k − 1 degrees of freedom)"
            ],
            summary_rows=[],
            directions=None,
            null=measure.null,
        )
        axes = sheet.axes
        axes.set_xlim(*_limits(rows, measure))
        if measure.null is not None:
            axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
        for place, row in enumerate(rows):
            _draw(axes, place, row)
        fitting_ticks(axes, measure.scale, size)
        axes.set_xlabel(effect_label(measure), labelpad=4)
        return sheet.figure


def _labels(rows: "Sequence[Row]") -> list[str]:
    return [row.label for row in rows]


def _right(rows: "Sequence[Row]", measure: Measure, size: float, prob: float) -> list[Column]:
    cells: dict[str, list[str]] = {"effect": [], "tau": [], "i2": [], "new": []}
    for row in rows:
        values = [row.estimate, row.lower, row.upper, row.prediction_lower, row.prediction_upper]
        shown = measure.scale.to_display(np.array(values), np.full(5, size))
        places = effect_decimals(shown[1], shown[2], measure)
        effect, ends = format_number(shown[0], places), format_span(shown[1], shown[2], places)
        cells["effect"].append(f"{effect} ({ends})")
        cells["tau"].append(format_number(row.tau, decimals(0, 4 * row.tau) if row.tau > 0 else 2))
        cells["i2"].append(format_number(100 * row.i2, 0))
        new = "" if math.isnan(shown[3]) else format_span(shown[3], shown[4], places)
        cells["new"].append(new)
    headers = {
        "effect": f"{measure.code} ({100 * prob:g} % interval)",
        "new": "New study",
        "tau": "tau",
        "i2": "I² %",
    }
    colours = {"new": COLOURS["prediction"]}
    return [
        Column(
            header=header,
            cells=cells[name],
            summary=[],
            colour=colours.get(name, COLOURS["data"]),
        )
        for name, header in headers.items()
    ]


def _limits(rows: "Sequence[Row]", measure: Measure) -> tuple[float, float]:
    """All intervals of the pooled effect, and as much of prediction intervals as is legible."""
    null = [] if measure.null is None else [measure.null]
    lower = min([row.lower for row in rows] + null)
    upper = max([row.upper for row in rows] + null)
    reach = _REACH * (upper - lower)
    new = [row for row in rows if math.isfinite(row.prediction_lower)]
    lower = min(
        [lower, max([lower - reach, min([row.prediction_lower for row in new] or [lower])])]
    )
    upper = max(
        [upper, min([upper + reach, max([row.prediction_upper for row in new] or [upper])])]
    )
    centre = float(np.median([row.estimate for row in rows]))
    lower, upper = legible_range(lower, upper, centre=centre, scale=measure.scale)
    margin = 0.03 * (upper - lower) or 1.0
    return lower - margin, upper + margin


def _draw(axes: "Axes", place: int, row: "Row") -> None:
    bayesian = row.kind == "bayesian"
    colour = COLOURS["model" if bayesian else "data"]
    line: dict[str, Any] = {"color": colour, "solid_capstyle": "butt", "zorder": 2}
    _span(axes, place, row.lower, row.upper, linewidth=2.2 if bayesian else 1.2, **line)
    axes.plot(
        [row.estimate],
        [place],
        "D" if bayesian else "s",
        color=colour,
        markersize=6.5 if bayesian else 5,
        zorder=3,
    )
    if math.isfinite(row.prediction_lower):
        _span(
            axes,
            place + _BELOW,
            row.prediction_lower,
            row.prediction_upper,
            color=COLOURS["prediction"],
            linewidth=1.6,
            solid_capstyle="butt",
            zorder=1,
        )


def _span(axes: "Axes", y: float, lower: float, upper: float, **style: Any) -> None:
    """A line from end to end, with an arrow where an end lies outside the axis."""
    low, high = axes.get_xlim()
    axes.plot([max(lower, low), min(upper, high)], [y, y], **style)
    for outside, edge, arrow in ((lower < low, low, "<"), (upper > high, high, ">")):
        if outside:
            axes.plot(
                [edge], [y], arrow, color=style["color"], markersize=4.5, clip_on=False, zorder=3
            )
