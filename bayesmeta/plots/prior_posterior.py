"""Prior and posterior densities of the pooled effect and of the heterogeneity."""

import math
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.panels import (
    PRIOR_LINE,
    curve_points,
    effect_label,
    fitting_ticks,
    legible_range,
    panels,
    prior_note,
)
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.priors import Prior
from bayesmeta.results.numbers import interval_name
from bayesmeta.results.overlap import Density, posterior_density, shared_area

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["prior_posterior"]

_HEADINGS = {"mu": "Pooled effect μ", "tau": "Heterogeneity τ"}
_CENTRAL = (0.005, 0.5, 0.995)
_TAIL = 8.0
"""Where a tail is long, it is drawn to this many times the distance from median to quartile."""

_ABOVE = 2.0
"""A prior may be this many times as high as the posterior before its top is cut off."""

_EDGE = 0.01
"""Share of the panel at the end of the support that has no say in its height."""

_IMPROPER_HEIGHT = 0.35


@dataclass(frozen=True, kw_only=True)
class _Curves:
    """What one panel shows.

    Attributes
    ----------
    name : str
        The parameter.
    prior : Prior
    overlap : float or None
        None where the prior is improper.
    x, before, after : array
        Values, and the densities of prior and posterior there; an improper prior only in shape.
    top : float
        Height of the panel.
    """

    name: str
    prior: Prior
    overlap: float | None
    x: Floats
    before: Floats
    after: Floats
    top: float


def prior_posterior(fit: "Fit", *, title: bool = True) -> "Figure":
    """Prior and posterior of mu and tau, and how far they overlap.

    Parameters
    ----------
    fit
        The fit. Where the engine was quadrature the posteriors are exact, else smoothed draws.
    title
        Put the title of the analysis above.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for mu, and one for tau where the true effects differ. An improper prior has no
        height and no overlap: its shape is drawn and it is called improper.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC), without_glyph_warnings():
        shown = [_curves(fit, name) for name in _HEADINGS if name in fit.priors]
        figure, axes = panels(
            len(shown),
            title=fit.spec.title if title else "",
            key=_key(fit),
            notes=_notes(fit, shown),
        )
        for panel, curves in zip(axes, shown, strict=True):
            _draw(panel, fit, curves)
        return figure


def _curves(fit: "Fit", name: str) -> _Curves:
    prior, posterior = fit.priors[name], posterior_density(fit, name)
    null = fit.measure.null if name == "mu" else None
    low, high = legible_range(
        *_limits(prior, posterior, null),
        centre=float(posterior.ppf(np.array([0.5]))[0]),
        scale=fit.measure.scale if name == "mu" else IDENTITY,
    )
    x = curve_points(low, high, prior.lower)
    after, before = posterior.pdf(x), prior.pdf(x)
    inner = x >= low + _EDGE * (high - low)
    peak = float(after[inner].max())
    highest = float(before[inner].max())
    if not prior.proper:
        before, highest = before * (_IMPROPER_HEIGHT * peak / highest), 0.0
    return _Curves(
        name=name,
        prior=prior,
        overlap=shared_area(prior.pdf, posterior) if prior.proper else None,
        x=x,
        before=before,
        after=after,
        top=1.08 * max(peak, min(highest, _ABOVE * peak)),
    )


def _limits(prior: Prior, posterior: Density, null: float | None) -> tuple[float, float]:
    """The range of a panel: all of the posterior, and as much again of the prior on each side."""
    first, middle, last = posterior.ppf(np.array(_CENTRAL))
    quarter, three_quarters = posterior.ppf(np.array([0.25, 0.75]))
    low = max(first, middle - _TAIL * (middle - quarter))
    high = min(last, middle + _TAIL * (three_quarters - middle))
    width = high - low
    ends = prior.ppf([0.025, 0.975]) if prior.proper else (low - width / 3, high + width / 3)
    wanted = [*ends] if null is None or not low - width < null < high + width else [*ends, null]
    left = max(min(low, *wanted), low - width)
    right = min(max(high, *wanted), high + width)
    if math.isfinite(prior.lower) and left - prior.lower < width:
        return prior.lower, right
    margin = 0.03 * (right - left)
    return max(left - margin, prior.lower), right + margin


def _draw(axes: "Axes", fit: "Fit", curves: _Curves) -> None:
    estimate, x = fit.estimate(curves.name), curves.x
    colour = COLOURS["model"]
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(0, curves.top)
    if curves.name == "mu" and fit.measure.null is not None:
        axes.axvline(fit.measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    visible = np.minimum(curves.after, 10 * curves.top)
    axes.fill_between(x, visible, color=colour, alpha=0.25, linewidth=0)
    axes.plot(x, visible, color=colour, linewidth=1.3)
    axes.plot(x, np.minimum(curves.before, 10 * curves.top), color=COLOURS["data"], **PRIOR_LINE)
    ends = np.clip([estimate["lower"], estimate["upper"]], x[0], x[-1])
    axes.plot(
        ends, [0, 0], color=colour, linewidth=3.5, solid_capstyle="butt", clip_on=False, zorder=5
    )
    axes.plot(
        [estimate["median"]],
        [0],
        "o",
        color=colour,
        markerfacecolor="white",
        markersize=5,
        clip_on=False,
        zorder=6,
    )
    axes.set_title(_HEADINGS[curves.name], loc="left", weight="bold", fontsize=FONT_SIZE)
    axes.set_title(_overlap_text(curves.overlap), loc="right", fontsize=FONT_SIZE)
    if curves.name == "mu":
        fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
        axes.set_xlabel(effect_label(fit.measure), labelpad=4)
    else:
        fitting_ticks(axes, IDENTITY, math.nan)
        axes.set_xlabel(f"τ ({fit.measure.analysis_label})", labelpad=4)


def _overlap_text(overlap: float | None) -> str:
    if overlap is None:
        return "improper prior: no overlap"
    percent = 100 * overlap
    return "overlap < 1 %" if percent < 1 else f"overlap {percent:.0f} %"


def _key(fit: "Fit") -> "list[Artist]":
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    interval = f"median and {interval_name(fit.spec.interval)}"
    return [
        Line2D([], [], label="prior", color=COLOURS["data"], **PRIOR_LINE),
        Patch(
            label="posterior", facecolor=(*_rgb(), 0.25), edgecolor=COLOURS["model"], linewidth=1.3
        ),
        Line2D(
            [],
            [],
            label=interval,
            color=COLOURS["model"],
            linewidth=3.5,
            marker="o",
            markerfacecolor="white",
            markersize=5,
        ),
    ]


def _rgb() -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(COLOURS["model"])


def _notes(fit: "Fit", shown: list[_Curves]) -> list[str]:
    """The priors, what the overlap is, and what is not to be seen."""
    notes = []
    for curves in shown:
        note = prior_note(curves.name, curves.prior)
        if not curves.prior.proper:
            note += " It is improper: only its shape is drawn, its height means nothing."
        notes.append(note)
    if any(curves.overlap is not None for curves in shown):
        notes.append(
            "Overlap: the area under both curves, 100 % where the data have changed nothing."
        )
    for curves in shown:
        high = [density.max() > curves.top for density in (curves.before, curves.after)]
        which = " and the ".join(compress(("prior", "posterior"), high))
        if which:
            are = "are" if all(high) else "is"
            notes.append(f"{_HEADINGS[curves.name]}: the {which} {are} cut off at the top.")
    if fit.exact is None:
        notes.append("The curves of the posterior are smoothed from its draws.")
    return notes
