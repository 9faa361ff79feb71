"""The study rows of an outcome, from the text of a RevMan file of any format, checked."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayesmeta.errors import DataError, brief
from bayesmeta.studies.columns import COLUMNS
from bayesmeta.studies.numbers import parse_number
from bayesmeta.studies.review import Kind, StudyRows

__all__ = [
    "ENTERED",
    "Place",
    "RowText",
    "number",
    "numbers_of",
    "study_rows",
    "whole_number",
    "year_of",
]

_ARMS = ("treatment", "control")
_TOTALS = tuple(f"total_{arm}" for arm in _ARMS)
_EVENTS = tuple(f"events_{arm}" for arm in _ARMS)

ENTERED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "dichotomous": (*_EVENTS, *_TOTALS),
        "continuous": (*(f"{name}_{arm}" for arm in _ARMS for name in ("mean", "sd")), *_TOTALS),
        "inverse variance": ("effect", "std_error", *_TOTALS),
        "O-E and variance": ("o_e", "variance", *_EVENTS, *_TOTALS),
    }
)
"""The numbers that RevMan asks for, by the type of the outcome."""

_SPREADS = ("sd_treatment", "sd_control", "std_error", "variance")
_AT_LEAST_0 = (*_EVENTS, *_TOTALS, *_SPREADS)

_MOST = 1e10
"""More people than live: a larger count is a mistake, and would overflow a sum of integers."""

_FARTHEST = 1e100
"""From 0 and, of a spread, its inverse: squares of such numbers are numbers still."""

_LONGEST = 50
"""Characters of a number; a double has at most 24."""

_WHOLE = re.compile(r"([0-9]{1,9})(?:\.0+)?")
_YEAR = re.compile(r"\b[12]\d{3}(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where numbers stand, for messages.

    Attributes
    ----------
    file : Path
    analysis : str
        As in "1.2".
    columns : mapping of str to str
        Our name = the name in the file.
    """

    file: Path
    analysis: str
    columns: Mapping[str, str]

    def error(self, message: str, column: str, study: str | None, row: int) -> DataError:
        """What is wrong with a number, and where."""
        return DataError(
            f"{message} in analysis {self.analysis}",
            file=self.file,
            row=row or None,
            study=study,
            column=self.columns.get(column, column),
        )


@dataclass(frozen=True, kw_only=True)
class RowText:
    """A study row as the file writes it; `numbers` and `stored` under our names."""

    study: str
    year: float
    subgroup: int
    numbers: Mapping[str, str]
    stored: Mapping[str, str]
    in_total: bool = True
    estimable: bool = True
    row: int = 0


def study_rows(kind: Kind, rows: Sequence[RowText], place: Place) -> StudyRows:
    """The rows of an outcome as arrays.

    Raises
    ------
    DataError
        A cell is not a number, or a number is not possible: a negative count, more events than
        patients.
    """
    entered = {
        name: _column([row.numbers.get(name, "") for row in rows], name, rows, place)
        for name in ENTERED[kind]
    }
    _check(kind, entered, rows, place)
    names = dict.fromkeys(name for row in rows for name in row.stored)
    stored = {
        name: _column([row.stored.get(name, "") for row in rows], name, rows, place)
        for name in names
    }
    return StudyRows(
        study=tuple(row.study for row in rows),
        year=np.array([row.year for row in rows], dtype=float),
        subgroup=np.array([row.subgroup for row in rows], dtype=np.int64),
        in_total=np.array([row.in_total for row in rows], dtype=bool),
        numbers=entered,
        stored=stored,
        estimable=np.array([row.estimable for row in rows], dtype=bool),
        row=np.array([row.row for row in rows], dtype=np.int64),
    )


def numbers_of(texts: Mapping[str, str], place: Place, *, row: int = 0) -> dict[str, float]:
    """The numbers of a pooled result: those that the file holds.

    Raises
    ------
    DataError
        A cell is not a number.
    """
    found: dict[str, float] = {}
    for name, text in texts.items():
        try:
            value = number(text)
        except ValueError:
            raise place.error(f"{brief(text)} is not a number", name, None, row) from None
        if math.isfinite(value):
            found[name] = value
    return found


def whole_number(text: str, path: Path, row: int, column: str) -> int:
    """The number of a comparison, an outcome or a subgroup.

    Raises
    ------
    DataError
        It is not whole.
    """
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise DataError(
            f"{brief(text)} is not the number of a comparison, an outcome or a subgroup",
            file=path,
            row=row or None,
            column=column,
            hint="It would be a whole number, as in 1.",
        )
    return int(found[1])


def year_of(text: str) -> float:
    """The year in a text such as ``"2004a"``; NaN where there is none."""
    year = _YEAR.search(text)
    return float(year[0]) if year else math.nan


def _column(
    texts: list[str], name: str, rows: Sequence[RowText], place: Place
) -> NDArray[np.float64]:
    values = np.empty(len(texts))
    for i, text in enumerate(texts):
        try:
            values[i] = number(text)
        except ValueError:
            message = f"{brief(text)} is not a number"
            raise place.error(message, name, rows[i].study, rows[i].row) from None
    return values


def number(text: str) -> float:
    """A number as RevMan writes it; NaN for none, NaN and Infinity.

    Raises
    ------
    ValueError
        It is no number.
    """
    if len(text) > _LONGEST:
        raise ValueError(text)
    return _parsed(text)


@lru_cache(maxsize=2**16)  # most cells of a file are one of a few, as 0.0
def _parsed(text: str) -> float:
    if "_" in text or "," in text:  # Python reads 1_000; RevMan groups no thousands
        raise ValueError(text)
    try:
        value = float(text)
    except ValueError:
        return parse_number(text, ".")
    if math.isinf(value) and "inf" not in text.casefold():
        raise ValueError(text)
    return value if math.isfinite(value) else math.nan


def _check(
    kind: Kind,
    entered: Mapping[str, NDArray[np.float64]],
    rows: Sequence[RowText],
    place: Place,
) -> None:
    """RevMan lets nobody enter such numbers. Arms without patients or spread it allows."""
    for name, values in entered.items():
        counts = name in (*_EVENTS, *_TOTALS)
        lower = 0.0 if name in _AT_LEAST_0 else -math.inf
        most = _MOST if counts else _FARTHEST
        least = 1 / _FARTHEST if name in _SPREADS else 0.0
        sizes = np.abs(values)
        wrong = np.flatnonzero((values < lower) | (sizes > most) | ((sizes > 0) & (sizes < least)))
        if wrong.size:
            i = int(wrong[0])
            what = f": {COLUMNS[name].meaning}" if name in COLUMNS else ""
            message = f"{values[i]:g} is not possible{what}"
            raise place.error(message, name, rows[i].study, rows[i].row)
    if kind != "dichotomous":
        return
    for events, total in zip(_EVENTS, _TOTALS, strict=True):
        wrong = np.flatnonzero(entered[events] > entered[total])
        if wrong.size:
            i = int(wrong[0])
            message = f"{entered[events][i]:g} events among {entered[total][i]:g} patients"
            raise place.error(message, events, rows[i].study, rows[i].row)
