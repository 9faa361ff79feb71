"""Results as files for readers: of a fit, of many, and of a whole review."""

from bayesmeta.report.fit_files import write_fit
from bayesmeta.report.folder_files import FolderReports, report_folder
from bayesmeta.report.formats import FORMATS, check_formats, write_report
from bayesmeta.report.review_files import write_review

__all__ = [
    "FORMATS",
    "FolderReports",
    "check_formats",
    "report_folder",
    "write_fit",
    "write_report",
    "write_review",
]
