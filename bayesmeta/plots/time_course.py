"""Time course: the mean of the true effects over time, with the results of the studies."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.bands import Band
from bayesmeta.plots.effect_axes import ROOM, band_key, draw_line, set_effect_axes
from bayesmeta.plots.panels import panels
from bayesmeta.plots.regression import line_along
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["time_course"]

_HEIGHT = 3.5
_POINTS = 80
_APART = 0.008
"""How far beside a mean its prediction interval stands, as a share of the axis."""

_STUDY: Any = {
    "color": "#8A8A8A",
    "linewidth": 0.7,
    "marker": "o",
    "markersize": 3.2,
    "markerfacecolor": "#8A8A8A",
    "markeredgewidth": 0,
    "alpha": 0.75,
}
_HOW = {
    "free": "a mean for each time, which says nothing of the others",
    "linear": "a straight line",
    "random-walk": "a random walk, each mean drawn towards its neighbours",
}
_LONGEST = 200
_ENDS = ("median", "lower", "upper")


def time_course(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """The mean of the true effects over time.

    The mean at each time stands with its credible interval, and beside it the prediction interval
    of the effect in a new study; those of a random walk are joined, as they inform each other. A
    line over time is drawn in its bands. Grey are the studies' own results, those of one study
    joined.

    Parameters
    ----------
    fit
        A fit with ``[model.time]``.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title and notes are left out.

    Raises
    ------
    SpecError
        The model has no time.
    """
    import matplotlib as mpl

    time = fit.spec.model.time
    if time is None:
        raise SpecError(
            "a time course is of a mean over time, and this fit has none",
            key="model.time",
            hint='Fit with time = {"column": …, "effects": …}, or draw forest.',
        )
    straight = time.effects == "linear"
    when = fit.table[time.column].to_numpy().astype(float)
    times = np.linspace(when.min(), when.max(), _POINTS) if straight else np.unique(when)
    mean, new = line_along(fit, time.column, times) if straight else _at_times(fit)
    walk = time.effects == "random-walk"
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, straight=straight, new=new is not None),
            notes=_notes(fit, when),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        bands = [] if new is None else [new]
        set_effect_axes(axes, fit, when, means=[mean], new=bands, scale=IDENTITY, label=time.column)
        _draw_studies(axes, fit, when)
        if straight:
            draw_line(axes, times, mean, new, colour=COLOURS["model"])
        else:
            _draw_means(axes, times, mean, new, joined=walk)
        return figure


def _at_times(fit: "Fit") -> tuple[Band, Band | None]:
    """The mean, and the effect in a new study, at each time."""
    rows = {name: fit.estimates[fit.estimates["name"] == name] for name in ("mu", "theta_new")}
    mean, new = (
        Band(**{end: of[end].to_numpy(float) for end in _ENDS}) if len(of) else None
        for of in rows.values()
    )
    assert mean is not None  # every fit has means
    return mean, new


def _draw_studies(axes: "Axes", fit: "Fit", when: Floats) -> None:
    """The results of each study, joined in the order of time."""
    effects = fit.table["effect"].to_numpy()
    for rows in _results(fit, when):
        ordered = [i for i in sorted(rows, key=lambda i: when[i]) if np.isfinite(effects[i])]
        axes.plot(when[ordered], effects[ordered], zorder=1, **_STUDY)


def _results(fit: "Fit", when: Floats) -> list[list[int]]:
    """The rows of each study: by cluster, else by the name without what tells its results apart."""
    clusters = fit.problem.clusters
    if clusters is not None:
        return [[int(row) for row in rows] for rows in clusters.rows]
    names = [str(name) for name in fit.table["study"].to_numpy()]
    found: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        numbered = re.sub(r" \(\d+\)$", "", name)
        base = numbered if numbered in names else name
        timed = re.fullmatch(r"(.+), (\d+\.?\d*)", base)
        if timed is not None and float(timed[2]) == when[row]:
            base = timed[1]
        found.setdefault(base, []).append(row)
    return list(found.values())


def _draw_means(axes: "Axes", times: Floats, mean: Band, new: Band | None, *, joined: bool) -> None:
    colour = COLOURS["model"]
    if joined:
        axes.plot(times, mean.median, color=colour, linewidth=1.0, zorder=4)
        axes.fill_between(
            times, mean.lower, mean.upper, color=colour, alpha=0.15, linewidth=0, zorder=2
        )
    low, high = axes.get_xlim()
    for i, time in enumerate(times):
        ends = [mean.lower[i], mean.upper[i]]
        axes.plot([time] * 2, ends, color=colour, linewidth=3.2, solid_capstyle="butt", zorder=5)
        if new is not None:
            beside = time + _APART * (high - low)
            axes.plot(
                [beside] * 2,
                [new.lower[i], new.upper[i]],
                color=COLOURS["prediction"],
                linewidth=1.1,
                marker="_",
                markersize=5,
                zorder=4,
            )
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5.5, "zorder": 6}
    axes.plot(times, mean.median, color=colour, markerfacecolor="white", **style)


def _key(fit: "Fit", *, straight: bool, new: bool) -> "list[Artist]":
    from matplotlib.lines import Line2D

    interval, colour = fit.spec.interval, COLOURS["model"]
    credible = interval_name(interval)
    prediction = interval_name(interval, prediction=True) if new else None
    studies = Line2D([], [], label="results of a study", **_STUDY)
    if straight:
        return [studies, *band_key(credible, prediction, colour=colour)]
    mean = Line2D(
        [],
        [],
        color=colour,
        linewidth=3.2,
        marker="o",
        markerfacecolor="white",
        markersize=5.5,
        label=f"mean, median and {credible}",
    )
    key: list[Artist] = [studies, mean]
    if prediction:
        label, orange = f"new study, {prediction}", COLOURS["prediction"]
        key.append(Line2D([], [], color=orange, linewidth=1.1, label=label))
    return key


def _notes(fit: "Fit", when: Floats) -> list[str]:
    time = fit.spec.model.time
    assert time is not None  # who calls has asked
    notes = [f"Over time: {_HOW[time.effects]}."]
    times, counts = np.unique(when, return_counts=True)
    studies = ", ".join(f"{n} at {value:g}" for n, value in zip(counts, times, strict=True))
    if time.effects != "linear" and len(studies) <= _LONGEST:
        notes.append(f"Results: {studies}.")
    if fit.problem.clusters is None:
        notes.append(
            "The results of one study are taken as independent here; nested heterogeneity does "
            "not do so."
        )
    return notes
