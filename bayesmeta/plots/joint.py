"""Joint posterior of the pooled effect and the heterogeneity: highest-density regions."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.bands import check_one_mean, reference_notes
from bayesmeta.plots.densities import posterior_of
from bayesmeta.plots.effect_axes import ROOM
from bayesmeta.plots.given_axes import figure_of
from bayesmeta.plots.joint_density import Joint, joint_density, region_levels
from bayesmeta.plots.panels import effect_label, fitting_ticks, legible_range, panels
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.plots.ticks import round_places

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["REGIONS", "joint"]

REGIONS = (0.5, 0.8, 0.95)
"""Probabilities of the regions."""

_STRENGTHS = (0.62, 0.36, 0.16)
"""How much of the colour each region has, from the inside."""

_HEIGHT = 4.1
_MARGINAL = 0.14
"""Share of the panel that each density on its own takes."""

_APART = 0.02
_MIDDLE = 0.5


def joint(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Joint posterior density of the pooled effect mu and the heterogeneity tau.

    The regions are the smallest that hold 50, 80 and 95 % of the posterior (Hyndman 1996, Am Stat
    50:120); the circle is at the medians of both. Above and at the right stand the densities of
    each on its own. The densities are exact where the engine was quadrature, else smoothed draws.

    Parameters
    ----------
    fit
        A fit with one pooled effect whose studies differ.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title, notes and the densities of each on its own are left out.

    Raises
    ------
    SpecError
        All studies share one effect, or there is a mean for each subgroup.
    """
    import matplotlib as mpl

    check_one_mean(fit, "a joint plot of mu and tau")
    if "tau" not in fit.posterior or "tau" not in fit.priors:
        raise SpecError(
            "a joint plot is of mu and tau, and in this fit the effects of studies do not vary "
            "around mu",
            key="model.heterogeneity",
            hint='Fit with heterogeneity = "normal", or draw prior-posterior.',
        )
    found = joint_density(fit)
    low, high = _range(fit, found)
    null = fit.measure.null
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(null=null is not None and low < null < high),
            notes=_notes(fit),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        if ax is None:
            top, right = _make_room(axes)
        axes.set_xlim(low, high)
        axes.set_ylim(*_range_of_tau(found))
        _draw(axes, fit, found)
        if ax is None:
            _beside(fit, axes, top, right)
        return figure


def _range(fit: "Fit", found: Joint) -> tuple[float, float]:
    """The regions, and no effect where it is near."""
    low, high = float(found.mu[0]), float(found.mu[-1])
    null, width = fit.measure.null, high - low
    if null is not None and low - width / 2 < null < high + width / 2:
        margin = 0.03 * width
        low, high = min(low, null - margin), max(high, null + margin)
    return legible_range(low, high, centre=fit.estimate("mu")["median"], scale=fit.measure.scale)


def _range_of_tau(found: Joint) -> tuple[float, float]:
    """From 0, but where the region is far from it."""
    low, high = float(found.tau[0]), float(found.tau[-1])
    return (0.0 if low < _MIDDLE * high else low), high


def _draw(axes: "Axes", fit: "Fit", found: Joint) -> None:
    levels = region_levels(found, list(REGIONS))[::-1]
    peak = float(found.density.max())
    edges = [*levels, max(peak, levels[-1]) * 1.01]
    kept = [i for i in range(len(levels)) if edges[i] < edges[i + 1]]
    shades = [_shade(strength) for strength in _STRENGTHS[::-1]]
    axes.contourf(
        found.mu,
        found.tau,
        found.density,
        levels=[*(edges[i] for i in kept), edges[-1]],
        colors=[shades[i] for i in kept],
        zorder=1,
    )
    axes.contour(
        found.mu,
        found.tau,
        found.density,
        levels=[edges[i] for i in kept],
        colors=COLOURS["model"],
        linewidths=0.8,
        zorder=2,
    )
    measure, (low, high) = fit.measure, axes.get_xlim()
    if measure.null is not None and low < measure.null < high:
        axes.axvline(measure.null, color=COLOURS["null"], linewidth=0.9, zorder=3)
    axes.plot(
        [fit.estimate("mu")["median"]],
        [fit.estimate("tau")["median"]],
        "o",
        color=COLOURS["model"],
        markerfacecolor="white",
        markersize=5.5,
        clip_on=False,
        zorder=4,
    )
    fitting_ticks(axes, measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(measure), labelpad=4)
    axes.set_yticks(*round_places(*axes.get_ylim(), scale=IDENTITY))
    axes.set_ylabel(f"Heterogeneity τ ({measure.analysis_label})", labelpad=4)


