"""Forest plot: studies, their own and their shrunken estimates, pooled effect, prediction."""

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from bayesmeta.measures import display_size
from bayesmeta.plots.layout import Column, Sheet
from bayesmeta.plots.style import COLOURS, RC
from bayesmeta.plots.ticks import set_ticks
from bayesmeta.results.tables import decimals, format_number, interval_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["forest"]

_ARMS = ("treatment", "control", "before", "after")
_SHORT = {"mean": "Mean", "sd": "SD", "total": "Total", "events": "Events", "time": "Time"}
_ENDS = ("median", "lower", "upper")
_MAX_NAME = 44
_MAX_HEADING = 20
_REACH = 0.75
"""An interval is cut, with an arrow, where it reaches further than this share of the width of
what the model says beyond it."""


@dataclass(frozen=True, kw_only=True)
class _Estimate:
    """A point with its interval, on the analysis scale."""

    centre: float
    lower: float
    upper: float


def forest(fit: "Fit", *, shrunken: bool = True, title: bool = True) -> "Figure":
    """Forest plot in the manner of RevMan, with what the Bayesian model adds.

    Squares are the studies' own estimates with confidence intervals, their area in proportion to
    the weight; circles are the posterior of each study's true effect, drawn towards the pooled
    effect; the diamond is the pooled effect with its credible interval; the bar is the prediction
    interval of the true effect in a new study.

    Parameters
    ----------
    fit
        The fit.
    shrunken
        Draw the posterior of each study's true effect.
    title
        Put the title of the analysis above.

    Returns
    -------
    matplotlib.figure.Figure
        As wide and as high as its content needs.
    """
    import matplotlib as mpl

    with mpl.rc_context(RC):
        return _draw(fit, shrunken and "theta" in fit.posterior, title)


def _draw(fit: "Fit", shrunken: bool, title: bool) -> "Figure":
    own, model, places = _own(fit), _model(fit), _places(fit)
    k = len(own)
    left, right = _columns(fit, own, model, shrunken, places)
    notes = _notes(fit)
    sheet = Sheet(
        left=left,
        right=right,
        rows=k,
        title=fit.spec.title if title else "",
        notes=notes,
        summary_rows=[name for name in ("mu", "theta_new") if name in model],
        directions=_directions(fit),
        null=fit.measure.null,
    )
    axes = sheet.axes
    _limits(axes, fit, own, model)
    _null_line(axes, fit, sheet)
    weights = fit.weights.to_numpy()
    for i, estimate in enumerate(own):
        _square(axes, i, estimate, weights[i] / weights.max(), shrunken)
        if shrunken:
            _circle(axes, i, model[f"theta:{fit.table['study'].to_numpy()[i]}"])
    _diamond(axes, sheet.row_of("mu"), model["mu"])
    if "theta_new" in model:
        _bar(axes, sheet.row_of("theta_new"), model["theta_new"])
    set_ticks(axes, fit.measure.scale, display_size(fit.table))
    label = fit.measure.label[:1].upper() + fit.measure.label[1:]
    axes.set_xlabel(f"{label} (log scale)" if fit.measure.scale.ratio else label, labelpad=4)
    return sheet.figure


def _own(fit: "Fit") -> list[_Estimate]:
    """The studies' own estimates with confidence intervals."""
    z = float(ndtri((1 + fit.spec.interval.prob) / 2))
    effect, error = fit.table["effect"].to_numpy(), fit.table["std_error"].to_numpy()
    return [
        _Estimate(centre=float(y), lower=float(y - z * s), upper=float(y + z * s))
        for y, s in zip(effect, error, strict=True)
    ]


def _model(fit: "Fit") -> dict[str, _Estimate]:
    """What the model says: ``mu``, ``theta_new``, ``theta:STUDY``."""
    return {
        f"theta:{row['study']}" if row["study"] else row["name"]: _Estimate(
            centre=row["median"], lower=row["lower"], upper=row["upper"]
        )
        for _, row in fit.estimates.iterrows()
        if row["name"] in ("mu", "theta_new", "theta")
    }


def _places(fit: "Fit") -> int:
    row = fit.estimates.iloc[0]
    needed = decimals(row["display_lower"], row["display_upper"])
    return 2 if fit.measure.scale.ratio else max(needed, 1)


