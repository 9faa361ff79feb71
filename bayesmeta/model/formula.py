"""Formulas of moderators: formulaic reads them, and the columns are made here.

Only names of columns, ``C(column)`` for categories and ``log(column)`` are known, so that no
formula can run code.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean
from bayesmeta.measures.base import Floats
from bayesmeta.model.columns import column_of, level_of
from bayesmeta.spec import Moderators
from bayesmeta.studies import place

__all__ = ["Terms", "read_formula"]

_KEY = "model.moderators"
_CALL = re.compile(r"(C|log)\(\s*(?:`([^`]+)`|(\w+))\s*\)")
_MOST_FACTORS = 2


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The columns that a formula makes.

    Attributes
    ----------
    names, matrix, steps, spreads
        See `Design`.
    at_names : tuple of str
        The points at which effects are predicted.
    at : array (point, term)
        The columns there.
    columns : tuple of str
        The columns of the table that it names.
    """

    names: tuple[str, ...]
    matrix: Floats
    steps: Floats
    spreads: Floats
    at_names: tuple[str, ...]
    at: Floats
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Factor:
    """A column of the table as it enters a term."""

    text: str
    column: str
    kind: Literal["number", "log", "category"]
    values: Any
    levels: tuple[str, ...] = ()
    centre: float = 0.0
    sd: float = float("nan")
    unit: float = 1.0

    def columns(self, values: Any) -> tuple[list[str], Floats]:
        """Names and values (value, column) that go into terms."""
        if self.kind == "category":
            names = [f"{self.column}[{level}]" for level in self.levels[1:]]
            same = np.array([[value == level for level in self.levels[1:]] for value in values])
            return names, same.astype(float).reshape(len(names) and -1, len(names))
        numbers = np.log(values) if self.kind == "log" else np.asarray(values, float)
        return [self.text], ((numbers - self.centre) / self.unit)[:, None]


def read_formula(moderators: Moderators, table: xr.Dataset) -> Terms:
    """The columns of a formula.

    Parameters
    ----------
    moderators
        The ``[model.moderators]`` section of the spec.
    table
        The studies.

    Raises
    ------
    SpecError
        The formula cannot be read, or names what there is not.
    DataError
        A study has no value of a moderator.
    """
    factors: dict[str, _Factor] = {}
    terms = []
    for texts in _parsed(moderators.formula):
        for text, column, kind in texts:
            if text not in factors:
                factors[text] = _factor(text, column, kind, moderators, table)
        terms.append([factors[text] for text, _, _ in texts])
    _check_reference(moderators, factors.values())
    whole = {factor.text for (factor, *others) in terms if not others}
    for term in terms:
        lacking = [factor.text for factor in term if factor.text not in whole]
        if lacking:
            raise SpecError(
                f"the interaction {':'.join(factor.text for factor in term)} stands without "
                f"{lacking[0]} itself",
                key=f"{_KEY}.formula",
                hint=f"Write {' * '.join(factor.text for factor in term)}.",
            )
    at = {factor.text: _at(factor, moderators.at) for factor in factors.values()}
    blocks = [_block(term, {f.text: f.values for f in term}) for term in terms]
    points = [_block(term, at)[1] for term in terms] if moderators.at else []
    matrix = np.concatenate([block for _, block in blocks], 1)
    numbers = [[f for f in term if f.kind != "category"] for term in terms]
    widths = [len(names) for names, _ in blocks]
    return Terms(
        names=tuple(name for names, _ in blocks for name in names),
        matrix=matrix,
        steps=np.repeat(
            [np.prod([f.sd for f in some]) if some else np.nan for some in numbers], widths
        ),
        spreads=np.repeat([np.prod([2 * f.sd / f.unit for f in some]) for some in numbers], widths),
        at_names=tuple(_label(values) for values in moderators.at),
        at=np.concatenate(points, 1) if points else np.zeros((0, matrix.shape[1])),
        columns=tuple(dict.fromkeys(factor.column for factor in factors.values())),
    )


def _parsed(formula: str) -> list[list[tuple[str, str, str]]]:
    """The terms of a formula, each a list of factors: text, column and function."""
    from formulaic import Formula  # for cost
    from formulaic.errors import FormulaicError

    try:
        parsed = Formula(formula)
    except FormulaicError as error:
        first = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).partition("\n")[0].partition(". ")[0]
        raise _unreadable(formula, first) from None
    except (AttributeError, RecursionError, SyntaxError, TypeError, ValueError):
        raise _unreadable(formula, "it is no formula") from None
    try:
        factors = [list(term.factors) for term in parsed]
    except AttributeError:
        raise _unreadable(formula, "it has a ~ or | that parts it in two") from None
    found = []
    intercept = False
    for term in factors:
        texts = [str(factor.expr) for factor in term]
        if texts == ["1"]:
            intercept = True
            continue
        if len(term) > _MOST_FACTORS:
            raise _unreadable(formula, f"{':'.join(texts)} is an interaction of more than two")
        found.append([_named(factor, formula) for factor in term])
    if re.search(r"[^)\s]\s*(\^|\*\*)", re.sub(r"`[^`]*`", "x", formula)):
        raise _unreadable(formula, "a power of a column is the column; make one of the powers")
    if not intercept:
        raise _unreadable(formula, "mu is the intercept and cannot be taken out")
    if not found:
        raise _unreadable(formula, "it has no terms")
    return found


