"""Shrinkage plot: how far each study's true effect is drawn from its own estimate to the mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.model import uses_counts
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.given_axes import axes_size, figure_of
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks, panels, strip, text_width
from bayesmeta.plots.shrinkage_rows import Group, Pulled, check_shrinkage, groups_of
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["shrinkage"]

_MOST_FACTORS = 30
_MOST_NAMES = 80
"""With more studies the factors, and the names, are not written."""

_ROW, _TIGHT_ROW, _TALLEST = 0.26, 0.17, 11.0
"""Inches of a row, of a row where there are many, and of all where none has a name."""

_APART = 0.2
"""Rows that the own estimate stands above the middle of its row, and the true effect below."""

_LONGEST = 36
_WIDEST = 2.3
"""Characters, and inches, of a name."""

_GAP = 0.1
_FACTORS = 0.8
"""Inches for the column of factors."""

_KEY = 0.7
"""Inches left free for the key below the rows, where it stands in the axes."""

_OWN = "#8A8A8A"
_MEAN: Any = {
    "color": COLOURS["model"],
    "linestyle": "none",
    "marker": "|",
    "markeredgewidth": 1.3,
}
"""The mean of one study, at its moderators."""

_SMALLEST_TEXT = 5.0


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A study, or the name of a subgroup, in its row."""

    row: int
    study: Pulled | None
    heading: str = ""


def shrinkage(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """From each study's own estimate to its true effect, drawn towards the pooled effect.

    A square is the estimate of a study by itself, its area by weight; the circle below it is the
    posterior median of its true effect, on its credible interval. The line between them is how
    far it is drawn towards the mean, which is dashed in its band: that of its subgroup where there
    are such, and that at its moderators, a mark in its row, where there are such. The shrinkage is
    the posterior mean of ``std_error**2 / (std_error**2 + tau**2)``, the share of the way from the
    own estimate to the mean (Gelman et al. 2013, Bayesian Data Analysis, section 5.4).

    Parameters
    ----------
    fit
        A fit whose studies differ.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title and notes are left out. Names and factors stand beside them.

    Raises
    ------
    SpecError
        All studies share one effect, or rows depend on each other.
    """
    import matplotlib as mpl

    check_shrinkage(fit)
    groups = groups_of(fit)
    places = _places(groups)
    count = sum(len(group.studies) for group in groups)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, groups),
            notes=_notes(fit, groups),
            height=_height(len(places), count),
            wide=True,
            ax=ax,
        )
        if ax is None:
            _make_room(axes, places, count)
        strip(axes)
        high = axes_size(axes)[3]
        free = 0.0 if ax is None else min(_KEY / high, 0.5)
        axes.set_ylim(-0.7 + (len(places) + 0.3) / (1 - free), -0.7)
        axes.set_xlim(*_limits(fit, groups))
        _draw_means(axes, fit, groups)
        row = high * (1 - free) / (len(places) + 0.3)
        for place in places:
            if place.study is not None:
                _draw_study(axes, place.row, place.study, _side(place.study, groups, row))
                if fit.problem.design.terms:
                    axes.plot([place.study.mean], [place.row], markersize=45 * row, **_MEAN)
        _write(axes, places, count, row)
        fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
        axes.set_xlabel(effect_label(fit.measure), labelpad=4)
        legend = axes.get_legend()
        if legend is not None:
            legend.set_loc("lower left")
        return figure


def _places(groups: list[Group]) -> list[_Place]:
    """Rows from the top: the name of each subgroup, then its studies."""
    found: list[_Place] = []
    for group in groups:
        if group.name:
            found.append(_Place(row=len(found), study=None, heading=group.name))
        found += [
            _Place(row=row, study=study) for row, study in enumerate(group.studies, len(found))
        ]
    return found


def _height(rows: int, count: int) -> float:
    """Inches of the panel."""
    if count <= _MOST_FACTORS:
        return _ROW * (rows + 1)
    return _TIGHT_ROW * (rows + 1) if count <= _MOST_NAMES else _TALLEST


def _label(figure: "Figure", place: _Place) -> str:
    """The name, cut to what has room: wide characters are fewer."""
    name = place.heading if place.study is None else place.study.name
    for longest in range(_LONGEST, 1, -2):
        label = cut_name(name, longest)
        if text_width(figure, label, bold=place.study is None) <= _WIDEST:
            return label
    return cut_name(name, 2)


def _make_room(axes: "Axes", places: list[_Place], count: int) -> None:
    """Narrower axes, with the names at the left and the factors at the right."""
    figure, place = figure_of(axes), axes.get_position()
    widths = [text_width(figure, _label(figure, p), bold=p.study is None) for p in places]
    whole = figure.get_figwidth()
    left = (max(widths) + _GAP) / whole if count <= _MOST_NAMES else 0.0
    right = _FACTORS / whole if count <= _MOST_FACTORS else 0.0
    axes.set_position((place.x0 + left, place.y0, place.width - left - right, place.height))


def _limits(fit: "Fit", groups: list[Group]) -> tuple[float, float]:
    studies = [study for group in groups for study in group.studies]
    means = [group.mean for group in groups if group.mean is not None]
    points = [study.own for study in studies if np.isfinite(study.own)]
    points += [study.mean for study in studies]
    null = fit.measure.null
    return mark_limits(
        means,
        [study.true for study in studies],
        points if null is None else [*points, null],
    )


