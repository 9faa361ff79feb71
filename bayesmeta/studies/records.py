"""The CSV files of RevMan: records under named columns."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayesmeta.errors import DataError, brief, did_you_mean
from bayesmeta.studies.text import decoded, one_line

__all__ = ["Record", "read_records"]

_MOST_RECORDS = 500_000
"""The largest collection of reviews known, of 397 reviews, has 68,344 study rows."""

_LINE = 2**20
"""Characters of a line; a record of RevMan has some hundred, footnotes some thousand."""

_TOO_LONG = re.compile(rf"(?:^|\n)[^\n]{{{_LINE}}}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line of a table: its cells, and its row in a spreadsheet (the header is the first)."""

    columns: Mapping[str, int]
    cells: list[str]
    row: int

    def get(self, column: str) -> str:
        """The cell of a column; "" where the table has no such column."""
        place = self.columns.get(column)
        return "" if place is None or place >= len(self.cells) else self.cells[place].strip()

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
    header_line = text.partition("\n")[0]
    separator = max((",", ";", "\t"), key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[Record] = []
    columns: dict[str, int] = {}
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):
            if row == 1:
                columns = _columns(cells, required, path)
            elif any(cells):
                if any(cells[len(columns) :]):
                    raise DataError(
                        f"{len(cells)} cells where the header has {len(columns)}",
                        file=path,
                        row=row,
                    )
                records.append(Record(columns=columns, cells=cells, row=row))
            if row > _MOST_RECORDS:
                raise DataError(f"the table has over {_MOST_RECORDS:,} rows", file=path)
    except csv.Error as error:
        raise DataError(f"this is not a CSV file: {error}", file=path, row=row + 1) from None
    if not columns:
        raise DataError("the table is empty", file=path)
    return records


def _columns(header: list[str], required: Iterable[str], path: Path) -> dict[str, int]:
    names = [one_line(name) for name in header]
    repeated = next((name for name in names if name and names.count(name) > 1), None)
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
