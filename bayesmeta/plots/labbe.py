"""L'Abbé plot: the risk of each study with treatment against its risk with control."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.bands import (
    TREATED,
    bands,
    bands_key,
    benefit_sides,
    check_one_mean,
    draw_bands,
    reference_notes,
)
from bayesmeta.plots.given_axes import axes_size, figure_of
from bayesmeta.plots.levels import (
    between_levels,
    level_axis_label,
    level_limits,
    set_level_ticks,
)
from bayesmeta.plots.panels import BEHIND, panels, text_width
from bayesmeta.plots.point_names import Box, write_names
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["labbe"]

_ROOM = 0.75
_SIDE = 4.35
"""Inches: what a figure of one panel leaves, so that the axes are square."""

_LARGEST, _SMALLEST = 0.15, 0.028
"""Radius of the largest circle, and the least of any, in inches."""

_MOST_NAMES = 12
"""With more studies none is named."""

_CORNER = 0.07
_NOTE = (
    "Curve and bands are of true {0}, and the circles are observed {0}: small studies scatter "
    "beyond the bands by chance."
)


@dataclass(frozen=True, kw_only=True)
class _Arms:
    """What was observed: one number a study.

    Attributes
    ----------
    control, treatment : array
        Risks, or rates.
    size : array
        Participants, or person-time, of both arms.
    least : float
        One event in the smallest arm.
    rate : bool
    """

    control: Floats
    treatment: Floats
    size: Floats
    least: float
    rate: bool


def labbe(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """L'Abbé plot: risk with treatment against risk with control, with the pooled effect.

    Each study is a circle, its area in proportion to its participants (L'Abbé, Detsky & O'Rourke
    1987, Ann Intern Med 107:224). On the diagonal both arms are alike; the curve is what the
    pooled effect makes of any control risk, in its credible band; a new study lies between the
    dashed lines with the probability of the prediction interval, sampling error left out. Rates
    likewise.

    Parameters
    ----------
    fit
        A fit of the events of two arms, under any likelihood.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title and notes are left out.

    Raises
    ------
    SpecError
        The studies have not two arms with events, or there is a mean for each subgroup.
    """
    import matplotlib as mpl

    check_one_mean(fit, "an L'Abbé plot")
    arms = _arms(fit)
    with mpl.rc_context(RC), without_glyph_warnings():
        limits = level_limits(np.concatenate([arms.control, arms.treatment]), least=arms.least)
        x = between_levels(limits, rate=arms.rate)
        shown = bands(fit, x)
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=[_study_key(arms), *bands_key(fit, shown)],
            notes=[_NOTE.format("rates" if arms.rate else "risks"), *reference_notes(fit)],
            height=_SIDE,
            room=_ROOM,
            ax=ax,
        )
        axes.set_xlim(*limits)
        axes.set_ylim(*limits)
        axes.plot(limits, limits, color=COLOURS["null"], linewidth=0.9, zorder=1)
        draw_bands(axes, x, shown)
        radii = np.maximum(_LARGEST * np.sqrt(arms.size / arms.size.max()), _SMALLEST)
        _circles(axes, arms, radii)
        taken = _directions(axes, fit)
        if arms.size.size <= _MOST_NAMES:
            names = [str(name) for name in fit.table["study"].to_numpy()]
            points = list(zip(arms.control, arms.treatment, strict=True))
            write_names(axes, points, names, radii=radii, taken=taken)
        set_level_ticks(axes, rate=arms.rate)
        labels = fit.spec.labels
        axes.set_xlabel(level_axis_label(labels.control, rate=arms.rate), labelpad=4)
        axes.set_ylabel(level_axis_label(labels.treatment, rate=arms.rate), labelpad=4)
        return figure


def _arms(fit: "Fit") -> _Arms:
    columns = fit.measure.columns
    if fit.measure.code not in TREATED or any(name not in fit.table for name in columns):
        raise SpecError(
            "an L'Abbé plot needs the events of two arms, which this fit does not have, or it is "
            f"of another measure ({fit.measure.code})",
            key="effect.measure",
            hint=f"It is drawn of {', '.join(TREATED)}, from events and participants (or "
            "person-time) of each arm.",
        )
    table = {name: fit.table[name].to_numpy() for name in columns}
    size = "time" if "time_control" in table else "total"
    sizes = [table[f"{size}_{arm}"] for arm in ("control", "treatment")]
    return _Arms(
        control=table["events_control"] / sizes[0],
        treatment=table["events_treatment"] / sizes[1],
        size=sizes[0] + sizes[1],
        least=float(1 / np.min(sizes)),
        rate=size == "time",
    )


def _circles(axes: "Axes", arms: _Arms, radii: Floats) -> None:
    """The studies, small ones on top."""
    order = np.argsort(-arms.size, kind="stable")
    axes.scatter(
        arms.control[order],
        arms.treatment[order],
        s=(144 * radii[order]) ** 2,
        facecolor=(*_grey(), 0.3),
        edgecolor=COLOURS["data"],
        linewidth=0.8,
        zorder=4,
        clip_on=False,
    )


def _grey() -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(COLOURS["data"])


def _directions(axes: "Axes", fit: "Fit") -> list[Box]:
    """Which side of the diagonal is better for whom, in its corner; the boxes of the texts."""
    figure, (_, _, wide, high) = figure_of(axes), axes_size(axes)
    above, below = benefit_sides(fit)
    boxes = []
    for text, upper in ((above, True), (below, False)):
        width, height = text_width(figure, text), 1.3 * FONT_SIZE / 72
        left = _CORNER if upper else wide - _CORNER - width
        bottom = high - _CORNER - height if upper else _CORNER
        boxes.append(Box(left=left, bottom=bottom, right=left + width, top=bottom + height))
        axes.text(
            left / wide,
            (bottom + height / 2) / high,
            text,
            transform=axes.transAxes,
            va="center_baseline",
            style="italic",
            zorder=6,
            bbox=BEHIND,
        )
    return boxes


def _study_key(arms: _Arms) -> "Artist":
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=7,
        markerfacecolor=(*_grey(), 0.3),
        markeredgecolor=COLOURS["data"],
        label=f"study, area by {'person-time' if arms.rate else 'participants'}",
    )
