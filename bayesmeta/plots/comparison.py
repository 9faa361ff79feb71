"""One outcome by several methods: published, RevMan's, restricted maximum likelihood, Bayesian."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import Measure
from bayesmeta.plots.layout import Column, Sheet
from bayesmeta.plots.panels import effect_label, fitting_ticks, legible_range
from bayesmeta.plots.rows_in_axes import rows_in_axes
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.comparison.rows import Row
    from bayesmeta.results import Fit

__all__ = ["NEW_STUDY", "comparison", "comparison_plot"]

NEW_STUDY = "New study"
"""Heading of prediction intervals, which are drawn and written in one colour."""

_BELOW = 0.27
"""How far below its row, in rows, a prediction interval is drawn."""

_REACH = 0.75
"""Prediction intervals are cut, with an arrow, this share of the others' range beyond it."""


def comparison(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """The fit beside the published result, RevMan's methods and restricted maximum likelihood.

    Parameters
    ----------
    fit
        The fit.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into.
    """
    from bayesmeta.comparison import compare  # for cost

    return compare(fit).plot(title=title, ax=ax)


def comparison_plot(
    rows: "Sequence[Row]",
    *,
    cells: Sequence[Mapping[str, str]],
    measure: Measure,
    title: str,
    size: float,
    ax: "Axes | None" = None,
) -> "Figure":
    """A row a method, with its interval and, where it has one, its prediction interval.

    Squares with grey lines are published results and confidence intervals, blue diamonds are
    posterior medians with credible intervals, orange bars prediction intervals.

    Parameters
    ----------
    rows
        The methods.
    cells
        Of each row its texts at the right by their heading, the same headings in every row.
    measure, size
        The measure, and the participants of a typical study.
    title
        Above; "" for none.
    ax
        Axes to draw into: the methods stand left of them, without the texts at the right.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC), without_glyph_warnings():
        if ax is None:
            figure, axes = _sheet(rows, cells, measure=measure, title=title)
        else:
            places = range(len(rows))
            figure, axes = rows_in_axes(ax, _labels(rows), places, last=len(rows) - 0.1)
        axes.set_xlim(*_limits(rows, measure))
        if measure.null is not None:
            axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
        for place, row in enumerate(rows):
            _draw(axes, place, row)
        fitting_ticks(axes, measure.scale, size)
        axes.set_xlabel(effect_label(measure), labelpad=4)
        return figure


def _sheet(
    rows: "Sequence[Row]", cells: Sequence[Mapping[str, str]], *, measure: Measure, title: str
) -> "tuple[Figure, Axes]":
    """A figure of its own, with columns of text on both sides."""
    sheet = Sheet(
        left=[Column(header="Method", cells=_labels(rows), summary=[], align="left")],
        right=_right(cells),
        rows=len(rows),
        title=title,
        notes=[
            "■ estimate with confidence interval  ·  ◆ posterior median with credible interval"
            "  ·  orange: prediction interval (of REML: t with k − 1 degrees of freedom)"
        ],
        summary_rows=[],
        directions=None,
        null=measure.null,
    )
    return sheet.figure, sheet.axes


def _labels(rows: "Sequence[Row]") -> list[str]:
    return [row.label for row in rows]


def _right(cells: Sequence[Mapping[str, str]]) -> list[Column]:
    return [
        Column(
            header=header,
            cells=[row[header] for row in cells],
            summary=[],
            colour=COLOURS["prediction" if header == NEW_STUDY else "data"],
        )
        for header in cells[0]
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
