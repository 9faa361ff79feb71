"""Panels of density curves: side by side, a title and a key above, notes below."""

import math
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.measures import Measure, Scale
from bayesmeta.measures.base import Floats
from bayesmeta.plots.given_axes import axes_size, check_axes, figure_of, write_key
from bayesmeta.plots.style import COLOURS, FONT_SIZE
from bayesmeta.plots.ticks import round_places
from bayesmeta.priors import Prior

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BEHIND",
    "PRIOR_LINE",
    "curve_points",
    "effect_label",
    "fitting_ticks",
    "legible_range",
    "panels",
    "prior_note",
    "set_fitting_ticks",
    "strip",
    "text_width",
]

PRIOR_LINE: Any = {"linewidth": 1.2, "linestyle": (0, (4, 2.5))}
"""Priors are dashed, in every plot."""

BEHIND: Any = {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.8}
"""What stands behind a text that may lie on lines."""

_MARGIN = 0.15
_WIDTH = 7.1
"""Inches: two columns of a journal."""

_ONE_WIDTH = 5.4
_ACROSS = 2
_TITLE = 0.3
_HEIGHT = 2.1
_GAP = 0.45
_LINE = 0.185
_AXIS = 0.55
_KEY = 0.54
_BETWEEN = 1.6 * FONT_SIZE / 72
_HANDLE = (2.2 + 0.8) * FONT_SIZE / 72 + _BETWEEN
"""Inches of an entry of the key besides its text: the handle, and the gap to the next entry."""

_TICK_GAP = 0.09

_FOLDS = 1e6
"""A ratio is drawn to this many times its centre at most."""

_POINTS = 600
_SYMBOLS = {"mu": "μ", "tau": "τ", "omega": "ω"}
_NEAR = np.geomspace(1e-6, 0.05, 150)
"""Points close to the lower end of the support, where a density may rise without limit."""


def panels(
    count: int,
    *,
    title: str,
    key: Sequence["Artist"],
    notes: Sequence[str],
    height: float = _HEIGHT,
    room: float = 0.0,
    wide: bool = False,
    ax: "Axes | Sequence[Axes] | None" = None,
) -> "tuple[Figure, list[Axes]]":
    """A figure with panels side by side, two in a row; or the axes that are given.

    Parameters
    ----------
    count
        How many.
    title
        Above them; "" for none. It is folded to the width.
    key
        What stands in the key: artists with labels, on more than one line where they need it.
    notes
        Sentences below; each is folded to the width.
    height
        Of each panel, in inches.
    room
        Inches left of each panel for its y axis; it has none where that is 0.
    wide
        Make the figure as wide for one panel as it is for two.
    ax
        Axes to draw into, one a panel. Nothing is laid out then: the key is a legend of the
        first, title and notes are left out.

    Raises
    ------
    SpecError
        `ax` holds more or fewer axes than there are panels.
    """
    if ax is None:
        width = _WIDTH if wide or count > 1 else _ONE_WIDTH
        figure, axes = _laid_out(
            count, title=title, key=key, notes=notes, size=(width, height), room=room
        )
    else:
        figure, axes = check_axes(ax, count)
        write_key(axes[0], key)
    for panel in axes:
        strip(panel)
        if room:
            panel.spines["left"].set_visible(True)
            panel.spines["left"].set_linewidth(0.8)
            panel.tick_params(axis="y", labelsize=FONT_SIZE - 0.5, length=3)
    return figure, axes


