"""Results as files for readers: of a fit, and of a whole review."""

from bayesmeta.report.fit_files import write_fit
from bayesmeta.report.review_files import write_review

__all__ = ["write_fit", "write_review"]
