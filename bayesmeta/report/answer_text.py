"""The answer in plain words, made by rule from the numbers of a fit."""

import math
from collections.abc import Iterator

import pandas as pd

from bayesmeta.comparison.text import estimate_text
from bayesmeta.report.findings import Findings
from bayesmeta.results import Fit
from bayesmeta.results.estimates_text import effect_text
from bayesmeta.results.numbers import format_probability, interval_name
from bayesmeta.results.overlap import overlap

__all__ = ["caveats", "lead", "new_study", "said_by_others", "studies_text", "weight_of_priors"]

_CHANCES = (
    (0.995, "almost certainly"),
    (0.95, "very probably"),
    (0.8, "probably"),
)
"""Words for a probability of at least so much; below the last it is open."""

_FEW = 10
"""With fewer studies the heterogeneity is uncertain, whatever its estimate (Cochrane Handbook
10.10.4.4)."""


def lead(fit: Fit) -> list[str]:
    """What was found: the mean effect, or those of subgroups, with intervals; who benefits."""
    return _means(fit) if fit.problem.design.subgroups is not None else _one_mean(fit)


def studies_text(fit: Fit) -> str:
    """How many studies and participants."""
    clusters, k = fit.problem.clusters, fit.table.sizes["study"]
    text = f"{k} {'study' if k == 1 else 'studies'}"
    if clusters is not None and len(clusters.names) < k:
        text = f"{k} results of {len(clusters.names)} studies"
    people = fit.n_participants
    return text if people is None else f"{text} with {people} participants"


def _one_mean(fit: Fit) -> list[str]:
    row, label = fit.estimate("mu"), fit.measure.label
    level = interval_name(fit.spec.interval)
    which = "The pooled" if fit.problem.design.is_pooled else "At the reference values the mean"
    middle, _, ends = effect_text(row, fit.measure).partition(" (")
    found = f"{which} {label} is {middle} ({level} {ends}, from {studies_text(fit)}."
    return [" ".join(filter(None, [found, _benefit(fit, row["prob_benefit"]), _important(fit)]))]


def _means(fit: Fit) -> list[str]:
    """A sentence a subgroup, then what is to be said of their differences."""
    measure, level = fit.measure, interval_name(fit.spec.interval)
    rows = fit.estimates[fit.estimates["name"] == "mu"].to_dict("records")
    parts = "; ".join(f"{row['subgroup']} {effect_text(row, measure)}" for row in rows)
    what = "time" if fit.problem.design.times else "subgroup"
    return [
        f"The mean {measure.label} by {what} ({level}), from {studies_text(fit)}: {parts}.",
        *_contrasts(fit),
    ]


def _contrasts(fit: Fit) -> Iterator[str]:
    rows = fit.estimates[fit.estimates["name"] == "contrast"]
    if rows.empty:
        return
    apart = rows[(rows["lower"] > 0) | (rows["upper"] < 0)]
    level = interval_name(fit.spec.interval)
    if apart.empty:
        yield (
            f"No {level} of a difference between them excludes 0: these studies do not show that "
            "they differ, nor that they do not."
        )
        return
    found = "; ".join(
        f"{row['term']} {effect_text(row, fit.measure)}" for row in apart.to_dict("records")
    )
    yield f"Of {len(rows)} differences {len(apart)} exclude 0 ({level}): {found}."


def _benefit(fit: Fit, chance: float) -> str:
    """On whose side the mean effect is, and how probably."""
    if math.isnan(chance):
        return ""
    labels, two_arms = fit.spec.labels, any(c.endswith("_control") for c in fit.measure.columns)
    who = f"{labels.treatment} is" if two_arms else "the mean effect is"
    good, bad = (
        (f"better than {labels.control}", f"worse than {labels.control}")
        if two_arms
        else ("a benefit", "no benefit but a harm")
    )
    probability = f"the probability of benefit is {format_probability(chance)}"
    for least, word in _CHANCES:
        for share, verdict in ((chance, good), (1 - chance, bad)):
            if share >= least:
                text = f"{who} {word} {verdict} on average: {probability}."
                return text[:1].upper() + text[1:]
    return f"Whether {who} {good} on average is open: {probability}."


