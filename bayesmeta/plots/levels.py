"""Axes of risks, in per cent, and of rates, in events for each unit of person-time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.plots.panels import set_fitting_ticks
from bayesmeta.plots.ticks import round_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "between_levels",
    "level_axis_label",
    "level_limits",
    "level_ticks",
    "set_level_ticks",
    "short_label",
]

_FROM_ZERO = 0.6
_NARROW = 0.15
"""An axis starts at 0 where the lowest level is below this share of the highest, or so near it."""

_MARGIN = 0.07
_POINTS = 400
_LONGEST = 24


def level_axis_label(arm: str, *, rate: bool) -> str:
    """What stands at an axis: the risk, or the rate, with an arm."""
    name = short_label(arm)
    return f"Rate with {name}, per unit of time" if rate else f"Risk with {name}"


def short_label(arm: str) -> str:
    """The label of an arm, no longer than a panel has room for."""
    return f"{arm[:_LONGEST].rstrip()} …" if len(arm) > _LONGEST else arm


def level_limits(levels: Sequence[float] | Floats, *, least: float) -> tuple[float, float]:
    """The range of an axis that fills it with levels, and has a margin beyond 0 for their marks.

    Parameters
    ----------
    levels
        Risks or rates.
    least
        The highest that is shown where all are 0.
    """
    low, high = float(np.min(levels)), float(np.max(levels))
    high = high or least
    if low < _FROM_ZERO * high or high - low < _NARROW * high:
        low = 0.0
    margin = _MARGIN * (high - low)
    return low - margin, high + margin


def between_levels(limits: tuple[float, float], *, rate: bool) -> Floats:
    """Levels from end to end of an axis, at which curves are drawn."""
    low, high = limits
    return np.linspace(max(low, 0.0), high if rate else min(high, 1.0), _POINTS)


def level_ticks(limits: tuple[float, float], *, rate: bool) -> tuple[Floats, list[str]]:
    """Round levels on an axis, and their labels; none below 0, and no risk above 100 %."""
    unit, sign = (1.0, "") if rate else (100.0, " %")
    low, high = max(limits[0], 0.0), limits[1] if rate else min(limits[1], 1.0)
    places, labels = round_places(unit * low, unit * high, scale=IDENTITY)
    return places / unit, [f"{label}{sign}" for label in labels]


def set_level_ticks(axes: "Axes", *, rate: bool, sides: str = "xy") -> None:
    """Set the ticks of axes that are risks or rates, with their limits set."""
    if "x" in sides:
        set_fitting_ticks(axes, *level_ticks(axes.get_xlim(), rate=rate))
    if "y" in sides:
        axes.set_yticks(*level_ticks(axes.get_ylim(), rate=rate))
