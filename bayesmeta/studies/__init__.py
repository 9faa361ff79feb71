"""Files of studies: a table of any kind, or a review that RevMan saved.

A study table is an `xarray.Dataset` with the dimension ``study``.
"""

from bayesmeta.studies.columns import COLUMNS, Column, guess_columns
from bayesmeta.studies.csv import read_csv
from bayesmeta.studies.review import (
    METHODS,
    Kind,
    Method,
    Outcome,
    Review,
    Settings,
    Stored,
    StudyRows,
    Subgroup,
)
from bayesmeta.studies.revman import is_revman, read_review
from bayesmeta.studies.risk_of_bias import JUDGEMENTS, Judgement, judgements_in
from bayesmeta.studies.table import place, study_table

__all__ = [
    "COLUMNS",
    "JUDGEMENTS",
    "METHODS",
    "Column",
    "Judgement",
    "Kind",
    "Method",
    "Outcome",
    "Review",
    "Settings",
    "Stored",
    "StudyRows",
    "Subgroup",
    "guess_columns",
    "is_revman",
    "judgements_in",
    "place",
    "read_csv",
    "read_review",
    "study_table",
]
