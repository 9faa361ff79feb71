"""What a forest plot says: its estimates, its columns of text, its notes."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.classical import quantile
from bayesmeta.measures import Scale, display_size, participants
from bayesmeta.measures.base import Floats
from bayesmeta.model import HETEROGENEITIES, uses_counts
from bayesmeta.plots.forest_counts import (
    count_columns,
    count_notes,
    format_raw,
    likelihood_name,
)
from bayesmeta.plots.layout import Column
from bayesmeta.plots.marks import Estimate
from bayesmeta.plots.open_ended import format_open
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import decimals, format_number, interval_name

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = [
    "Contents",
    "contents",
    "directions",
    "fold_name",
    "left_columns",
    "notes",
    "right_columns",
]

_ARMS = ("treatment", "control", "before", "after")
_SHORT = {"mean": "Mean", "sd": "SD", "total": "Total", "events": "Events", "time": "Time"}
_SUMMARIES = {"mu": "Pooled effect, {} CrI", "theta_new": "Effect in a new study, {} PrI"}
"""Rows below the studies: a credible and a prediction interval, and each says so."""
_ENDS = ("median", "lower", "upper")
_ENDS_OF_SCALES = {"log": math.inf, "logit": 1.0}
"""Scales that start at 0, and their upper ends; no estimate reaches either."""

_MAX_NAME = 44
_MAX_HEADING = 20


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a forest plot shows.

    Attributes
    ----------
    own : list of Estimate or None
        The studies' own estimates with confidence intervals; None where the counts give none.
    shrunken : list of Estimate
        The posterior of the studies' true effects; empty where it is not shown.
    summaries : dict of str to Estimate
        ``mu``, and ``theta_new`` where the true effects differ.
    """

    own: list[Estimate | None]
    shrunken: list[Estimate]
    summaries: dict[str, Estimate]


def contents(fit: "Fit", *, shrunken: bool) -> Contents:
    """The estimates of a fit that its forest plot shows."""
    z = quantile(fit.spec.interval.prob)
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
            if np.isfinite(y)
            else None
            for y, s in zip(effect, error, strict=True)
        ],
        shrunken=posterior.get("theta", []) if shrunken else [],
        summaries={name: posterior[name][0] for name in _SUMMARIES if name in posterior},
    )


def left_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """Studies, the numbers of their arms, their weights."""
    studies = Column(
        header="Study",
        cells=[fold_name(str(name)) for name in fit.table["study"].to_numpy()],
        summary=[_SUMMARIES[name].format(_prob(fit)) for name in shown.summaries],
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
    prob, places, size = _prob(fit), _places(fit), display_size(fit.table)
    sizes = participants(fit.table)
    columns = [
        Column(
            group=_heading(fit),
            header=f"[{prob} CI]",
            cells=_texts(fit, shown.own, places, sizes),
            summary=_texts(fit, list(shown.summaries.values()), places, size),
            colour=COLOURS["data"],
        )
    ]
    if shown.shrunken:
        columns.append(
            Column(
                group="Shrunken",
                header=f"[{prob} CrI]",
                cells=_texts(fit, shown.shrunken, places, sizes),
                summary=[""] * len(shown.summaries),
                colour=COLOURS["model"],
            )
        )
    return columns


def _prob(fit: "Fit") -> str:
    return f"{100 * fit.spec.interval.prob:g} %"


def _places(fit: "Fit") -> int:
    """Decimals on the display scale: two digits of a ratio, else what the interval deserves."""
    mu = fit.estimate("mu")
    if fit.measure.scale.ratio:
        return max(2, 1 - math.floor(math.log10(mu["display_median"])))
    return decimals(mu["display_lower"], mu["display_upper"])


def _heading(fit: "Fit") -> str:
    """The measure over its column: its name, or its code where that is long."""
    label = fit.measure.label
    return label[:1].upper() + label[1:] if len(label) <= _MAX_HEADING else fit.measure.code


def fold_name(name: str) -> str:
    """A long name on two lines; the middle of a very long one is left out, its year kept."""
    if len(name) > 2 * _MAX_NAME:
        name = f"{name[: _MAX_NAME + 10].rstrip()} … {name[-_MAX_NAME + 20 :].lstrip()}"
    lines = textwrap.wrap(name, _MAX_NAME) or [""]
    return "\n".join([lines[0], " ".join(lines[1:])]) if len(lines) > 1 else lines[0]


def _raw_columns(fit: "Fit", blank: list[str]) -> list[Column]:
    """The numbers of the arms, where the effects were computed from them."""
    if uses_counts(fit.spec.model.likelihood):
        return count_columns(fit, blank)
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
                cells=[format_raw(value) for value in fit.table[name].to_numpy()],
                summary=blank,
            )
        )
    return columns


