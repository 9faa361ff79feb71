"""Prior and posterior densities of the pooled effect and of the heterogeneity."""

import math
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.densities import posterior_of
from bayesmeta.plots.fold import cut_name
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
from bayesmeta.results.overlap import Density, shared_area

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["prior_posterior"]

_EFFECTS = {"mu": "Pooled effect μ", "mu_overall": "Mean of the subgroups"}
_DEVIATIONS = {
    "tau": ("Heterogeneity τ", "τ"),
    "tau_within": ("Within studies", "τ within"),
    "omega": ("Between means ω", "ω"),
}
_MOST = 6
"""Panels; more coefficients of moderators than fit are left out."""

_LONGEST = 22
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
    name, heading, label : str
        The variable of the posterior, what stands over the panel, and at its axis.
    symbol : str
        What the prior is called.
    estimate : dict
        The row of the estimates.
    prior : Prior
    overlap : float or None
        None where the prior is improper.
    x, before, after : array
        Values, and the densities of prior and posterior there; an improper prior only in shape.
    top : float
        Height of the panel.
    """

    name: str
    heading: str
    label: str
    symbol: str
    estimate: dict[str, float]
    prior: Prior
    overlap: float | None
    x: Floats
    before: Floats
    after: Floats
    top: float


def prior_posterior(fit: "Fit", *, title: bool = True) -> "Figure":
    """Prior and posterior of the parameters of the model, and how far they overlap.

    Parameters
    ----------
    fit
        The fit. Where the engine was quadrature the posteriors are exact, else smoothed draws.
    title
        Put the title of the analysis above.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for mu, or the mean of subgroups that inform each other, for the coefficients of
        moderators, and for each standard deviation of true effects. An improper prior has no
        height and no overlap: its shape is drawn and it is called improper.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC), without_glyph_warnings():
        shown = _parameters(fit)
        figure, axes = panels(
            len(shown),
            title=fit.spec.title if title else "",
            key=_key(fit),
            notes=_notes(fit, shown),
        )
        for panel, curves in zip(axes, shown, strict=True):
            _draw(panel, fit, curves)
        return figure


def _parameters(fit: "Fit") -> list[_Curves]:
    """The panels: the mean, the coefficients, the standard deviations."""
    priors, design, measure = fit.priors, fit.problem.design, fit.measure
    found: list[_Curves] = []
    mean = "mu" if design.subgroups is None else "mu_overall"
    if "mu" in priors and mean in fit.posterior:
        text = effect_label(measure)
        found.append(_curves(fit, mean, "mu", heading=_EFFECTS[mean], label=text, symbol="μ"))
    after = [name for name in _DEVIATIONS if name in priors and not _split(fit, name)]
    for index, term in enumerate(design.terms[: _MOST - len(found) - len(after)]):
        name = f"beta[{term}]" if f"beta[{term}]" in priors else "beta"
        label = f"difference in {measure.analysis_label}"
        heading = f"β, {cut_name(term, _LONGEST)}"
        at = {"heading": heading, "label": label, "symbol": f"β, {term},", "term": term}
        found.append(_curves(fit, "beta", name, index=index, **at))
    for name in after:
        heading, symbol = _DEVIATIONS[name]
        label = f"{symbol} ({measure.analysis_label})"
        found.append(_curves(fit, name, name, heading=heading, label=label, symbol=symbol))
    return found


def _split(fit: "Fit", name: str) -> bool:
    """Whether each subgroup has its own tau."""
    return name == "tau" and fit.problem.design.own_tau


def _curves(
    fit: "Fit",
    name: str,
    of_prior: str,
    *,
    heading: str,
    label: str,
    symbol: str,
    index: int = 0,
    term: str = "",
) -> _Curves:
    prior, effect = fit.priors[of_prior], name in _EFFECTS
    posterior = posterior_of(fit, name, index, lower=prior.lower, upper=prior.upper)
    null = 0.0 if name == "beta" else fit.measure.null if effect else None
    low, high = legible_range(
        *_limits(prior, posterior, null),
        centre=float(posterior.ppf(np.array([0.5]))[0]),
        scale=fit.measure.scale if effect else IDENTITY,
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
        heading=heading,
        label=label,
        symbol=symbol,
        estimate=fit.estimate(name, term=term),
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
    estimate, x = curves.estimate, curves.x
    colour = COLOURS["model"]
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(0, curves.top)
    null = 0.0 if curves.name == "beta" else fit.measure.null
    if curves.name in ("beta", *_EFFECTS) and null is not None:
        axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
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
    axes.set_title(curves.heading, loc="left", weight="bold", fontsize=FONT_SIZE)
    axes.set_title(_overlap_text(curves.overlap), loc="right", fontsize=FONT_SIZE)
    if curves.name in _EFFECTS:
        fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
    else:
        fitting_ticks(axes, IDENTITY, math.nan)
    axes.set_xlabel(curves.label, labelpad=4)


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
        note = prior_note(curves.symbol, curves.prior)
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
            notes.append(f"{curves.heading}: the {which} {are} cut off at the top.")
    notes += _left_out(fit, shown)
    if fit.exact is None:
        notes.append("The curves of the posterior are smoothed from its draws.")
    return notes


def _left_out(fit: "Fit", shown: list[_Curves]) -> list[str]:
    """What has a prior and no panel, and where it is to be seen."""
    names, design = {curves.name for curves in shown}, fit.problem.design
    notes = []
    if not names & set(_EFFECTS):
        notes.append("The means of subgroups or times have no panel: draw ridge.")
    if _split(fit, "tau"):
        notes.append("Each subgroup has its own τ, which has no panel: they stand in the forest.")
    drawn = sum(curves.name == "beta" for curves in shown)
    if drawn < len(design.terms):
        notes.append(f"Of {len(design.terms)} coefficients the first {drawn} are drawn.")
    return notes
