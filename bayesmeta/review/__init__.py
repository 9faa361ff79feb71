"""A Bayesian second opinion on every outcome of a RevMan file."""

from bayesmeta.review.analyse import review
from bayesmeta.review.result import OutcomeResult, PriorRow, ReviewResult
from bayesmeta.review.tables import review_to_text

__all__ = ["OutcomeResult", "PriorRow", "ReviewResult", "review", "review_to_text"]