def _texts(
    fit: "Fit", estimates: Sequence[Estimate | None], places: int, sizes: Floats | float
) -> list[str]:
    """Estimates with their intervals on the display scale."""
    scale = fit.measure.scale
    texts = []
    for estimate, size in zip(estimates, np.broadcast_to(sizes, len(estimates)), strict=True):
        if estimate is None:
            texts.append("not estimable")
            continue
        values = np.array([estimate.centre, estimate.lower, estimate.upper])
        shown = scale.to_display(values, np.full(values.shape, float(size)))
        centre, lower, upper = (_number(float(value), places, scale) for value in shown)
        texts.append(f"{centre} [{lower}, {upper}]")
    return texts


def _number(value: float, places: int, scale: Scale) -> str:
    if scale.name not in _ENDS_OF_SCALES:
        return format_number(value, places)
    return format_open(value, places, end=_ENDS_OF_SCALES[scale.name])


def notes(fit: "Fit", shown: Contents) -> list[str]:
    """Lines below the plot: heterogeneity, priors, what is drawn, what to beware of."""
    interval = fit.spec.interval
    names = set(fit.estimates["name"])
    model = fit.spec.model
    effects = HETEROGENEITIES[model.heterogeneity].label.partition(":")[0]
    lines = [f"{effects[:1].upper()}{effects[1:]}, {likelihood_name(fit)} likelihood"]
    if "tau" in names:
        tau = fit.estimate("tau")
        places = decimals(tau["lower"], tau["upper"])
        middle, low, high = (format_number(tau[end], places) for end in _ENDS)
        text = f"τ = {middle} [{low}, {high}]"
        share = fit.estimate("I2") if "I2" in names else {"median": math.nan}
        if not math.isnan(share["median"]):
            middle, low, high = (f"{100 * share[end]:.0f} %" for end in _ENDS)
            text += f"; I² = {middle} [{low}, {high}]"
        lines[0] += f"; {text}"
    priors = fit.record["priors"]
    lines.append("Priors: " + "; ".join(f"{n} ~ {p['expression']}" for n, p in priors.items()))
    legend = f"Diamond: {interval_name(interval)} of the pooled effect."
    if "theta_new" in names:
        legend += f" Bar: {interval_name(interval, prediction=True)}."
    lines += [f"{legend} Medians.", *count_notes(fit, shrunken=bool(shown.shrunken))]
    if fit.diagnostics.verdict != "ok":
        lines.append(
            f"CONVERGENCE {fit.diagnostics.verdict.upper()}: {fit.diagnostics.messages[0]}"
        )
    return lines


def directions(fit: "Fit") -> tuple[str, str] | None:
    """What stands below the axis left and right of no effect; None where nothing can be said."""
    labels, better, columns = fit.spec.labels, fit.spec.effect.better, fit.measure.columns
    paired, two_arms = "mean_before" in columns, any(c.endswith("_control") for c in columns)
    if fit.measure.null is None or (better is None and not paired and not two_arms):
        return None
    if better is None:
        when = "after" if paired else f"with {labels.treatment}"
        return f"Lower {when}", f"Higher {when}"
    good, bad = f"Favours {labels.treatment}", f"Favours {labels.control}"
    if paired:
        good, bad = "Better after", "Better before"
    return (good, bad) if better == "lower" else (bad, good)
