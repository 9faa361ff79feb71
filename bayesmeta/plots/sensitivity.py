"""Many fits against the base one: pooled effect, heterogeneity, effect in a new study."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmeta.measures import Measure
from bayesmeta.measures.base import Floats
from bayesmeta.plots.given_axes import check_axes
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.panels import fitting_ticks, legible_range, strip
from bayesmeta.plots.sensitivity_text import (
    Panel,
    left_columns,
    notes,
    places,
    possible_panels,
    right_columns,
    with_headings,
)
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["sensitivity", "sensitivity_plot"]

_REACH = 2.0
"""An interval is cut, with an arrow, this many typical widths beyond that of the base analysis."""

_MANY = 1e6
"""Participants with whom the double arcsine is the plain one."""


def sensitivity(
    fit: "Fit", *, title: bool = True, ax: "Sequence[Axes] | Axes | None" = None
) -> "Figure":
    """Other priors, fewer studies, other formulas, each against the fit, as `sensitivity` tries.

    Parameters
    ----------
    fit
        The fit. Where quadrature cannot do its model, all others are sampled, which takes minutes.
    title
        Put the title of the analysis above.
    ax
        As many axes as there are panels, to draw into.
    """
    from bayesmeta.sensitivity_analysis import sensitivity as vary  # for cost

    return vary(fit).plot(title=title, ax=ax)


def sensitivity_plot(
    table: pd.DataFrame,
    *,
    measure: Measure,
    interval_label: str,
    title: str,
    size: float = _MANY,
    ax: "Sequence[Axes] | Axes | None" = None,
) -> "Figure":
    """All fits of a sensitivity analysis, each against the base one.

    A row a fit, under a heading for each kind of variation. Dots and lines are medians and
    intervals; an interval that goes far beyond the others ends in an arrow. The bands are the
    interval of the base analysis, the dashed lines its medians. Fits with another conclusion
    are marked with a diamond, and the conclusion is written beside them.

    Parameters
    ----------
    table
        One row a fit, the base one of kind ``base``, on the analysis scale: ``kind``, ``label``,
        ``k``; ``mu_median``, ``mu_lower``, ``mu_upper``, likewise of ``tau`` and ``theta_new``
        (NaN where there is none); ``prob_benefit``; ``changed``, "" where nothing changes.
    measure
        The effect measure.
    interval_label
        What the intervals are, as `interval_name` gives it.
    title
        Above the plot; "" for none.
    size
        Participants of a typical study, for the Freeman-Tukey transformation.
    ax
        As many axes as there are panels, to draw into: the names stand left of the first.

    Returns
    -------
    matplotlib.figure.Figure
        As high as there are rows.
    """
    import matplotlib as mpl

    rows = with_headings(table)
    shown = [
        p
        for p in possible_panels(measure, interval_label)
        if table[f"{p.name}_median"].notna().any()
    ]
    with mpl.rc_context(RC), without_glyph_warnings():
        if ax is not None:
            return _in_axes(ax, shown, rows, size)
        sheet = Sheet(
            left=left_columns(rows),
            right=[*places(shown[1:], len(rows)), *right_columns(rows)],
            rows=len(rows),
            title=title,
            notes=notes(shown, rows, measure),
            summary_rows=[],
            directions=None,
            null=measure.null,
        )
        all_axes = [sheet.axes, *(_axes_at(sheet, panel) for panel in shown[1:])]
        _write_headings(sheet, rows)
        for panel, axes in zip(shown, all_axes, strict=True):
            _draw(axes, panel, rows, size)
            _write_above(axes, panel)
        return sheet.figure


def _in_axes(
    ax: "Sequence[Axes] | Axes", shown: Sequence[Panel], rows: pd.DataFrame, size: float
) -> "Figure":
    """The panels in axes of the user's, each with what it shows as its title."""
    figure, given = check_axes(ax, len(shown), panels=[panel.heading for panel in shown])
    for panel, axes in zip(shown, given, strict=True):
        strip(axes)
        axes.set_ylim(len(rows) - 0.1, -0.5)
        _draw(axes, panel, rows, size)
        axes.set_title(f"{panel.heading}, {panel.interval}", loc="left", color=panel.colour)
    names = [
        heading or label for heading, label in zip(rows["heading"], rows["label"], strict=True)
    ]
    given[0].set_yticks(range(len(rows)), names, parse_math=False)
    given[0].tick_params(axis="y", length=0)
    return figure


