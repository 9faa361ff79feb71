"""What the priors say before any data: true effects of studies, and I²."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesmeta.errors import SpecError
from bayesmeta.measures import Scale, display_size
from bayesmeta.measures.base import Floats
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
from bayesmeta.results.derived import i_squared, typical_variances
from bayesmeta.results.overlap import Density, smooth_density

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["prior_predictive"]

_CENTRAL = np.array([0.025, 0.5, 0.975])
_TAIL = 0.2
"""The panel goes beyond the central 95 % by this share of its width."""

_MILLION = 1e6

_NARROW = 0.2
"""A prior of mu with less than this share of the spread of theta cannot smooth the draws; it is the
width of the kernel that would."""

_STRATA = 400
"""Quantiles of mu that each deviation of theta from mu is paired with."""

_BINS = range(0, 101, 5)
_RUG: Any = {
    "color": COLOURS["model"],
    "marker": "|",
    "markersize": 8,
    "markeredgewidth": 1.1,
    "linestyle": "none",
}
_FILL = "#E3E3E3"


def prior_predictive(
    fit: "Fit", *, title: bool = True, ax: "Axes | Sequence[Axes] | None" = None
) -> "Figure":
    """What the priors say before any data: the true effect of a study, and I².

    The first panel has the density of the true effect theta of a study, mu and tau drawn from
    their priors, with the effects that were observed as marks below. The second has the prior
    distribution of I², which follows from the prior of tau and the typical variance of the
    studies (Higgins & Thompson 2002, Stat Med 21:1539); it is left out where all studies share
    one effect and where fewer than two have an estimate.

    Parameters
    ----------
    fit
        The fit.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, one a panel, instead of a figure of their own: the key is a legend of
        the first then, and title and notes are left out.

    Raises
    ------
    SpecError
        A prior is improper: it says nothing before the data.
    """
    import matplotlib as mpl

    _check_proper(fit)
    draws = fit.tree["prior"].to_dataset()
    mu = draws["mu_overall"] if "mu_overall" in draws else draws["mu"]
    if fit.problem.design.means == "random-walk":
        mu = mu.isel(subgroup=0)  # the prior of mu is that of the first mean
    deviation = (draws["theta_new"] - mu).to_numpy().ravel()
    theta = _true_effect(fit.priors["mu"], deviation, draws["theta_new"].to_numpy())
    shares = _prior_shares(fit, draws)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = panels(
            1 if shares is None else 2,
            title=fit.spec.title if title else "",
            key=_key(),
            notes=_notes(fit, theta, shares),
            ax=ax,
        )
        _draw_effect(axes[0], fit, theta)
        if shares is not None:
            _draw_shares(axes[1], shares)
        return figure


def _check_proper(fit: "Fit") -> None:
    for name, prior in fit.priors.items():
        if not prior.proper:
            raise SpecError(
                f"the prior of {name} is {prior.expression}, which is improper: it says nothing "
                "before the data, and there is no prior predictive",
                key=f"priors.{name}",
                hint=f"Fit with a proper prior of {name}, or draw prior-posterior.",
            )


def _prior_shares(fit: "Fit", draws: xr.Dataset) -> Floats | None:
    """I² in per cent under the prior; None where it is not defined."""
    typical = typical_variances(fit.problem, fit.table["std_error"])
    if typical is None or "tau" not in draws:
        return None
    between = draws["tau"]
    if "tau_within" in draws:
        between = (between**2 + draws["tau_within"] ** 2) ** 0.5
    shares = 100 * i_squared(between, typical).to_numpy().ravel()
    known: Floats = shares[np.isfinite(shares)]
    return known if known.size else None


def _true_effect(prior: Prior, deviation: Floats, theta: Floats) -> Density:
    """The distribution of theta: that of mu, averaged over the draws of how theta deviates from it.

    Both are exact for mu, so that the curve has no bumps that only sampling makes.
    """
    if np.subtract(*prior.ppf([0.75, 0.25])) < _NARROW * np.subtract(
        *np.quantile(theta, [0.75, 0.25])
    ):
        return smooth_density(theta)

    def pdf(x: Floats) -> Floats:
        return np.array([prior.pdf(value - deviation).mean() for value in x])

    def ppf(q: Floats) -> Floats:
        strata = prior.ppf((np.arange(_STRATA) + 0.5) / _STRATA)
        return np.quantile(strata[:, None] + deviation, q)

    return Density(pdf=pdf, ppf=ppf)


def _draw_effect(axes: "Axes", fit: "Fit", theta: Density) -> None:
    measure, observed = fit.measure, fit.table["effect"].to_numpy()
    observed = observed[np.isfinite(observed)]  # counts may give none
    low, high = _limits(theta, observed, measure.scale)
    x = curve_points(low, high, math.nan)
    density = theta.pdf(x)
    axes.set_xlim(low, high)
    axes.set_ylim(-0.1 * density.max(), 1.08 * density.max())
    if measure.null is not None and low < measure.null < high:
        axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    axes.fill_between(x, density, color=_FILL, linewidth=0)
    axes.plot(x, density, color=COLOURS["data"], **PRIOR_LINE)
    axes.plot(observed, np.full(observed.shape, -0.05 * density.max()), **_RUG)
    axes.set_title("True effect θ of a study", loc="left", weight="bold", fontsize=FONT_SIZE)
    fitting_ticks(axes, measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(measure), labelpad=4)


def _limits(theta: Density, observed: Floats, scale: Scale) -> tuple[float, float]:
    """The central 95 % of the prior and a little more, and all observed effects."""
    low, centre, high = theta.ppf(_CENTRAL)
    margin = _TAIL * (high - low)
    low, high = legible_range(low - margin, high + margin, centre=centre, scale=scale)
    edge = 0.03 * (high - low)
    return min([low, *(observed - edge)]), max([high, *(observed + edge)])


def _draw_shares(axes: "Axes", shares: Floats) -> None:
    weights = np.full(shares.shape, 100 / shares.size)
    axes.hist(
        shares,
        _BINS,
        weights=weights,
        facecolor=_FILL,
        edgecolor=COLOURS["data"],
        linewidth=0.7,
    )
    axes.set_xlim(0, 100)
    axes.set_xticks(np.arange(0, 101, 25), [f"{tick}" for tick in range(0, 101, 25)])
    axes.set_title("Inconsistency I²", loc="left", weight="bold", fontsize=FONT_SIZE)
    axes.set_xlabel("I² (%)", labelpad=4)


def _key() -> "list[Artist]":
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(label="prior", facecolor=_FILL, edgecolor=COLOURS["data"], **PRIOR_LINE),
        Line2D([], [], label="observed effects of the studies", **_RUG),
    ]


def _notes(fit: "Fit", theta: Density, shares: Floats | None) -> list[str]:
    """What the priors say, in sentences."""
    ends = theta.ppf(_CENTRAL[[0, -1]])
    with np.errstate(over="ignore"):
        low, high = fit.measure.scale.to_display(ends, np.full(2, display_size(fit.table)))
    notes = [
        "Before any data the priors put 95 % of the true effects of studies between "
        f"{_number(low)} and {_number(high)} ({fit.measure.label})."
    ]
    if shares is not None:
        low, middle, high = np.quantile(shares, _CENTRAL)
        notes.append(
            f"They put I² between {low:.0f} and {high:.0f} % with 95 % (median {middle:.0f} %), "
            "at the typical variance of these studies."
        )
    notes += [prior_note(name, prior) for name, prior in fit.priors.items()]
    return notes


def _number(value: float) -> str:
    """Two digits, as draws give no more."""
    if abs(value) > _MILLION:
        return "more than a million" if value > 0 else "less than minus a million"
    if 0 < abs(value) < 1 / _MILLION:
        return "0" if value < 0 else "less than a millionth"
    return np.format_float_positional(float(f"{value:.2g}"), trim="-").replace("-", "−")
