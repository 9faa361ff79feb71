"""Absolute risk: what the pooled effect means at any risk without treatment."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.model import uses_counts
from bayesmeta.plots.absolute_one_arm import draw_one_arm
from bayesmeta.plots.bands import (
    Band,
    bands,
    bands_key,
    benefit_sides,
    check_one_mean,
    draw_bands,
    reference_notes,
)
from bayesmeta.plots.levels import (
    between_levels,
    level_axis_label,
    level_limits,
    set_level_ticks,
    short_label,
)
from bayesmeta.plots.panels import BEHIND, panels
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.plots.ticks import round_places
from bayesmeta.results.absolute import ControlLevel, control_level
from bayesmeta.results.numbers import decimals, format_number, format_span, interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["absolute_risk"]

_ROOM = 0.5
_HEIGHT = 2.7
_MARGIN = 0.14
"""Share of the height above and below the bands, where texts and marks stand."""

_THOUSAND = 1000


def absolute_risk(
    fit: "Fit", *, title: bool = True, ax: "Axes | Sequence[Axes] | None" = None
) -> "Figure":
    """What the effect means for patients: risks and differences, or the pooled risk of one arm.

    Of two arms, one panel has the risk with treatment and one the difference per 1000, both
    against the risk with control: the pooled effect with its credible band, and dashed the
    prediction interval of a new study. Marks below are the studies' control risks; the diamond is
    at the risk of `control_level`. Of one arm it shows the pooled risk, that in a new study, and
    the studies' observed risks with exact confidence intervals. Rates likewise.

    Parameters
    ----------
    fit
        A fit whose likelihood is of counts.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of their own: two of two arms, one of one arm. The
        key is a legend of the first then, and title, notes and columns of text are left out.

    Raises
    ------
    SpecError
        The likelihood is of another kind, or there is a mean for each subgroup.
    """
    import matplotlib as mpl

    if not uses_counts(fit.problem.likelihood):
        raise SpecError(
            f"absolute risks are drawn of counts, and the likelihood is {fit.problem.likelihood}",
            key="model.likelihood",
            hint='Fit with likelihood = "binomial", or "poisson" where events are over time.',
        )
    check_one_mean(fit, "a plot of absolute risks")
    heading = fit.spec.title if title else ""
    level = control_level(fit)
    with mpl.rc_context(RC), without_glyph_warnings():
        if level is None:
            return draw_one_arm(fit, heading, ax)
        return _two_arms(fit, level, heading, ax)


def _two_arms(
    fit: "Fit", level: ControlLevel, title: str, ax: "Axes | Sequence[Axes] | None"
) -> "Figure":
    counts = fit.problem.counts
    size = counts["time_control" if level.rate else "total_control"]
    observed = counts["events_control"] / size
    limits = level_limits([0.0, *observed, level.value], least=float(1 / size.min()))
    x = between_levels(limits, rate=level.rate)
    shown, here = bands(fit, x), bands(fit, np.array([level.value]))
    figure, axes = panels(
        2,
        title=title,
        key=[*bands_key(fit, shown), *_key(level, noted=ax is None)],
        notes=[_note(fit, level), *reference_notes(fit)],
        height=_HEIGHT,
        room=_ROOM,
        ax=ax,
    )
    difference = {name: _more(band, x) for name, band in shown.items()}
    more_here = _more(here["mu"], np.array([level.value]))
    labels, what = fit.spec.labels, "Rate" if level.rate else "Risk"
    for panel, curves, at in zip(axes, (shown, difference), (here["mu"], more_here), strict=True):
        panel.set_xlim(*limits)
        panel.set_ylim(*_height(curves))
        draw_bands(panel, x, curves)
        _marker(panel, level.value, at)
        _rug(panel, observed)
        set_level_ticks(panel, rate=level.rate, sides="x")
        panel.set_xlabel(level_axis_label(labels.control, rate=level.rate), labelpad=4)
    first, second = axes
    set_level_ticks(first, rate=level.rate, sides="y")
    first.plot(x, x, color=COLOURS["null"], linewidth=0.9, zorder=0)
    second.axhline(0, color=COLOURS["null"], linewidth=0.9, zorder=0)
    second.set_yticks(*round_places(*second.get_ylim(), scale=IDENTITY))
    _heading(first, f"{what} with {short_label(labels.treatment)}")
    _heading(
        second,
        "Difference per 1000 units of time" if level.rate else "More or fewer events per 1000",
    )
    _directions(second, fit)
    return figure


def _more(band: Band, control: Floats) -> Band:
    """Events more with treatment, per 1000."""
    ends = ("median", "lower", "upper")
    return Band(**{end: _THOUSAND * (getattr(band, end) - control) for end in ends})


def _height(curves: Mapping[str, Band]) -> tuple[float, float]:
    """The range of a y axis: all bands and 0."""
    ends = [edge for band in curves.values() for edge in (band.lower, band.upper)]
    low, high = min(0.0, *(float(e.min()) for e in ends)), max(float(e.max()) for e in ends)
    high = max(high, 0.0)
    margin = _MARGIN * (high - low)
    return low - margin, high + margin


def _marker(axes: "Axes", at: float, band: Band) -> None:
    """The pooled effect at the control risk, with its interval."""
    colour = COLOURS["model"]
    ends = [float(band.lower[0]), float(band.upper[0])]
    axes.plot([at, at], ends, color=colour, linewidth=1.5, zorder=4)
    axes.plot(
        [at],
        band.median,
        "D",
        color=colour,
        markerfacecolor="white",
        markersize=5,
        markeredgewidth=1.2,
        zorder=5,
    )


def _rug(axes: "Axes", observed: Floats) -> None:
    """The studies' control risks, as ticks that stand on the axis."""
    axes.plot(
        observed,
        np.full(observed.shape, 0.0),
        "|",
        transform=axes.get_xaxis_transform(),
        color=COLOURS["data"],
        markersize=12,
        markeredgewidth=0.8,
        clip_on=True,
        zorder=5,
    )


