"""Bubble plot: the effects of the studies against a moderator, with the regression line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.measures.base import IDENTITY, LOG, Floats
from bayesmeta.plots.bands import Band
from bayesmeta.plots.effect_axes import ROOM, band_key, draw_line, set_effect_axes
from bayesmeta.plots.moderators import Moderator, moderators_of
from bayesmeta.plots.panels import panels
from bayesmeta.plots.regression import line_along
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["bubble"]

_HEIGHT = 3.5
_LARGEST, _SMALLEST = 0.14, 0.03
"""Radius of the largest bubble, and the least of any, in inches."""

_POINTS = 80
_CATEGORIES = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
"""Okabe & Ito's, without that of prediction intervals."""


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """The levels of a category, or the subgroups, whose lines are drawn.

    Attributes
    ----------
    names : tuple of str
        ("",) where there are none.
    member : array of int, one a study
    column : str
        Of the category; "" for subgroups.
    """

    names: tuple[str, ...]
    member: NDArray[np.intp]
    column: str = ""

    def colour(self, place: int) -> str:
        """Of the bubbles and the line of a group."""
        return _CATEGORIES[place % len(_CATEGORIES)]


def bubble(
    fit: "Fit", *, moderator: str | None = None, title: bool = True, ax: "Axes | None" = None
) -> "Figure":
    """The studies' own effects against a numeric moderator, with the regression line.

    The area of a bubble is in proportion to the weight of its study. The line is the mean of the
    true effects in its credible band, between the dashed lines is a new study with the probability
    of the prediction interval. A category of the formula, or the subgroups, have one colour and
    one line each; bands are of the first. All other moderators are at their means, or reference
    levels.

    Parameters
    ----------
    fit
        A fit with a numeric moderator, or a line over time.
    moderator
        Its column; the first of the formula where it is not given.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title and notes are left out.

    Raises
    ------
    SpecError
        The fit has no numeric moderator, or not this one.
    """
    import matplotlib as mpl

    chosen = _chosen(fit, moderator)
    log = chosen.kind == "log"
    groups = _groups(fit)
    values = np.linspace(*_ends(chosen), _POINTS)
    grid = np.exp(values) if log else values
    lines = [_line(fit, chosen, grid, groups, place) for place in range(len(groups.names))]
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, groups, new=lines[0][1] is not None),
            notes=_notes(fit, chosen, groups),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        x = np.log(chosen.values) if log else chosen.values
        set_effect_axes(
            axes,
            fit,
            x,
            means=[lines[0][0]],
            new=[lines[0][1]] if lines[0][1] is not None else [],
            scale=LOG if log else IDENTITY,
            label=chosen.column + (" (log scale)" if log else ""),
        )
        draw_line(axes, values, *lines[0], colour=groups.colour(0))
        for place, (mean, _) in enumerate(lines[1:], 1):
            axes.plot(values, mean.median, color=groups.colour(place), linewidth=1.5, zorder=3)
        _bubbles(axes, fit, x, groups)
        return figure


def _chosen(fit: "Fit", name: str | None) -> Moderator:
    numbers = [one for one in moderators_of(fit) if one.kind != "category"]
    if not numbers:
        raise SpecError(
            "a bubble plot is of a numeric moderator, and this fit has none",
            key="model.moderators",
            hint='Fit with moderators = "a column of numbers", or draw forest.',
        )
    columns = [one.column for one in numbers]
    if name is not None and name not in columns:
        raise SpecError(
            f"the fit has no numeric moderator {name!r}",
            key="model.moderators",
            hint=did_you_mean(name, columns),
        )
    return numbers[0 if name is None else columns.index(name)]


def _ends(chosen: Moderator) -> tuple[float, float]:
    values = np.log(chosen.values) if chosen.kind == "log" else chosen.values
    return float(values.min()), float(values.max())


def _groups(fit: "Fit") -> _Groups:
    """Subgroups first; else the first category of the formula."""
    subgroups = fit.problem.design.subgroups
    if subgroups is not None:
        return _Groups(names=subgroups.names, member=subgroups.member)
    for one in moderators_of(fit):
        if one.kind == "category":
            member = np.array([one.levels.index(str(value)) for value in one.values], np.intp)
            return _Groups(names=one.levels, member=member, column=one.column)
    return _Groups(names=("",), member=np.zeros(fit.table.sizes["study"], np.intp))


def _line(
    fit: "Fit", chosen: Moderator, grid: Floats, groups: _Groups, place: int
) -> tuple[Band, Band | None]:
    others: Mapping[str, float | str] = {}
    if groups.column:
        others = {groups.column: groups.names[place]}
    subgroup = 0 if groups.column else place
    return line_along(fit, chosen.column, grid, others=others, subgroup=subgroup)


def _bubbles(axes: "Axes", fit: "Fit", x: Floats, groups: _Groups) -> None:
    """The studies, small ones on top."""
    from matplotlib.colors import to_rgb

    weights, effects = fit.weights.to_numpy(), fit.table["effect"].to_numpy()
    radii = np.maximum(_LARGEST * np.sqrt(weights / weights.max()), _SMALLEST)
    order = [i for i in np.argsort(-radii, kind="stable") if np.isfinite(effects[i])]
    alone = len(groups.names) == 1
    colours = [COLOURS["data"] if alone else groups.colour(int(groups.member[i])) for i in order]
    axes.scatter(
        x[order],
        effects[order],
        s=(144 * radii[order]) ** 2,
        facecolor=[(*to_rgb(colour), 0.3) for colour in colours],
        edgecolor=colours,
        linewidth=0.9,
        zorder=4,
        clip_on=False,
    )


def _key(fit: "Fit", groups: _Groups, *, new: bool) -> "list[Artist]":
    from matplotlib.colors import to_rgb
    from matplotlib.lines import Line2D

    interval, alone = fit.spec.interval, len(groups.names) == 1
    key: list[Artist] = []
    for place, name in enumerate(groups.names):
        colour = COLOURS["data"] if alone else groups.colour(place)
        mark = Line2D(
            [],
            [],
            linestyle="none" if alone else "-",
            color=colour,
            linewidth=1.5,
            marker="o",
            markersize=7,
            markerfacecolor=(*to_rgb(colour), 0.3),
            markeredgecolor=colour,
            label=name or "study, area by weight",
        )
        key.append(mark)
    prediction = interval_name(interval, prediction=True) if new else None
    bands = band_key(interval_name(interval), prediction, colour=groups.colour(0))
    return key + bands


def _notes(fit: "Fit", chosen: Moderator, groups: _Groups) -> list[str]:
    """Where all else is held, whose the bands are, and the slope."""
    notes = []
    if len(groups.names) > 1:
        notes.append(
            f"Area of the circles by weight. The bands are of {groups.names[0]}; the lines of the "
            "others are their medians."
        )
    held = [
        f"{one.column} = {one.reference}"
        for one in moderators_of(fit)
        if one.column not in (chosen.column, groups.column)
    ]
    if held:
        notes.append(f"The lines are at {', '.join(held)}.")
    notes.append(
        "Circles are the studies' own estimates: small studies scatter beyond the prediction "
        "interval by chance. An association across studies is not one within them."
    )
    return notes
