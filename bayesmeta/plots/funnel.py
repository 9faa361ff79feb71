"""Funnel plot: the effects of the studies against their standard errors."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.classical import quantile
from bayesmeta.densities import NormalMixture
from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.effect_axes import DASHED, ROOM
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks, panels
from bayesmeta.plots.point_names import write_names
from bayesmeta.plots.pooled_only import check_pooled, left_out_note, with_std_error
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.plots.ticks import round_places
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["funnel", "new_study_limits"]

_HEIGHT = 3.6
_RADIUS = 0.035
"""Of a study, in inches."""

_MOST_NAMES = 12
"""With more studies none is named."""

_LONGEST = 30

_FEW = 10
"""With fewer studies the Cochrane Handbook (13.3.5.4) judges no asymmetry."""

_CONTOURS = ((0.1, "#EFEFEF"), (0.05, "#DDDDDD"), (0.01, "#C9C9C9"))
"""Below which p-value each region begins, and its grey."""

_BEYOND = 1.08
"""The y axis goes so much further than the largest standard error."""

_STEPS = 20
"""Standard errors at which the limits of a new study are computed."""

_KERNELS = 2000
"""Quantiles, or draws, that stand for a distribution that is no mixture of normal ones."""


def funnel(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Contour-enhanced funnel plot: effects against standard errors, precise studies on top.

    The shaded regions are those where an effect would differ from no effect with a two-sided
    p-value below 0.1, 0.05 and 0.01 (Peters et al. 2008, J Clin Epidemiol 61:991): studies that
    are missing where nothing is significant make one think of publication bias. Between the lines
    of the pooled effect a study would lie with the probability of the intervals if all had the
    effect that is the posterior median; between the dashed lines the estimate of a new study with
    that standard error, which takes heterogeneity and all uncertainty in.

    Parameters
    ----------
    fit
        A fit with one pooled effect.
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

    check_pooled(fit, "a funnel plot")
    known = with_std_error(fit, "a funnel plot")
    effect, error = (fit.table[name].to_numpy()[known] for name in ("effect", "std_error"))
    deepest = _BEYOND * float(error.max())
    heights = np.linspace(0, deepest, _STEPS)
    new = new_study_limits(fit, heights)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(fit, new=new is not None, brief=ax is not None),
            notes=_notes(fit, known),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        axes.set_ylim(deepest, 0)
        axes.set_xlim(*_limits(fit, effect, heights, new))
        _contours(axes, fit, deepest)
        _funnels(axes, fit, heights, new)
        axes.plot(
            effect,
            error,
            "o",
            color=COLOURS["data"],
            markersize=144 * _RADIUS,
            markeredgecolor="white",
            markeredgewidth=0.5,
            clip_on=False,
            zorder=4,
        )
        if known.size <= _MOST_NAMES:
            names = [cut_name(str(name), _LONGEST) for name in fit.table["study"].to_numpy()[known]]
            points = list(zip(effect, error, strict=True))
            write_names(axes, points, names, radii=np.full(known.size, _RADIUS))
        _set_axes(axes, fit)
        return figure


def new_study_limits(fit: "Fit", std_error: Floats) -> tuple[Floats, Floats] | None:
    """The prediction interval of the estimate of a new study, by its standard error.

    That of its true effect, spread by its sampling error; both normal given mu and tau, and so a
    mixture of normal distributions: exact by quadrature with a normal likelihood.

    Parameters
    ----------
    fit
        The fit.
    std_error
        Standard errors from 0, where it is the interval of the true effect.

    Returns
    -------
    (array, array) or None
        Lower and upper ends; None where the true effects do not differ.
    """
    if "theta_new" not in set(fit.estimates["name"]):
        return None
    own, spread = fit.estimate("theta_new"), std_error[1:]
    weights, means, sds = _components(fit)
    estimates = NormalMixture(
        weights=np.broadcast_to(weights, (spread.size, weights.size)),
        means=np.broadcast_to(means, (spread.size, 1, means.size)),
        sds=np.hypot(sds, spread[:, None])[:, None],
    )
    interval = fit.spec.interval
    ends = estimates.interval(interval.prob, interval.kind)
    lower, upper = (
        np.concatenate([[own[name]], end[:, 0]])
        for name, end in zip(("lower", "upper"), ends, strict=True)
    )
    return lower, upper


def _components(fit: "Fit") -> tuple[Floats, Floats, Floats]:
    """Weights, means and sds of normal distributions that make up the effect of a new study."""
    exact = fit.exact.theta_new if fit.exact is not None else None
    if isinstance(exact, NormalMixture):
        one = exact.row(0)
        return one.weights[0], one.means[0, 0], one.sds[0, 0]
    if exact is not None:
        means = exact.row(0).ppf((np.arange(_KERNELS) + 0.5) / _KERNELS)[0, 0]
    else:
        draws = np.sort(fit.posterior["theta_new"].to_numpy().ravel())
        means = draws[:: max(1, draws.size // _KERNELS)]
    return np.full(means.size, 1 / means.size), means, np.zeros(means.size)


def _limits(
    fit: "Fit", effect: Floats, heights: Floats, new: tuple[Floats, Floats] | None
) -> tuple[float, float]:
    """All studies and the pooled funnel, and that of a new study unless it is far wider."""
    middle, null = fit.estimate("mu")["median"], fit.measure.null
    half = quantile(fit.spec.interval.prob) * float(heights[-1])
    own = [Estimate(centre=y, lower=y, upper=y) for y in effect]
    if new is not None:
        lower, upper = float(new[0].min()), float(new[1].max())
        own.append(Estimate(centre=middle, lower=lower, upper=upper))
    return mark_limits(
        [Estimate(centre=middle, lower=middle - half, upper=middle + half)],
        own,
        [] if null is None else [null],
    )


def _contours(axes: "Axes", fit: "Fit", deepest: float) -> None:
    """Regions of p-values, on both sides of no effect."""
    null = fit.measure.null
    if null is None:
        return
    low, high = axes.get_xlim()
    heights = np.array([0.0, deepest])
    for p, colour in _CONTOURS:
        away = quantile(1 - p) * heights
        for edge, side in ((low, -1), (high, 1)):
            inner = null + side * away
            axes.fill_betweenx(
                heights,
                inner,
                np.maximum(inner, edge) if side > 0 else np.minimum(inner, edge),
                color=colour,
                linewidth=0,
                zorder=0,
            )
    axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=1)


def _funnels(axes: "Axes", fit: "Fit", heights: Floats, new: tuple[Floats, Floats] | None) -> None:
    """The pooled effect with its funnel, and that of a new study."""
    middle, colour = fit.estimate("mu")["median"], COLOURS["model"]
    half = quantile(fit.spec.interval.prob) * heights
    axes.axvline(middle, color=colour, linewidth=1.5, zorder=2)
    for end in (middle - half, middle + half):
        axes.plot(end, heights, color=colour, linewidth=1.0, zorder=2)
    for end in new or ():
        axes.plot(end, heights, color=COLOURS["prediction"], zorder=2, **DASHED)


def _set_axes(axes: "Axes", fit: "Fit") -> None:
    fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(fit.measure), labelpad=4)
    axes.set_yticks(*round_places(0.0, axes.get_ylim()[0], scale=IDENTITY))
    of = "" if fit.measure.scale.name == "identity" else f" of the {fit.measure.analysis_label}"
    axes.set_ylabel(f"Standard error{of}", labelpad=4)


def _key(fit: "Fit", *, new: bool, brief: bool) -> "list[Artist]":
    """What is drawn; brief where the key has to stand among the studies."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    interval = fit.spec.interval
    style: Any = {"linestyle": "none", "marker": "o", "markersize": 144 * _RADIUS}
    pseudo = f"pooled effect, pseudo {100 * interval.prob:g} % limits"
    key: list[Artist] = [
        Line2D([], [], color=COLOURS["data"], label="study", **style),
        Line2D([], [], color=COLOURS["model"], linewidth=1.5, label=pseudo),
    ]
    if new:
        label = f"new study, {interval_name(interval, prediction=True)}"
        key.append(Line2D([], [], color=COLOURS["prediction"], label=label, **DASHED))
    regions = [(f"p < {p:g}", grey) for p, grey in _CONTOURS]
    if brief:
        levels = ", ".join(f"{p:g}" for p, _ in _CONTOURS)
        regions = [(f"p < {levels}", _CONTOURS[1][1])]
    if fit.measure.null is not None:
        key += [Patch(color=grey, linewidth=0, label=label) for label, grey in regions]
    return key


def _notes(fit: "Fit", known: np.ndarray) -> list[str]:
    """What the lines are, what is not drawn, and how little few studies say."""
    notes = [
        "Solid: the posterior median, and where estimates would lie if all studies had that effect."
    ]
    if "theta_new" in set(fit.estimates["name"]):
        notes[0] += " Dashed: where the estimate of a new study will lie, by its standard error."
    notes += left_out_note(fit, known)
    if fit.measure.null is not None:
        notes.append("Shaded: an effect there differs from no effect by a two-sided test.")
    if known.size < _FEW:
        notes.append(
            f"With fewer than {_FEW} studies asymmetry cannot be judged (Cochrane Handbook, "
            "13.3.5.4)."
        )
    return notes
