"""Read a CSV file as text, whatever program and country it comes from."""

import csv
import io
from pathlib import Path

import pandas as pd

from bayesmeta.errors import DataError
from bayesmeta.files import read_bytes
from bayesmeta.studies.numbers import Decimal, decimal_mark

__all__ = ["read_csv"]

_SEPARATORS = (",", ";", "\t", "|")


def read_csv(path: str | Path, *, decimal: Decimal | None = None) -> pd.DataFrame:
    """Read a CSV file without interpreting its cells.

    UTF-8 with or without byte order mark, UTF-16 with one, and Windows-1252 are recognised; so
    are commas, semicolons, tabs and bars as separators. Empty rows are passed over.

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
        first; ``attrs`` holds ``file`` and ``decimal``.

    Raises
    ------
    DataError
        The file is empty, binary, has no or repeated column names, or rows of another length.
    """
    path = Path(path)
    text = _decode(read_bytes(path), path)
    separator = _separator(text)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(f"this is not a CSV file: {error}", file=path) from None
    rows = {
        number: [cell.strip() for cell in record]
        for number, record in enumerate(records, start=1)
        if any(cell.strip() for cell in record)
    }
    if not rows:
        raise DataError("the file is empty", file=path)
    header_row = next(iter(rows))
    header = _header(rows.pop(header_row), path, header_row)
    for number, cells in rows.items():
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        if len(cells) > len(header):
            raise DataError(
                f"{len(cells)} cells where the header has {len(header)}",
                file=path,
                row=number,
                hint=f"Cells that contain {separator!r} need quotation marks around them.",
            )
        cells.extend([""] * (len(header) - len(cells)))
    frame = pd.DataFrame(list(rows.values()), columns=header, dtype=object)
    frame.index = pd.Index(list(rows), name="row")
    cells_of_file = (cell for record in rows.values() for cell in record)
    frame.attrs = {"file": path, "decimal": decimal or decimal_mark(cells_of_file, separator)}
    return frame


def _decode(data: bytes, path: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise DataError(
        "this is not a text file", file=path, hint="Save the table as CSV, not as a workbook."
    )


def _separator(text: str) -> str:
    """The separator that occurs most often in the first line with content, quotes left out."""
    line = next((line for line in text.splitlines() if line.strip(" ,;\t|")), "")
    unquoted = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=unquoted.count)


def _header(cells: list[str], path: Path, row: int) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    for position, name in enumerate(cells, start=1):
        if not name:
            raise DataError(f"the column at position {position} has no name", file=path, row=row)
        if cells.index(name) != position - 1:
            raise DataError(
                f"two columns are named {name!r}", file=path, row=row, hint="Rename one of them."
            )
    return cells
