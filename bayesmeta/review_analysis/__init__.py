"""Every outcome of a RevMan file at once: a Bayesian second opinion."""

from bayesmeta.review_analysis.analyse import review
from bayesmeta.review_analysis.result import OutcomeResult, PriorRow, ReviewResult
from bayesmeta.review_analysis.tables import review_to_text

__all__ = ["OutcomeResult", "PriorRow", "ReviewResult", "review", "review_to_text"]