def _draw_means(axes: "Axes", fit: "Fit", groups: list[Group]) -> None:
    """No effect, and the mean of each group beside its studies."""
    if fit.measure.null is not None:
        axes.axvline(fit.measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    row = 0
    for group in groups:
        first = row + bool(group.name)
        row = first + len(group.studies)
        if group.mean is not None:
            _draw_mean(axes, group.mean, (first - 0.5, row - 0.5))


def _draw_mean(axes: "Axes", mean: Estimate, rows: tuple[float, float]) -> None:
    colour = COLOURS["model"]
    axes.fill_betweenx(rows, mean.lower, mean.upper, color=colour, alpha=0.12, linewidth=0)
    axes.plot([mean.centre] * 2, rows, color=colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)


def _side(study: Pulled, groups: list[Group], row: float) -> float:
    """Of the square, in points: the largest is half a row high."""
    most = max(one.weight for group in groups for one in group.studies)
    return float(max(0.5 * row * 72 * np.sqrt(study.weight / most), 2.2))


def _draw_study(axes: "Axes", row: int, study: Pulled, side: float) -> None:
    low, high = axes.get_xlim()
    above, below, true = row - _APART, row + _APART, study.true
    colour = COLOURS["model"]
    style: dict[str, Any] = {"color": colour, "linewidth": 0.9, "solid_capstyle": "butt"}
    axes.plot([max(true.lower, low), min(true.upper, high)], [below] * 2, zorder=2, **style)
    for outside, edge, arrow in ((true.lower < low, low, "<"), (true.upper > high, high, ">")):
        if outside:
            axes.plot([edge], [below], arrow, color=colour, markersize=3.5, clip_on=False)
    if np.isfinite(study.own):
        axes.plot(
            [study.own, true.centre], [above, below], color=COLOURS["data"], linewidth=1.0, zorder=3
        )
        axes.plot(
            [study.own], [above], "s", color=_OWN, markersize=side, markeredgewidth=0, zorder=4
        )
    axes.plot(
        [true.centre],
        [below],
        "o",
        color=colour,
        markerfacecolor="white",
        markersize=3.6,
        markeredgewidth=0.9,
        zorder=5,
    )


def _write(axes: "Axes", places: list[_Place], count: int, row: float) -> None:
    """Names at the left, factors at the right."""
    from matplotlib.transforms import blended_transform_factory

    wide = axes_size(axes)[2]
    size = min(FONT_SIZE, max(0.75 * row * 72, _SMALLEST_TEXT))
    style: dict[str, Any] = {
        "transform": blended_transform_factory(axes.transAxes, axes.transData),
        "va": "center_baseline",
        "fontsize": size,
        "color": COLOURS["data"],
    }
    for place in places if count <= _MOST_NAMES else ():
        weight = "bold" if place.study is None else "normal"
        name = _label(figure_of(axes), place)
        axes.text(-_GAP / wide, place.row, name, ha="right", weight=weight, **style)
    if count > _MOST_FACTORS:
        return
    end = 1 + _FACTORS / wide
    axes.text(end, -1.0, "Shrinkage", ha="right", weight="bold", **style)
    for place in places:
        if place.study is not None:
            axes.text(end, place.row, f"{100 * place.study.factor:.0f} %", ha="right", **style)


def _key(fit: "Fit", groups: list[Group]) -> "list[Artist]":
    from matplotlib.lines import Line2D

    colour, interval = COLOURS["model"], interval_name(fit.spec.interval)
    square: dict[str, Any] = {"linestyle": "none", "marker": "s", "markeredgewidth": 0}
    key: list[Artist] = [
        Line2D([], [], color=_OWN, markersize=6, label="own estimate, area by weight", **square),
        Line2D(
            [],
            [],
            color=colour,
            linewidth=0.9,
            marker="o",
            markerfacecolor="white",
            markersize=4,
            label=f"true effect, median and {interval}",
        ),
    ]
    dashes: Any = (0, (4, 3))
    of = "mean of the subgroup" if len(groups) > 1 else "pooled effect"
    if any(group.mean is not None for group in groups):
        key.append(Line2D([], [], color=colour, linewidth=0.9, linestyle=dashes, label=of))
    else:
        key.append(_mark_of_mean("mean at its moderators"))
    return key


def _mark_of_mean(label: str) -> "Artist":
    from matplotlib.lines import Line2D

    return Line2D([], [], markersize=8, label=label, **_MEAN)


def _notes(fit: "Fit", groups: list[Group]) -> list[str]:
    notes = []
    count = sum(len(group.studies) for group in groups)
    if count <= _MOST_FACTORS:
        notes.append(
            "Shrinkage: the share of the way from the own estimate to the mean, averaged over the "
            "posterior of τ."
        )
    if uses_counts(fit.problem.likelihood):
        notes.append(
            "The likelihood is of counts: own estimates, weights and shrinkage are by the normal "
            "approximation, and a study whose counts give no estimate has none."
        )
    factors = [100 * study.factor for group in groups for study in group.studies]
    low, high = f"{min(factors):.0f}", f"{max(factors):.0f}"
    notes.append(f"The studies are drawn by {low}{f' to {high}' if low != high else ''} %.")
    return notes
