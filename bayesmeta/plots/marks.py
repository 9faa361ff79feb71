"""Marks of estimates: points on their intervals, and how wide an axis shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Estimate", "draw_mark", "mark_limits"]

_REACH = 0.75
"""An interval is cut, with an arrow, where it reaches further than this share of the width of
what the model says beyond it."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A point with its interval, on the scale of the axis."""

    centre: float
    lower: float
    upper: float


def draw_mark(
    axes: "Axes", y: float, estimate: Estimate, *, colour: str, marker: str, size: float
) -> None:
    """A marker on its interval, with an arrow where an end lies outside the axis.

    Parameters
    ----------
    axes
        With its limits set.
    y
        The height.
    estimate
        Where.
    colour, marker, size
        Of the marker; ``"o"`` is open.
    """
    low, high = axes.get_xlim()
    inside = max(estimate.lower, low), min(estimate.upper, high)
    axes.plot(inside, [y, y], color=colour, linewidth=1.0, solid_capstyle="butt", zorder=2)
    for outside, edge, arrow in (
        (estimate.lower < low, low, "<"),
        (estimate.upper > high, high, ">"),
    ):
        if outside:
            axes.plot([edge], [y], arrow, color=colour, markersize=4.5, clip_on=False, zorder=3)
    axes.plot(
        [estimate.centre],
        [y],
        marker,
        color=colour,
        markerfacecolor="white" if marker == "o" else colour,
        markersize=size,
        markeredgewidth=0.9 if marker == "o" else 0,
        zorder=3,
    )


def mark_limits(
    said: Sequence[Estimate], own: Sequence[Estimate], points: Sequence[float] = ()
) -> tuple[float, float]:
    """The range of an axis: all the model says and all estimates, and no study's tails alone.

    Parameters
    ----------
    said
        What the model says.
    own
        The studies' own estimates.
    points
        What has to be on the axis besides.
    """
    centres = [*(estimate.centre for estimate in own), *points]
    lower = min([estimate.lower for estimate in said] + centres)
    upper = max([estimate.upper for estimate in said] + centres)
    reach = _REACH * (upper - lower)
    everything = [*own, *said]
    lower = min(lower, max(min(estimate.lower for estimate in everything), lower - reach))
    upper = max(upper, min(max(estimate.upper for estimate in everything), upper + reach))
    margin = 0.03 * (upper - lower) or 1.0
    return lower - margin, upper + margin
