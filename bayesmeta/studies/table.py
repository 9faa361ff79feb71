"""A table of studies, checked, as an `xarray.Dataset` with the dimension ``study``."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean, located
from bayesmeta.studies.columns import COLUMNS, Column
from bayesmeta.studies.numbers import Decimal, parse_number
from bayesmeta.studies.query import filter_rows
from bayesmeta.studies.risk_of_bias import RISK_OF_BIAS, risk_of_bias_variable
from bayesmeta.studies.text import one_line, unique

__all__ = ["place", "study_table"]


def study_table(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    study: str | None = None,
    where: str | None = None,
    cluster: str | None = None,
    result: str | None = None,
    related: bool = False,
    risk_of_bias: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Check a table of studies and name its columns.

    Parameters
    ----------
    frame
        One row a study: what `read_csv` gives, or any data frame. ``attrs["file"]``,
        ``attrs["decimal"]`` and ``attrs["warnings"]`` are used where they are present.
    columns
        Our name = the name in the frame, for columns that do not have our names.
    study
        The column that names the study; ``study`` where it is not given. Our names are
        recognised in capitals too.
    where
        Keep only the rows for which this condition holds.
    cluster
        The column that says which rows are results of one study; ``""`` for that of the studies.
    result
        The column that tells the results of one study apart in the names of the rows.
    related
        That rows of one study depend on each other is known, and nothing is said of it.
    risk_of_bias
        Domain = the column that holds its judgements. Those in ``attrs["risk_of_bias"]``, which a
        file of RevMan gives, are there too.

    Returns
    -------
    xarray.Dataset
        Dimension ``study`` with unique names; a float variable for each known column (NaN where
        missing), the other columns as they are, and ``row``, the row in the file (the position
        from 1 in a data frame). In names of columns ``/`` is written ``∕``, which a saved fit
        can hold. Where there are judgements, ``risk_of_bias`` (study, domain) holds them in the
        words of `JUDGEMENTS`. The attributes are ``file`` and ``warnings``.

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
    with located(file=file, kind=DataError):
        cells = _cells(frame)
        if where:
            typed = cells.apply(_inferred, decimal=decimal)
            cells = cells.loc[filter_rows(typed, where).index]
        names_of = _resolve(columns or {}, cells)
        if (
            "time" not in (columns or {})
            and "time" in names_of
            and _is_text(cells, names_of["time"])
        ):
            del names_of["time"]  # names of visits, not person-time
        mapped = names_of.pop("study", None)
        given = _study_names(cells, study or mapped)
        labels, repeated = _told_apart(given, cells, result)
        variables = {
            own: _numbers(cells[theirs], COLUMNS[own], labels, decimal)
            for own, theirs in names_of.items()
        }
        variables["row"] = cells.index.to_numpy()
        if cluster is not None:
            whole = _study_names(cells, cluster, key="model.cluster") if cluster else given
            variables["cluster"] = np.array(whole, object)
        judged = risk_of_bias_variable(
            cells, labels, risk_of_bias or {}, frame.attrs.get(RISK_OF_BIAS, {})
        )
        for name in cells.columns.difference(list(names_of.values()), sort=False):
            label = one_line(name).replace("/", "∕")
            if label.strip(".") and label not in {*variables, "study"}:
                variables[label] = _plain(_inferred(cells[name], decimal))
    bias = {} if judged is None else {RISK_OF_BIAS: judged}
    return xr.Dataset(
        {**{name: ("study", values) for name, values in variables.items()}, **bias},
        coords={"study": labels},
        attrs={
            "file": str(file) if file else "",
            "warnings": (
                *frame.attrs.get("warnings", ()),
                *([] if related or cluster is not None else repeated),
            ),
        },
    )


def place(table: xr.Dataset, i: int, column: str | None = None) -> dict[str, Any]:
    """Where study number `i` of a table is, as keywords of a `DataError`."""
    return {
        "file": table.attrs["file"] or None,
        "row": int(table["row"].to_numpy()[i]),
        "study": str(table["study"].to_numpy()[i]),
        "column": column,
    }


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with names of text and, as index, the row of each study.

    The levels of the index of a data frame that have names become columns.
    """
    from_file = "file" in frame.attrs and frame.index.name == "row" and frame.index.is_unique
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError("the columns have several levels", hint="Give each column one name.")
    if not from_file:
        levels = [name for name in frame.index.names if isinstance(name, str)]
        frame = frame.reset_index([name for name in levels if name not in frame.columns])
    names = [str(name) for name in frame.columns]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"two columns are named {brief(repeated)}", hint="Rename one of them.")
    if frame.empty:
        raise DataError("the table has no rows")
    rows = frame.index if from_file else range(1, len(frame) + 1)
    return frame.set_axis(names, axis=1).set_axis(pd.Index(rows, name="row"), axis=0)


def _inferred(column: pd.Series, decimal: Decimal) -> pd.Series:
    """A column of text as numbers where every cell is one, for conditions and subgroups."""
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.dtype.ordered:
        column = column.astype(object)
    if not (column.dtype == object or isinstance(column.dtype, pd.StringDtype)):
        return column
    try:
        numbers = [_to_number(cell, decimal) for cell in column]
    except (ValueError, TypeError):
        return column
    return pd.Series(numbers, index=column.index, name=column.name, dtype=float)


