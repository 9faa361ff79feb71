"""What the priors say before any data: true effects of studies, and I²."""

import math
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures import display_size
from bayesmeta.measures.base import Floats
from bayesmeta.plots.panels import curve_points, effect_label, fitting_ticks, panels
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.results.derived import i_squared
from bayesmeta.results.overlap import Density, smooth_density
from bayesmeta.results.tables import decimals, format_number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["prior_predictive"]

_CENTRAL = np.array([0.025, 0.5, 0.975])
_TAIL = 0.2
"""The panel goes beyond the central 95 % by this share of its width."""

_FARTHEST = math.log(1e6)
"""Ratios beyond a million, or a millionth, are not drawn."""

_BINS = np.arange(0, 101, 5)
_CURVE = {"color": COLOURS["data"], "linewidth": 1.2, "linestyle": (0, (4, 2.5))}
_FILL = COLOURS["rule"]


def prior_predictive(fit: "Fit", *, title: bool = True) -> "Figure":
    """What the priors say before any data: the true effect of a study, and I².

    The first panel has the density of the true effect theta of a study, mu and tau drawn from
    their priors, with the effects that were observed as marks below. The second has the prior
    distribution of I², which follows from the prior of tau and the typical variance of the
    studies (Higgins & Thompson 2002, Stat Med 21:1539); it is left out where all studies share
    one effect and where there is one study.

    Parameters
    ----------
    fit
        The fit.
    title
        Put the title of the analysis above.

    Raises
    ------
    SpecError
        A prior is improper: it says nothing before the data.
    """
    import matplotlib as mpl

    _check_proper(fit)
    draws = fit.tree["prior"].to_dataset()
    theta = smooth_density(draws["theta_new"].to_numpy())
    shares = None
    if "tau" in draws and fit.table.sizes["study"] > 1:
        shares = 100 * i_squared(draws["tau"], fit.table["std_error"]).to_numpy().ravel()
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = panels(
            1 if shares is None else 2,
            title=fit.spec.title if title else "",
            key=_key(),
            notes=_notes(fit, theta, shares),
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


def _draw_effect(axes: "Axes", fit: "Fit", theta: Density) -> None:
    measure, observed = fit.measure, fit.table["effect"].to_numpy()
    low, high = _limits(theta, observed, measure.scale.ratio)
    x = curve_points(low, high, math.nan)
    density = theta.pdf(x)
    axes.set_xlim(low, high)
    axes.set_ylim(-0.1 * density.max(), 1.08 * density.max())
    if measure.null is not None and low < measure.null < high:
        axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    axes.fill_between(x, density, color=_FILL, alpha=0.45, linewidth=0)
    axes.plot(x, density, **_CURVE)
    axes.plot(
        observed,
        np.full(observed.shape, -0.05 * density.max()),
        "|",
        color=COLOURS["model"],
        markersize=8,
        markeredgewidth=1.1,
    )
    axes.set_title("True effect θ of a study", loc="left", weight="bold", fontsize=FONT_SIZE)
    fitting_ticks(axes, measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(measure), labelpad=4)


def _limits(theta: Density, observed: Floats, ratio: bool) -> tuple[float, float]:
    """The central 95 % of the prior and a little more, and all observed effects."""
    low, _, high = theta.ppf(_CENTRAL)
    margin = _TAIL * (high - low)
    low, high = low - margin, high + margin
    if ratio:
        low, high = max(low, -_FARTHEST), min(high, _FARTHEST)
    edge = 0.03 * (high - low)
    return min(low, observed.min() - edge), max(high, observed.max() + edge)


def _draw_shares(axes: "Axes", shares: Floats) -> None:
    weights = np.full(shares.shape, 100 / shares.size)
    axes.hist(
        shares,
        _BINS,
        weights=weights,
        facecolor=_FILL,
        alpha=0.45,
        edgecolor=COLOURS["data"],
        linewidth=0.7,
    )
    axes.set_xlim(0, 100)
    axes.set_xticks(np.arange(0, 101, 25), [f"{tick}" for tick in range(0, 101, 25)])
    axes.set_title("Inconsistency I²", loc="left", weight="bold", fontsize=FONT_SIZE)
    axes.set_xlabel("I² (%)", labelpad=4)


def _key() -> "list[Artist]":
    from matplotlib.lines import Line2D

    mark = {"marker": "|", "markersize": 8, "markeredgewidth": 1.1, "linestyle": "none"}
    return [
        Line2D([], [], label="prior", **_CURVE),
        Line2D([], [], label="observed effects of the studies", color=COLOURS["model"], **mark),
    ]


def _notes(fit: "Fit", theta: Density, shares: Floats | None) -> list[str]:
    """What the priors say, in sentences."""
    size = display_size(fit.table)
    low, middle, high = fit.measure.scale.to_display(theta.ppf(_CENTRAL), np.full(3, size))
    label = fit.measure.label
    notes = [
        f"Before any data the priors put 95 % of the true effects of studies between "
        f"{_number(low, high, low)} and {_number(low, high, high)} ({label}; median "
        f"{_number(low, high, middle)})."
    ]
    if shares is not None:
        low, middle, high = np.quantile(shares, _CENTRAL)
        notes.append(
            f"They put I² between {low:.0f} and {high:.0f} % with 95 % (median {middle:.0f} %), "
            "at the typical variance of these studies."
        )
    notes += [f"The prior of {n} is {p.expression}; {p.source}." for n, p in fit.priors.items()]
    return notes


def _number(low: float, high: float, value: float) -> str:
    """Two digits of what is below 1, else as the range deserves."""
    if 0 < abs(value) < 1:
        return f"{value:.2g}".replace("-", "−")
    return format_number(value, decimals(low, high))
