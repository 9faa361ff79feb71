"""Row filters: a pandas query that cannot run code.

The condition is parsed, never run: each kind of node below is evaluated here on whole columns,
and every other kind is refused.
"""

import ast
import functools
import numbers
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean

__all__ = ["filter_rows"]

_KEY = "data.where"
_MAX_LENGTH = 2000
_MAX_NODES = 1000
_EXAMPLE = (
    "Compare columns with values, as in: outcome == 'pain' and year >= 2015. "
    "Text stands in quotes; names with spaces or signs, and words of Python, in `backticks`."
)
_TOKENS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]*)`|[&|]""")
"""Strings, which stay as they are, names in backticks, and pandas' signs for and, or."""

_WORDS = {"&": " and ", "|": " or "}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
    }
)
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
    }
)

_NAMES: Mapping[type[ast.expr], str] = MappingProxyType(
    {
        ast.Attribute: "a dot after a name",
        ast.BinOp: "a sign other than + - * /",
        ast.Call: "a function",
        ast.Constant: "a value that is neither a number nor text",
        ast.Subscript: "an index",
    }
)
"""What a user would call the commonest of the kinds that are refused."""

_LISTED = 8
"""Values of a column that a message lists."""


def filter_rows(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The rows for which a condition holds.

    Parameters
    ----------
    frame
        Any table whose columns are named by text.
    where
        A pandas query of comparisons, ``and``, ``or``, ``not``, ``in`` and arithmetic on columns
        and values; names with spaces stand in backticks. Function calls, attributes, indexing
        and ``@`` are refused, and so are comparisons of text with numbers.

    Raises
    ------
    SpecError
        The condition is refused, is not valid, or names an unknown column.
    DataError
        No row fulfils it.
    """
    if len(where) > _MAX_LENGTH:
        raise _refused(f"is longer than {_MAX_LENGTH} characters")
    if not where.strip():
        raise _refused("is empty")
    columns: dict[str, pd.Series] = {}
    try:
        kept = _condition(_evaluate(_parse(where, frame, columns), columns))
    except (SyntaxError, RecursionError, MemoryError):
        raise _refused(f"{brief(where)} is not valid") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        raise _refused(f"{brief(where)} cannot be evaluated: {error}") from None
    if not isinstance(kept, pd.Series):
        raise _refused(f"{brief(where)} names no column")
    if not kept.any():
        held = "\n  ".join(dict.fromkeys(_values(column) for column in columns.values()))
        raise DataError(f"no row fulfils the condition {brief(where)}", key=_KEY, hint=held)
    return frame[kept.to_numpy()]


def _refused(reason: str) -> SpecError:
    return SpecError(f"the condition {reason}", key=_KEY, hint=_EXAMPLE)


def _parse(where: str, frame: pd.DataFrame, columns: dict[str, pd.Series]) -> ast.expr:
    """The tree of the condition; adds the columns that it names, by their name in the tree."""
    stem = "_"
    while stem in where:
        stem += "_"

    def replaced(token: re.Match[str]) -> str:
        if token[1] is None:
            return _WORDS.get(token[0], token[0])
        name = f"{stem}{len(columns)}"
        columns[name] = _column(frame, token[1])
        return f" {name} "

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's advice on its own strings and numbers
        tree = ast.parse(f"({_TOKENS.sub(replaced, where)}\n)", mode="eval").body
    folded = {unicodedata.normalize("NFKC", name): name for name in frame.columns}
    nodes = list(ast.walk(tree))
    if len(nodes) > _MAX_NODES:
        raise _refused(f"{brief(where)} has more than {_MAX_NODES} parts")
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in columns:
            exact = node.id in frame.columns
            columns[node.id] = _column(frame, node.id if exact else folded.get(node.id, node.id))
    return tree


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise SpecError(
            f"the condition names {brief(name)}, which is not a column",
            key=_KEY,
            hint=did_you_mean(name, frame.columns),
        )
    return frame[name]


def _evaluate(node: ast.expr, columns: Mapping[str, pd.Series]) -> Any:
    """The value of a node: a column, a number, a text, a truth, or a list of these."""
    match node:
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=bool() | str() as constant):
            return constant
        case ast.Constant(value=int() | float() as constant):
            return float(constant)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_evaluate(item, columns) for item in items]
        case ast.BoolOp(op=op, values=parts):
            joined = operator.and_ if isinstance(op, ast.And) else operator.or_
            truths = [_condition(_evaluate(part, columns)) for part in parts]
            return functools.reduce(joined, truths)
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            return _condition(_evaluate(operand, columns)) ^ True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(_evaluate(operand, columns))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _number(_evaluate(operand, columns))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            terms = [_number(_evaluate(side, columns)) for side in (left, right)]
            return _ARITHMETIC[type(op)](*terms)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_evaluate(side, columns) for side in (left, *others)]
            pairs = zip(sides[:-1], ops, sides[1:], strict=True)
            return functools.reduce(operator.and_, [_compare(*pair) for pair in pairs])
    raise _refused(f"contains what is not allowed: {_NAMES.get(type(node), type(node).__name__)}")


def _compare(left: Any, op: ast.cmpop, right: Any) -> Any:
    """One comparison; a missing value fulfils none but ``!=`` and ``not in``."""
    _check_alike(left, right)
    if isinstance(right, list):
        found = left.isin(right) if isinstance(left, pd.Series) else left in right
        if isinstance(op, ast.In | ast.Eq):
            return found
        if isinstance(op, ast.NotIn | ast.NotEq):
            return found ^ True
    if type(op) not in _COMPARISONS or isinstance(right, list):
        raise _refused("needs one value on the right, or `in` and a list, as in ['pain', 'vas']")
    result = _COMPARISONS[type(op)](left, right)
    if not isinstance(result, pd.Series):
        return result
    return result.fillna(isinstance(op, ast.NotEq)).astype(bool)


def _condition(value: Any) -> Any:
    if _kind(value) != "truth":
        raise _refused(f"takes {_description(value)} for true or false: compare it with a value")
    return value.fillna(False).astype(bool) if isinstance(value, pd.Series) else value


def _number(value: Any) -> Any:
    if _kind(value) not in ("number", "empty"):
        raise _refused(f"calculates with {_description(value)}")
    return value


def _check_alike(left: Any, right: Any) -> None:
    """Refuse comparisons that would silently be false: of text with numbers."""
    for item in right if isinstance(right, list) else [right]:
        kinds = {_kind(left), _kind(item)}
        if "list" in kinds or ("text" in kinds and kinds & {"number", "truth"}):
            raise _refused(f"compares {_description(left)} with {_description(item)}")


def _kind(value: Any) -> str:
    if isinstance(value, pd.Series):
        if pd.api.types.is_bool_dtype(value):
            return "truth"
        if value.isna().all():
            return "empty"
        if pd.api.types.is_numeric_dtype(value):
            return "number"
        return "text" if isinstance(value.dropna().iloc[0], str) else "other"
    if isinstance(value, bool | np.bool_):
        return "truth"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "number"


def _description(value: Any) -> str:
    """What a value is, for messages."""
    kind = _kind(value)
    held = {"text": "text", "number": "numbers", "truth": "true or false"}.get(kind, "other values")
    if isinstance(value, pd.Series):
        return f"the column {brief(value.name)} ({held})"
    return "a list" if kind == "list" else f"{'the text ' if kind == 'text' else ''}{_shown(value)}"


def _values(column: pd.Series) -> str:
    """What a column holds, so that a misspelt value is seen."""
    values = list(dict.fromkeys(_shown(value) for value in column.dropna()))
    listed = ", ".join(values[:_LISTED]) or "nothing"
    return f"{brief(column.name)} holds {listed}{' …' if len(values) > _LISTED else ''}."


def _shown(value: object) -> str:
    if isinstance(value, str):
        return brief(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_):
        return f"{float(value):.15g}"
    return str(value)
