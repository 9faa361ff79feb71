"""Why the methods of a comparison differ: sentences that are chosen by rule."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from bayesmeta.comparison.rows import Row
from bayesmeta.measures import Measure
from bayesmeta.results.tables import decimals, effect_decimals, format_number

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
    k : int
        Studies of the Bayesian fit.
    corrected, excluded : int
        Studies to whose empty cells something was added, and those left out.
    revman_alone, bayesian_alone : int
        Studies that only RevMan's rows use, and that only the Bayesian fit uses.
    revman_zeros : bool
        Whether the Bayesian fit follows RevMan's rules for empty cells.
    method : str
        How RevMan pools: MH, IV or PETO.
    inverse : float
        The estimate under a common effect by inverse variance.
    flat : float
        The posterior median of mu under a flat prior; NaN where it is not known.
    mu_prior, tau_prior : str
        The priors of the Bayesian fit.
    exact_smd : bool
        Whether standardised differences are computed by the exact formulas in the Bayesian fit.
    """

    rows: Mapping[str, Row]
    measure: Measure
    size: float
    k: int
    corrected: int
    excluded: int
    revman_alone: int
    bayesian_alone: int
    revman_zeros: bool
    method: str
    inverse: float
    flat: float
    mu_prior: str
    tau_prior: str
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
    if facts.k != 1:
        return None
    return (
        "There is one study. RevMan's result is that study's own; the Bayesian pooled effect is "
        "the mean of the effects of which this study saw one, so that its interval is wider by "
        f"what the prior of tau ({facts.tau_prior}) allows for."
    )


def _zero_cells(facts: Facts) -> str | None:
    if not facts.corrected:
        return None
    whose = "estimates and standard errors"
    if facts.measure.code == "RD":
        whose = "standard errors, and in the Bayesian fit the estimates"
        whose = "standard errors" if facts.revman_zeros else whose
    return (
        f"{_studies(facts.corrected)} an empty cell, to which one half is added: with so few "
        f"events that moves {whose}, and the normal approximation behind all these rows is "
        "doubtful."
    )


def _excluded(facts: Facts) -> str | None:
    excluded = facts.excluded - facts.revman_alone
    if excluded <= 0 or facts.measure.code not in ("OR", "RR", "PETO"):
        return None
    studies = "study is" if excluded == 1 else "studies are"
    return (
        f"{excluded} {studies} left out by every row, as not estimable: no events, or only "
        "events, in both arms, or numbers that are missing."
    )


def _other_studies(facts: Facts) -> str | None:
    if facts.revman_alone:
        return (
            f"{_studies(facts.revman_alone)} nothing but events in both arms: RevMan's rows keep "
            "them, with a ratio of 1, and the Bayesian fit leaves them out; "
            "zero_cells = { revman = true } under [effect] makes it keep them."
        )
    if facts.bayesian_alone:
        return (
            f"{_studies(facts.bayesian_alone)} a standard deviation of 0 in an arm: RevMan calls "
            "them not estimable, the Bayesian fit uses them."
        )
    return None


def _studies(count: int) -> str:
    return f"{count} study has" if count == 1 else f"{count} studies have"


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
    if facts.k == 1:
        return None
    if random.tau == 0:
        whose = (
            "the fixed effect by inverse variance" if facts.method == "MH" else "its fixed effect"
        )
        return (
            f"The DerSimonian-Laird estimate of tau is 0, so RevMan's random effects are {whose}; "
            "the data do not show that tau is 0, only that they cannot tell it from 0."
        )
    apart = abs(random.estimate - fixed.estimate)
    if apart < _MOVED * fixed.sd:
        return None
    sentence = (
        f"Random effects weigh the studies more equally than a fixed effect: "
        f"{facts.shown(random.estimate, random)} instead of {facts.shown(fixed.estimate, fixed)}."
    )
    if apart >= fixed.sd:
        sentence += " So far apart, small studies found something else than large ones."
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
    if not 2 <= facts.k <= _FEW or reml.width < _WIDER * random.width:
        return None
    df = facts.k - 1
    ratio = float(stdtrit(df, 0.975)) / 1.96
    return (
        f"With {facts.k} studies HKSJ takes a t-distribution with {df} "
        f"{'degree' if df == 1 else 'degrees'} of freedom, whose intervals are {ratio:.1f} times "
        "as wide as normal ones: so few studies say little of how much they differ."
    )


def _tau_known(facts: Facts) -> str | None:
    random, bayes = facts.rows["random"], facts.rows["bayesian"]
    if math.isnan(bayes.tau) or not random.width > 0 or facts.k == 1:
        return None
    ratio = bayes.width / random.width
    places = decimals(bayes.tau_lower, bayes.tau_upper)
    between = (
        f"{format_number(bayes.tau_lower, places)} to {format_number(bayes.tau_upper, places)}"
    )
    tau = format_number(random.tau, places)
    if ratio >= _WIDER:
        return (
            f"RevMan's random-effects interval treats tau as known to be {tau}; the Bayesian one "
            f"averages over what tau may be ({between}) and is {ratio:.2g} times as wide."
        )
    if ratio <= 1 / _WIDER:
        return (
            f"The Bayesian interval is {ratio:.2g} times as wide as RevMan's: the posterior of tau "
            f"({between}; prior {facts.tau_prior}) lies lower than the {tau} that RevMan takes as "
            "known, or the prior of mu adds information."
        )
    return (
        f"The Bayesian interval is about as wide as RevMan's: averaging over what tau may be "
        f"({between}) does about the same as taking it as known to be {tau}."
    )


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
    others = [facts.rows[name] for name in ("fixed", "random", "reml")]
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
    _excluded,
    _other_studies,
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
