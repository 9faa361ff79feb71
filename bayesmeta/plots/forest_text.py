"""What a forest plot says: its estimates, its columns of text, its notes."""

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from bayesmeta.measures import display_size
from bayesmeta.plots.layout import Column
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.tables import decimals, format_number, interval_name

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = [
    "Contents",
    "Estimate",
    "contents",
    "directions",
    "left_columns",
    "notes",
    "right_columns",
]

_ARMS = ("treatment", "control", "before", "after")
_SHORT = {"mean": "Mean", "sd": "SD", "total": "Total", "events": "Events", "time": "Time"}
_SUMMARIES = {"mu": "Pooled effect", "theta_new": "Effect in a new study"}
_ENDS = ("median", "lower", "upper")
_MAX_NAME = 44
_MAX_HEADING = 20


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A point with its interval, on the analysis scale."""

    centre: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a forest plot shows.

    Attributes
    ----------
    own : list of Estimate
        The studies' own estimates with confidence intervals.
    shrunken : list of Estimate
        The posterior of the studies' true effects; empty where it is not shown.
    summaries : dict of str to Estimate
        ``mu``, and ``theta_new`` where the true effects differ.
    """

    own: list[Estimate]
    shrunken: list[Estimate]
    summaries: dict[str, Estimate]


def contents(fit: "Fit", *, shrunken: bool) -> Contents:
    """The estimates of a fit that its forest plot shows."""
    z = float(ndtri((1 + fit.spec.interval.prob) / 2))
    effect, error = fit.table["effect"].to_numpy(), fit.table["std_error"].to_numpy()
    posterior = {
        name: [
            Estimate(centre=row["median"], lower=row["lower"], upper=row["upper"])
            for _, row in rows.iterrows()
        ]
        for name, rows in fit.estimates.groupby("name", sort=False)
    }
    return Contents(
        own=[
            Estimate(centre=float(y), lower=float(y - z * s), upper=float(y + z * s))
            for y, s in zip(effect, error, strict=True)
        ],
        shrunken=posterior.get("theta", []) if shrunken else [],
        summaries={name: posterior[name][0] for name in _SUMMARIES if name in posterior},
    )


def left_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """Studies, the numbers of their arms, their weights."""
    studies = Column(
        header="Study",
        cells=[_fold(str(name)) for name in fit.table["study"].to_numpy()],
        summary=[_SUMMARIES[name] for name in shown.summaries],
        align="left",
    )
    blank = [""] * len(shown.summaries)
    weights = [format_number(weight, 1) for weight in fit.weights.to_numpy()]
    return [
        studies,
        *_raw_columns(fit, blank),
        Column(header="Weight %", cells=weights, summary=blank),
    ]


def right_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """The estimates as text, on the display scale."""
    prob, places = f"{100 * fit.spec.interval.prob:g} %", _places(fit)
    columns = [
        Column(
            group=_heading(fit),
            header=f"[{prob} CI]",
            cells=[_text(fit, estimate, places) for estimate in shown.own],
            summary=[_text(fit, estimate, places) for estimate in shown.summaries.values()],
            colour=COLOURS["data"],
        )
    ]
    if shown.shrunken:
        columns.append(
            Column(
                group="Shrunken",
                header=f"[{prob} CrI]",
                cells=[_text(fit, estimate, places) for estimate in shown.shrunken],
                summary=[""] * len(shown.summaries),
                colour=COLOURS["model"],
            )
        )
    return columns


def _places(fit: "Fit") -> int:
    mu = fit.estimate("mu")
    needed = decimals(mu["display_lower"], mu["display_upper"])
    return 2 if fit.measure.scale.ratio else max(needed, 1)


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
        columns.append(
            Column(
                group=label[:1].upper() + label[1:],
                header=_SHORT.get(base, base),
                cells=[_raw_number(value) for value in fit.table[name].to_numpy()],
                summary=blank,
            )
        )
    return columns


def _raw_number(value: float) -> str:
    text = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return text.replace("-", "−")


def _text(fit: "Fit", estimate: Estimate, places: int) -> str:
    values = np.array([estimate.centre, estimate.lower, estimate.upper])
    shown = fit.measure.scale.to_display(values, np.full(3, display_size(fit.table)))
    centre, lower, upper = (format_number(float(value), places) for value in shown)
    return f"{centre} [{lower}, {upper}]"


def notes(fit: "Fit") -> list[str]:
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


def directions(fit: "Fit") -> tuple[str, str] | None:
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
