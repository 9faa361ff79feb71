"""Posterior predictive check: what each study was observed to have, and what the model expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.measures.base import Floats
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.levels import level_limits, set_level_ticks
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks, panels, text_width
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["posterior_predictive"]

_INNER = 0.5
_LONGEST = 34
_ROW = 0.19
_ARM = 0.2
"""How far the arms of a study lie above and below its row."""

_COLOURS = {"": COLOURS["model"], "treatment": COLOURS["model"], "control": COLOURS["null"]}


@dataclass(frozen=True, kw_only=True)
class _Arm:
    """What one arm of each study was observed to have, and what is expected of it.

    Attributes
    ----------
    name : {"", "treatment", "control"}
        "" where a study has one number.
    observed : array (study,)
    inner, outer : array (2, study)
        Ends of the intervals.
    """

    name: str
    observed: Floats
    inner: Floats
    outer: Floats

    def hits(self, ends: Floats) -> int:
        """How many of the observed lie in these intervals."""
        return int(((self.observed >= ends[0]) & (self.observed <= ends[1])).sum())


def posterior_predictive(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Posterior predictive check: each study's result beside what the model expects of one like it.

    The intervals are of new data: a true effect as of a new study, and the sampling error of each
    study, its standard error or its participants (Gelman, Meng & Stern 1996, Statistica Sinica
    6:733). All data were used, also those of the study itself. Counts are shown as risks or rates
    of each arm, given the study's own baseline where it has one.

    Parameters
    ----------
    fit
        The fit.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and title
        and notes are left out.
    """
    import matplotlib as mpl

    arms, rows = _arms(fit), _rows(fit)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, arms),
            notes=_notes(fit, arms),
            height=_ROW * (1 + 0.45 * (len(arms) > 1)) * len(rows) + 0.1,
            room=_room(rows),
            ax=ax,
        )
        _write_rows(axes, rows)
        places = {study: i for i, (_, study) in enumerate(rows) if study is not None}
        _set_x_axis(axes, fit, arms)
        for arm, side in zip(arms, (-_ARM, _ARM) if len(arms) > 1 else (0.0,), strict=True):
            _draw(axes, arm, np.array([places[i] for i in range(len(places))]) + side)
        return figure


def _arms(fit: "Fit") -> list[_Arm]:
    observed = fit.tree["observed_data"].to_dataset()
    drawn = fit.tree["posterior_predictive"].to_dataset()
    tails = (1 - _INNER) / 2, (1 - fit.spec.interval.prob) / 2
    found = []
    for name, draws in drawn.items():
        _, _, arm = str(name).partition("_")
        size: Floats = np.ones(1)
        if name != "effect":
            of = "time" if _is_rate(fit) else "total"
            size = observed[f"{of}_{arm}" if arm else of].to_numpy()
        values = draws.transpose("study", "chain", "draw").to_numpy()
        flat = values.reshape(values.shape[0], -1)
        inner, outer = (np.quantile(flat, [tail, 1 - tail], axis=1) / size for tail in tails)
        own = observed[name].to_numpy() / size
        found.append(_Arm(name=arm, observed=own, inner=inner, outer=outer))
    return found


def _is_rate(fit: "Fit") -> bool:
    """Whether the events are over person-time."""
    return any(str(name).startswith("time") for name in fit.tree["observed_data"].data_vars)


def _rows(fit: "Fit") -> list[tuple[str, int | None]]:
    """The rows from the top: a name, and its study, or None where it is a heading."""
    names = [str(name) for name in fit.table["study"].to_numpy()]
    subgroups = fit.problem.design.subgroups
    if subgroups is None:
        return [(name, i) for i, name in enumerate(names)]
    rows: list[tuple[str, int | None]] = []
    for heading, members in zip(subgroups.names, subgroups.rows, strict=True):
        rows.append((heading, None))
        rows += [(names[i], int(i)) for i in members]
    return rows


def _room(rows: Sequence[tuple[str, int | None]]) -> float:
    """Inches for the names."""
    from matplotlib.figure import Figure

    figure = Figure()
    widths = [
        text_width(figure, cut_name(name, _LONGEST), bold=study is None, size=FONT_SIZE - 0.5)
        for name, study in rows
    ]
    return max(widths) + 0.15


def _write_rows(axes: "Axes", rows: Sequence[tuple[str, int | None]]) -> None:
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [cut_name(name, _LONGEST) for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for label, (_, study) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if study is None else "normal")