def _shade(strength: float) -> tuple[float, float, float]:
    """The colour of the model on white, so that regions on top of each other do not add up."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(COLOURS["model"]))
    return red, green, blue


def _make_room(axes: "Axes") -> "tuple[Axes, Axes]":
    """Narrower axes, and new ones above and at the right of them."""
    place, figure = axes.get_position(), figure_of(axes)
    size = figure.get_size_inches()
    strip = _MARGINAL * place.height * size[1]
    gap = _APART * place.height * size[1]
    wide, high = strip / size[0], strip / size[1]
    width, height = place.width - wide - gap / size[0], place.height - high - gap / size[1]
    axes.set_position((place.x0, place.y0, width, height))
    top = figure.add_axes((place.x0, place.y1 - high, width, high))
    right = figure.add_axes((place.x1 - wide, place.y0, wide, height))
    for one in (top, right):
        one.set_axis_off()
    return top, right


def _beside(fit: "Fit", axes: "Axes", top: "Axes", right: "Axes") -> None:
    """The density of each parameter on its own."""
    prior, colour = fit.priors["tau"], COLOURS["model"]
    mu = posterior_of(fit, "mu")
    tau = posterior_of(fit, "tau", lower=prior.lower, upper=prior.upper)
    x, y = (np.linspace(*limits, 400) for limits in (axes.get_xlim(), axes.get_ylim()))
    across, up = mu.pdf(x), tau.pdf(y)
    top.set_xlim(*axes.get_xlim())
    top.set_ylim(0, 1.05 * float(across.max()))
    top.fill_between(x, across, color=colour, alpha=0.25, linewidth=0)
    top.plot(x, across, color=colour, linewidth=1.2)
    right.set_ylim(*axes.get_ylim())
    right.set_xlim(0, 1.05 * _highest(y, up))
    right.fill_betweenx(y, up, color=colour, alpha=0.25, linewidth=0)
    right.plot(up, y, color=colour, linewidth=1.2)


def _highest(x: Floats, density: Floats) -> float:
    """Without what is next to the end of the support, where a density may rise without limit."""
    inner = x >= x[0] + 0.01 * (x[-1] - x[0])
    return float(density[inner].max())


def _key(*, null: bool) -> "list[Artist]":
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colour = COLOURS["model"]
    key: list[Artist] = [
        Patch(
            facecolor=_shade(strength),
            edgecolor=colour,
            linewidth=0.8,
            label=f"{100 * prob:g} %",
        )
        for prob, strength in zip(REGIONS, _STRENGTHS, strict=True)
    ]
    key.append(
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            color=colour,
            markerfacecolor="white",
            markersize=5.5,
            label="medians",
        )
    )
    if null:
        key.append(Line2D([], [], color=COLOURS["null"], linewidth=0.9, label="no effect"))
    return key


def _notes(fit: "Fit") -> list[str]:
    notes = [
        "Each region is the smallest that holds its share of the joint posterior. Above and at the "
        "right: the density of each parameter on its own."
    ]
    if fit.exact is None:
        notes.append("All densities are smoothed from draws.")
    return [*notes, *reference_notes(fit)]
