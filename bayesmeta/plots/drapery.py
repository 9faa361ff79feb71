"""Drapery plot: the p-value of any effect by each study, and what the posterior makes of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from bayesmeta.classical import quantile
from bayesmeta.densities import NormalMixture
from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.effect_axes import ROOM
from bayesmeta.plots.given_axes import figure_of
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks, panels
from bayesmeta.plots.pooled_only import check_pooled, left_out_note, with_std_error
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.plots.ticks import round_places
from bayesmeta.results.exact import Effects

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["drapery", "tail_curve"]

_HEIGHT = 4.0
_RIGHT = 0.62
"""Inches for the levels of intervals, on the right."""

_GUIDES = (0.1, 0.05, 0.01)
_WIDE = 0.99
"""The axis shows intervals of this probability."""

_POINTS = 800
_MANY = 2000
_COARSE = 81
_REACH = 6.0
_LEAST = 1e-15
"""Mixtures of more components are computed at so many points only, so many times the distance of
the quartiles around the median (as a hyperbolic sine); further out they are as good as 0 or 1."""

_LIGHTEST, _DARKEST = 0.82, 0.3
"""Greys of the studies with the least and with the most weight."""

_TOP = 1.02
_BOTTOM = -0.012


def drapery(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Drapery plot: p-value curves of the studies, and the posterior in their manner.

    Rücker & Schwarzer 2021, Res Synth Methods 12:305. The curve of a study is the two-sided
    p-value of each effect as its null hypothesis; where it crosses a level are the ends of the
    confidence interval, at any level at once. Its Bayesian counterpart is the probability of the
    tail beyond x, doubled: ``2 min(P(mu < x), P(mu > x))``, which crosses each level at the ends of
    the equal-tailed interval; likewise of the true effect in a new study, which is shaded.

    Parameters
    ----------
    fit
        A fit with one pooled effect. By quadrature the curves of the posterior are exact.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and
        title and notes are left out.

    Raises
    ------
    SpecError
        There is more than one mean, there are moderators, or no study has a standard error.
    """
    import matplotlib as mpl

    check_pooled(fit, "a drapery plot")
    known = with_std_error(fit, "a drapery plot")
    new = "theta_new" in set(fit.estimates["name"])
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, new=new),
            notes=_notes(fit, known),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        if ax is None:
            _leave_room(axes)
        axes.set_xlim(*_limits(fit, known, new=new))
        axes.set_ylim(_BOTTOM, _TOP)
        x = np.linspace(*axes.get_xlim(), _POINTS)
        _guides(axes, fit)
        _studies(axes, fit, known, x)
        if new:
            region: Any = {"color": COLOURS["prediction"], "linewidth": 0}
            curve = tail_curve(fit, "theta_new", x)
            axes.fill_between(x, 0, curve, alpha=0.2, zorder=1, **region)
            axes.plot(x, curve, color=COLOURS["prediction"], linewidth=1.2, zorder=4)
        curve, peak = tail_curve(fit, "mu", x), _median(fit, "mu")
        axes.plot(*_with_peak(x, curve, peak), color=COLOURS["model"], linewidth=2.2, zorder=5)
        _set_axes(axes, fit)
        return figure


def tail_curve(fit: "Fit", name: str, x: Floats) -> Floats:
    """The doubled probability of the tail beyond each x: 1 at the median, 0 far away.

    Parameters
    ----------
    fit
        The fit.
    name
        ``mu`` or ``theta_new``, where there is one of it.
    x
        On the analysis scale.
    """
    exact = fit.exact
    if exact is not None and name in exact.effects:
        below = _below(exact.effects[name].row(0), x)
    else:
        draws = np.sort(fit.posterior[name].to_numpy().ravel())
        below = np.searchsorted(draws, x, side="right") / draws.size
    doubled: Floats = 2 * np.minimum(below, 1 - below)
    return np.clip(doubled, 0.0, 1.0)


def _below(effects: Effects, x: Floats) -> Floats:
    """The distribution function; of a mixture of very many, straight in z between some points."""
    if not isinstance(effects, NormalMixture) or effects.weights.size <= _MANY:
        return np.asarray(effects.cdf(x)[0, 0])
    low, middle, high = effects.ppf(np.array([0.25, 0.5, 0.75]))[0, 0]
    at = middle + (high - low) * np.sinh(np.linspace(-_REACH, _REACH, _COARSE))
    z = ndtri(np.clip(effects.cdf(at)[0, 0], _LEAST, 1 - _LEAST))
    return np.asarray(ndtr(np.interp(x, at, z)))


def _median(fit: "Fit", name: str) -> float:
    return fit.estimate(name)["median"]


