"""The columns that the formula of a fit names, and where each stands at the intercept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.results.numbers import decimals, format_number
from bayesmeta.spec import Moderators

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Moderator", "moderators_of", "reference_text", "section"]


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """A column of the table in the formula.

    Attributes
    ----------
    column : str
    kind : {"number", "log", "category"}
    values : array
        Of the studies; of categories their levels as text.
    levels : tuple of str
        Of a category, the reference first.
    at : float
        Of a number, where the intercept is.
    """

    column: str
    kind: Literal["number", "log", "category"]
    values: Floats
    levels: tuple[str, ...] = ()
    at: float = 0.0

    @property
    def reference(self) -> str:
        """Where the intercept is, as text."""
        if self.kind == "category":
            return self.levels[0]
        if self.at.is_integer():
            return format_number(self.at, 0)
        return format_number(self.at, decimals(float(self.values.min()), float(self.values.max())))


def section(fit: "Fit") -> Moderators | None:
    """The ``[model.moderators]`` section; for a line over time, the one that means the same."""
    model = fit.spec.model
    if model.time is not None and model.time.effects == "linear":
        return Moderators(formula=f"`{model.time.column}`")
    return model.moderators


def moderators_of(fit: "Fit") -> list[Moderator]:
    """The moderators, in the order in which the terms of the formula name them."""
    chosen, terms = section(fit), fit.problem.design.terms
    if chosen is None:
        return []
    found: dict[int, Moderator] = {}
    for name in (str(name) for name in fit.table.data_vars if fit.table[name].ndim == 1):
        values = fit.table[name].to_numpy()
        if values.dtype.kind == "f":
            number = _number(name, values, terms, centred=chosen.centre or chosen.scale)
            if number is not None:
                found[number[0]] = number[1]
        category = _category(name, values, terms)
        if category is not None:
            found[category[0]] = category[1]
    return [found[place] for place in sorted(found)]


def reference_text(fit: "Fit") -> str:
    """The values of all moderators at the intercept, as in ``year = 2019, dose = 10``."""
    return ", ".join(f"{one.column} = {one.reference}" for one in moderators_of(fit))


def _number(
    name: str, values: Floats, terms: tuple[str, ...], *, centred: bool
) -> tuple[int, Moderator] | None:
    """A column that enters as a number, and the place of its term."""
    if name in terms:
        at = float(values.mean()) if centred else 0.0
        return terms.index(name), Moderator(column=name, kind="number", values=values, at=at)
    for text in (f"log({name})", f"log(`{name}`)"):
        if text in terms:
            at = float(np.exp(np.log(values).mean())) if centred else 1.0
            return terms.index(text), Moderator(column=name, kind="log", values=values, at=at)
    return None


def _category(
    name: str, values: np.ndarray, terms: tuple[str, ...]
) -> tuple[int, Moderator] | None:
    """A column that enters as a category, and the place of its first term."""
    labels = np.array([f"{v:g}" if isinstance(v, float) else str(v) for v in values], object)
    levels = sorted(set(labels))
    named = [level for level in levels if f"{name}[{level}]" in terms]
    if not named or len(named) != len(levels) - 1:
        return None
    first = next(level for level in levels if level not in named)
    place = min(terms.index(f"{name}[{level}]") for level in named)
    others = sorted(named, key=lambda level: terms.index(f"{name}[{level}]"))
    return place, Moderator(column=name, kind="category", values=labels, levels=(first, *others))
