"""Which priors and posteriors are drawn beside each other, and their curves."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.densities import posterior_of
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.panels import curve_points, effect_label, legible_range
from bayesmeta.priors import Prior
from bayesmeta.results.overlap import Density, shared_area

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["EFFECTS", "Curves", "left_out", "parameters"]

EFFECTS = {"mu": "Pooled effect μ", "mu_overall": "Mean of the subgroups"}
"""Means, which are drawn on the display scale, and what stands over them."""

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
class Curves:
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


def parameters(fit: "Fit") -> list[Curves]:
    """The panels: the mean, the coefficients, the standard deviations."""
    priors, design, measure = fit.priors, fit.problem.design, fit.measure
    found: list[Curves] = []
    mean = "mu" if design.subgroups is None else "mu_overall"
    if "mu" in priors and mean in fit.posterior:
        text = effect_label(measure)
        found.append(_curves(fit, mean, "mu", heading=EFFECTS[mean], label=text, symbol="μ"))
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
) -> Curves:
    prior, effect = fit.priors[of_prior], name in EFFECTS
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
    return Curves(
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


def left_out(fit: "Fit", shown: list[Curves]) -> list[str]:
    """What has a prior and no panel, and where it is to be seen."""
    names, design = {curves.name for curves in shown}, fit.problem.design
    notes = []
    if not names & set(EFFECTS):
        notes.append("The means of subgroups or times have no panel: draw ridge.")
    if _split(fit, "tau"):
        notes.append("Each subgroup has its own τ, which has no panel: they stand in the forest.")
    drawn = sum(curves.name == "beta" for curves in shown)
    if drawn < len(design.terms):
        notes.append(f"Of {len(design.terms)} coefficients the first {drawn} are drawn.")
    return notes
