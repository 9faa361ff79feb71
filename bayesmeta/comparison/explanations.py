"""Why the methods of a comparison differ: sentences that are chosen by rule."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayesmeta.classical import quantile
from bayesmeta.comparison.rows import Row
from bayesmeta.measures import Measure
from bayesmeta.results.numbers import decimals, effect_decimals, format_number, format_span

__all__ = ["Facts", "explain"]

_MOVED = 0.1
"""Standard errors by which an estimate must move to be worth a sentence."""

_WIDER = 1.1
"""Ratio of widths of intervals that is worth a sentence."""

_FEW = 5
"""Studies, at most, with which the t-distribution of HKSJ is much wider than the normal."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the rules look at.

    Attributes
    ----------
    rows : mapping of str to Row
        By method; ``bayesian`` is the first Bayesian one.
    measure : Measure
    size : float
        Participants of a typical study, for the Freeman-Tukey transformation.
    own : str
        The method of the row that is by RevMan's own settings.
    k, revman_k : int
        Studies of the Bayesian fit, and those of them that RevMan calls estimable.
    corrected : int
        Studies to whose cells something was added.
    added : float
        What was added in the Bayesian fit.
    usual_zeros : bool
        Whether that is one half, to studies with an empty cell, as RevMan has it.
    revman_zeros : bool
        Whether the Bayesian fit follows RevMan's rules where metafor's are others.
    excluded : int
        Studies left out by all rows.
    only_events : int
        Those of them that RevMan would keep: nothing but events, and a risk ratio.
    method : str
        How RevMan pools: MH, IV or PETO.
    inverse : float
        The estimate under a common effect by inverse variance.
    flat : float
        The posterior median of mu under a flat prior; NaN where it is not known.
    flat_width : float
        The width of its equal-tailed interval then.
    mu_prior, tau_prior : str
        The priors of the Bayesian fit.
    counted : Row or None
        The row whose likelihood is of the counts, where there is one.
    exact_smd : bool
        Whether standardised differences are computed by the exact formulas in the Bayesian fit.
    """

    rows: Mapping[str, Row]
    measure: Measure
    size: float
    own: str
    k: int
    revman_k: int
    corrected: int
    added: float
    usual_zeros: bool
    revman_zeros: bool
    excluded: int
    only_events: int
    method: str
    inverse: float
    flat: float
    flat_width: float
    mu_prior: str
    tau_prior: str
    counted: Row | None
    exact_smd: bool

    def shown(self, value: float, row: Row) -> str:
        """A value on the display scale, to the digits that a row deserves."""
        lower, upper = self._display(row.lower), self._display(row.upper)
        return format_number(self._display(value), effect_decimals(lower, upper, self.measure))

    def _display(self, value: float) -> float:
        return float(self.measure.scale.to_display(np.array(value), np.array(self.size)))


Rule = Callable[[Facts], str | None]


def explain(facts: Facts) -> tuple[str, ...]:
    """A sentence for each difference that there is, in the order of the rules."""
    found = (rule(facts) for rule in _RULES)
    return tuple(sentence for sentence in found if sentence)


def _one_study(facts: Facts) -> str | None:
    if facts.k != 1 or math.isnan(facts.rows["bayesian"].tau):
        return None
    return (
        "There is one study. RevMan's result is that study's own; the Bayesian pooled effect is "
        "the mean of the effects of which this study saw one, so that its interval is wider by "
        f"what the prior of tau ({facts.tau_prior}) allows for."
    )


def _zero_cells(facts: Facts) -> str | None:
    if not facts.corrected:
        return None
    doubt = "With cells so small the normal approximation is doubtful, and what is added matters."
    if not facts.usual_zeros:
        return (
            f"In the Bayesian fit {facts.added:g} is added to the cells of "
            f"{_studies(facts.corrected)}, in RevMan's rows one half where one is empty. {doubt}"
        )
    have = "has" if facts.corrected == 1 else "have"
    to = "to which one half is added"
    if facts.measure.code == "RD" and facts.revman_zeros:
        to += " for the standard error"
    elif facts.measure.code == "RD":
        to += " (in RevMan's rows for the standard error alone)"
    return f"{_studies(facts.corrected)} {have} an empty cell, {to}. {doubt}"


def _counted(facts: Facts) -> str | None:
    row = facts.counted
    if row is None:
        return None
    sentence = (
        f"The {row.method} likelihood takes the counts as they are, with nothing added and studies "
        "without events kept"
    )
    normal = facts.rows["bayesian"]
    if normal.method == row.method:
        return f"{sentence}."
    moved = abs(row.estimate - normal.estimate) / normal.sd
    if moved < _MOVED:
        return f"{sentence}; here it hardly differs from the normal approximation."
    return (
        f"{sentence}: it gives {facts.shown(row.estimate, row)}, the normal approximation "
        f"{facts.shown(normal.estimate, normal)}."
    )


def _excluded(facts: Facts) -> str | None:
    if not facts.excluded or facts.measure.code not in ("OR", "RR", "PETO"):
        return None
    row = "row" if facts.counted is None else "row but that of the counts"
    return (
        f"{_studies(facts.excluded)} {'is' if facts.excluded == 1 else 'are'} left out by every "
        f"{row}, as not estimable: no events, or only events, in both arms, or numbers that are "
        "missing."
    )


def _only_events(facts: Facts) -> str | None:
    if not facts.only_events:
        return None
    return (
        f"{_studies(facts.only_events)} with nothing but events in both arms RevMan would keep, "
        "with a ratio of 1; zero_cells = { revman = true } under [effect] keeps it here."
    )


def _not_estimable(facts: Facts) -> str | None:
    fewer = facts.k - facts.revman_k
    if not fewer:
        return None
    return (
        f"{_studies(fewer)} of the Bayesian fit {'is' if fewer == 1 else 'are'} not estimable by "
        "RevMan's rules (a standard deviation of 0, or no events in both arms), and left out by "
        "its rows."
    )


def _studies(count: int) -> str:
    return f"{count} {'study' if count == 1 else 'studies'}"


def _mantel_haenszel(facts: Facts) -> str | None:
    fixed = facts.rows["fixed"]
    if facts.method != "MH" or abs(fixed.estimate - facts.inverse) < _MOVED * fixed.sd:
        return None
    return (
        f"The Mantel-Haenszel weights give {facts.shown(fixed.estimate, fixed)} where inverse "
        f"variance gives {facts.shown(facts.inverse, fixed)}: they do not rest on each study's own "
        "standard error, which few events make unreliable."
    )


def _fixed_and_random(facts: Facts) -> str | None:
    fixed, random = facts.rows["fixed"], facts.rows["random"]
    if facts.revman_k == 1:
        return None
    if random.tau == 0:
        mantel_haenszel = facts.method == "MH"
        whose = "the fixed effect by inverse variance" if mantel_haenszel else "its fixed effect"
        return (
            f"The DerSimonian-Laird estimate of tau is 0, so RevMan's random effects are {whose}; "
            "the data do not show that tau is 0, only that they cannot tell it from 0."
        )
    apart = abs(random.estimate - fixed.estimate)
    if apart < _MOVED * fixed.sd:
        return None
    how = "more equally than a fixed effect"
    if facts.method == "MH":
        how = "by their precision and tau instead of Mantel and Haenszel's weights"
    sentence = (
        f"Random effects weigh the studies {how}: "
        f"{facts.shown(random.estimate, random)} instead of {facts.shown(fixed.estimate, fixed)}."
    )
    if apart >= fixed.sd:
        sentence += " So far apart, small studies may have found something else than large ones."
    return sentence


def _estimators(facts: Facts) -> str | None:
    random, reml = facts.rows["random"], facts.rows["reml"]
    larger, smaller = max(random.tau, reml.tau), min(random.tau, reml.tau)
    if larger < _WIDER * smaller or larger == 0:
        return None
    places = decimals(0, 4 * larger)
    return (
        f"DerSimonian-Laird estimates tau as {format_number(random.tau, places)}, REML as "
        f"{format_number(reml.tau, places)}; neither says how uncertain that is, the Q-profile "
        f"interval does: {format_number(reml.tau_lower, places)} to "
        f"{format_number(reml.tau_upper, places)}."
    )


def _no_spread(facts: Facts) -> str | None:
    if facts.rows["reml"].width > 0 or facts.k < 2:
        return None
    return (
        "The studies' estimates are all the same, so that the standard error of HKSJ, which rests "
        "on their spread, is 0: its interval means nothing here."
    )


def _few_studies(facts: Facts) -> str | None:
    reml, random = facts.rows["reml"], facts.rows["random"]
    if not 2 <= facts.revman_k <= _FEW or reml.width < _WIDER * random.width:
        return None
    df = facts.revman_k - 1
    ratio = quantile(reml.level, df) / quantile(reml.level)
    return (
        f"With {facts.revman_k} studies HKSJ takes a t-distribution with {df} "
        f"{'degree' if df == 1 else 'degrees'} of freedom, whose intervals are {ratio:.1f} times "
        "as wide as normal ones: so few studies say little of how much they differ."
    )


def _tau_known(facts: Facts) -> str | None:
    """The Bayesian interval beside RevMan's own, or beside that of its random effects."""
    bayes = facts.rows["bayesian"]
    theirs = facts.rows["random" if facts.own == "fixed" else facts.own]
    if math.isnan(bayes.tau) or not theirs.width > 0 or facts.revman_k == 1:
        return None
    ratio = bayes.width / theirs.width
    places = decimals(bayes.tau_lower, bayes.tau_upper)
    between = format_span(bayes.tau_lower, bayes.tau_upper, places)
    tau = format_number(theirs.tau, places)
    wide = "about as wide" if 1 / _WIDER < ratio < _WIDER else f"{ratio:.2g} times as wide"
    if "t with" in theirs.interval:
        return (
            f"RevMan's interval ({theirs.label}) allows for not knowing tau by a t-distribution, "
            f"the Bayesian one averages over what tau may be ({between}) and is {wide}."
        )
    known = f"RevMan's random-effects interval treats tau as known to be {tau}"
    if ratio > 1 / _WIDER:
        return f"{known}; the Bayesian one averages over what tau may be ({between}) and is {wide}."
    sentence = f"The Bayesian interval is {wide} as RevMan's, which treats tau as known to be {tau}"
    if bayes.tau < theirs.tau:
        return f"{sentence}: the posterior of tau ({between}; prior {facts.tau_prior}) lies lower."
    if facts.flat_width > _WIDER * bayes.width:
        return f"{sentence}: the prior of mu ({facts.mu_prior}) adds information."
    return f"{sentence}."


