"""Read a CSV file as text, whatever program and country it comes from."""

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bayesmeta.errors import DataError, brief
from bayesmeta.files import read_bytes
from bayesmeta.studies.numbers import Decimal, decimal_mark, first_doubtful
from bayesmeta.studies.text import decoded

__all__ = ["read_csv"]

_SEPARATORS = (",", ";", "\t", "|")
_DECLARED = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
"""The line in which some spreadsheets say the separator; it is not a row."""

_SAMPLE = 200
"""Rows that are looked at to find the separator."""


def read_csv(path: str | Path, *, decimal: Decimal | None = None) -> pd.DataFrame:
    """Read a CSV file without interpreting its cells.

    UTF-8 with or without byte order mark, UTF-16 with one, and Windows-1252 are recognised; so
    are commas, semicolons, tabs and bars as separators. Passed over are empty rows and, where
    they have no name, empty columns and the row numbers that R and pandas write first.

    Parameters
    ----------
    path
        The file.
    decimal
        The decimal mark; found from the file where it is not given.

    Returns
    -------
    pandas.DataFrame
        All columns as text; the index ``row`` is the row in a spreadsheet, the header being the
        first; ``attrs`` holds ``file``, ``sha256`` (of its bytes), ``decimal`` and ``warnings``.

    Raises
    ------
    DataError
        The file is empty, binary, has no or repeated column names, or rows of another length.
    """
    path = Path(path)
    content = read_bytes(path)
    text = decoded(content, path)
    declared = _DECLARED.match(text)
    text = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _separator(text)
    rows = _rows(text, separator, path)
    header_row = next(iter(rows))
    header = rows.pop(header_row)
    rows = {row: _fitted(cells, len(header), path, row) for row, cells in rows.items()}
    named = _named(header, rows, path, header_row)
    frame = pd.DataFrame(
        [[cells[i] for i in named] for cells in rows.values()],
        columns=list(named.values()),
        index=pd.Index(list(rows), name="row"),
        dtype=object,
    )
    cells_of_file = [cell for cells in rows.values() for cell in cells]
    found = decimal or decimal_mark(cells_of_file, separator)
    doubtful = None if decimal else first_doubtful(cells_of_file, separator)
    frame.attrs = {
        "file": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "decimal": found,
        "warnings": (_doubt(doubtful, found),) if doubtful else (),
    }
    return frame


def _separator(text: str) -> str:
    """The separator with which the header and the most rows have as many cells, and the most."""

    def score(separator: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            records = [record for record in itertools.islice(reader, _SAMPLE) if any(record)]
        except csv.Error:
            return 0
        return sum(len(record) - 1 for record in records if len(record) == len(records[0]))

    return max(_SEPARATORS, key=score)


def _rows(text: str, separator: str, path: Path) -> dict[int, list[str]]:
    """The rows that are not empty, by their number in a spreadsheet."""
    rows = {}
    for number, record in enumerate(_records(text, separator, path), start=1):
        cells = [cell.strip() for cell in record]
        if any(cells):
            rows[number] = cells
    if not rows:
        raise DataError("the file is empty", file=path)
    return rows


def _records(text: str, separator: str, path: Path) -> Iterator[list[str]]:
    """A record a row of the spreadsheet, however many lines it has in the file."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for number in itertools.count(1):
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"this is not a CSV file: {error}",
                file=path,
                row=number,
                hint="Look for a quotation mark that is not closed, or one inside a cell: it is "
                "written twice.",
            ) from None


def _fitted(cells: list[str], length: int, path: Path, row: int) -> list[str]:
    """The cells of a row, as many as the header has."""
    if any(cells[length:]):
        raise DataError(
            f"{len(cells)} cells where the header has {length}",
            file=path,
            row=row,
            hint="A cell that contains the separator needs quotation marks around it.",
        )
    return cells[:length] + [""] * (length - len(cells))


def _named(
    header: list[str], rows: dict[int, list[str]], path: Path, header_row: int
) -> dict[int, str]:
    """The position and name of each column that has a name."""
    named: dict[int, str] = {}
    for i, name in enumerate(header):
        if name in named.values():
            raise DataError(
                f"two columns are named {brief(name)}",
                file=path,
                row=header_row,
                hint="Rename one of them.",
            )
        if name:
            named[i] = name
        elif not _is_idle([cells[i] for cells in rows.values()], i):
            raise DataError(
                f"the column at position {i + 1} has no name",
                file=path,
                row=header_row,
                hint="Name it, as in study, or delete it.",
            )
    return named


def _is_idle(cells: list[str], position: int) -> bool:
    """Whether a column without a name may be passed over: it is empty, or numbers the rows."""
    return not any(cells) or (position == 0 and all(cell.isdecimal() for cell in cells))


def _doubt(number: str, decimal: Decimal) -> str:
    mark, other = ("comma", ".") if decimal == "," else ("point", ",")
    return (
        f"Nothing in the file settles its decimal mark; {brief(number)} is read with a decimal "
        f'{mark}. If that {mark} groups thousands, set decimal = "{other}" under [data].'
    )
