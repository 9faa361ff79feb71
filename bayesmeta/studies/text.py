"""Text from files: its encoding, and what terminals, pages and saved fits can hold of it."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bayesmeta.errors import DataError

__all__ = ["decoded", "one_line", "unique", "without_turning"]

_REPLACED = {"Cc": " ", "Cs": "\ufffd"}
"""Kinds of characters that no text may hold: control characters and halves of characters."""

_TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Characters that turn the direction of what follows them, so that a name is read as another."""


def decoded(content: bytes, path: Path) -> str:
    """The text of a file in UTF-8, in UTF-16 with a byte order mark, or in Windows-1252.

    Raises
    ------
    DataError
        It is no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise DataError(
        "this is not a text file", file=path, hint="Save the table as CSV, not as a workbook."
    )


def one_line(text: str) -> str:
    """One line of text, without control characters and double spaces."""
    if text.isascii() and text.isprintable():  # nearly all names, and ten times as fast
        return " ".join(text.split())
    kept = (_REPLACED.get(unicodedata.category(character), character) for character in text)
    return " ".join("".join(kept).split())


def without_turning(text: str) -> str:
    """A text for a page, where a name must not turn what stands around it."""
    return text.translate(_TURNING)


def unique(given: Sequence[str]) -> list[str]:
    """The names, with a number behind each that is repeated, as in ``Smith (2)``."""
    taken, numbers, names = set(given), Counter[str](), []
    for name in given:
        numbers[name] += 1
        label = name
        while numbers[name] > 1 and label in taken:
            label = f"{name} ({numbers[name]})"
            numbers[name] += label in taken
        taken.add(label)
        names.append(label)
    return names