def _important(fit: Fit) -> str:
    """How probably the mean effect is as large as the smallest important one."""
    chance, important = fit.estimate("mu")["prob_important"], fit.spec.effect.important
    if math.isnan(chance) or important is None:
        return ""
    least = f"{important:g}".replace("-", "−")
    return (
        f"That it is at least as large as the smallest important effect ({least}) has the "
        f"probability {format_probability(chance)}."
    )


def new_study(fit: Fit) -> list[str]:
    """What a new study may show."""
    design = fit.problem.design
    if design.subgroups is not None or "theta_new" not in set(fit.estimates["name"]):
        return []
    row, mean = fit.estimate("theta_new"), fit.estimate("mu")
    prediction = interval_name(fit.spec.interval, prediction=True)
    _, _, ends = effect_text(row, fit.measure).partition(" (")
    text = (
        f"In a new study like these the true {fit.measure.label} lies between "
        f"{ends.removesuffix(')').replace(' to ', ' and ')} ({prediction})"
    )
    if not math.isnan(row["prob_benefit"]):
        text += f", and it is a benefit with probability {format_probability(row['prob_benefit'])}"
    text += "."
    null = fit.measure.null
    if null is None:
        return [text]
    sure, new = (not one["lower"] <= null <= one["upper"] for one in (mean, row))
    if sure and not new:
        text += (
            " So the average is on one side of no effect, and the effect in a new study may be on "
            "either."
        )
    return [text]


def weight_of_priors(findings: Findings) -> list[str]:
    """How far the priors drive the answer."""
    found, fit = findings.sensitivity, findings.fit
    texts = []
    if found is not None:
        priors = found.table[found.table["kind"] == "prior"]
        others = found.table[~found.table["kind"].isin(["base", "prior"])]
        if found.concludes:
            texts.append(_verdict("other priors", priors["changed"]))
            what = "analyses with fewer studies or other formulas"
            texts.append(_verdict(what, others["changed"]))
        texts += [f"{line[:1].upper()}{line[1:]}." for line in found.ranges[:1]]
    if fit.problem.is_plain:
        shares = {name: share for name, share in overlap(fit).items() if name in ("mu", "tau")}
        parts = [f"of {name} {100 * share:.0f} %" for name, share in shares.items()]
        if parts:
            texts.append(
                f"Of the posterior {' and '.join(parts)} was there in the prior (overlap of the "
                "two densities)."
            )
    return [text for text in texts if text]


def _verdict(what: str, changed: pd.Series) -> str:
    """Whether the conclusion is another in other analyses."""
    count = int((changed != "").sum())
    if not len(changed):
        return ""
    if not count:
        return f"Under all {len(changed)} {what} that were tried the conclusion is the same."
    names = {phrase for phrases in changed if phrases for phrase in phrases.split("; ")}
    return (
        f"The conclusion is another under {count} of {len(changed)} {what} that were tried "
        f"({'; '.join(sorted(names))})."
    )


def said_by_others(findings: Findings) -> list[str]:
    """What RevMan, and the published result, say."""
    found = findings.comparison
    if found is None:
        return []
    measure, size = found.measure, found.size
    texts = []
    for row in found.rows:
        estimate = estimate_text(row, measure, size)
        if row.method == "published":
            source = found.spec.compare.published.source if found.spec.compare.published else ""
            texts.append(f"The published result{f' ({source})' * bool(source)} is {estimate}.")
        elif row.method in ("fixed", "random", "own"):
            texts.append(f"{row.label}: {estimate}.")
    level = f"{100 * found.spec.interval.prob:g} %"
    return [f"{' '.join(texts)} These are {level} confidence intervals."] if texts else []


def caveats(fit: Fit) -> list[str]:
    """What must be known besides the warnings of the fit, where studies are few."""
    k = fit.table.sizes["study"]
    if k >= _FEW or k == 1 or fit.problem.heterogeneity == "common":
        return []
    return [
        f"There are {k} studies. With fewer than ten the data say little of how much the true "
        "effects differ, so that tau, and with it the prediction interval, rests on its prior too."
    ]