def _columns(
    fit: "Fit",
    own: list[_Estimate],
    model: dict[str, _Estimate],
    shrunken: bool,
    places: int,
) -> tuple[list[Column], list[Column]]:
    """The columns of text left and right of the plot; the last rows are the summaries."""
    studies = [str(name) for name in fit.table["study"].to_numpy()]
    summaries = [name for name in ("mu", "theta_new") if name in model]
    labels = {"mu": "Pooled effect", "theta_new": "Effect in a new study"}
    blank = [""] * len(summaries)
    left = [
        Column(
            header="Study",
            cells=[_fold(name) for name in studies],
            summary=[labels[name] for name in summaries],
            align="left",
        )
    ]
    left += _raw_columns(fit, blank)
    weights = [format_number(weight, 1) for weight in fit.weights.to_numpy()]
    left.append(Column(header="Weight %", cells=weights, summary=blank))
    prob = f"{100 * fit.spec.interval.prob:g} %"
    right = [
        Column(
            group=_heading(fit),
            header=f"[{prob} CI]",
            cells=[_text(fit, estimate, places) for estimate in own],
            summary=[_text(fit, model[name], places) for name in summaries],
            colour=COLOURS["data"],
        )
    ]
    if shrunken:
        right.append(
            Column(
                group="Shrunken",
                header=f"[{prob} CrI]",
                cells=[_text(fit, model[f"theta:{name}"], places) for name in studies],
                summary=blank,
                colour=COLOURS["model"],
            )
        )
    return left, right


def _heading(fit: "Fit") -> str:
    """The measure over its column: its name, or its code where that is long."""
    label = fit.measure.label
    return label[:1].upper() + label[1:] if len(label) <= _MAX_HEADING else fit.measure.code


def _fold(name: str) -> str:
    """A long name on two lines; the middle of a very long one is left out, its year kept."""
    if len(name) > 2 * _MAX_NAME:
        name = f"{name[: _MAX_NAME + 10].rstrip()} … {name[-_MAX_NAME + 20 :].lstrip()}"
    lines = textwrap.wrap(name, _MAX_NAME) or [""]
    return "\n".join([lines[0], " ".join(lines[1:])]) if len(lines) > 1 else lines[0]


def _raw_columns(fit: "Fit", blank: list[str]) -> list[Column]:
    """The numbers of the arms, where the effects were computed from them."""
    names = [name for name in fit.measure.columns if name in fit.table]
    if len(names) < len([name for name in fit.measure.columns if name != "r"]):
        return []
    columns = []
    for name in names:
        base, _, arm = name.partition("_")
        group = arm if arm in _ARMS else ""
        label = getattr(fit.spec.labels, group, group)
        values = fit.table[name].to_numpy()
        columns.append(
            Column(
                group=label[:1].upper() + label[1:],
                header=_SHORT.get(base, name if not group else base),
                cells=[_raw_number(value) for value in values],
                summary=blank,
            )
        )
    return columns


def _raw_number(value: float) -> str:
    text = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return text.replace("-", "−")


def _text(fit: "Fit", estimate: _Estimate, places: int) -> str:
    centre, lower, upper = _display(fit, [estimate.centre, estimate.lower, estimate.upper])
    inside = f"{format_number(lower, places)}, {format_number(upper, places)}"
    return f"{format_number(centre, places)} [{inside}]"


def _display(fit: "Fit", values: list[float]) -> list[float]:
    sizes = np.full(len(values), display_size(fit.table))
    shown = fit.measure.scale.to_display(np.array(values, float), sizes)
    return [float(value) for value in shown]


def _notes(fit: "Fit") -> list[str]:
    """Lines below the plot: heterogeneity, priors, what is drawn, what to beware of."""
    interval = fit.spec.interval
    names = set(fit.estimates["name"])
    lines = []
    if "tau" in names:
        tau = fit.estimate("tau")
        places = decimals(tau["lower"], tau["upper"])
        middle, low, high = (format_number(tau[end], places) for end in _ENDS)
        text = f"Heterogeneity: τ = {middle} [{low}, {high}]"
        if "I2" in names:
            share = fit.estimate("I2")
            middle, low, high = (f"{100 * share[end]:.0f} %" for end in _ENDS)
            text += f"; I² = {middle} [{low}, {high}]"
        lines.append(text)
    priors = fit.record["priors"]
    lines.append("Priors: " + "; ".join(f"{n} ~ {p['expression']}" for n, p in priors.items()))
    legend = f"Diamond: {interval_name(interval)} of the pooled effect."
    if "theta_new" in names:
        legend += f" Bar: {interval_name(interval, prediction=True)}."
    lines.append(f"{legend} Medians.")
    if fit.diagnostics.verdict != "ok":
        lines.append(
            f"CONVERGENCE {fit.diagnostics.verdict.upper()}: {fit.diagnostics.messages[0]}"
        )
    return lines