def _prior_of_mu(facts: Facts) -> str | None:
    bayes = facts.rows["bayesian"]
    if math.isnan(facts.flat) or abs(bayes.estimate - facts.flat) < _MOVED * bayes.sd:
        return None
    return (
        f"The prior of mu ({facts.mu_prior}) moves the pooled effect from "
        f"{facts.shown(facts.flat, bayes)}, which a flat prior gives, to "
        f"{facts.shown(bayes.estimate, bayes)}."
    )


def _standardised(facts: Facts) -> str | None:
    if facts.measure.code != "SMD" or not facts.exact_smd:
        return None
    return (
        "RevMan's rows use its own small-sample formulas of the standardised mean difference, the "
        'Bayesian one the exact ones; smd = "revman" under [effect] makes them the same.'
    )


def _prediction(facts: Facts) -> str | None:
    bayes, null = facts.rows["bayesian"], facts.measure.null
    if null is None or math.isnan(bayes.prediction_lower) or not bayes.excludes(null):
        return None
    if not bayes.prediction_lower <= null <= bayes.prediction_upper:
        return None
    return (
        "The pooled effect's credible interval excludes no effect, the prediction interval does "
        "not: the average is on one side, and the true effect in a new study may be on either."
    )


def _conclusions(facts: Facts) -> str | None:
    null, bayes = facts.measure.null, facts.rows["bayesian"]
    others = [row for name, row in facts.rows.items() if name != "bayesian"]
    differing = [row.label for row in others if row.excludes(null) != bayes.excludes(null)]
    if null is None or not differing:
        return None
    verb = "excludes" if bayes.excludes(null) else "includes"
    other = "include" if bayes.excludes(null) else "exclude"
    plural = "" if len(differing) > 1 else "s"
    return (
        f"The conclusion depends on the method: the Bayesian interval {verb} no effect, "
        f"{' and '.join(differing)} {other}{plural} it."
    )


_RULES: tuple[Rule, ...] = (
    _conclusions,
    _one_study,
    _zero_cells,
    _counted,
    _excluded,
    _only_events,
    _not_estimable,
    _mantel_haenszel,
    _fixed_and_random,
    _estimators,
    _no_spread,
    _few_studies,
    _tau_known,
    _prior_of_mu,
    _standardised,
    _prediction,
)
"""The rules, those that matter most first."""
