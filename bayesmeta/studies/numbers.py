"""Numbers as spreadsheets of many countries write them."""

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["Decimal", "decimal_mark", "is_missing", "parse_number"]

Decimal = Literal[".", ","]

_MISSING = {"", "na", "n/a", "n.a.", "nan", "null", "none", "nr", "not reported", "-", ".", "?"}
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-"})
_SPACES = re.compile(r"[\u00a0\u202f\u2009' ](?=\d{3}(?!\d))")
_PLAIN = {
    ".": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE),
    ",": re.compile(r"[+-]?(\d+(,\d*)?|,\d+)(e[+-]?\d+)?", re.IGNORECASE),
}
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"),
}


def _clean(text: str) -> str:
    return _SPACES.sub("", text.strip().translate(_MINUS))


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no number."""
    return _clean(text).casefold() in _MISSING


def parse_number(text: str, decimal: Decimal) -> float:
    """Read a number, with or without thousands separators.

    Parameters
    ----------
    text
        The cell; a missing value gives NaN.
    decimal
        The decimal mark of the file; the other of ``.`` and ``,`` may group thousands.

    Raises
    ------
    ValueError
        The text is not a finite number under that decimal mark.
    """
    if is_missing(text):
        return float("nan")
    cleaned = _clean(text)
    group = "," if decimal == "." else "."
    if _PLAIN[decimal].fullmatch(cleaned):
        number = float(cleaned.replace(decimal, "."))
    elif _GROUPED[decimal].fullmatch(cleaned):
        number = float(cleaned.replace(group, "").replace(decimal, "."))
    else:
        raise ValueError(text)
    if abs(number) == float("inf"):
        raise ValueError(text)
    return number


def decimal_mark(cells: Iterable[str], separator: str) -> Decimal:
    """Find the decimal mark of a file.

    A comma can only be a decimal mark where it does not separate the cells. There, cells such as
    ``1,5`` settle it for the comma and cells such as ``1.5`` for the point; with neither, a file
    that is separated by semicolons or tabs and holds any number with a comma is taken to come
    from a country that writes decimal commas.
    """
    if separator == ",":
        return "."
    numbers = [_clean(cell) for cell in cells]
    point = any(_PLAIN["."].fullmatch(n) and "." in n and not _GROUPED[","].fullmatch(n) for n in numbers)
    if point:
        return "."
    comma = any("," in n and (_PLAIN[","].fullmatch(n) or _GROUPED[","].fullmatch(n)) for n in numbers)
    grouped = any("." in n and _GROUPED[","].fullmatch(n) for n in numbers)
    return "," if comma or grouped else "."
