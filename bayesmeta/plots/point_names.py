"""Names beside points: where they have room, and nowhere else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.plots.given_axes import axes_size, figure_of
from bayesmeta.plots.panels import BEHIND, text_width
from bayesmeta.plots.style import COLOURS, FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Box", "write_names"]

_SIZE = FONT_SIZE - 2
_HEIGHT = 1.15 * _SIZE / 72
_GAP = 0.03
"""Inches between a point and its name."""

_SAME = 0.02
"""Points that are no further apart, in inches, are one, and nobody could tell whose a name is."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle, in inches from the lower left corner of the axes."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def write_names(
    axes: "Axes",
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    *,
    radii: Floats,
    taken: Sequence[Box] = (),
) -> None:
    """Write the name of each point right, left, above or below of it, if there is room.

    Parameters
    ----------
    axes
        With its limits set.
    points, names
        One each; the largest points choose first.
    radii
        Of the points, in inches.
    taken
        Where nothing may stand.
    """
    figure, (_, _, width, height) = figure_of(axes), axes_size(axes)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    centres = [
        (width * (x - left) / (right - left), height * (y - bottom) / (top - bottom))
        for x, y in points
    ]
    within = Box(left=0, bottom=0, right=width, top=height)
    used = [
        *taken,
        *(
            Box(left=x - radius, bottom=y - radius, right=x + radius, top=y + radius)
            for (x, y), radius in zip(centres, radii, strict=True)
        ),
    ]
    for i in np.argsort(-radii, kind="stable"):
        length = text_width(figure, names[i], size=_SIZE)
        x, y = centres[i]
        if any(math.dist((x, y), other) < _SAME for j, other in enumerate(centres) if j != i):
            continue
        for box in _beside(x, y, float(radii[i]) + _GAP, length):
            if _inside(box, within) and not any(box.meets(other) for other in used):
                used.append(box)
                axes.text(
                    box.left / width,
                    (box.bottom + box.top) / 2 / height,
                    names[i],
                    transform=axes.transAxes,
                    va="center_baseline",
                    fontsize=_SIZE,
                    color=COLOURS["data"],
                    zorder=5,
                    bbox=BEHIND,
                )
                break


def _beside(x: float, y: float, away: float, length: float) -> list[Box]:
    """Right, left, above, below."""
    half = _HEIGHT / 2
    corners = [
        (x + away, y - half),
        (x - away - length, y - half),
        (x - length / 2, y + away),
        (x - length / 2, y - away - _HEIGHT),
    ]
    return [
        Box(left=left, bottom=bottom, right=left + length, top=bottom + _HEIGHT)
        for left, bottom in corners
    ]


def _inside(box: Box, whole: Box) -> bool:
    return (
        whole.left <= box.left
        and box.right <= whole.right
        and whole.bottom <= box.bottom
        and box.top <= whole.top
    )