def _named(factor: Any, formula: str) -> tuple[str, str, str]:
    text, method = str(factor.expr), factor.eval_method.value
    if method == "lookup":
        return text, text, ""
    call = _CALL.fullmatch(text)
    if call is None:
        raise _unreadable(formula, f"{brief(text)} is not a column, C(column) or log(column)")
    return text, call[2] or call[3], call[1]


def _unreadable(formula: str, why: str) -> SpecError:
    return SpecError(
        f"the formula {brief(formula)} cannot be used: {why}",
        key=f"{_KEY}.formula",
        hint="Write columns with + between them and * for interactions, as in year + dose or "
        "year * C(phase); names with spaces stand in `backticks`.",
    )


def _factor(
    text: str, column: str, function: str, moderators: Moderators, table: xr.Dataset
) -> _Factor:
    lacking = "the moderator has no value"
    values = column_of(table, column, f"{_KEY}.formula", lacking=lacking)
    number = values.dtype.kind == "f"
    if function == "C" or (not number and not function):
        labels = np.array([level_of(value) for value in values], object)
        levels = sorted(set(labels)) if not number else [level_of(v) for v in np.unique(values)]
        first = moderators.reference.get(column, levels[0])
        if first not in levels:
            raise SpecError(
                f"no study has {brief(first)} in the column {column!r}",
                key=f"{_KEY}.reference.{column}",
                hint=did_you_mean(first, levels),
            )
        if len(levels) < 2:
            raise _constant(column, text)
        order = (first, *(level for level in levels if level != first))
        return _Factor(text=text, column=column, kind="category", values=labels, levels=order)
    if not number:
        raise SpecError(f"the column {column!r} is not of numbers", key=f"{_KEY}.formula")
    if function == "log" and (values <= 0).any():
        raise DataError(
            f"{values.min():g} has no logarithm", **place(table, int(values.argmin()), column)
        )
    used = np.log(values) if function == "log" else values
    sd = float(np.std(used, ddof=1)) if used.size > 1 else 0.0
    if not sd > 0:
        raise _constant(column, text)
    return _Factor(
        text=text,
        column=column,
        kind="log" if function == "log" else "number",
        values=values,
        centre=float(used.mean()) if moderators.centre or moderators.scale else 0.0,
        sd=sd,
        unit=sd if moderators.scale else 1.0,
    )


def _constant(column: str, text: str) -> SpecError:
    return SpecError(
        f"all studies have the same value of {column}, so that it explains nothing",
        key=f"{_KEY}.formula",
        hint=f"Leave {text} out.",
    )


def _check_reference(moderators: Moderators, factors: Any) -> None:
    categories = [factor.column for factor in factors if factor.kind == "category"]
    for name in moderators.reference:
        if name not in categories:
            raise SpecError(
                f"the formula has no categories of {brief(name)}",
                key=f"{_KEY}.reference",
                hint=did_you_mean(name, categories),
            )


def _block(term: Sequence[_Factor], values: Mapping[str, Any]) -> tuple[list[str], Floats]:
    """Names and columns of a term: products of those of its factors."""
    names, block = term[0].columns(values[term[0].text])
    for factor in term[1:]:
        more, others = factor.columns(values[factor.text])
        names = [f"{name}:{other}" for name in names for other in more]
        block = (block[:, :, None] * others[:, None]).reshape(block.shape[0], -1)
    return names, block


def _at(factor: _Factor, points: Sequence[Mapping[str, float | str]]) -> Any:
    """The values of a factor at the points; where a point does not name it, its own centre."""
    values: list[float | str] = []
    for point in points:
        given = point.get(factor.column)
        if factor.kind == "category":
            level = factor.levels[0] if given is None else level_of(given)
            if level not in factor.levels:
                raise SpecError(
                    f"no study has {brief(level)} in the column {factor.column!r}",
                    key=f"{_KEY}.at",
                    hint=did_you_mean(level, factor.levels),
                )
            values.append(level)
            continue
        if isinstance(given, str):
            raise SpecError(f"{factor.column} is a number, not {brief(given)}", key=f"{_KEY}.at")
        typical = np.log(factor.values).mean() if factor.kind == "log" else factor.values.mean()
        if given is None:
            given = float(np.exp(typical) if factor.kind == "log" else typical)
        if factor.kind == "log" and not given > 0:
            raise SpecError(f"{given:g} has no logarithm", key=f"{_KEY}.at")
        values.append(given)
    return np.array(values, object if factor.kind == "category" else float)


def _label(values: Mapping[str, float | str]) -> str:
    return ", ".join(f"{name} = {level_of(value)}" for name, value in values.items())
