"""How far the answer rests on priors and on single studies, in plain words made by rule."""

import pandas as pd

from bayesmeta.report.findings import Findings
from bayesmeta.results import Fit
from bayesmeta.results.overlap import overlap

__all__ = ["evidence_of_effect", "fragility", "weight_of_priors"]

_FRAGILE = 0.25
"""A conclusion is fragile that more than this share of other priors, or of other sets of studies,
changes."""

_CHANGES = {
    "interval crosses null": "have an interval that includes no effect",
    "interval excludes null": "have an interval that excludes no effect",
    "P(benefit)": "have a probability of benefit on another side of 0.025, 0.05, 0.95 or 0.975",
    "P(important)": "have a probability of an important benefit on the other side of 0.5",
}
"""What is meant by the words of a sensitivity analysis for another conclusion."""


def fragility(findings: Findings) -> list[str]:
    """That the conclusion does not hold in many other analyses, where that is so."""
    found = findings.sensitivity
    if found is None or not found.concludes:
        return []
    kinds, changed = found.table["kind"], found.table["changed"] != ""
    shares = {
        "other priors": changed[kinds == "prior"],
        "analyses that leave one study out": changed[kinds == "leave one out"],
    }
    weak = [
        f"{int(which.sum())} of {which.size} {what}"
        for what, which in shares.items()
        if which.size and which.mean() > _FRAGILE
    ]
    return (
        [f"That conclusion is fragile: it is another under {' and '.join(weak)}."] if weak else []
    )


def weight_of_priors(findings: Findings) -> list[str]:
    """How far the priors, and single studies, drive the answer."""
    found, fit = findings.sensitivity, findings.fit
    texts = []
    if found is not None:
        kinds = found.table["kind"]
        if found.concludes:
            others = ~kinds.isin(["base", "prior", "leave one out", "cumulative"])
            for which, what in (
                (kinds == "prior", "analyses with other priors"),
                (kinds == "leave one out", "analyses that leave one study out"),
                (others, "analyses with effects computed in another way"),
            ):
                texts.append(_verdict(what, found.table.loc[which, "changed"]))
        texts += [f"{line[:1].upper()}{line[1:]}." for line in found.ranges[:1]]
    if fit.problem.is_plain:
        shares = {name: share for name, share in overlap(fit).items() if name in ("mu", "tau")}
        parts = [f"of {name} {100 * share:.0f} %" for name, share in shares.items()]
        if parts:
            texts.append(
                f"Prior and posterior {' and '.join(parts)} overlap; 100 % would mean that the "
                "data say nothing."
            )
    return [text for text in texts if text]


def _verdict(what: str, changed: pd.Series) -> str:
    """Whether the conclusion is another in other analyses."""
    if changed.empty:
        return ""
    if not (changed != "").any():
        return f"In all {len(changed)} {what} the conclusion is the same."
    parts: list[str] = []
    for phrase, words in _CHANGES.items():
        count = int(changed.str.contains(phrase, regex=False).sum())
        if count and not (parts and phrase == "P(benefit)"):  # it follows the interval
            parts.append(f"{count} {words}")
    return f"Of {len(changed)} {what} {'; '.join(parts)}."


def evidence_of_effect(fit: Fit) -> list[str]:
    """The Bayes factor of no mean effect, which rests on the prior of mu."""
    known = fit.record["evidence"]
    factor = None if known is None else known["bf01_mu"]
    if not factor:
        return []
    side = "more" if factor >= 1 else "less"
    return [
        f"The studies are {max(factor, 1 / factor):.2g} times {side} probable if there is no mean "
        f"effect than under this model (Bayes factor {factor:.2g}), which depends on the prior of "
        f"mu, {fit.priors['mu'].expression}."
    ]
