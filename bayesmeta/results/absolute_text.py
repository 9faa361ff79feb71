"""Risks, differences and numbers needed to treat as text for people."""

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.measures import Measure
from bayesmeta.results.absolute import ControlLevel, control_level, subgroups_of
from bayesmeta.results.numbers import decimals, format_number, format_span, interval_name

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = ["derived_rows", "derived_to_text", "needed_to_treat", "without_events"]

_LABELS = {
    "risk_treatment": "risk with {treatment}, per 1000",
    "RR": "risk ratio",
    "RD": "risk difference, per 1000",
    "NNT": "number needed to treat",
    "rate_treatment": "rate with {treatment}",
    "IRD": "rate difference",
}
_THOUSAND = ("risk_treatment", "RD")
_LARGEST = 100_000
"""A number needed to treat beyond this is as good as infinite."""


def derived_to_text(fit: "Fit") -> list[RenderableType]:
    """What follows from the effects of counts, for a terminal; empty where nothing does."""
    level = control_level(fit)
    parts: list[RenderableType] = [] if level is None else [Text(_control(fit, level))]
    for subgroup in subgroups_of(fit):
        part = _one_arm(fit, subgroup) if level is None else [_two_arms(fit, subgroup)]
        parts += [Text(subgroup, style="bold"), *part] if subgroup and part else part
    return parts


def derived_rows(fit: "Fit") -> list[tuple[str, list[str], list[list[str]]]]:
    """The same as tables of text, one a subgroup: what it holds, its header, its rows."""
    level = control_level(fit)
    tables = []
    for subgroup in subgroups_of(fit):
        if level is None:
            header, rows = ["", ""], [line.plain.split(": ", 1) for line in _one_arm(fit, subgroup)]
            caption = "What follows for risks and events"
        else:
            header, rows = _rows(fit, subgroup)
            caption = _control(fit, level).removesuffix(":")
        if rows:
            tables.append((f"{subgroup}: {caption}" if subgroup else caption, header, rows))
    return tables


def _control(fit: "Fit", level: ControlLevel) -> str:
    """At which risk or rate without treatment, and where it comes from."""
    whose = "as stated"
    if not level.stated:
        size = "person-time" if level.rate else "size"
        whose = f"posterior mean of the studies' control arms, weighted by {size}; taken as known"
    shown = f"{level.value:.3g}" if level.rate else f"{1000 * level.value:.3g} per 1000"
    what = "rate" if level.rate else "risk"
    return f"At a {what} of {shown} with {fit.spec.labels.control} ({whose}):"


def _two_arms(fit: "Fit", subgroup: str) -> Table:
    header, rows = _rows(fit, subgroup)
    table = Table(header[0], box=None, pad_edge=False, header_style="bold")
    for name in header[1:]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def _rows(fit: "Fit", subgroup: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows: what follows from the pooled effect, and from that in a new study."""
    names, labels = set(fit.estimates["name"]), fit.spec.labels
    header, sources = ["", f"pooled ({interval_name(fit.spec.interval)})"], [""]
    if "theta_new" in names:
        prediction = interval_name(fit.spec.interval, prediction=True)
        header.append(f"new study ({prediction})")
        sources.append("_new")
    rows = [
        [
            label.format(treatment=labels.treatment),
            *(_cell(fit, name, name + source, subgroup) for source in sources),
        ]
        for name, label in _LABELS.items()
        if name in names
    ]
    return header, rows


def _cell(fit: "Fit", kind: str, name: str, subgroup: str) -> str:
    row = fit.estimate(name, subgroup=subgroup)
    if kind == "NNT":
        return needed_to_treat(row["median"], row["lower"], row["upper"], fit.spec.effect.better)
    unit = 1000 if kind in _THOUSAND else 1
    middle, lower, upper = (unit * row[end] for end in ("median", "lower", "upper"))
    places = decimals(lower, upper)
    return f"{format_number(middle, places)} ({format_span(lower, upper, places)})"


def without_events(table: xr.Dataset, measure: Measure) -> list[Text]:
    """Which studies have no events, or nothing else; empty where none has."""
    events = [name for name in measure.columns if name.startswith("events")]
    none = np.logical_and.reduce([table[name].to_numpy() == 0 for name in events])
    where = "in either arm" if len(events) > 1 else "at all"
    found = [(f"no events {where}", none)]
    totals = [name.replace("events", "total") for name in events]
    if all(name in measure.columns for name in totals):
        pairs = zip(events, totals, strict=True)
        every = [table[one].to_numpy() == table[other].to_numpy() for one, other in pairs]
        found.append(("nothing but events", np.logical_and.reduce(every)))
    names = table["study"].to_numpy()
    return [
        Text(f"{what}: {', '.join(str(name) for name in names[which])}; they stay in")
        for what, which in found
        if which.any()
    ]


def needed_to_treat(median: float, lower: float, upper: float, better: str | None) -> str:
    """Numbers needed to treat in the notation of Altman 1998, BMJ 317:1309.

    Parameters
    ----------
    median, lower, upper
        One over the risk difference, and over the ends of its interval.
    better
        Whether ``higher`` or ``lower`` risks are benefit: then it says for whom, to benefit (NNTB)
        or to harm (NNTH); None: for one more event, or one fewer.
    """

    def one(value: float) -> str:
        more = value > 0
        if better is None:
            word = "one more in" if more else "one fewer in"
        else:
            word = "NNTB" if more == (better == "higher") else "NNTH"
        size = math.ceil(abs(value)) if abs(value) < _LARGEST else "∞"
        return f"{word} {size}"

    if (lower > 0) == (upper > 0):
        ends = sorted((lower, upper), key=abs)
        return f"{one(median)} ({one(ends[0])} to {one(ends[1])})"
    return f"{one(median)} ({one(lower)} to ∞ to {one(upper)})"


def _one_arm(fit: "Fit", subgroup: str) -> list[Text]:
    names = set(fit.estimates.loc[fit.estimates["subgroup"] == subgroup, "name"])
    level = interval_name(fit.spec.interval)
    lines, what = [], fit.measure.label
    for name in ("risk", "rate"):
        if f"{name}_mean" in names:
            row = fit.estimate(f"{name}_mean", subgroup=subgroup)
            places = decimals(row["lower"], row["upper"])
            lines.append(
                f"mean {what} over the distribution of the studies' true {what}s: "
                f"{format_number(row['median'], places)} "
                f"({format_span(row['lower'], row['upper'], places)}, {level}); the pooled {what} "
                "above is their median"
            )
        if f"{name}_upper" in names:
            row = fit.estimate(f"{name}_upper", subgroup=subgroup)
            lines.append(
                f"no events were seen: the pooled {what} is below {row['upper']:.3g} with "
                f"{100 * fit.spec.interval.prob:g} % probability"
            )
    if "events_new" in names:
        row = fit.estimate("events_new", subgroup=subgroup)
        equal_tailed = fit.spec.interval.model_copy(update={"kind": "eti"})
        lines.append(
            f"events in a new study of {fit.new_total:g}"
            f"{'' if fit.spec.effect.new_total else ' (the median size)'}: {row['median']:.0f} "
            f"({row['lower']:.0f} to {row['upper']:.0f}, "
            f"{interval_name(equal_tailed, prediction=True)})"
        )
    return [Text(line) for line in lines]
