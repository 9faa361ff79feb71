"""Ridge plot: the posterior density of each subgroup mean, or of each contrast."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.measures import Scale, display_size
from bayesmeta.plots.columns import Column, Line
from bayesmeta.plots.contrasts import contrast_label, contrast_scale, contrasts_of
from bayesmeta.plots.densities import mirrored, posterior_of
from bayesmeta.plots.fold import fold_name, fold_notes
from bayesmeta.plots.forest_text import directions, estimate_text
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.moderators import reference_text
from bayesmeta.plots.panels import curve_points, effect_label, fitting_ticks
from bayesmeta.plots.rows_in_axes import rows_in_axes
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.results.numbers import decimals, interval_name
from bayesmeta.results.overlap import Density

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["ridge"]

_OF = ("mu", "contrast")
_OVERALL = {"mu_overall": "Mean of the subgroups", "mu_new": "Mean of a new subgroup"}
_HEIGHT = 1.35
_STEP = 2.0
"""Rows from one density to the next, and how high the highest is."""

_VISIBLE = 0.004
"""Share of the highest density below which nothing is drawn."""

_NEW = 0.3
"""How far below a density its prediction interval lies, in rows."""


@dataclass(frozen=True, kw_only=True)
class _Ridge:
    """One density, with its interval and, of a mean, the prediction interval there."""

    label: str
    studies: str
    density: Density
    mean: Estimate
    new: Estimate | None = None
    overall: bool = False


def ridge(fit: "Fit", *, of: str = "mu", title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Posterior densities of the subgroup means, or of the contrasts between them.

    Each density stands on its median and credible interval; the thin line below is the prediction
    interval of the effect in a new study of the subgroup. Where the means inform each other, that
    of all and that of a new subgroup follow. All densities have the same area, so that a flat one
    is a vague one.

    Parameters
    ----------
    fit
        The fit; without subgroups it has one density.
    of
        ``"mu"``, or ``"contrast"``.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: names stand at the left of them, and
        title, notes and the other columns of text are left out.

    Raises
    ------
    SpecError
        `of` is another word, or there are no subgroups to contrast.
    """
    import matplotlib as mpl

    if of not in _OF:
        raise SpecError(
            f"a ridge plot is of mu or contrast, not {of!r}", hint=did_you_mean(of, _OF)
        )
    shown = _means(fit) if of == "mu" else _contrasts(fit)
    with mpl.rc_context(RC), without_glyph_warnings():
        heading = fit.spec.title if title else ""
        return _draw(fit, shown, contrast=of == "contrast", title=heading, ax=ax)


def _estimate(fit: "Fit", name: str, subgroup: str = "") -> Estimate:
    row = fit.estimate(name, subgroup=subgroup)
    return Estimate(centre=row["median"], lower=row["lower"], upper=row["upper"])


def _means(fit: "Fit") -> list[_Ridge]:
    """The means of the subgroups, that of all and that of a new one."""
    names, subgroups = set(fit.estimates["name"]), fit.problem.design.subgroups
    new = "theta_new" in names
    if subgroups is None:
        return [
            _Ridge(
                label="Pooled effect" if fit.problem.design.is_pooled else "Effect",
                studies=str(fit.table.sizes["study"]),
                density=posterior_of(fit, "mu"),
                mean=_estimate(fit, "mu"),
                new=_estimate(fit, "theta_new") if new else None,
            )
        ]
    shown = [
        _Ridge(
            label=fold_name(name),
            studies=str(members.size),
            density=posterior_of(fit, "mu", i),
            mean=_estimate(fit, "mu", name),
            new=_estimate(fit, "theta_new", name) if new else None,
        )
        for i, (name, members) in enumerate(zip(subgroups.names, subgroups.rows, strict=True))
    ]
    for name, label in _OVERALL.items():
        if name in names:
            beyond = name == "mu_new" and "theta_new_overall" in names
            one = _Ridge(
                label=label,
                studies="",
                density=posterior_of(fit, name),
                mean=_estimate(fit, name),
                new=_estimate(fit, "theta_new_overall") if beyond else None,
                overall=True,
            )
            shown.append(one)
    return shown


def _contrasts(fit: "Fit") -> list[_Ridge]:
    shown = []
    for contrast in contrasts_of(fit):
        density = posterior_of(fit, "contrast", contrast.row)
        if contrast.sign < 0:
            density = mirrored(density)
        shown.append(
            _Ridge(
                label=fold_name(contrast.label),
                studies="",
                density=density,
                mean=contrast.estimate,
            )
        )
    if not shown:
        raise SpecError(
            "there are no contrasts, because this fit has no subgroups",
            key="model.subgroup",
            hint="Fit with subgroup=…, or draw forest.",
        )
    return shown