def _with_peak(x: Floats, curve: Floats, peak: float) -> tuple[Floats, Floats]:
    """The curve with its highest point, which is between two points of the axis."""
    place = int(np.searchsorted(x, peak))
    return np.insert(x, place, peak), np.insert(curve, place, 1.0)


def _limits(fit: "Fit", known: np.ndarray, *, new: bool) -> tuple[float, float]:
    """The pooled effect with all its tails, and of the others what is legible beside it."""
    z, null = quantile(_WIDE), fit.measure.null
    table = fit.table
    effect, error = (table[name].to_numpy()[known] for name in ("effect", "std_error"))
    others = [
        Estimate(centre=float(y), lower=float(y - z * s), upper=float(y + z * s))
        for y, s in zip(effect, error, strict=True)
    ]
    said = [_tails(fit, "mu")]
    if new:
        others.append(_tails(fit, "theta_new"))
    return mark_limits(said, others, [] if null is None else [null])


def _tails(fit: "Fit", name: str) -> Estimate:
    exact, at = fit.exact, np.array([(1 - _WIDE) / 2, 0.5, (1 + _WIDE) / 2])
    if exact is not None and name in exact.effects:
        low, middle, high = exact.effects[name].row(0).ppf(at)[0, 0]
    else:
        low, middle, high = np.quantile(fit.posterior[name].to_numpy(), at)
    return Estimate(centre=float(middle), lower=float(low), upper=float(high))


def _leave_room(axes: "Axes") -> None:
    """Make axes narrower by what the levels on the right need."""
    box, width = axes.get_position(), figure_of(axes).get_figwidth()
    axes.set_position((box.x0, box.y0, box.width - _RIGHT / width, box.height))


def _guides(axes: "Axes", fit: "Fit") -> None:
    """Lines at the usual levels, named on the right by the intervals that end there."""
    for p in _GUIDES:
        axes.axhline(p, color=COLOURS["rule"], linewidth=0.8, linestyle=(0, (1.5, 1.5)), zorder=0)
    if fit.measure.null is not None:
        axes.axvline(fit.measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    right = axes.secondary_yaxis("right")
    shown = (0.8, 0.6, 0.4, 0.2, *_GUIDES)
    right.set_yticks(shown, [f"{100 * (1 - p):g} %" for p in shown])
    right.tick_params(axis="y", labelsize=FONT_SIZE - 2, length=2.5)
    right.spines["right"].set_visible(False)
    right.set_ylabel("Probability of the interval", fontsize=FONT_SIZE, labelpad=4)


def _studies(axes: "Axes", fit: "Fit", known: np.ndarray, x: Floats) -> None:
    """The curves of the studies, those with most weight last."""
    table = fit.table
    effect, error = (table[name].to_numpy()[known] for name in ("effect", "std_error"))
    weights = fit.weights.to_numpy()[known] if fit.has_weights else 1 / error**2
    greys = _LIGHTEST + (_DARKEST - _LIGHTEST) * weights / weights.max()
    for i in np.argsort(weights, kind="stable"):
        curve = 2 * ndtr(-np.abs(x - effect[i]) / error[i])
        line = _with_peak(x, curve, float(effect[i]))
        axes.plot(*line, color=str(round(float(greys[i]), 3)), linewidth=0.9, zorder=2)


def _set_axes(axes: "Axes", fit: "Fit") -> None:
    fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(fit.measure), labelpad=4)
    axes.set_yticks(*round_places(0.0, 1.0, scale=IDENTITY))
    axes.set_ylabel("p-value, or twice the tail probability", labelpad=4)


def _key(fit: "Fit", *, new: bool) -> "list[Artist]":
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    grey = str((_LIGHTEST + _DARKEST) / 2)
    by = "darker with more weight" if fit.has_weights else "darker where more precise"
    key: list[Artist] = [
        Line2D([], [], color=grey, linewidth=0.9, label=f"study, {by}"),
        Line2D([], [], color=COLOURS["model"], linewidth=2.2, label="pooled effect, posterior"),
    ]
    if new:
        from matplotlib.colors import to_rgb

        colour = COLOURS["prediction"]
        label = "effect in a new study, posterior"
        key.append(Patch(facecolor=(*to_rgb(colour), 0.2), edgecolor=colour, label=label))
    return key


def _notes(fit: "Fit", known: np.ndarray) -> list[str]:
    """What a level is, and what is not drawn."""
    notes = [
        "Where a horizontal line crosses a curve are the ends of an interval: of a study the "
        "confidence interval, of the posterior the equal-tailed credible or prediction interval.",
        *left_out_note(fit, known),
    ]
    if fit.exact is None:
        notes.append("The curves of the posterior are counted from its draws.")
    return notes
