"""A table of studies, checked, as an `xarray.Dataset` with the dimension ``study``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.errors import DataError, SpecError, did_you_mean, located
from bayesmeta.studies.columns import COLUMNS, Column
from bayesmeta.studies.numbers import Decimal, parse_number
from bayesmeta.studies.query import filter_rows

__all__ = ["place", "study_table"]


def study_table(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    study: str | None = None,
    where: str | None = None,
) -> xr.Dataset:
    """Check a table of studies and name its columns.

    Parameters
    ----------
    frame
        One row a study: what `read_csv` gives, or any data frame. ``attrs["file"]`` and
        ``attrs["decimal"]`` are used where they are present.
    columns
        Our name = the name in the frame, for columns that do not have our names.
    study
        The column that names the study; ``study`` where it is not given.
    where
        Keep only the rows for which this condition holds.

    Returns
    -------
    xarray.Dataset
        Dimension ``study`` with unique names; a float variable for each known column (NaN where
        missing), the other columns as they are, and ``row``, the row in the file. The attributes
        are ``file`` and ``warnings``.

    Raises
    ------
    SpecError
        A name of a column is not known.
    DataError
        A cell is not a number or its value is not possible: the message names file, row, study
        and column.
    """
    file: Path | None = frame.attrs.get("file")
    decimal: Decimal = frame.attrs.get("decimal", ".")
    with located(file=file):
        typed = frame.apply(lambda column: _infer(column, decimal))
        if where:
            typed = filter_rows(typed, where)
        if typed.empty:
            raise DataError("the table has no rows")
        names_of = _resolve(columns or {}, typed)
        labels, repeated = _study_names(typed, study, names_of.get("study"))
        variables: dict[str, tuple[str, np.ndarray]] = {}
        for own, theirs in names_of.items():
            if own != "study":
                cells = frame.loc[typed.index, theirs]
                variables[own] = ("study", _numbers(cells, COLUMNS[own], labels, decimal))
        for name in typed.columns:
            if name not in names_of.values() and str(name) not in {*variables, "study", "row"}:
                variables[str(name)] = ("study", _plain(typed[name]))
        rows = typed.index.to_numpy() if typed.index.name == "row" else np.arange(1, len(typed) + 1)
        variables["row"] = ("study", rows.astype(np.int64))
    return xr.Dataset(
        variables,
        coords={"study": labels},
        attrs={"file": str(file) if file else "", "warnings": tuple(repeated)},
    )


def place(table: xr.Dataset, i: int, column: str | None = None) -> dict[str, Any]:
    """Where study number `i` of a table is, as keywords of a `DataError`."""
    return {
        "file": table.attrs["file"] or None,
        "row": int(table["row"].to_numpy()[i]),
        "study": str(table["study"].to_numpy()[i]),
        "column": column,
    }


def _infer(column: pd.Series, decimal: Decimal) -> pd.Series:
    """A column of text as numbers where every cell is one, for conditions and subgroups."""
    if not (column.dtype == object or isinstance(column.dtype, pd.StringDtype)):
        return column
    try:
        return column.map(lambda cell: _to_number(cell, decimal)).astype(float)
    except (ValueError, TypeError):
        return column


def _to_number(cell: object, decimal: Decimal) -> float:
    if isinstance(cell, str):
        return parse_number(cell, decimal)
    return float("nan") if cell is None or cell is pd.NA else float(cell)  # type: ignore[arg-type]


def _resolve(columns: Mapping[str, str], frame: pd.DataFrame) -> dict[str, str]:
    """Our name = the name in the frame, for every column that is mapped or has our name."""
    present = [str(name) for name in frame.columns]
    for own, theirs in columns.items():
        if own not in COLUMNS and own != "study":
            raise SpecError(
                f"unknown column name {own!r}",
                key=f"data.columns.{own}",
                hint=did_you_mean(own, COLUMNS),
            )
        if theirs not in present:
            raise SpecError(
                f"the table has no column {theirs!r}",
                key=f"data.columns.{own}",
                hint=did_you_mean(theirs, present),
            )
    taken = set(columns.values())
    found = {name: name for name in present if name in COLUMNS and name not in taken}
    return {**found, **columns}


def _study_names(
    frame: pd.DataFrame, study: str | None, mapped: str | None
) -> tuple[list[str], list[str]]:
    """Unique names of the studies, and a warning for each name that was repeated."""
    column = study or mapped or "study"
    if column not in frame.columns:
        if study or mapped:
            raise SpecError(
                f"the table has no column {column!r}",
                key="data.study",
                hint=did_you_mean(column, [str(name) for name in frame.columns]),
            )
        return [f"study {i}" for i in range(1, len(frame) + 1)], []
    given = []
    for row, value in frame[column].items():
        text = "" if pd.isna(value) else str(int(value) if _whole(value) else value).strip()
        if not text:
            raise DataError(
                "the study has no name",
                row=int(str(row)) if frame.index.name == "row" else None,
                column=column,
            )
        given.append(text)
    unique: list[str] = []
    for name in given:
        label, number = name, 2
        while label in unique or (label != name and label in given):
            label, number = f"{name} ({number})", number + 1
        unique.append(label)
    warnings = [
        f"The study name {name!r} stands {given.count(name)} times; its rows are told apart by "
        "number and are treated as independent studies."
        for name in dict.fromkeys(given)
        if given.count(name) > 1
    ]
    return unique, warnings


def _whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _numbers(cells: pd.Series, column: Column, labels: list[str], decimal: Decimal) -> np.ndarray:
    """The numbers of one column, each checked to be possible."""
    numbers = np.empty(len(cells))
    for i, (row, cell) in enumerate(cells.items()):
        try:
            numbers[i] = _to_number(cell, decimal)
        except (ValueError, TypeError):
            raise DataError(
                f"{cell!r} is not a number",
                **_place(cells, row, labels[i]),
                hint=_advice(cell, decimal),
            ) from None
        if numbers[i] < column.lower or numbers[i] > column.upper:
            allowed = (
                f"between {column.lower:g} and {column.upper:g}"
                if np.isfinite(column.upper)
                else f"at least {column.lower:g}"
            )
            raise DataError(
                f"{numbers[i]:g} is not possible: {column.meaning} is {allowed}",
                **_place(cells, row, labels[i]),
            )
    return numbers


def _place(cells: pd.Series, row: object, study: str) -> dict[str, Any]:
    return {
        "row": int(str(row)) if cells.index.name == "row" else None,
        "study": study,
        "column": str(cells.name),
    }


def _advice(cell: object, decimal: Decimal) -> str:
    if isinstance(cell, str) and cell.lstrip().startswith(("<", ">", "≤", "≥")):
        return "A bound is not a value: leave the cell empty or give the exact number."
    other = "," if decimal == "." else "."
    return (
        f"The decimal mark of this file is taken to be {decimal!r}; if it is {other!r}, set "
        f'decimal = "{other}" under [data]. Leave the cell empty where there is no number.'
    )


def _plain(column: pd.Series) -> np.ndarray:
    """A column that no measure uses: numbers as they are, the rest as text."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    missing = column.isna()
    return np.array(
        ["" if gone else str(cell) for cell, gone in zip(column, missing, strict=True)],
        dtype=object,
    )
