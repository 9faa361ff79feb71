"""A Bayesian second opinion on every outcome of a RevMan file."""

from bayesmeta.review.analyse import review
from bayesmeta.review.result import OutcomeResult, PriorRow, ReviewResult

__all__ = ["OutcomeResult", "PriorRow", "ReviewResult", "review"]