def _laid_out(
    count: int,
    *,
    title: str,
    key: Sequence["Artist"],
    notes: Sequence[str],
    size: tuple[float, float],
    room: float,
) -> "tuple[Figure, list[Axes]]":
    """The figure, `size` its width and the height of each panel; the axes have their frames yet."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    width, height = size
    inside = width - 2 * _MARGIN
    heading = _folded(figure, title, inside, FONT_SIZE + 1, bold=True) if title else []
    lines = [line for note in notes for line in _folded(figure, note, inside, FONT_SIZE - 1)]
    columns = _key_columns(figure, key, inside)
    over_key = _MARGIN + _LINE * (len(heading) + 0.4 * bool(heading))
    below = _AXIS + _LINE * len(lines) + _MARGIN
    rows, across = math.ceil(count / _ACROSS), min(count, _ACROSS)
    body = rows * height + (rows - 1) * (_AXIS + _TITLE)
    whole = over_key + _KEY + _LINE * (math.ceil(len(key) / columns) - 1) + body + below
    figure.set_size_inches(width, whole)
    for i, line in enumerate(heading):
        _write(figure, line, _MARGIN + _LINE * i, weight="bold", fontsize=FONT_SIZE + 1)
    for i, line in enumerate(lines):
        top = whole - below + _AXIS + _LINE * i
        _write(figure, line, top, fontsize=FONT_SIZE - 1, color=COLOURS["data"])
    _draw_key(figure, key, over_key, columns)
    each = (inside - _GAP * (across - 1)) / across
    shares = (each - room) / width, height / whole
    axes = []
    for i in range(count):
        row, column = divmod(i, across)
        left = (_MARGIN + column * (each + _GAP) + room) / width
        bottom = (below + (rows - 1 - row) * (height + _AXIS + _TITLE)) / whole
        axes.append(figure.add_axes((left, bottom, *shares)))
    return figure, axes


def _write(figure: "Figure", text: str, top: float, **style: Any) -> None:
    """A line of text at the left margin, so many inches below the top."""
    width, height = figure.get_size_inches()
    figure.text(_MARGIN / width, 1 - top / height, text, va="top", **style)


def _key_columns(figure: "Figure", key: Sequence["Artist"], inside: float) -> int:
    """How many entries of the key have room beside each other; a legend fills column by column."""
    widths = [text_width(figure, str(entry.get_label())) for entry in key]
    for columns in range(len(key), 1, -1):
        widest = [max(column) for column in np.array_split(widths, columns)]
        if sum(widest) + _HANDLE * len(widest) - _BETWEEN <= inside:
            return columns
    return 1


def _draw_key(figure: "Figure", key: Sequence["Artist"], top: float, columns: int) -> None:
    width, height = figure.get_size_inches()
    figure.legend(
        handles=list(key),
        loc="upper left",
        bbox_to_anchor=(_MARGIN / width, 1 - top / height),
        ncols=columns,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=2.2,
        columnspacing=1.6,
        fontsize=FONT_SIZE,
    )


def strip(axes: "Axes") -> None:
    """Leave of the frame only the x axis."""
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
    from matplotlib.backends import backend_agg
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    # its own, because the figure may be the user's and have a canvas of any kind
    agg: Any = backend_agg
    renderer = agg.RendererAgg(1, 1, figure.dpi)
    return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0]) / figure.dpi


def fitting_ticks(axes: "Axes", scale: Scale, size: float) -> None:
    """Set the ticks of an x axis on the analysis scale, no more than have room for their labels.

    Parameters
    ----------
    axes
        With its limits set.
    scale, size
        As `round_places` takes them.
    """
    set_fitting_ticks(axes, *round_places(*axes.get_xlim(), scale=scale, size=size))


def set_fitting_ticks(axes: "Axes", places: Floats, labels: Sequence[str]) -> None:
    """Set of these ticks of an x axis no more than have room for their labels."""
    axes.set_xticks(places, labels)
    figure, (low, high) = figure_of(axes), axes.get_xlim()
    whole, (left, _, width, _) = figure.get_figwidth(), axes_size(axes)
    middles = left + width * (places - low) / (high - low)
    halves = [text_width(figure, label, size=FONT_SIZE - 0.5) / 2 for label in labels]
    within = [i for i in range(places.size) if halves[i] <= middles[i] <= whole - halves[i]]
    first = int(np.argmin(np.abs(places))) if places.size else 0
    for stride in range(1, places.size + 1):
        kept = [i for i in within if (i - first) % stride == 0]
        if all(
            middles[j] - middles[i] >= halves[i] + halves[j] + _TICK_GAP for i, j in pairwise(kept)
        ):
            axes.set_xticks(places[kept], [labels[i] for i in kept])
            return


def curve_points(low: float, high: float, lower: float) -> Floats:
    """Where a density is computed: evenly, and closer together near the end of its support."""
    even = np.linspace(low, high, _POINTS)
    if not (math.isfinite(lower) and low <= lower < high):
        return even
    return np.unique(np.concatenate([even, lower + (high - lower) * _NEAR]))


def legible_range(low: float, high: float, *, centre: float, scale: Scale) -> tuple[float, float]:
    """The range of an axis on the analysis scale: of ratios no more than has readable numbers."""
    reach = math.log(_FOLDS) if scale.ratio else math.inf
    return max(low, centre - reach), min(high, centre + reach)


def effect_label(measure: Measure) -> str:
    """The name of an effect, for an axis whose ticks are on the display scale."""
    scale = "" if measure.scale.name == "identity" else f" ({measure.scale.name} scale)"
    return measure.label[:1].upper() + measure.label[1:] + scale


def prior_note(name: str, prior: Prior) -> str:
    """A sentence that says which prior a parameter has, and why."""
    return f"The prior of {_SYMBOLS.get(name, name)} is {prior.expression}; {prior.source}."