def _draw(
    fit: "Fit", shown: list[_Ridge], *, contrast: bool, title: str, ax: "Axes | None"
) -> "Figure":
    measure = fit.measure
    scale = contrast_scale(measure) if contrast else measure.scale
    size, null = display_size(fit.table), 0.0 if contrast else measure.null
    places = [_STEP * (i + 1) - 0.9 for i in range(len(shown))]
    lines = [Line(place=y - 0.2, bold=one.overall) for y, one in zip(places, shown, strict=True)]
    if ax is None:
        figure, axes = _sheet(fit, shown, lines, contrast=contrast, title=title)
    else:
        names, at = [one.label for one in shown], [line.place for line in lines]
        figure, axes = rows_in_axes(ax, names, at, last=_STEP * len(shown) - 0.1)
    axes.set_xlim(*_limits(shown, null))
    if null is not None:
        axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    x = curve_points(*axes.get_xlim(), -math.inf)
    curves = [one.density.pdf(x) for one in shown]
    highest = max(float(curve.max()) for curve in curves)
    for place, one, curve in zip(places, shown, curves, strict=True):
        _draw_ridge(axes, place, one, (x, _HEIGHT * curve / highest))
    fitting_ticks(axes, scale, math.nan if contrast else size)
    label = contrast_label(measure) + (" (log scale)" if scale.ratio else "")
    axes.set_xlabel(label if contrast else effect_label(measure), labelpad=4)
    return figure


def _sheet(
    fit: "Fit", shown: list[_Ridge], lines: list[Line], *, contrast: bool, title: str
) -> "tuple[Figure, Axes]":
    measure = fit.measure
    scale = contrast_scale(measure) if contrast else measure.scale
    sheet = Sheet(
        left=_left(shown, "" if contrast else fit.problem.design.kind),
        right=_right(fit, shown, scale, display_size(fit.table)),
        rows=_STEP * len(shown),
        title=title,
        notes=_notes(fit, contrast=contrast),
        summary_rows=[],
        directions=None if contrast else directions(fit),
        null=0.0 if contrast else measure.null,
        lines=lines,
    )
    return sheet.figure, sheet.axes


def _limits(shown: list[_Ridge], null: float | None) -> tuple[float, float]:
    """All of the intervals; the prediction intervals as far as is legible."""
    means = [one.mean for one in shown]
    new = [one.new for one in shown if one.new is not None]
    return mark_limits(means, new, [] if null is None else [null])


def _draw_ridge(
    axes: "Axes", place: float, one: _Ridge, curve: tuple[np.ndarray, np.ndarray]
) -> None:
    x, height = curve
    colour = COLOURS["data" if one.overall else "model"]
    axes.fill_between(x, place, place - height, color=colour, alpha=0.25, linewidth=0, zorder=1)
    seen = np.where(height > _VISIBLE * _HEIGHT, place - height, np.nan)
    axes.plot(x, seen, color=colour, linewidth=1.2, zorder=2)
    (low, high), mean = axes.get_xlim(), one.mean
    ends = [max(mean.lower, low), min(mean.upper, high)]
    axes.plot(ends, [place] * 2, color=colour, linewidth=3.2, solid_capstyle="butt", zorder=3)
    dot: Any = {"color": colour, "markerfacecolor": "white", "markersize": 5, "zorder": 4}
    axes.plot([mean.centre], [place], "o", **dot)
    if one.new is None:
        return
    colour, below = COLOURS["prediction"], place + _NEW
    ends = [max(one.new.lower, low), min(one.new.upper, high)]
    axes.plot(ends, [below] * 2, color=colour, linewidth=1.1, marker="|", markersize=5, zorder=3)
    for outside, edge, arrow in (
        (one.new.lower < low, low, "<"),
        (one.new.upper > high, high, ">"),
    ):
        if outside:
            axes.plot([edge], [below], arrow, color=colour, markersize=4.5, clip_on=False)


def _left(shown: list[_Ridge], kind: str) -> list[Column]:
    names = Column(
        header=kind or "Contrast",
        cells=[one.label for one in shown],
        summary=[],
        align="left",
    )
    if not kind:
        return [names]
    return [names, Column(header="Studies", cells=[one.studies for one in shown], summary=[])]


def _right(fit: "Fit", shown: list[_Ridge], scale: Scale, size: float) -> list[Column]:
    prob = f"{100 * fit.spec.interval.prob:g} %"
    places = 2
    if scale.name == "identity":
        places = int(np.median([decimals(one.mean.lower, one.mean.upper) for one in shown]))

    def text(estimate: Estimate | None) -> str:
        if estimate is None:
            return ""
        return estimate_text(estimate, scale=scale, places=places, size=size)

    columns = [
        Column(
            group="Median",
            header=f"[{prob} CrI]",
            cells=[text(one.mean) for one in shown],
            summary=[],
            colour=COLOURS["model"],
        )
    ]
    if any(one.new for one in shown):
        columns.append(
            Column(
                group="New study",
                header=f"[{prob} PrI]",
                cells=[text(one.new) for one in shown],
                summary=[],
                colour=COLOURS["prediction"],
            )
        )
    return columns


def _notes(fit: "Fit", *, contrast: bool) -> list[str]:
    interval = fit.spec.interval
    what = "contrasts" if contrast else "means"
    notes = [
        f"Densities, all of the same area: posterior of the {what}. Circle and thick line: median "
        f"and {interval_name(interval)}."
    ]
    if not contrast and "theta_new" in set(fit.estimates["name"]):
        prediction = interval_name(interval, prediction=True)
        notes.append(f"Thin line: {prediction} of the effect in a new study.")
    if fit.problem.design.terms and not contrast:
        notes.append(f"At {reference_text(fit)}.")
    if fit.exact is None:
        notes.append("The densities are smoothed from draws.")
    return fold_notes(notes)
