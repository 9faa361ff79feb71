"""Values and calls as Python code: names that can be nothing else, lines short enough to read."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

__all__ = ["LINE", "array", "block", "call", "matrix", "names", "number", "text"]

LINE = 88
"""Characters of a line."""

_STEP = "    "
_NAME = 20
"""Characters that are left for what stands before an array."""


def text(value: str) -> str:
    """A string of Python; what is not printable is written as its code point."""
    code = repr(str(value))
    return f'"{code[1:-1]}"' if code[0] == "'" and '"' not in code else code


def number(value: float) -> str:
    """A number of Python: the shortest that reads back as the same double."""
    if math.isfinite(value):
        return repr(float(value))
    return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"


def names(values: Iterable[str]) -> str:
    """A list of strings, one a line."""
    return "[\n" + "".join(f"{_STEP}{text(value)},\n" for value in values) + "]"


def array(values: np.ndarray, *, whole: bool = False) -> str:
    """An array of numbers.

    Parameters
    ----------
    values
        The numbers.
    whole
        Write integers where all are.
    """
    given = np.asarray(values, float)
    as_integers = whole and bool((given == np.round(given)).all())
    items = [str(int(value)) if as_integers else number(float(value)) for value in given]
    return _bracketed("np.array([", items, "])")


def matrix(rows: np.ndarray) -> str:
    """A matrix of numbers, each row from a line of its own on."""
    inside = ""
    for row in rows:
        written = _bracketed("[", [number(float(value)) for value in row], "],")
        inside += block(written, 1) + "\n"
    return f"np.array([\n{inside}])"


def _bracketed(opening: str, items: Sequence[str], closing: str) -> str:
    """Items on one line, or as many lines as they need."""
    single = f"{opening}{', '.join(items)}{closing}"
    if len(single) <= LINE - _NAME:
        return single
    lines = [_STEP]
    for item in items:
        if len(lines[-1]) + len(item) + 2 * len(_STEP) > LINE:
            lines.append(_STEP)
        lines[-1] += f"{item}, "
    return "\n".join([opening, *(line.rstrip() for line in lines), closing])


def call(function: str, *arguments: str, depth: int = 0, before: str = "") -> str:
    """A call, on one line or with each argument on its own.

    Parameters
    ----------
    function
        What is called.
    *arguments
        Code of the arguments.
    depth
        How far its line will be indented, in steps.
    before
        What stands before it on its line, as in ``tau = ``.
    """
    single = f"{before}{function}({', '.join(arguments)})"
    fits = len(single) + depth * len(_STEP) <= LINE
    if fits and "\n" not in single:
        return single
    inside = "".join(f"{block(argument, 1)},\n" for argument in arguments)
    return f"{before}{function}(\n{inside})"


def block(code: str, depth: int) -> str:
    """Code that is indented by some steps; empty lines stay empty."""
    return "\n".join(f"{_STEP * depth}{line}".rstrip() for line in code.split("\n"))
