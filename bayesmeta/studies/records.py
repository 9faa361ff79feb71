"""The CSV files of RevMan: records under named columns."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayesmeta.errors import DataError, brief, did_you_mean
from bayesmeta.studies.text import decoded, one_line

__all__ = ["Record", "read_records"]

_MOST_COLUMNS = 1_000
_MOST_ROWS = 150_000
_MOST_CELLS = 5_000_000
"""The largest collection known, of 397 reviews, has 68,344 rows of 27 cells."""

_LINE = 2**20
"""Characters of a line; a record of RevMan has some hundred, footnotes some thousand."""

_TOO_LONG = re.compile(rf"(?:\A|[\r\n])[^\r\n]{{{_LINE}}}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line of a table: its cells, and its row in a spreadsheet (the header is the first)."""

    columns: Mapping[str, int]
    cells: list[str]
    row: int

    def get(self, column: str) -> str:
        """The cell of a column; "" where the table has no such column."""
        place = self.columns.get(column, -1)
        return self.cells[place].strip() if -1 < place < len(self.cells) else ""

    def name(self, column: str) -> str:
        """The cell of a column as a name: one line, without control characters."""
        return one_line(self.get(column))

    def texts(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Cells under our names; columns are given as our name = the name in the file."""
        return {own: self.get(theirs) for own, theirs in columns.items()}


def read_records(content: bytes, path: Path, required: Iterable[str]) -> list[Record]:
    """The records of a table.

    Parameters
    ----------
    content
        The bytes of the table.
    path
        Where it is from, for messages.
    required
        Columns without which the table is another.

    Raises
    ------
    DataError
        It is no table with these columns, a record is longer than its header, or the file holds
        more than any review.
    """
    text = decoded(content, path)
    if _TOO_LONG.search(text):
        raise DataError("a line of the table is too long", file=path)
    separator = max((",", ";", "\t"), key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[Record] = []
    row = size = 0
    try:
        columns = _columns(next(reader, []), required, path)
        for row, cells in enumerate(reader, start=2):
            size += len(cells)
            if row > _MOST_ROWS or size > _MOST_CELLS:
                raise DataError("the table has more rows or cells than any review", file=path)
            if any(cells[len(columns) :]):
                message = f"{len(cells)} cells where the header has {len(columns)}"
                raise DataError(message, file=path, row=row)
            if any(cells):
                records.append(Record(columns=columns, cells=cells, row=row))
    except csv.Error as error:
        message = f"this is not a CSV file: {error}"
        raise DataError(message, file=path, row=max(row + 1, 2)) from None
    return records


def _columns(header: list[str], required: Iterable[str], path: Path) -> dict[str, int]:
    if len(header) > _MOST_COLUMNS:
        raise DataError(f"the table has over {_MOST_COLUMNS:,} columns", file=path, row=1)
    names = [one_line(name) for name in header]
    repeated = next((name for name, n in Counter(names).items() if name and n > 1), None)
    if repeated is not None:
        raise DataError(f"two columns are named {brief(repeated)}", file=path, row=1)
    for name in required:
        if name not in names:
            raise DataError(
                f"the table has no column {brief(name)}",
                file=path,
                row=1,
                hint=did_you_mean(name, filter(None, names)),
            )
    # columns without a name keep their place, so that the header has as many as a record
    return {name or f"\0{i}": i for i, name in enumerate(names)}