def _set_x_axis(axes: "Axes", fit: "Fit", arms: Sequence[_Arm]) -> None:
    if fit.problem.counts:
        ends = np.concatenate([part for arm in arms for part in (arm.observed, *arm.outer)])
        rate = _is_rate(fit)
        axes.set_xlim(*level_limits(ends, least=1e-3))
        set_level_ticks(axes, rate=rate, sides="x")
        axes.set_xlabel("events per unit of time" if rate else "participants with the event")
        return
    (arm,), null = arms, fit.measure.null
    said = [
        Estimate(centre=y, lower=low, upper=high)
        for y, low, high in zip(arm.observed, *arm.outer, strict=True)
    ]
    axes.set_xlim(*mark_limits([], said, [] if null is None else [null]))
    if null is not None:
        axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(fit.measure), labelpad=4)


def _draw(axes: "Axes", arm: _Arm, places: Floats) -> None:
    """The intervals and the observed of one arm; what is out of its interval in another colour."""
    low, high = axes.get_xlim()
    for ends, style in ((arm.outer, _thin(arm)), (arm.inner, _thick(arm))):
        axes.hlines(places, *np.clip(ends, low, high), **style)
    for beyond, edge, arrow in (
        (arm.outer[0] < low, low, "<"),
        (arm.outer[1] > high, high, ">"),
    ):
        at = places[beyond]
        axes.plot(
            np.full(at.size, edge),
            at,
            arrow,
            color=_COLOURS[arm.name],
            markersize=4,
            clip_on=False,
        )
    out = (arm.observed < arm.outer[0]) | (arm.observed > arm.outer[1])
    for chosen, style in ((~out, _dot(out=False)), (out, _dot(out=True))):
        axes.plot(arm.observed[chosen], places[chosen], **style)


def _thin(arm: _Arm) -> dict[str, Any]:
    return {"color": _COLOURS[arm.name], "linewidth": 1.2, "zorder": 2}


def _thick(arm: _Arm) -> dict[str, Any]:
    return {"color": _COLOURS[arm.name], "linewidth": 4.5, "alpha": 0.55, "zorder": 2}


def _dot(*, out: bool) -> dict[str, Any]:
    colour = COLOURS["prediction"] if out else COLOURS["data"]
    return {
        "color": colour,
        "marker": "D" if out else "o",
        "markersize": 4.5 if out else 4,
        "linestyle": "none",
        "zorder": 4,
        "clip_on": False,
    }


def _key(fit: "Fit", arms: Sequence[_Arm]) -> "list[Artist]":
    from matplotlib.lines import Line2D

    prob = f"{100 * fit.spec.interval.prob:g} %"
    labels = {"treatment": fit.spec.labels.treatment, "control": fit.spec.labels.control}
    key: list[Artist] = []
    for arm in arms:
        of = f", {cut_name(labels[arm.name], _LONGEST)}" if arm.name else ""
        key.append(Line2D([], [], label=f"expected: {100 * _INNER:g} %{of}", **_thick(arm)))
        if arm is arms[0]:
            thin = Line2D([], [], label=f"expected: {prob}", **_thin(arm))
    key.append(thin)
    key.append(Line2D([], [], label="observed", **_dot(out=False)))
    if any(arm.hits(arm.outer) < arm.observed.size for arm in arms):
        key.append(Line2D([], [], label=f"observed, outside {prob}", **_dot(out=True)))
    return key


def _notes(fit: "Fit", arms: Sequence[_Arm]) -> list[str]:
    """How many lie inside, and of what the intervals are."""
    number = sum(arm.observed.size for arm in arms)
    inner, outer = (
        sum(arm.hits(getattr(arm, name)) for arm in arms) for name in ("inner", "outer")
    )
    what = "arms" if len(arms) > 1 else "results"
    baseline = ", and given its own baseline" if len(arms) > 1 else ""
    size = "standard error"
    if fit.problem.counts:
        size = "person-time" if _is_rate(fit) else "participants"
    return [
        f"Of {number} observed {what} {inner} lie in the {100 * _INNER:g} % intervals and {outer} "
        f"in the {100 * fit.spec.interval.prob:g} % ones.",
        f"Intervals: new data of a study with the {size} of each study{baseline}, its true effect "
        "that of a new study. The study itself was among the data, so that intervals are "
        "somewhat too near to what was observed.",
    ]
