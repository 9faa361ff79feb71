"""The published result of an analysis, and whether it is reproduced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesmeta.classical import quantile
from bayesmeta.comparison.rows import Row
from bayesmeta.errors import SpecError
from bayesmeta.measures import Measure, find_measure
from bayesmeta.parity import agrees
from bayesmeta.results.numbers import format_number, format_span
from bayesmeta.spec import Published, Spec
from bayesmeta.studies import Outcome, Review, Settings, Stored

__all__ = ["Origin", "Printed", "published"]

_NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a file of RevMan says of the studies that are compared.

    Attributes
    ----------
    settings : Settings
        How RevMan was told to analyse them.
    stored : Stored
        The pooled result that it shows; empty where it shows none.
    decimals : int or None
        Decimals of the stored numbers; None for full precision.
    pooled : bool
        Whether RevMan was told to pool them.
    """

    settings: Settings
    stored: Stored
    decimals: int | None
    pooled: bool

    @classmethod
    def of(cls, review: Review, outcome: Outcome, place: int = -1) -> Self | None:
        """Of an outcome, or of a subgroup of it; None where its settings are not known."""
        settings = outcome.settings
        if settings is None:
            return None
        pooled = settings.totals if place < 0 else settings.totals or settings.subtotals
        stored = outcome.stored if place < 0 else outcome.subgroups[place].stored
        return cls(
            settings=settings,
            stored=stored if pooled else {},
            decimals=review.decimals,
            pooled=pooled,
        )


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A published result.

    Attributes
    ----------
    row : Row
    estimate, lower, upper : float
        As printed, on the display scale.
    decimals : int or None
        Decimals with which it is printed; None for full precision.
    level : float
        Level of its interval.
    measure : Measure
    stored : bool
        Whether it is what a RevMan file stores.
    """

    row: Row
    estimate: float
    lower: float
    upper: float
    decimals: int | None
    level: float
    measure: Measure
    stored: bool

    @classmethod
    def of(
        cls,
        numbers: tuple[float, float, float],
        measure: Measure,
        size: float,
        *,
        label: str,
        decimals: int | None,
        level: float,
        df: float = np.inf,
        tau2: float | None = None,
        i2: float | None = None,
        stored: bool = False,
    ) -> Self:
        """From an estimate and its interval on the display scale; `df` is that of its t."""
        scale = measure.scale
        estimate, lower, upper = (
            float(scale.to_analysis(np.array(number), np.array(size))) for number in numbers
        )
        row = Row(
            method="published",
            label=label,
            kind="published",
            interval="as published",
            level=level,
            estimate=estimate,
            sd=(upper - lower) / (2 * quantile(level, df)),
            lower=lower,
            upper=upper,
            tau=_NAN if tau2 is None else float(np.sqrt(tau2)),
            i2=_NAN if i2 is None else i2 / 100,
        )
        return cls(
            row=row,
            estimate=numbers[0],
            lower=numbers[1],
            upper=numbers[2],
            decimals=decimals,
            level=level,
            measure=measure,
            stored=stored,
        )

    def reproduced_by(self, rows: Sequence[Row], measure: Measure, size: float) -> str | None:
        """The method whose result is this one at the printed precision; None where none is."""
        if measure is not self.measure:
            return None
        for row in rows:
            ends = np.array([row.estimate, row.lower, row.upper])
            shown = measure.scale.to_display(ends, np.full(3, size))
            pairs = zip((self.estimate, self.lower, self.upper), shown, strict=True)
            if all(agrees(stored, float(computed), self.decimals) for stored, computed in pairs):
                return row.label
        return None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return "What RevMan stored" if self.stored else "The published result"

    def sentence(
        self, method: str | None, rows: Sequence[Row], measure: Measure, size: float
    ) -> str:
        """Whether and by what method it is reproduced, in words."""
        if measure is not self.measure:
            return (
                f"{self.name} is of another measure ({self.measure.label}) than the others "
                f"({measure.label}), {self._text(self.estimate, self.lower, self.upper)}, and "
                "cannot stand in a row beside them."
            )
        if method is not None:
            precision = "to all digits" if self.decimals is None else "to every printed digit"
            return f"{self.name} is reproduced {precision} by {method}."
        nearest = min(rows, key=lambda row: _distance(row, self.row))
        ends = np.array([nearest.estimate, nearest.lower, nearest.upper])
        found = self._text(*measure.scale.to_display(ends, np.full(3, size)))
        return (
            f"{self.name} is not reproduced from these studies: the nearest is {nearest.label}, "
            f"{found} for {self._text(self.estimate, self.lower, self.upper)}. Other studies, "
            "other numbers or another method may be why."
        )

    def _text(self, estimate: float, lower: float, upper: float) -> str:
        """An estimate and its interval with the decimals that are printed."""
        places = 4 if self.decimals is None else self.decimals
        return f"{format_number(estimate, places)} ({format_span(lower, upper, places)})"


def published(spec: Spec, measure: Measure, origin: Origin | None, size: float) -> Printed | None:
    """The published result: that of the spec, or what a RevMan file stores; None without one.

    Raises
    ------
    SpecError
        The numbers of the spec are not possible.
    """
    given = spec.compare.published
    if given is not None:
        return _of_spec(given, measure, size, _level(given.level, spec))
    if origin is None or origin.settings.measure != measure.code:
        return None
    settings, found = origin.settings, origin.stored
    effect, lower, upper = (found.get(name, _NAN) for name in ("effect", "lower", "upper"))
    if not lower <= effect <= upper or (measure.scale.ratio and lower <= 0) or lower == upper:
        return None  # nothing is stored, or zeros for what cannot be estimated
    return Printed.of(
        (effect, lower, upper),
        measure,
        size,
        label=f"RevMan, as stored{_level(settings.level, spec)}",
        decimals=origin.decimals,
        level=settings.level,
        df=found.get("df", np.inf) if settings.random and settings.interval == "HKSJ" else np.inf,
        tau2=found.get("tau2") if settings.random else None,
        i2=found.get("i2"),
        stored=True,
    )


def _level(level: float, spec: Spec) -> str:
    """The level of an interval behind its label, where it is not that of the analysis."""
    return "" if level == spec.interval.prob else f" ({100 * level:g} % interval)"


def _of_spec(given: Published, measure: Measure, size: float, level: str) -> Printed:
    own = measure if given.measure is None else find_measure(given.measure)
    numbers = given.estimate, given.lower, given.upper
    ordered = given.lower <= given.estimate <= given.upper and given.lower < given.upper
    if not ordered or (own.scale.ratio and given.lower <= 0):
        raise SpecError(
            f"{given.estimate:g} ({given.lower:g} to {given.upper:g}) is not possible as result "
            f"and interval of the measure {own.label}",
            key="compare.published",
            hint="Give estimate, lower and upper on the display scale: the estimate lies between "
            f"the others{', all above 0' if own.scale.ratio else ''}.",
        )
    return Printed.of(
        numbers,
        own,
        size,
        label=f"published: {given.source}{level}" if given.source else f"published{level}",
        decimals=max(_decimals(number) for number in numbers)
        if given.decimals is None
        else given.decimals,
        level=given.level,
        tau2=given.tau2,
        i2=given.i2,
    )


def _decimals(number: float) -> int:
    """Decimals with which a number was written."""
    return len(np.format_float_positional(number, trim="-").partition(".")[2])


def _distance(row: Row, other: Row) -> float:
    return abs(row.estimate - other.estimate) + abs(row.width - other.width)
