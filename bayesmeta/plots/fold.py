"""Long names on two lines, or cut."""

import textwrap

__all__ = ["cut_name", "fold_name", "fold_notes", "in_two_lines"]

_MAX_NAME = 44
_MAX_NOTE = 140


def fold_name(name: str) -> str:
    """A long name on two lines; the middle of a very long one is left out, its year kept."""
    if len(name) > 2 * _MAX_NAME:
        name = f"{name[: _MAX_NAME + 10].rstrip()} … {name[-_MAX_NAME + 20 :].lstrip()}"
    lines = textwrap.wrap(name, _MAX_NAME) or [""]
    return "\n".join([lines[0], " ".join(lines[1:])]) if len(lines) > 1 else lines[0]


def in_two_lines(text: str) -> str:
    """The text on two lines that are as short as they can be; on one where it is one word."""
    words = text.split()
    folds = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return "\n".join(min(folds, key=lambda lines: max(map(len, lines)))) if folds else text


def cut_name(name: str, longest: int = _MAX_NAME) -> str:
    """A name on one line, its end left out where it is longer."""
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def fold_notes(notes: list[str], longest: int = _MAX_NOTE) -> list[str]:
    """Notes on lines no longer than a plot with columns is wide."""
    return [line for note in notes for line in textwrap.wrap(note, longest) or [""]]
