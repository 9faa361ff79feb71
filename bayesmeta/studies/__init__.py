"""A study table: an `xarray.Dataset` with the dimension ``study``."""

from bayesmeta.studies.columns import COLUMNS, Column, guess_columns
from bayesmeta.studies.csv import read_csv
from bayesmeta.studies.table import place, study_table

__all__ = ["COLUMNS", "Column", "guess_columns", "place", "read_csv", "study_table"]