def _heading(axes: "Axes", text: str) -> None:
    axes.set_title(text, loc="left", weight="bold", fontsize=FONT_SIZE)


def _directions(axes: "Axes", fit: "Fit") -> None:
    """What stands above and below no difference, where there is room."""
    low, high = axes.get_ylim()
    above, below = benefit_sides(fit)
    for text, share, end in (
        (above, high / (high - low), 0.98),
        (below, -low / (high - low), 0.07),
    ):
        if share > 0.15:
            axes.text(
                0.03,
                end,
                text,
                transform=axes.transAxes,
                va="top" if end > 0.5 else "bottom",
                style="italic",
                zorder=6,
                bbox=BEHIND,
            )


def _key(level: ControlLevel, *, noted: bool) -> "list[Artist]":
    from matplotlib.lines import Line2D

    what = "rate" if level.rate else "risk"
    here = "in the note" if noted else f"of {_THOUSAND * level.value:.3g} per 1000"
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="|",
            color=COLOURS["data"],
            markersize=9,
            label=f"control {what} of a study",
        ),
        Line2D(
            [],
            [],
            color=COLOURS["model"],
            linewidth=1.5,
            marker="D",
            markerfacecolor="white",
            markersize=5,
            label=f"at the control {what} {here}",
        ),
    ]


def _note(fit: "Fit", level: ControlLevel) -> str:
    """What the diamond says, in words."""
    labels, names = fit.spec.labels, set(fit.estimates["name"])
    what = "rate" if level.rate else "risk"
    unit = "per 1000 units of time" if level.rate else "per 1000"
    source = "as stated"
    if not level.stated:
        size = "person-time" if level.rate else "size"
        source = f"the posterior mean of the studies' control arms, weighted by {size}"
    difference = "IRD" if level.rate else "RD"
    texts = [
        f"{_per_1000(fit, f'{what}_treatment')} {unit} with {labels.treatment}",
        f"a difference of {_per_1000(fit, difference)}",
    ]
    text = (
        f"At a {what} of {_THOUSAND * level.value:.3g} {unit} with {labels.control} ({source}): "
        f"{', '.join(texts)} ({interval_name(fit.spec.interval)})"
    )
    if f"{difference}_new" in names:
        prediction = interval_name(fit.spec.interval, prediction=True)
        text += f"; in a new study a difference of {_per_1000(fit, f'{difference}_new')}"
        text += f" ({prediction})"
    return f"{text}."


def _per_1000(fit: "Fit", name: str) -> str:
    row = fit.estimate(name)
    middle, lower, upper = (_THOUSAND * row[end] for end in ("median", "lower", "upper"))
    places = decimals(lower, upper)
    return f"{format_number(middle, places)} ({format_span(lower, upper, places)})"
