"""The lines below a forest plot: heterogeneity, priors, what is drawn, what to beware of."""

import math
from typing import TYPE_CHECKING

from bayesmeta.model import HETEROGENEITIES
from bayesmeta.plots.contrasts import reference_group
from bayesmeta.plots.fold import fold_notes
from bayesmeta.plots.forest_counts import count_notes, likelihood_name
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.moderators import moderators_of, reference_text
from bayesmeta.results.numbers import decimals, format_number, interval_name

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["SURELY_OUTLYING", "notes"]

SURELY_OUTLYING = 0.5
"""A study is marked as an outlier where this is more probable than not."""

_ENDS = ("median", "lower", "upper")
_DEVIATIONS = {"tau": "τ", "tau_within": "τ within studies", "omega": "ω"}


def notes(fit: "Fit", shown: Contents) -> list[str]:
    """Lines below the plot."""
    names = set(fit.estimates["name"])
    model, plain = fit.spec.model, fit.problem.is_plain
    effects = HETEROGENEITIES[model.heterogeneity].label.partition(":")[0]
    first = f"{effects[:1].upper()}{effects[1:]}, {likelihood_name(fit)} likelihood"
    lines = [first + _heterogeneity(fit)]
    priors = fit.record["priors"]
    lines.append("Priors: " + "; ".join(f"{n} ~ {p['expression']}" for n, p in priors.items()))
    legend = _legend(fit, new="theta_new" in names)
    lines += [f"{legend} Medians.", *_structure(fit, shown)]
    lines += count_notes(fit, shrunken=bool(shown.shrunken))
    if fit.diagnostics.verdict != "ok":
        lines.append(
            f"CONVERGENCE {fit.diagnostics.verdict.upper()}: {fit.diagnostics.messages[0]}"
        )
    return lines if plain else fold_notes(lines)


def _heterogeneity(fit: "Fit") -> str:
    """The standard deviations of the true effects, and I², with their intervals."""
    rows, text = fit.estimates, ""
    for name, symbol in _DEVIATIONS.items():
        parts = []
        for _, row in rows[rows["name"] == name].iterrows():
            places = decimals(row["lower"], row["upper"])
            middle, low, high = (format_number(row[end], places) for end in _ENDS)
            parts.append(f"{row['subgroup']} {middle} [{low}, {high}]".strip())
        if len(parts) == 1:
            text += f"; {symbol} = {parts[0]}"
        elif parts:
            text += f"; {symbol}: {', '.join(parts)}"
    shares = rows[(rows["name"] == "I2") & (rows["subgroup"] == "")]
    if not shares.empty and not math.isnan(shares.iloc[0]["median"]):
        middle, low, high = (f"{100 * shares.iloc[0][end]:.0f} %" for end in _ENDS)
        text += f"; I² = {middle} [{low}, {high}]"
    return text


def _legend(fit: "Fit", *, new: bool) -> str:
    """What a diamond and a bar are."""
    interval, design = fit.spec.interval, fit.problem.design
    credible, prediction = interval_name(interval), interval_name(interval, prediction=True)
    if design.is_pooled:
        legend = f"Diamond: {credible} of the pooled effect."
        return legend + (f" Bar: {prediction}." if new else "")
    means = f"means of {'times' if _over_time(fit) else 'subgroups'}"
    what = "means" if design.subgroups is None else means
    legend = f"Diamonds: {credible}s of {what}."
    return legend + (f" Open bars: {prediction}s of the effect in a new study." if new else "")


def _over_time(fit: "Fit") -> bool:
    time = fit.spec.model.time
    return time is not None and time.effects != "linear"


def _structure(fit: "Fit", shown: Contents) -> list[str]:
    """What is to be said of moderators, of contrasts and of outliers."""
    lines, design = [], fit.problem.design
    if design.terms:
        centred = any(one.kind != "category" and one.at for one in moderators_of(fit))
        mean = " (numbers at their means)" if centred else ""
        lines.append(f"Reference values: {reference_text(fit)}{mean}.")
    if design.subgroups is not None and (reference := reference_group(fit)) is not None:
        lines.append(
            f"Of {design.count * (design.count - 1) // 2} contrasts those with "
            f"{design.subgroups.names[reference]}, which has most studies, are shown."
        )
    if shown.outlier is not None and (shown.outlier > SURELY_OUTLYING).any():
        lines.append("Purple: the study is an outlier with a probability above 0.5.")
    return lines
