"""Panels of density curves: side by side, a title and a key above, notes below."""

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import Measure, Scale
from bayesmeta.measures.base import Floats
from bayesmeta.plots.style import COLOURS, FONT_SIZE
from bayesmeta.plots.ticks import set_ticks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curve_points", "effect_label", "fitting_ticks", "panels", "text_width"]

_MARGIN = 0.15
_WIDTH = 7.1
"""Inches: two columns of a journal."""

_ONE_WIDTH = 5.4
_HEIGHT = 2.1
_GAP = 0.45
_LINE = 0.185
_AXIS = 0.55
_TICK_GAP = 0.09

_POINTS = 600
_NEAR = np.geomspace(1e-6, 0.05, 150)
"""Points close to the lower end of the support, where a density may rise without limit."""


def panels(
    count: int, *, title: str, key: Sequence["Artist"], notes: Sequence[str]
) -> "tuple[Figure, list[Axes]]":
    """A figure with panels side by side.

    Parameters
    ----------
    count
        How many.
    title
        Above them; "" for none.
    key
        What stands in the key: artists with labels.
    notes
        Sentences below; each is folded to the width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = _WIDTH if count > 1 else _ONE_WIDTH
    inside = width - 2 * _MARGIN
    figure = Figure()
    FigureCanvasAgg(figure)
    heading = _folded(figure, title, inside, FONT_SIZE + 1, bold=True) if title else []
    lines = [line for note in notes for line in _folded(figure, note, inside, FONT_SIZE - 1)]
    above = _MARGIN + _LINE * (len(heading) + 0.4 * bool(heading) + 1.5 + 1.4)
    below = _AXIS + _LINE * len(lines) + _MARGIN
    height = above + _HEIGHT + below
    figure.set_size_inches(width, height)
    each = (inside - _GAP * (count - 1)) / count
    axes = [
        figure.add_axes(
            (
                (_MARGIN + i * (each + _GAP)) / width,
                below / height,
                each / width,
                _HEIGHT / height,
            )
        )
        for i in range(count)
    ]
    for panel in axes:
        _strip(panel)
    at = _MARGIN / width
    for i, line in enumerate(heading):
        y = 1 - (_MARGIN + _LINE * i) / height
        figure.text(at, y, line, va="top", weight="bold", fontsize=FONT_SIZE + 1)
    for i, line in enumerate(lines):
        y = (below - _AXIS - _LINE * i) / height
        style: dict[str, Any] = {"fontsize": FONT_SIZE - 1, "color": COLOURS["data"]}
        figure.text(at, y, line, va="top", **style)
    y = 1 - (_MARGIN + _LINE * (len(heading) + 0.4 * bool(heading))) / height
    figure.legend(
        handles=list(key),
        loc="upper left",
        bbox_to_anchor=(at, y),
        ncols=len(key),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=2.2,
        columnspacing=1.6,
        fontsize=FONT_SIZE,
    )
    return figure, axes


def _strip(axes: "Axes") -> None:
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_linewidth(0.8)
    axes.tick_params(axis="x", labelsize=FONT_SIZE - 0.5, length=3)


def _folded(
    figure: "Figure", text: str, width: float, size: float, *, bold: bool = False
) -> list[str]:
    """The text in lines that are no wider than this, in inches."""
    characters = max(len(text), 1)
    while True:
        lines = textwrap.wrap(text, characters) or [""]
        widest = max(text_width(figure, line, size=size, bold=bold) for line in lines)
        if widest <= width or characters == 1:
            return lines
        characters = max(min(characters - 1, int(characters * width / widest)), 1)


def text_width(
    figure: "Figure", text: str, *, size: float = FONT_SIZE, bold: bool = False
) -> float:
    """Width of a line of text in inches."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0]) / figure.dpi


def fitting_ticks(axes: "Axes", scale: Scale, size: float) -> None:
    """Set the ticks of an x axis on the analysis scale, no more than have room for their labels.

    Takes what `set_ticks` takes.
    """
    set_ticks(axes, scale, size)
    figure = axes.get_figure(root=True)
    assert figure is not None  # axes stand in a figure
    low, high = axes.get_xlim()
    width, box = figure.get_figwidth(), axes.get_position()
    places = np.asarray(axes.get_xticks())
    labels = [label.get_text() for label in axes.get_xticklabels()]
    middles = width * (box.x0 + box.width * (places - low) / (high - low))
    halves = [text_width(figure, label, size=FONT_SIZE - 0.5) / 2 for label in labels]
    first = int(np.argmin(np.abs(places))) if places.size else 0
    kept: list[int] = []
    for i in [*range(first, places.size), *range(first - 1, -1, -1)]:
        inside = halves[i] <= middles[i] <= width - halves[i]
        if inside and all(
            abs(middles[i] - middles[j]) >= halves[i] + halves[j] + _TICK_GAP for j in kept
        ):
            kept.append(i)
    axes.set_xticks(places[sorted(kept)], [labels[i] for i in sorted(kept)])


def curve_points(low: float, high: float, lower: float) -> Floats:
    """Where a density is computed: evenly, and closer together near the end of its support."""
    even = np.linspace(low, high, _POINTS)
    if not (math.isfinite(lower) and low <= lower < high):
        return even
    return np.unique(np.concatenate([even, lower + (high - lower) * _NEAR]))


def effect_label(measure: Measure) -> str:
    """The name of an effect, for an axis whose ticks are on the display scale."""
    scale = "" if measure.scale.name == "identity" else f" ({measure.scale.name} scale)"
    return measure.label[:1].upper() + measure.label[1:] + scale
