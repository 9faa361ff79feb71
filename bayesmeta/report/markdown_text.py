"""Plain text as Markdown that GitHub and pandoc both show as that text."""

import re
import unicodedata

from bayesmeta.studies.text import without_turning

__all__ = ["bold", "code_block", "escape", "italic", "slug"]

_SPACE = re.compile(r"[ \t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
"""Spaces but those that do not break."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~^$@&]|-(?=-)|(?<=-)-|:(?=//)|(?<=www)\.)")
"""Marks of Markdown, of its tables, of mathematics and citations; two dashes, which pandoc makes
one long one; what begins an address, in which GitHub would not undo the escapes."""

_MARKER = re.compile(
    r"(?=[-+:%])|[Tt]able(?=:)|\(?(?:\d{1,9}|[A-Za-z]|[ivxlcdmIVXLCDM]+|\\#)(?=[.)](?:\s|$))"
)
"""What stands before the mark of a list, a caption or a title at the start of a line."""

_FENCE = 3

_SLUG = ("L", "M", "Nd", "Pc")
"""Categories of the characters that GitHub keeps in the address of a heading."""


def escape(text: str) -> str:
    """A text on one line, in which nothing is markup."""
    line = _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", _printable(text)).strip())
    start = _MARKER.match(line)
    return line if start is None else f"{start[0]}\\{line[start.end() :]}"


def bold(text: str) -> str:
    """A text in bold; none where there is none."""
    line = escape(text)
    return f"**{line}**" if line else ""


def italic(text: str) -> str:
    """A text in italics; none where there is none."""
    line = escape(text)
    return f"*{line}*" if line else ""


def code_block(text: str, language: str = "") -> str:
    """A text as it is, between fences that are longer than any in it.

    Parameters
    ----------
    text
        Its lines are kept.
    language
        As Markdown names it.
    """
    lines = "\n".join(_printable(line) for line in text.rstrip().splitlines())
    runs = (len(run) for run in re.findall("`+", lines))
    fence = "`" * max(_FENCE, *(length + 1 for length in runs), 0)
    return f"{fence}{language}\n{lines}\n{fence}"


def slug(title: str) -> str:
    """The address that GitHub gives to a heading that is the first with its title."""
    text = _SPACE.sub(" ", _printable(title)).strip().lower()
    kept = (each for each in text if each in " -" or unicodedata.category(each).startswith(_SLUG))
    return "".join(kept).replace(" ", "-")


def _printable(text: str) -> str:
    """A text without characters that no file of XML may hold: control characters, halves of one."""
    straight = without_turning(text)
    return "".join(each if _SPACE.match(each) or _is_text(each) else "\ufffd" for each in straight)


def _is_text(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"