def _axes_at(sheet: Sheet, panel: Panel) -> "Axes":
    """Axes in the empty column that was left for a panel."""
    column = next(
        text
        for text in sheet.figure.texts
        if text.get_text() == panel.interval and text.get_color() == panel.colour
    )
    first, width = sheet.axes.get_position(), panel.width / sheet.figure.get_figwidth()
    column.remove()
    axes = sheet.figure.add_axes((column.get_position()[0], first.y0, width, first.height))
    axes.set_ylim(sheet.axes.get_ylim())
    strip(axes)
    return axes


def _write_headings(sheet: Sheet, rows: pd.DataFrame) -> None:
    """The headings of the groups, in bold in the first column."""
    from matplotlib.transforms import blended_transform_factory

    at_row = blended_transform_factory(sheet.figure.transFigure, sheet.axes.transData)
    left = sheet.figure.texts[0].get_position()[0]
    for row, heading in enumerate(rows["heading"]):
        if heading:
            style: dict[str, Any] = {"transform": at_row, "weight": "bold", "va": "center_baseline"}
            sheet.figure.text(left, row, heading, color=COLOURS["data"], **style)


def _write_above(axes: "Axes", panel: Panel) -> None:
    """What a panel shows, and which interval."""
    from matplotlib.transforms import blended_transform_factory

    at_row = blended_transform_factory(axes.transAxes, axes.transData)
    for row, text in ((-2.1, panel.heading), (-1.1, panel.interval)):
        style: dict[str, Any] = {
            "transform": at_row,
            "va": "center_baseline",
            "color": panel.colour,
        }
        axes.text(0.0, row, text, weight="bold" if text == panel.heading else "normal", **style)


def _draw(axes: "Axes", panel: Panel, rows: pd.DataFrame, size: float) -> None:
    median, lower, upper = _ends(panel, rows)
    base = int(np.flatnonzero(rows["kind"] == "base")[0])
    low, high = _limits(panel, median, lower, upper, base)
    axes.set_xlim(low, high)
    _reference(axes, panel, median[base], (lower[base], upper[base]))
    marked = (rows["changed"] != "").to_numpy() & (panel.name == "mu")
    for chosen, colour, marker in ((~marked, panel.colour, "o"), (marked, COLOURS["changed"], "D")):
        y = np.flatnonzero(chosen & ~np.isnan(median))
        if not y.size:
            continue
        middle, left, right = median[y], lower[y], upper[y]
        axes.hlines(y, np.clip(left, low, high), np.clip(right, low, high), color=colour, lw=1.1)
        inside = (middle >= low) & (middle <= high)
        axes.plot(middle[inside], y[inside], marker, color=colour, markersize=4.2, zorder=3)
        for out, edge, arrow in ((left < low, low, "<"), (right > high, high, ">")):
            style: dict[str, Any] = {
                "color": colour,
                "markersize": 4.5,
                "clip_on": False,
                "zorder": 3,
            }
            if out.any():
                axes.plot(np.full(out.sum(), edge), y[out], arrow, **style)
    fitting_ticks(axes, panel.scale, size)
    axes.set_xlabel(panel.label, labelpad=4)


def _ends(panel: Panel, rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    median, lower, upper = (
        rows[f"{panel.name}_{end}"].to_numpy(float) for end in ("median", "lower", "upper")
    )
    return median, lower, upper


def _limits(
    panel: Panel, median: Floats, lower: Floats, upper: Floats, base: int
) -> tuple[float, float]:
    """All intervals, but none further than `_REACH` typical widths beyond the base one."""
    widths = (upper - lower)[np.isfinite(upper - lower)]
    typical = float(np.quantile(widths, 0.5, method="lower")) if widths.size else 1.0
    centre = median[base] if np.isfinite(median[base]) else np.nanmedian(median)
    start = lower[base] if np.isfinite(lower[base]) else centre - typical / 2
    end = upper[base] if np.isfinite(upper[base]) else centre + typical / 2
    first, last = start - _REACH * typical, end + _REACH * typical
    marks = [np.nan if panel.null is None else panel.null, panel.least]
    points = np.concatenate([median, lower, upper, marks])
    shown = np.clip(points[np.isfinite(points)], first, last)
    low, high = legible_range(shown.min(), shown.max(), centre=centre, scale=panel.scale)
    margin = 0.03 * (high - low) or 1.0
    return max(low - margin, panel.least), high + margin


def _reference(axes: "Axes", panel: Panel, median: float, interval: tuple[float, float]) -> None:
    """No effect, and the base analysis through all rows."""
    if panel.null is not None:
        axes.axvline(panel.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    if math.isnan(median):
        return
    low, high = np.clip(interval, *axes.get_xlim())
    axes.axvspan(low, high, color=panel.colour, alpha=0.12, linewidth=0, zorder=-1)
    axes.axvline(median, color=panel.colour, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
