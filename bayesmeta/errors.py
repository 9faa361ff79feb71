"""Every error that a user can cause.

The tree, with the exit code of the command line::

    BayesmetaError
    ├── InputError          2   what the user gave is wrong
    │   ├── SpecError           a spec file, a flag or a keyword
    │   ├── DataError           a file of studies
    │   └── PriorError          a prior expression
    └── EngineError         3   an engine could not do what was asked
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "BayesmetaError",
    "DataError",
    "EngineError",
    "InputError",
    "PriorError",
    "SpecError",
    "brief",
    "did_you_mean",
    "located",
]

_VALUE = 80
"""Characters of a name or value that a message shows."""

_LIST = 1000
"""Characters of a list of known names that a message shows."""


class BayesmetaError(Exception):
    """Base of all errors that bayesmeta raises on purpose."""

    exit_code = 70


class EngineError(BayesmetaError):
    """An engine could not do what was asked."""

    exit_code = 3


class InputError(BayesmetaError):
    """Something the user gave is wrong: what, where, and what would be right.

    Parameters
    ----------
    message : str
        What is wrong.
    hint : str, optional
        What would be right.
    file, key, row, study, column : optional
        The place: a file, a key of a spec such as ``effect.measure``, a spreadsheet row (the
        header is row 1), a study, a column.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        file: str | Path | None = None,
        key: str | None = None,
        row: int | None = None,
        study: str | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file
        self.key = key
        self.row = row
        self.study = study
        self.column = column

    @property
    def place(self) -> str:
        """Where it is wrong, as far as it is known."""
        parts = [
            _visible(str(self.file)) if self.file is not None else "",
            _visible(self.key or ""),
            f"row {self.row}" if self.row is not None else "",
            f"study {brief(self.study)}" if self.study is not None else "",
            f"column {brief(self.column)}" if self.column is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class SpecError(InputError):
    """A spec, a flag or a keyword is wrong."""


class DataError(InputError):
    """A file of studies is wrong."""


class PriorError(InputError):
    """A prior expression is wrong."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or else all of them."""
    names = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {brief(folded[close[0]])}?"
    if not names:
        return ""
    listed = ", ".join(_visible(candidate) for candidate in names)
    return f"Known are: {_shortened(listed, _LIST)}."


def brief(value: object) -> str:
    """A value as a message shows it: in quotes if it is text, on one line, and not too long."""
    return _shortened(repr(value), _VALUE)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 2]} …"


def _visible(text: str) -> str:
    """The text with control characters escaped, so that it cannot disturb a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def located(
    *,
    file: str | Path | None = None,
    key: str | None = None,
    kind: type[InputError] = InputError,
) -> Iterator[None]:
    """Add a file or a key to the place of every error of a kind that passes through."""
    try:
        yield
    except kind as error:
        error.file = error.file if error.file is not None else file
        error.key = error.key if error.key is not None else key
        raise
