"""What a reader concludes from a fit, and where another fit would say something else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bayesmeta.sensitivity_analysis.numbers import Benefit

__all__ = ["Conclusion"]

_THRESHOLDS = (0.025, 0.05, 0.95, 0.975)
"""Probabilities of benefit that are read as evidence of harm or of benefit."""

_IMPORTANT = 0.5


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What a reader concludes from a fit.

    Attributes
    ----------
    excludes_null : bool or None
        Whether the interval of mu excludes no effect; None for measures of one group.
    prob_benefit, prob_important : float
        NaN where the spec does not say what benefit is.
    """

    excludes_null: bool | None
    prob_benefit: float
    prob_important: float

    @classmethod
    def of(cls, estimates: Mapping[str, float], benefit: Benefit) -> Self:
        """From the estimates of a fit."""
        excludes = None
        if benefit.null is not None:
            excludes = not estimates["mu_lower"] <= benefit.null <= estimates["mu_upper"]
        return cls(
            excludes_null=excludes,
            prob_benefit=estimates["prob_benefit"],
            prob_important=estimates["prob_important"],
        )

    def changes(self, other: Self) -> list[str]:
        """Where another fit would say something else, one phrase each."""
        phrases = []
        if self.excludes_null != other.excludes_null:
            verb = "excludes" if other.excludes_null else "crosses"
            phrases.append(f"interval {verb} null")
        phrases += _crossed("P(benefit)", self.prob_benefit, other.prob_benefit, _THRESHOLDS)
        phrases += _crossed(
            "P(important)", self.prob_important, other.prob_important, (_IMPORTANT,)
        )
        return phrases


def _crossed(name: str, before: float, after: float, thresholds: tuple[float, ...]) -> list[str]:
    """The furthest threshold that lies between two probabilities, as a phrase."""
    if math.isnan(before) or math.isnan(after):
        return []
    crossed = [limit for limit in thresholds if (before > limit) != (after > limit)]
    if not crossed:
        return []
    rises = after > before
    limit = max(crossed) if rises else min(crossed)
    return [f"{name} {'>' if rises else '<'} {limit:g}"]
