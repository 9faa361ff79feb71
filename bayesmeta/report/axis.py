"""Places on the axis of a small forest plot that is drawn in the page itself."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesmeta.comparison import Row
from bayesmeta.measures import Scale
from bayesmeta.plots.panels import legible_range

__all__ = ["Axis", "Bar"]

_REACH = 1.0
"""A prediction interval, or that of a study, is cut this many widths of the others beyond them."""

_MARGIN = 0.04


@dataclass(frozen=True, kw_only=True)
class Bar:
    """An interval with its point, in units of the picture; the ends say whether they are cut.

    A point beyond the picture is None.
    """

    left: float
    right: float
    middle: float | None
    cut_left: bool
    cut_right: bool


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis from `low` to `high` on the analysis scale, `width` units wide.

    Attributes
    ----------
    low, high : float
    width : int
    null : float or None
        No effect.
    """

    low: float
    high: float
    width: int
    null: float | None

    @classmethod
    def around(
        cls,
        inner: Iterable[tuple[float, float]],
        outer: Iterable[tuple[float, float]],
        *,
        null: float | None,
        width: int,
        scale: Scale,
    ) -> Self:
        """An axis that shows all inner intervals and no effect, and what is legible of others.

        Ratios that are very far apart are cut, around the middle of the inner intervals.

        Parameters
        ----------
        inner, outer
            Intervals on the analysis scale.
        null
            No effect.
        width
            In units of the picture.
        scale
            The scale of the measure.
        """
        ends = [end for pair in inner for end in pair if math.isfinite(end)]
        centre = float(np.median(ends)) if ends else 0.0
        ends += [] if null is None else [null]
        low, high = min(ends, default=-1.0), max(ends, default=1.0)
        reach = _REACH * ((high - low) or 1.0)
        others = [end for pair in outer for end in pair if math.isfinite(end)]
        low = min(low, max(low - reach, min(others, default=low)))
        high = max(high, min(high + reach, max(others, default=high)))
        low, high = legible_range(low, high, centre=centre, scale=scale)
        margin = _MARGIN * ((high - low) or 1.0)
        return cls(low=low - margin, high=high + margin, width=width, null=null)

    def place(self, value: float) -> float:
        """Where a value stands, within the picture."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.width * share, 1)

    def bar(self, middle: float, lower: float, upper: float) -> Bar | None:
        """An interval with its point; None where there is none."""
        if not (math.isfinite(lower) and math.isfinite(upper)):
            return None
        return Bar(
            left=self.place(lower),
            right=self.place(upper),
            middle=self.place(middle) if self.low <= middle <= self.high else None,
            cut_left=lower < self.low,
            cut_right=upper > self.high,
        )

    def pooled(self, row: Row) -> Bar | None:
        """The interval of the pooled effect of a method."""
        return self.bar(row.estimate, row.lower, row.upper)

    def prediction(self, row: Row) -> Bar | None:
        """The prediction interval of a method; None where it has none."""
        return self.bar(row.estimate, row.prediction_lower, row.prediction_upper)

    @property
    def null_place(self) -> float | None:
        """Where no effect stands; None where the axis does not reach it."""
        if self.null is None or not self.low <= self.null <= self.high:
            return None
        return self.place(self.null)
