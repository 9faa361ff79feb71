"""The grid of judgements, and the bars of their shares, in axes of any size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.plots.columns import BADGE, cell_size
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.judgements import JUDGEMENT_COLOURS, SIGNS
from bayesmeta.plots.style import COLOURS, FONT_SIZE
from bayesmeta.plots.traffic_light_rows import Judged
from bayesmeta.results.numbers import format_number
from bayesmeta.studies import JUDGEMENTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_grid", "draw_shares"]

_LEAST = 9
"""A share is written into its bar where it is at least so many percent."""

_LEAST_SIGN = 3
"""Its sign is, where it is at least so many."""

_SIGN: Any = {"ha": "center", "va": "center_baseline", "weight": "bold", "color": "black"}


def draw_grid(axes: "Axes", judged: Judged, *, named: bool = False) -> None:
    """A circle with a sign for each judgement.

    Parameters
    ----------
    axes
        What is drawn into.
    judged
        The judgements.
    named
        Names of the domains stand above, not their letters.
    """
    rows, domains = judged.words.shape
    axes.set_xlim(-0.5, domains - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    for word in dict.fromkeys(judged.words.ravel().tolist()):
        if word:
            y, x = np.nonzero(judged.words == word)
            colour = JUDGEMENT_COLOURS[word]
            style: dict[str, Any] = {"markersize": 72 * BADGE, "markeredgewidth": 0}
            axes.plot(x, y, "o", color=colour, label=word, zorder=2, **style)
            for column, row in zip(x, y, strict=True):
                axes.text(column, row, SIGNS[word], fontsize=FONT_SIZE, **_SIGN)
    axes.hlines(
        np.arange(rows + 1) - 0.5,
        -0.5,
        domains - 0.5,
        color=COLOURS["rule"],
        linewidth=0.4,
        zorder=0,
        clip_on=False,
    )
    _label_rows(axes, judged.names, [cell_size(name) for name in judged.names])
    names = [cut_name(domain) for domain in judged.domains]
    axes.xaxis.tick_top()
    axes.set_xticks(range(domains), names if named else judged.letters)
    axes.tick_params(axis="x", length=0, labelsize=FONT_SIZE)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
        if named:
            label.set(rotation=45, ha="left", rotation_mode="anchor")
        else:
            label.set_fontweight("bold")
    axes.spines[:].set_visible(False)


def draw_shares(axes: "Axes", judged: Judged) -> None:
    """A bar a domain, divided by judgement, from the best to the worst."""
    domains = len(judged.domains)
    axes.set_xlim(0, 100)
    axes.set_ylim(domains - 0.5, -0.5)
    left = np.zeros(domains)
    for word in (*JUDGEMENTS, ""):
        width = 100 * judged.shares(word)
        if not width.any():
            continue
        colour = JUDGEMENT_COLOURS[word]
        axes.barh(range(domains), width, 0.72, left, color=colour, edgecolor="white", linewidth=0.8)
        for row in np.flatnonzero(width >= _LEAST_SIGN):
            share = f"{format_number(float(width[row]), 0)} %" if width[row] >= _LEAST else ""
            text = f"{SIGNS[word]} {share}".strip()
            size = FONT_SIZE - 1.5
            axes.text(left[row] + width[row] / 2, float(row), text, fontsize=size, **_SIGN)
        left = left + width
    _label_rows(axes, judged.labels, [FONT_SIZE - 0.5] * domains)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_linewidth(0.8)
    axes.tick_params(axis="x", length=3, labelsize=FONT_SIZE - 0.5)
    axes.set_xlabel("Share of studies, %")


def _label_rows(axes: "Axes", labels: Sequence[str], sizes: Sequence[float]) -> None:
    """Names of rows, each of its type size."""
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    for label, size in zip(axes.get_yticklabels(), sizes, strict=True):
        label.set_parse_math(False)
        label.set(fontsize=size, linespacing=0.95)
