"""Row filters: a pandas query that cannot run code."""

import ast
import re

import pandas as pd

from bayesmeta.errors import DataError, SpecError, did_you_mean

__all__ = ["filter_rows"]

_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.Invert,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.BitAnd,
    ast.BitOr,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.In,
    ast.NotIn,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.List,
    ast.Tuple,
)
_BACKTICKS = re.compile(r"`([^`]*)`")
_KEY = "data.where"
_EXAMPLE = "Compare columns with values, as in: outcome == 'pain' and year >= 2015"
_MAX_LENGTH = 2000


def filter_rows(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The rows for which a condition holds.

    Parameters
    ----------
    frame
        Any table.
    where
        A pandas query of comparisons, ``and``, ``or``, ``not``, ``in`` and arithmetic on columns
        and values; names with spaces stand in backticks. Function calls, attributes, indexing
        and ``@`` are refused.

    Raises
    ------
    SpecError
        The condition is refused, is not valid, or names an unknown column.
    DataError
        No row fulfils it.
    """
    names = _check(where, [str(name) for name in frame.columns])
    renamed = frame.rename(columns=dict(zip(frame.columns, names, strict=True)))
    simple = _BACKTICKS.sub(lambda match: names[_position(frame, match[1])], where)
    try:
        kept = renamed.query(simple, engine="python")
    except Exception as error:  # pandas raises many kinds for one cause: types that do not compare
        raise SpecError(
            f"the condition {where!r} cannot be evaluated: {error}", key=_KEY, hint=_EXAMPLE
        ) from None
    if kept.empty:
        raise DataError(f"no row fulfils the condition {where!r}", hint=_values(frame, where))
    return frame.loc[kept.index]


def _position(frame: pd.DataFrame, name: str) -> int:
    return [str(column) for column in frame.columns].index(name)


def _check(where: str, columns: list[str]) -> list[str]:
    """Refuse what is not a comparison; give each column a name that is an identifier."""
    if len(where) > _MAX_LENGTH or "@" in _without_strings(where):
        raise SpecError(f"the condition {where!r} is not allowed", key=_KEY, hint=_EXAMPLE)
    for quoted in _BACKTICKS.findall(where):
        _known(quoted, columns)
    names = [name if name.isidentifier() else f"_column_{i}" for i, name in enumerate(columns)]
    simple = _BACKTICKS.sub(lambda match: names[columns.index(match[1])], where)
    try:
        tree = ast.parse(simple.strip(), mode="eval")
        for node in ast.walk(tree):
            if not isinstance(node, _ALLOWED):
                kind = type(node).__name__
                raise SpecError(
                    f"{kind} is not allowed in the condition {where!r}", key=_KEY, hint=_EXAMPLE
                )
            if isinstance(node, ast.Name) and node.id not in names:
                _known(node.id, columns)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SpecError(f"the condition {where!r} is not valid", key=_KEY, hint=_EXAMPLE) from None
    return names


def _known(name: str, columns: list[str]) -> None:
    if name not in columns:
        raise SpecError(
            f"the condition names {name!r}, which is not a column",
            key=_KEY,
            hint=did_you_mean(name, columns),
        )


def _without_strings(where: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", where)


def _values(frame: pd.DataFrame, where: str) -> str:
    """What the columns in the condition hold, so that a misspelt value is seen."""
    lines = []
    for name in frame.columns:
        if re.search(rf"\b{re.escape(str(name))}\b", _without_strings(where)):
            values = sorted({str(value) for value in frame[name].dropna()})
            shown = ", ".join(repr(value) for value in values[:8])
            lines.append(f"{name} holds {shown}{' …' if len(values) > 8 else ''}.")
    return "\n  ".join(lines)