def _directions(fit: "Fit") -> tuple[str, str] | None:
    """What stands below the axis left and right of no effect."""
    if fit.measure.null is None:
        return None
    labels = fit.spec.labels
    if "mean_before" in fit.measure.columns:
        return (
            ("Better after", "Better before")
            if fit.spec.effect.better == "lower"
            else (
                ("Better before", "Better after")
                if fit.spec.effect.better
                else ("Lower after", "Higher after")
            )
        )
    if fit.spec.effect.better is None:
        return f"Lower with {labels.treatment}", f"Higher with {labels.treatment}"
    sides = (f"Favours {labels.treatment}", f"Favours {labels.control}")
    return sides if fit.spec.effect.better == "lower" else (sides[1], sides[0])


def _limits(axes: "Axes", fit: "Fit", own: list[_Estimate], model: dict[str, _Estimate]) -> None:
    """The range of the axis: all the model says and all estimates, and no study's tails alone."""
    said = list(model.values())
    points = [estimate.centre for estimate in own]
    lower = min([estimate.lower for estimate in said] + points)
    upper = max([estimate.upper for estimate in said] + points)
    if fit.measure.null is not None:
        lower, upper = min(lower, fit.measure.null), max(upper, fit.measure.null)
    reach = _REACH * (upper - lower)
    lower = max(min(estimate.lower for estimate in (*own, *said)), lower - reach)
    upper = min(max(estimate.upper for estimate in (*own, *said)), upper + reach)
    margin = 0.03 * (upper - lower) or 1.0
    axes.set_xlim(lower - margin, upper + margin)


def _null_line(axes: "Axes", fit: "Fit", sheet: Sheet) -> None:
    if fit.measure.null is not None:
        axes.axvline(fit.measure.null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    pooled = fit.estimates.iloc[0]["median"]
    axes.plot(
        [pooled, pooled],
        [-0.5, sheet.row_of("mu")],
        color=COLOURS["model"],
        linewidth=0.7,
        linestyle=(0, (4, 3)),
        zorder=0,
    )


def _interval_line(axes: "Axes", y: float, estimate: _Estimate, colour: str, width: float) -> None:
    """A horizontal interval, with an arrow at an end that lies outside the axis."""
    low, high = axes.get_xlim()
    inside = max(estimate.lower, low), min(estimate.upper, high)
    axes.plot(inside, [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=2)
    for end, edge, marker in ((estimate.lower, low, "<"), (estimate.upper, high, ">")):
        if (end < low) if marker == "<" else (end > high):
            axes.plot([edge], [y], marker, color=colour, markersize=4.5, clip_on=False, zorder=3)


def _square(axes: "Axes", row: int, estimate: _Estimate, weight: float, shifted: bool) -> None:
    y = row - 0.14 if shifted else row
    _interval_line(axes, y, estimate, COLOURS["data"], 1.0)
    axes.plot(
        [estimate.centre],
        [y],
        "s",
        color=COLOURS["data"],
        markersize=2.5 + 5.5 * float(np.sqrt(weight)),
        markeredgewidth=0,
        zorder=3,
    )


def _circle(axes: "Axes", row: int, estimate: _Estimate) -> None:
    y = row + 0.24
    _interval_line(axes, y, estimate, COLOURS["model"], 0.9)
    axes.plot(
        [estimate.centre],
        [y],
        "o",
        color=COLOURS["model"],
        markerfacecolor="white",
        markersize=3.6,
        markeredgewidth=0.9,
        zorder=3,
    )


def _diamond(axes: "Axes", row: float, estimate: _Estimate) -> None:
    x = [estimate.lower, estimate.centre, estimate.upper, estimate.centre]
    axes.fill(x, [row, row - 0.34, row, row + 0.34], color=COLOURS["model"], linewidth=0, zorder=3)


def _bar(axes: "Axes", row: float, estimate: _Estimate) -> None:
    """The prediction interval: an open bar, so that nobody takes it for the pooled effect's."""
    axes.barh(
        row,
        estimate.upper - estimate.lower,
        left=estimate.lower,
        height=0.3,
        facecolor="white",
        edgecolor=COLOURS["prediction"],
        linewidth=1.3,
        zorder=2,
    )
    axes.plot(
        [estimate.centre] * 2, [row - 0.15, row + 0.15], color=COLOURS["prediction"], linewidth=1.3
    )
