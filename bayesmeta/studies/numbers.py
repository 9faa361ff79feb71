"""Numbers as spreadsheets of many countries write them."""

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["Decimal", "decimal_mark", "first_doubtful", "is_missing", "parse_number"]

Decimal = Literal[".", ","]

_MISSING = re.compile(
    r"|[#<]?n/?a>?|n\.?[adr]\.?|n/r|nan|nat|null|none|missing|unknown|[-.?…]|--|\.{2,3}"
    r"|not (reported|available|applicable|estimable)",
    re.IGNORECASE,
)
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-"))
"""True minus signs, and the dashes that stand for them."""

_SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([ \u00a0\u2009\u202f'\u2019])\d{3})(?:\1\d{3})*(?!\d)")
"""Thousands grouped by a space of any kind or, in Switzerland, by an apostrophe."""

_PLAIN = {
    ".": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE),
    ",": re.compile(r"[+-]?(\d+(,\d*)?|,\d+)(e[+-]?\d+)?", re.IGNORECASE),
}
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?"),
}
"""Thousands grouped by the other mark: ``1,234`` but not ``0,234`` or ``1,5``."""

_OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}


def _clean(text: str) -> str:
    plain = text.strip().translate(_MINUS)
    spaced = _SPACED.match(plain)
    return plain.replace(spaced[1], "") if spaced else plain


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no number."""
    return _MISSING.fullmatch(_clean(text)) is not None


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
    number = float("inf")
    if _PLAIN[decimal].fullmatch(cleaned):
        number = float(cleaned.replace(decimal, "."))
    elif _GROUPED[decimal].fullmatch(cleaned):
        number = float(cleaned.replace(_OTHER[decimal], "").replace(decimal, "."))
    if abs(number) == float("inf"):
        raise ValueError(f"{text!r} is not a number")
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
    settled = _settled(numbers)
    if settled is not None:
        return settled
    return "," if any("," in number and _is_doubtful(number) for number in numbers) else "."


def first_doubtful(cells: Iterable[str], separator: str) -> str | None:
    """The first number that another decimal mark would make a thousand times larger or smaller.

    None where the file settles its decimal mark.
    """
    texts = list(cells)
    if separator == "," or _settled([_clean(text) for text in texts]) is not None:
        return None
    return next((text for text in texts if _is_doubtful(_clean(text))), None)


def _settled(numbers: list[str]) -> Decimal | None:
    """The mark for which there is a number that can be read in one way alone."""
    marks: tuple[Decimal, ...] = (".", ",")
    for mark in marks:
        if any(_reads(number, mark) and not _reads(number, _OTHER[mark]) for number in numbers):
            return mark
    return None


def _is_doubtful(number: str) -> bool:
    """Whether a number has a mark and can be read in both ways, as ``1,234`` can."""
    marked = "," in number or "." in number
    return marked and all(_reads(number, mark) for mark in _OTHER)


def _reads(number: str, decimal: Decimal) -> bool:
    return bool(_PLAIN[decimal].fullmatch(number) or _GROUPED[decimal].fullmatch(number))
