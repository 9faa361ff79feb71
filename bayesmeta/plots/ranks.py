"""Rank plot: which subgroup has the best mean, with what probability."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.columns import Column, Line
from bayesmeta.plots.fold import fold_name, fold_notes
from bayesmeta.plots.given_axes import axes_size, figure_of
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.panels import text_width
from bayesmeta.plots.rows_in_axes import rows_in_axes
from bayesmeta.plots.style import FONT_SIZE, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["rank_probabilities", "ranks"]

_BAR = 0.72
_LABELLED = 0.09
"""A segment that is at least so wide has its probability in it."""

_STEP = 1.25
_COLOURS = ("#08306B", "#DEEBF7")
"""Of the best rank and of the last."""

_MOST_KEYS = 10


def rank_probabilities(fit: "Fit") -> Floats:
    """Probability that each subgroup has each rank (subgroup, rank), the best first.

    Best is the direction of benefit, and the highest mean where the spec does not say. Exact where
    the engine was quadrature and knows them, else shares of the draws.
    """
    if fit.exact is not None and fit.exact.ranks is not None:
        found = fit.exact.ranks
    else:
        draws = fit.posterior["mu"].stack(all=("chain", "draw")).transpose("all", "subgroup")
        places = np.argsort(np.argsort(-draws.to_numpy(), axis=1), axis=1)
        found = np.array([(places == rank).mean(0) for rank in range(places.shape[1])]).T
    return found[:, ::-1] if fit.spec.effect.better == "lower" else found


def ranks(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """Probability of each rank of each subgroup, from the best to the last.

    A bar is one subgroup; its segments are the probabilities of its ranks, the darkest that of
    being best. SUCRA is the mean of the probabilities of being among the best 1, 2, … but all
    (Salanti, Ades & Ioannidis 2011, J Clin Epidemiol 64:163): 1 where a subgroup is certainly
    best, 0 where it is certainly last.

    Parameters
    ----------
    fit
        A fit with subgroups, or with a mean for each time.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: names stand at the left of them, and
        title, notes and the other columns of text are left out.

    Raises
    ------
    SpecError
        There is one mean.
    """
    import matplotlib as mpl

    if fit.problem.design.subgroups is None:
        raise SpecError(
            "ranks are of the means of subgroups, and this fit has none",
            key="model.subgroup",
            hint="Fit with subgroup=…, or draw forest.",
        )
    with mpl.rc_context(RC), without_glyph_warnings():
        return _draw(fit, rank_probabilities(fit), fit.spec.title if title else "", ax)


def _draw(fit: "Fit", found: Floats, title: str, ax: "Axes | None") -> "Figure":
    count, left = found.shape[0], _left(fit)
    places = [_STEP * i + 0.2 for i in range(count)]
    if ax is None:
        figure, axes = _sheet(fit, found, title, left)
    else:
        figure, axes = rows_in_axes(ax, left[0].cells, places, last=_STEP * count - 0.1)
    colours = _shades(count)
    axes.set_xlim(0, 1)
    for place, row in zip(places, found, strict=True):
        _draw_bar(axes, place, row, colours)
    axes.set_xticks(np.linspace(0, 1, 5), [f"{tick} %" for tick in range(0, 101, 25)])
    axes.set_xlabel("Probability of each rank", labelpad=4)
    _draw_key(axes, colours, beside=ax is not None)
    return figure


def _sheet(fit: "Fit", found: Floats, title: str, left: list[Column]) -> "tuple[Figure, Axes]":
    count = found.shape[0]
    sheet = Sheet(
        left=left,
        right=_right(fit, found),
        rows=_STEP * count,
        title=title,
        notes=_notes(fit),
        summary_rows=[],
        directions=None,
        null=None,
        lines=[Line(place=_STEP * i + 0.2) for i in range(count)],
    )
    return sheet.figure, sheet.axes


def _shades(count: int) -> list[tuple[float, float, float]]:
    """One colour a rank, dark to light."""
    from matplotlib.colors import to_rgb

    dark, light = (np.array(to_rgb(colour)) for colour in _COLOURS)
    shares = np.linspace(0, 1, count) ** 0.8
    mixed = [dark + share * (light - dark) for share in shares]
    return [(float(r), float(g), float(b)) for r, g, b in mixed]


def _draw_bar(
    axes: "Axes", place: float, row: Floats, colours: list[tuple[float, float, float]]
) -> None:
    left = 0.0
    for probability, colour in zip(row, colours, strict=True):
        axes.barh(
            place,
            probability,
            left=left,
            height=_BAR,
            color=[colour],
            edgecolor="white",
            linewidth=0.6,
        )
        if probability >= _LABELLED:
            axes.text(
                left + probability / 2,
                place,
                f"{100 * probability:.0f}",
                ha="center",
                va="center_baseline",
                fontsize=FONT_SIZE - 1,
                color="white" if sum(colour) < 1.6 else "black",
            )
        left += probability


def _draw_key(axes: "Axes", colours: list[tuple[float, float, float]], *, beside: bool) -> None:
    """The colours of the ranks, above the bars or beside them; of many the first and the last."""
    from matplotlib.patches import Patch

    count = len(colours)
    figure, width = figure_of(axes), axes_size(axes)[2]
    labels = ["1 (best)", *map(str, range(2, count + 1))]
    needed = sum(text_width(figure, label, size=FONT_SIZE - 1) + 0.36 for label in labels)
    shown = range(count) if count <= _MOST_KEYS and needed <= width else (0, count - 1)
    axes.legend(
        handles=[Patch(color=colours[i], label=labels[i]) for i in shown],
        loc="upper left" if beside else "lower center",
        bbox_to_anchor=(1.02, 1.0) if beside else (0.5, 1.0),
        ncols=1 if beside else len(shown),
        frameon=False,
        fontsize=FONT_SIZE - 1,
        handlelength=0.9,
        handletextpad=0.4,
        columnspacing=0.9,
        borderaxespad=0.1,
        title="Rank",
        title_fontproperties={"weight": "bold", "size": FONT_SIZE},
    )


def _left(fit: "Fit") -> list[Column]:
    design = fit.problem.design
    subgroups = design.subgroups
    assert subgroups is not None  # who calls has asked
    names = [fold_name(name) for name in subgroups.names]
    return [
        Column(header=design.kind, cells=names, summary=[], align="left"),
        Column(header="Studies", cells=[str(rows.size) for rows in subgroups.rows], summary=[]),
    ]


def _right(fit: "Fit", found: Floats) -> list[Column]:
    """The probability of being best, and how high a subgroup ranks on the whole."""
    sucra = np.cumsum(found, 1)[:, :-1].mean(1)
    better = fit.spec.effect.better
    best = "P(best)" if better else "P(highest)"
    return [
        Column(header=best, cells=[_percent(p) for p in found[:, 0]], summary=[]),
        Column(header="SUCRA", cells=[f"{value:.2f}" for value in sucra], summary=[]),
    ]


def _percent(probability: float) -> str:
    if 0 < probability < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= probability < 1 else f"{100 * probability:.0f} %"


def _notes(fit: "Fit") -> list[str]:
    better = fit.spec.effect.better
    which = f"the {better} the better" if better else "no direction is given, so the highest is 1"
    return fold_notes(
        [
            f"Ranks of the means of the {fit.measure.label}: {which}. SUCRA: 1 certainly best, 0 "
            "certainly last.",
            "A rank says nothing of how far apart the means are: look at the contrasts (forest, "
            "or ridge of contrast) as well.",
        ]
    )
