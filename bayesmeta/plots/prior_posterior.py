"""Prior and posterior densities of the parameters of a model."""

import math
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures import display_size
from bayesmeta.measures.base import IDENTITY
from bayesmeta.plots.panels import PRIOR_LINE, fitting_ticks, panels, prior_note
from bayesmeta.plots.prior_curves import EFFECTS, Curves, left_out, parameters
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["prior_posterior"]


def prior_posterior(
    fit: "Fit", *, title: bool = True, ax: "Axes | Sequence[Axes] | None" = None
) -> "Figure":
    """Prior and posterior of the parameters of the model, and how far they overlap.

    Parameters
    ----------
    fit
        The fit. Where the engine was quadrature the posteriors are exact, else smoothed draws.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, one a panel, instead of a figure of their own: the key is a legend of
        the first then, and title and notes are left out.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for mu, or the mean of subgroups that inform each other, for the coefficients of
        moderators, and for each standard deviation of true effects. An improper prior has no
        height and no overlap: its shape is drawn and it is called improper.

    Raises
    ------
    SpecError
        Each subgroup has its own mean and its own tau: there is no parameter of all.
    """
    import matplotlib as mpl

    shown = parameters(fit)
    if not shown:
        raise SpecError(
            "each subgroup has its own mean and its own tau, and there is no parameter of all of "
            "them to be drawn beside its prior",
            key="model.subgroup",
            hint="Draw ridge, or fit one subgroup alone by where.",
        )
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = panels(
            len(shown),
            title=fit.spec.title if title else "",
            key=_key(fit),
            notes=_notes(fit, shown),
            ax=ax,
        )
        for panel, curves in zip(axes, shown, strict=True):
            _draw(panel, fit, curves)
        return figure


def _draw(axes: "Axes", fit: "Fit", curves: Curves) -> None:
    estimate, x = curves.estimate, curves.x
    colour = COLOURS["model"]
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(0, curves.top)
    null = 0.0 if curves.name == "beta" else fit.measure.null
    if curves.name in ("beta", *EFFECTS) and null is not None:
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
    if curves.name in EFFECTS:
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


def _notes(fit: "Fit", shown: list[Curves]) -> list[str]:
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
    notes += left_out(fit, shown)
    if fit.exact is None:
        notes.append("The curves of the posterior are smoothed from its draws.")
    return notes
