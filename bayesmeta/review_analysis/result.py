"""A Bayesian second opinion on a whole review, and how it is kept."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta import __version__
from bayesmeta.comparison import Row
from bayesmeta.measures import Measure, find_measure
from bayesmeta.parity import Parity
from bayesmeta.pipeline import Prepared
from bayesmeta.results import worst
from bayesmeta.results.export import plain_value
from bayesmeta.studies import Outcome, Review

__all__ = ["OutcomeResult", "PriorRow", "ReviewResult"]


@dataclass(frozen=True, kw_only=True)
class PriorRow:
    """The pooled effect under other priors: their label, the row, and whether null is excluded."""

    label: str
    row: Row
    changed: bool


@dataclass(frozen=True, kw_only=True)
class OutcomeResult:
    """The second opinion on an outcome, or on a subgroup where RevMan gives no total.

    Attributes
    ----------
    outcome : Outcome
    place : int
        Which subgroup, counted from 0; -1 for all studies.
    prepared : Prepared
        The analysis, with its studies and priors.
    revman : Row
        What RevMan stored, else what its method gives.
    pooled : bool
        Whether RevMan was told to pool the studies, so that there is a conclusion of its own.
    rows : tuple of Row
        As in a `Comparison`: RevMan's, restricted maximum likelihood, Bayesian.
    priors : tuple of PriorRow
        Under other priors.
    distance : float
        Hellinger distance of the posterior of mu from RevMan's normal distribution of its
        estimate: 0 the same, 1 nothing in common; NaN where RevMan gives no interval.
    verdict : {"ok", "warn", "fail"}
    sentences : tuple of str
        Why the methods differ.
    warnings : tuple of str
        What the reader must know of the data and the priors.
    """

    outcome: Outcome
    place: int
    prepared: Prepared
    revman: Row
    pooled: bool
    rows: tuple[Row, ...]
    priors: tuple[PriorRow, ...]
    distance: float
    verdict: str
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def subgroup(self) -> str:
        """The name of the subgroup; "" for all studies."""
        return self.outcome.subgroups[self.place].name if self.place >= 0 else ""

    @property
    def bayes(self) -> Row:
        """The Bayesian row."""
        return self.rows[-1]

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return find_measure(self.prepared.spec.effect.measure)

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.prepared.problem.study)

    @property
    def conclusion_changes(self) -> bool:
        """Whether RevMan's interval and the credible one disagree on no effect."""
        null = self.measure.null
        return self.pooled and self.revman.excludes(null) != self.bayes.excludes(null)

    @property
    def prediction_crosses(self) -> bool:
        """Whether the prediction interval includes no effect and the credible one does not."""
        null, bayes = self.measure.null, self.bayes
        if null is None or math.isnan(bayes.prediction_lower) or not bayes.excludes(null):
            return False
        return bayes.prediction_lower <= null <= bayes.prediction_upper

    @property
    def rests_on_prior(self) -> bool:
        """Whether other priors change the conclusion."""
        return any(each.changed for each in self.priors)

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader should look at, in words."""
        found = {
            "conclusion changes": self.conclusion_changes,
            "rests on the prior": self.rests_on_prior,
            "new study on either side": self.prediction_crosses,
        }
        return tuple(name for name, holds in found.items() if holds)

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts outcomes by how much the second opinion departs, most first."""
        distance = 0.0 if math.isnan(self.distance) else self.distance
        return (
            not self.conclusion_changes,
            self.k == 1,
            not self.rests_on_prior,
            not self.prediction_crosses,
            -distance,
        )


@dataclass(frozen=True, kw_only=True)
class ReviewResult:
    """The second opinion on a review.

    Attributes
    ----------
    review : Review
    outcomes : tuple of OutcomeResult
        Those whose answer departs most from RevMan's first.
    broken : tuple of (str, str)
        Outcomes that could not be analysed, and why.
    parity : Parity
        Whether RevMan's own numbers are reproduced.
    engine : str
    seconds : float
        How long it took.
    """

    review: Review
    outcomes: tuple[OutcomeResult, ...]
    broken: tuple[tuple[str, str], ...]
    parity: Parity
    engine: str
    seconds: float

    @property
    def verdict(self) -> str:
        """Whether all fits may be trusted: the worst of their verdicts."""
        return worst(each.verdict for each in self.outcomes)

    @property
    def table(self) -> pd.DataFrame:
        """One row an outcome, on the display scale, those that depart most first."""
        return pd.DataFrame([_record(each) for each in self.outcomes])

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        stored = self.parity.stored
        return {
            "bayesmeta": __version__,
            "title": self.review.title,
            "file": self.review.file.name,
            "data_sha256": self.review.sha256,
            "engine": self.engine,
            "seconds": self.seconds,
            "verdict": self.verdict,
            "parity": {
                "checked": len(stored),
                "agree": sum(check.agrees for check in stored),
            },
            "outcomes": [
                {name: plain_value(value) for name, value in _record(each).items()}
                | {
                    "priors": {
                        name: prior.as_dict()
                        for name, prior in each.prepared.problem.priors.items()
                    },
                    "other_priors": [
                        {"label": prior.label, "changes_conclusion": prior.changed}
                        | {
                            name: plain_value(value)
                            for name, value in _shown(prior.row, each.measure).items()
                        }
                        for prior in each.priors
                    ],
                    "explanations": list(each.sentences),
                    "excluded": list(each.prepared.table.attrs["excluded"]),
                    "corrections": list(each.prepared.table.attrs["corrections"]),
                    "warnings": list(each.warnings),
                }
                for each in self.outcomes
            ],
            "broken": [{"outcome": name, "reason": reason} for name, reason in self.broken],
            "left_out": [
                {"outcome": name, "reason": reason} for name, reason in self.review.left_out
            ],
        }


def _record(each: OutcomeResult) -> dict[str, Any]:
    """The numbers of an outcome, on the display scale."""
    outcome, tau = each.outcome, each.prepared.problem.priors.get("tau")
    return {
        "analysis": outcome.analysis,
        "subgroup": each.subgroup,
        "comparison": outcome.comparison_name,
        "outcome": outcome.name,
        "measure": each.measure.code,
        "k": each.k,
        "revman": each.revman.label,
        **_shown(each.revman, each.measure, "revman_"),
        **_shown(each.bayes, each.measure, "bayes_"),
        "level": each.bayes.level,
        "tau": each.bayes.tau,
        "tau_lower": each.bayes.tau_lower,
        "tau_upper": each.bayes.tau_upper,
        "mu_prior": each.prepared.problem.priors["mu"].expression,
        "tau_prior": tau.expression if tau is not None else "",
        "distance": each.distance,
        "conclusion_changes": each.conclusion_changes,
        "rests_on_prior": each.rests_on_prior,
        "prediction_crosses": each.prediction_crosses,
        "verdict": each.verdict,
    }


def _shown(row: Row, measure: Measure, prefix: str = "") -> dict[str, float]:
    """Estimate and intervals of a row on the display scale; no measure of RevMan needs a size."""
    names = ["estimate", "lower", "upper"]
    if row.kind == "bayesian":
        names += ["prediction_lower", "prediction_upper"]
    return {
        f"{prefix}{name}": float(
            measure.scale.to_display(np.array(getattr(row, name)), np.array(math.nan))
        )
        for name in names
    }
