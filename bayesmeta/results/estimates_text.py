"""The table of estimates as text: everything but the studies."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from bayesmeta.measures import Measure
from bayesmeta.model import MOST_PAIRED
from bayesmeta.results.numbers import (
    decimals,
    effect_decimals,
    format_number,
    format_probability,
    format_span,
)

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = ["EstimateRows", "effect_text", "estimate_rows", "estimates_table", "notes_of_estimates"]

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "mu": "pooled effect (mu)",
        "mu_overall": "mean of the subgroup means",
        "contrast": "difference of means",
        "beta": "coefficients (beta)",
        "beta_rescaled": "coefficients, a standard deviation",
        "tau": "heterogeneity (tau)",
        "tau_within": "inside studies (tau_within)",
        "omega": "between means (omega)",
        "rho": "correlation (rho)",
        "nu": "degrees of freedom (nu)",
        "p_outlier": "share of outliers (p_outlier)",
        "tau_outlier": "further sd of outliers (tau_outlier)",
        "theta_new": "effect in new study",
        "mu_new": "mean of a new subgroup",
        "theta_new_overall": "effect in new study there",
        "mu_at": "mean at",
        "theta_new_at": "effect in new study at",
        "I2": "I² (%)",
        "R2": "explained by moderators, R² (%)",
    }
)
_PERCENT = ("I2", "R2")
_INDENT = "  "


@dataclass(frozen=True, kw_only=True)
class EstimateRows:
    """All estimates but those of studies, as text.

    Attributes
    ----------
    headers : sequence of str
        Of the cells.
    rows : sequence of (str, sequence of str)
        A label and its cells; no cells under a label that is the heading of the next rows.
    """

    headers: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def estimates_table(fit: "Fit") -> Table:
    """All estimates but those of studies, for a terminal."""
    found = estimate_rows(fit)
    table = Table("", box=None, pad_edge=False, header_style="bold")
    for header in found.headers:
        table.add_column(header, justify="right")
    for label, cells in found.rows:
        table.add_row(Text(label), *cells)
    return table


def estimate_rows(fit: "Fit") -> EstimateRows:
    """All estimates but those of studies; on two scales where the measure has two."""
    interval, measure = fit.spec.interval, fit.measure
    shown = fit.estimates["name"].isin(list(_NAMES)) & fit.estimates["median"].notna()
    estimates = fit.estimates[shown]
    back_transformed = measure.scale.name != "identity"
    statistics = ["median", "sd"] if back_transformed else ["median", "mean", "sd"]
    chances = {
        column: header
        for column, header in (("prob_benefit", "P(benefit)"), ("prob_important", "P(important)"))
        if estimates[column].notna().any()
    }
    best = _best(fit)
    headers = [*statistics, f"{100 * interval.prob:g} % interval"]
    headers += [measure.label] * back_transformed + list(chances.values())
    headers += ["P(best)"] * bool(best)
    rows: list[tuple[str, Sequence[str]]] = []
    for label, row in _rows(fit, estimates):
        if row is None:
            rows.append((label, ()))
            continue
        cells = _cells(row, statistics, measure if back_transformed else None, chances)
        if best:
            own = best.get(row["subgroup"], math.nan) if row["name"] == "mu" else math.nan
            cells.append(format_probability(own))
        rows.append((label, cells))
    return EstimateRows(headers=headers, rows=rows)


def _best(fit: "Fit") -> dict[str, float]:
    """Probability that each subgroup is the best; empty where there are none."""
    ranks = fit.ranks
    if ranks is None or fit.spec.model.subgroup is None:
        return {}
    first = ranks.sel(rank=1)
    return {str(name): float(first.sel(subgroup=name)) for name in ranks["subgroup"].to_numpy()}


def _rows(fit: "Fit", estimates: pd.DataFrame) -> Iterator[tuple[str, "pd.Series | None"]]:
    """A label and the estimate of each row; no estimate for a heading of several rows."""
    for name, rows in estimates.groupby("name", sort=False):
        heading = _heading(fit, str(name))
        labels = [row["subgroup"] or row["term"] for _, row in rows.iterrows()]
        if labels == [""]:
            yield heading, rows.iloc[0]
            continue
        yield heading, None
        for label, (_, row) in zip(labels, rows.iterrows(), strict=True):
            yield f"{_INDENT}{_with_size(fit, label) if name == 'mu' else label}", row


def _heading(fit: "Fit", name: str) -> str:
    design = fit.problem.design
    if name == "mu" and design.subgroups is not None:
        return "means (mu)"
    if name == "mu" and design.terms:
        return "mean at the reference (mu)"
    if name == "theta_new" and design.terms and design.subgroups is None:
        return "effect in new study at the reference"
    if name == "tau" and fit.problem.heterogeneity == "nested":
        return "between studies (tau)"
    if name == "beta" and design.scaled:
        return "coefficients (beta), a standard deviation"
    if name == "beta_rescaled" and design.scaled:
        return "coefficients, a unit"
    return _NAMES[name]


def _with_size(fit: "Fit", label: str) -> str:
    """The name of a subgroup with the count of its studies."""
    subgroups = fit.problem.design.subgroups
    if subgroups is None or label not in subgroups.names:
        return label
    rows = subgroups.rows[subgroups.names.index(label)]
    clusters = fit.problem.clusters
    count = len(rows if clusters is None else set(clusters.member[rows]))
    return f"{label}, {count} {'study' if count == 1 else 'studies'}"


def notes_of_estimates(fit: "Fit") -> list[str]:
    """What must be said of some rows of the table."""
    names, design = set(fit.estimates["name"]), fit.problem.design
    notes = []
    if {"contrast", "beta"} & names and fit.measure.scale.name != "identity":
        what = f"ratios of {fit.measure.label}s" if fit.measure.scale.ratio else "odds ratios"
        notes.append(f"Differences and coefficients on the right are {what}.")
    if design.terms:
        moderators = fit.spec.model.moderators
        centred = moderators is None or moderators.centre or moderators.scale
        at = "numbers are at their mean" if centred else "numbers are 0"
        notes.append(
            f"At the reference {at} and categories at their reference; R² and I² are shares."
        )
    drawn = [name for name in _PERCENT if fit.exact and not math.isnan(_error(fit, name))]
    if drawn:
        labels = " and ".join({"I2": "I²", "R2": "R²"}[name] for name in drawn)
        error = max(_error(fit, name) for name in drawn)
        notes.append(f"{labels}: from draws; Monte Carlo error of the mean {100 * error:.1g} %.")
    if "contrast" in names and design.count > MOST_PAIRED:
        notes.append("Of so many means the differences are those from that of the most studies.")
    if "contrast" in names and "prob_benefit" in fit.estimates and fit.spec.effect.better:
        notes.append("P(benefit) of a difference is that the first of the two is better.")
    return notes


def _error(fit: "Fit", name: str) -> float:
    """The Monte Carlo error of a share; NaN where it is exact or there is none."""
    rows = fit.estimates[fit.estimates["name"] == name]
    return math.nan if rows.empty else float(rows["mcse_mean"].iloc[0])


def _cells(
    row: pd.Series, statistics: Iterable[str], measure: Measure | None, chances: Iterable[str]
) -> list[str]:
    """The cells of an estimate; shares in percent; on the display scale with a measure."""
    unit = 100 if row["name"] in _PERCENT else 1
    lower, upper = unit * row["lower"], unit * row["upper"]
    places = decimals(lower, upper)
    cells = [format_number(unit * row[name], places) for name in statistics]
    cells.append(format_span(lower, upper, places))
    if measure is not None:
        cells.append(
            "" if math.isnan(row["display_median"]) else effect_text(row.to_dict(), measure)
        )
    return cells + [format_probability(row[column]) for column in chances]


def effect_text(row: Mapping[Any, Any], measure: Measure) -> str:
    """The median and the interval of an effect on the display scale, of a row of estimates."""
    lower, upper = row["display_lower"], row["display_upper"]
    places = effect_decimals(lower, upper, measure)
    return f"{format_number(row['display_median'], places)} ({format_span(lower, upper, places)})"
