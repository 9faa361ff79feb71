"""The answer in plain words, made by rule from the numbers of a fit."""

import math
from collections.abc import Iterator

from bayesmeta.comparison.text import estimate_text
from bayesmeta.measures import find_measure
from bayesmeta.plots.moderators import reference_text
from bayesmeta.report.findings import Findings
from bayesmeta.results import Fit
from bayesmeta.results.estimates_text import effect_text
from bayesmeta.results.numbers import format_probability, interval_name, plain_number

__all__ = [
    "arms",
    "caveats",
    "changed_studies",
    "lead",
    "new_study",
    "said_by_others",
    "studies_text",
]

_CHANCES = (
    (0.995, "almost certainly"),
    (0.95, "very probably"),
    (0.8, "probably"),
)
"""Words for a probability of at least so much; below the last it is open."""

_FEW = 10
"""With fewer studies the heterogeneity is uncertain, whatever its estimate (Cochrane Handbook
10.10.4.4)."""

_LONGEST = 60
"""Characters of reference values that have room in a sentence."""


def arms(fit: Fit) -> tuple[str, str] | None:
    """Treatment and control, as the user calls them; None where one group is looked at."""
    labels, measure = fit.spec.labels, fit.measure
    compares = any(name.endswith("_control") for name in measure.columns)
    given = not measure.columns and labels.model_fields_set
    return (labels.treatment, labels.control) if compares or given else None


def lead(fit: Fit) -> list[str]:
    """What was found: the mean effect, or those of subgroups, with intervals; who benefits."""
    return _means(fit) if fit.problem.design.subgroups is not None else _one_mean(fit)


def studies_text(fit: Fit) -> str:
    """How many studies and participants."""
    clusters, k = fit.problem.clusters, fit.table.sizes["study"]
    text = f"{k} {'study' if k == 1 else 'studies'}"
    if clusters is not None and len(clusters.names) < k:
        count = len(clusters.names)
        text = f"{k} results of {count} {'study' if count == 1 else 'studies'}"
    people = fit.n_participants
    return text if people is None else f"{text} with {people} participants"


def _one_mean(fit: Fit) -> list[str]:
    row, label = fit.estimate("mu"), fit.measure.label
    level = interval_name(fit.spec.interval)
    middle, _, ends = effect_text(row, fit.measure).partition(" (")
    found = f"{_where(fit)} {label} is {middle} ({level} {ends}, from {studies_text(fit)}."
    return [" ".join(filter(None, [found, _benefit(fit, row["prob_benefit"]), _important(fit)]))]


def _where(fit: Fit) -> str:
    """Of a meta-regression the mean is that at some values of the moderators, and says which."""
    if fit.problem.design.is_pooled:
        return "The pooled"
    values = reference_text(fit)
    return f"At {values if 0 < len(values) <= _LONGEST else 'the reference values'} the mean"


def _means(fit: Fit) -> list[str]:
    """A sentence of all subgroups, then what is to be said of their differences."""
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
            f"No two of them clearly differ: every {level} of a difference includes no difference. "
            "That does not show that they are alike."
        )
        return
    found = "; ".join(
        f"{row['term']} {effect_text(row, fit.measure)}" for row in apart.to_dict("records")
    )
    many = f"{len(apart)} of {len(rows)} {level}s of differences exclude"
    if len(rows) == 1:
        many = f"The {level} of the difference excludes"
    ratio = ", as ratios" if fit.measure.scale.ratio else ""
    yield f"{many} no difference{ratio}: {found}."


def _benefit(fit: Fit, chance: float) -> str:
    """On whose side the mean effect is, and how probably."""
    if math.isnan(chance) or fit.diagnostics.verdict == "fail":
        return ""
    compared = arms(fit)
    mean = "The mean effect" if fit.problem.design.is_pooled else "The mean effect there"
    good, bad = ("is {} a benefit", "is {} no benefit but a harm")
    if compared:
        good, bad = f"{{}} favours {compared[0]}", f"{{}} favours {compared[1]}"
    probability = f"the probability of benefit is {format_probability(chance)}"
    for least, word in _CHANCES:
        for share, verdict in ((chance, good), (1 - chance, bad)):
            if share >= least:
                return f"{mean} {verdict.replace('{}', word, 1)}: {probability}."
    return f"Whether {mean[:1].lower()}{mean[1:]} is a benefit is open: {probability}."


def _important(fit: Fit) -> str:
    """How probably the mean effect is as good as the smallest important one."""
    chance, effect = fit.estimate("mu")["prob_important"], fit.spec.effect
    if math.isnan(chance) or effect.important is None:
        return ""
    limit = "at most" if effect.better == "lower" else "at least"
    return (
        f"The mean {fit.measure.label} is {limit} {plain_number(effect.important)}, and so an "
        f"important benefit, with the probability {format_probability(chance)}."
    )


def new_study(fit: Fit) -> list[str]:
    """What a new study may show."""
    design = fit.problem.design
    if design.subgroups is not None or "theta_new" not in set(fit.estimates["name"]):
        return []
    row, mean = fit.estimate("theta_new"), fit.estimate("mu")
    prediction = interval_name(fit.spec.interval, prediction=True)
    _, _, ends = effect_text(row, fit.measure).partition(" (")
    like = "like these" if design.is_pooled else "with these values"
    text = (
        f"In a new study {like} the true {fit.measure.label} lies between "
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


def changed_studies(fit: Fit) -> list[str]:
    """How many studies were left out, and how many were corrected."""
    record = fit.record
    parts = [
        f"{len(record[kind])} {'study was' if len(record[kind]) == 1 else 'studies were'} {what}"
        for kind, what in (("excluded", "left out"), ("corrections", "corrected"))
        if record[kind]
    ]
    return [f"{' and '.join(parts)}: see the data."] if parts else []


def said_by_others(findings: Findings) -> list[str]:
    """What RevMan, and the published result, say."""
    found = findings.comparison
    if found is None:
        return []
    measure, size = found.measure, found.size
    level = f"{100 * found.spec.interval.prob:g} %"
    texts = []
    printed = found.spec.compare.published
    if printed is not None:
        own = find_measure(printed.measure) if printed.measure else measure
        own_row = next((row for row in found.rows if row.method == "published"), None)
        numbers = estimate_text(own_row, measure, size) if own_row else None
        source = f" ({printed.source})" if printed.source else ""
        if numbers:
            texts.append(
                f"The published {own.label}{source} is {numbers}, with a {100 * printed.level:g} % "
                "interval."
            )
    shown = ["fixed", "random", "own"] + ["published"] * (printed is None)  # stored in a file
    rows = [
        f"{row.label}: {estimate_text(row, measure, size)}"
        for row in found.rows
        if row.method in shown
    ]
    if rows:
        texts.append(f"{'; '.join(rows)} ({level} confidence intervals).")
    return [" ".join(texts)] if texts else []


def caveats(fit: Fit) -> list[str]:
    """What must be known besides the warnings of the fit, where studies are few."""
    k = fit.table.sizes["study"]
    if k >= _FEW or k == 1 or "tau" not in fit.posterior:
        return []
    return [
        f"There are {k} studies. With fewer than ten the data say little of how much the true "
        "effects differ, so that tau, and with it the prediction interval, rests on its prior too."
    ]