def _to_number(cell: object, decimal: Decimal) -> float:
    if isinstance(cell, str):
        return parse_number(cell, decimal)
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return float("nan")
    number = float(cell)  # type: ignore[arg-type]
    if abs(number) == float("inf"):
        raise ValueError(cell)
    return number


def _resolve(columns: Mapping[str, str], cells: pd.DataFrame) -> dict[str, str]:
    """Our name = the name in the table, for every column that is mapped or has our name."""
    present = list(cells.columns)
    for own, theirs in columns.items():
        key = f"data.columns.{own}"
        if own not in COLUMNS and own != "study":
            raise SpecError(
                f"{brief(own)} is not the name of a number that a measure uses",
                key=key,
                hint=did_you_mean(own, [*COLUMNS, "study"]),
            )
        _require(theirs, present, key)
    found: dict[str, str] = {}
    for name in present:
        own = name.casefold()
        known = own in COLUMNS or own == "study"
        if known and name not in columns.values() and (own not in found or name == own):
            found[own] = name
    return {**found, **columns}


def _require(name: str, present: list[str], key: str) -> None:
    if name not in present:
        raise SpecError(
            f"the table has no column {brief(name)}", key=key, hint=did_you_mean(name, present)
        )


def _study_names(cells: pd.DataFrame, column: str | None, key: str = "data.study") -> list[str]:
    """The names of the studies, as they are given."""
    present = list(cells.columns)
    if column is not None:
        _require(column, present, key)
    elif (column := "study") not in present:
        return [f"study {row}" for row in range(1, len(cells) + 1)]
    given = []
    values = cells[column]
    for row, value, missing in zip(cells.index, values, values.isna(), strict=True):
        name = "" if missing else one_line(f"{value:.0f}" if _whole(value) else str(value))
        if not name:
            raise DataError("the study has no name", row=int(row), column=column)
        given.append(name)
    return given


def _is_text(cells: pd.DataFrame, name: str) -> bool:
    """Whether every cell of a column has letters, as in ``3 months``."""
    values = [str(value) for value in cells[name].dropna() if str(value).strip()]
    return bool(values) and all(re.search(r"[^\W\d_]{3}", value) for value in values)


def _told_apart(
    given: Sequence[str], cells: pd.DataFrame, result: str | None
) -> tuple[list[str], list[str]]:
    """Unique names of the rows, and a warning where those of studies are repeated."""
    counts = Counter(given)
    repeated = [f"{name!r} ({count} times)" for name, count in counts.items() if count > 1]
    by = "number"
    if result is not None:
        _require(result, list(cells.columns), "data.result")
        by = result
        values = [
            one_line(f"{value:g}" if isinstance(value, float) else str(value))
            for value in cells[result]
        ]
        given = [
            f"{name}, {value}" if counts[name] > 1 and value else name
            for name, value in zip(given, values, strict=True)
        ]
    if not repeated:
        return unique(given), []
    warning = (
        f"Names of studies stand more than once: {', '.join(repeated)}; the rows are told apart by "
        f"{by} and are treated as independent studies."
    )
    return unique(given), [warning]


def _whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _numbers(cells: pd.Series, column: Column, labels: list[str], decimal: Decimal) -> np.ndarray:
    """The numbers of one column, each checked to be possible."""
    numbers = np.empty(len(cells))
    for i, (row, cell) in enumerate(zip(cells.index, cells, strict=True)):
        where: dict[str, Any] = {"row": int(row), "study": labels[i], "column": str(cells.name)}
        try:
            numbers[i] = _to_number(cell, decimal)
        except (ValueError, TypeError):
            message = f"{brief(cell)} is not a number"
            raise DataError(message, **where, hint=_advice(cell, decimal)) from None
        if numbers[i] < column.lower or numbers[i] > column.upper:
            allowed = (
                f"between {column.lower:g} and {column.upper:g}"
                if np.isfinite(column.upper)
                else f"at least {column.lower:g}"
            )
            message = f"{numbers[i]:g} is not possible: {column.meaning} is {allowed}"
            raise DataError(message, **where)
    return numbers


def _advice(cell: object, decimal: Decimal) -> str:
    """What would be right where a cell is not a number."""
    empty = "Leave the cell empty where there is no number."
    if not isinstance(cell, str):
        return empty
    if cell.lstrip().startswith(("<", ">", "≤", "≥")):
        return "A bound is not a value: leave the cell empty or give the exact number."
    other: Decimal = "," if decimal == "." else "."
    try:
        parse_number(cell, other)
    except ValueError:
        return empty
    return (
        f"The decimal mark is taken to be {decimal!r}; if it is {other!r}, set "
        f'decimal = "{other}" under [data].'
    )


def _plain(column: pd.Series) -> np.ndarray:
    """A column that no measure uses: numbers as they are, the rest as text."""
    kinds = pd.api.types
    odd = kinds.is_bool_dtype(column) or kinds.is_complex_dtype(column)
    if kinds.is_numeric_dtype(column) and not odd:
        return column.to_numpy(dtype=float, na_value=np.nan)
    return np.array(
        [
            "" if gone else one_line(str(cell))
            for cell, gone in zip(column, column.isna(), strict=True)
        ],
        dtype=object,
    )
