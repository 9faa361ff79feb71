"""A prior expression to the call it writes down, read without running it."""

import ast
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from bayesmeta.errors import PriorError, brief, did_you_mean

__all__ = ["Call", "Value", "bind", "number", "read_call", "text"]

_MAX_LENGTH = 1000
_MAX_DEPTH = 8
_MAX_LIST = 20
_HINT = "Write a distribution as in PyMC, with numbers: HalfNormal(0.5), Normal(0, 4)."


@dataclass(frozen=True, kw_only=True)
class Call:
    """A name and its arguments.

    Keywords come as they are written, so that one that is given twice is seen.
    """

    name: str
    positional: "tuple[Value, ...]"
    keywords: "tuple[tuple[str, Value], ...]"
    written: str


type Value = float | str | tuple[Value, ...] | Call
"""A number, a text, a list or a call."""


def read_call(expression: str) -> Call:
    """Read a call whose arguments are numbers, texts, lists of these, and calls.

    Raises
    ------
    PriorError
        It is anything else, or too long or too deep.
    """
    try:
        if len(expression) > _MAX_LENGTH:
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a strange number or text is refused, not warned of
            node = ast.parse(expression.strip(), mode="eval").body
        value = _value(node, 0)
        if not isinstance(value, Call):
            raise ValueError
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise PriorError(f"{brief(expression)} is not a prior", hint=_HINT) from None
    return value


def _value(node: ast.expr, depth: int) -> Value:
    if depth > _MAX_DEPTH:
        raise ValueError
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return Call(
            name=node.func.id,
            positional=tuple(_value(each, depth + 1) for each in node.args),
            keywords=tuple(
                (each.arg or "**", _value(each.value, depth + 1)) for each in node.keywords
            ),
            written=ast.unparse(node),
        )
    if isinstance(node, ast.List | ast.Tuple):
        if len(node.elts) > _MAX_LIST:
            raise ValueError
        return tuple(_value(each, depth + 1) for each in node.elts)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return _number(node)


def _number(node: ast.expr) -> float:
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        node = node.operand
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return sign * float(value)


def bind(call: Call, known: Mapping[str, Value | None]) -> dict[str, Value]:
    """The value of every argument of a call.

    Parameters
    ----------
    call
        The call.
    known
        Every argument with its default; None where it must be given.

    Raises
    ------
    PriorError
        An argument is not known, is given twice or is missing.
    """
    names = list(known)
    usage = f"Its arguments are {call.name}({', '.join(names)})."
    if len(call.positional) > len(names):
        raise PriorError(f"too many arguments in {brief(call.written)}", hint=usage)
    given = dict(zip(names, call.positional, strict=False))
    for key, value in call.keywords:
        if key not in known:
            raise PriorError(
                f"{call.name} has no argument {key!r}", hint=f"{did_you_mean(key, names)} {usage}"
            )
        if key in given:
            raise PriorError(f"{key!r} is given twice in {brief(call.written)}", hint=usage)
        given[key] = value
    arguments = {key: given.get(key, default) for key, default in known.items()}
    complete = {key: value for key, value in arguments.items() if value is not None}
    if len(complete) < len(names):
        missing = ", ".join(key for key in names if key not in complete)
        raise PriorError(f"{brief(call.written)} lacks {missing}", hint=usage)
    return complete


def number(call: Call, key: str, value: Value) -> float:
    """The value of an argument that is a number.

    Raises
    ------
    PriorError
        It is something else.
    """
    if isinstance(value, float):
        return value
    raise PriorError(f"{key} of {call.name} is a number, not {_shown(value)}", hint=_HINT)


def text(call: Call, key: str, value: Value) -> str:
    """The value of an argument that is a text.

    Raises
    ------
    PriorError
        It is something else.
    """
    if isinstance(value, str):
        return value
    raise PriorError(f"{key} of {call.name} is a text in quotes, not {_shown(value)}")


def _shown(value: Value) -> str:
    return brief(value.written if isinstance(value, Call) else value)
