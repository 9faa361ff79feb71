"""Any file of RevMan, told apart by what it holds."""

import hashlib
from pathlib import Path

from bayesmeta.errors import DataError, InputError
from bayesmeta.files import read_bytes
from bayesmeta.studies.archive import gunzip, read_members
from bayesmeta.studies.data_rows import ROW_COLUMNS, read_data_rows
from bayesmeta.studies.review import Review
from bayesmeta.studies.revman5 import read_revman5
from bayesmeta.studies.revman_export import EXPORT_COLUMNS, read_revman_export
from bayesmeta.studies.revman_web import is_member, read_revman_web

__all__ = ["is_revman", "read_review"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_WORKBOOKS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"mimetype", b"xl/")
"""Names of the first file of a zip file that is a workbook of Excel or LibreOffice."""

_NAME = 30
"""Where the name of the first file of a zip file stands."""

_START = 2**14
"""Bytes that show what a file is."""


def is_revman(path: str | Path) -> bool:
    """Whether a file is one of RevMan, by its first bytes: False too where it cannot be read.

    Many programs write zip files, so that one is taken to be a data package by its name alone.
    """
    path = Path(path)
    try:
        found = _format(read_bytes(path, first=_START))
    except InputError:
        return False
    return found != "" and (found != "zip" or path.suffix.casefold() == ".zip")


def read_review(path: str | Path) -> Review:
    """Read a file of RevMan.

    Files of RevMan 5 (``.rm5``), data packages of RevMan Web (``.zip``), its data rows alone
    (``-data-rows.csv``, also compressed as ``.gz``), and the CSV that RevMan 5 exports.

    Raises
    ------
    InputError
        The file cannot be read.
    DataError
        It is no file of RevMan, is damaged, holds what no review holds, or a number in it is none
        or is not possible: the message names the file, the analysis and the study.
    """
    path = Path(path)
    content = read_bytes(path)
    sha256 = hashlib.sha256(content).hexdigest()
    found = _format(content[:_START])
    if found == "gzip":
        content = gunzip(content, path)
        found = _format(content[:_START])
        if found in ("zip", "gzip"):
            raise DataError("archives lie within each other", file=path)
    if found == "xml":
        return read_revman5(content, path, sha256)
    if found == "zip":
        return _package(content, path, sha256)
    if found == "rows":
        return read_data_rows(content, path, sha256)
    if found == "export":
        return read_revman_export(content, path, sha256)
    raise DataError(
        "this is no file of RevMan",
        file=path,
        hint="It would be a file of RevMan 5 (.rm5), a data package of RevMan Web (.zip), its "
        "data rows, or the CSV that RevMan 5 exports.",
    )


def _format(start: bytes) -> str:
    """Which format a file begins as; "" for none of RevMan's."""
    if start.startswith(_GZIP):
        return "gzip"
    if start.startswith(_ZIP):
        return "" if start.startswith(_WORKBOOKS, _NAME) else "zip"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = start.decode("utf-16", "replace")
    else:
        text = start.decode("utf-8-sig", "replace")
    if text.lstrip().startswith("<?xml") or "<COCHRANE_REVIEW" in text:
        return "xml"
    header = text.partition("\n")[0]
    if all(name in header for name in ROW_COLUMNS):
        return "rows"
    return "export" if all(name in header for name in EXPORT_COLUMNS) else ""


def _package(content: bytes, path: Path, sha256: str) -> Review:
    members = read_members(
        content, path, lambda name: is_member(name) or name.casefold().endswith(".rm5")
    )
    reviews = [name for name in members if name.casefold().endswith(".rm5")]
    if len(reviews) == 1 and len(members) == 1:
        return read_revman5(members[reviews[0]], path, sha256)
    return read_revman_web(members, path, sha256)
