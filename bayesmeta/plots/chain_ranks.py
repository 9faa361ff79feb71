"""Rank plot of chains: whether each has its share of small and of large draws."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.plots.chains import (
    chain_panels,
    chains_key,
    chains_of,
    collection,
    write_heading,
)
from bayesmeta.plots.panels import BEHIND
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.plots.chains import Chains
    from bayesmeta.results import Fit

__all__ = ["chain_ranks"]

_MOST = 250
"""Draws of a chain that are ranked: the test takes the square of their number in time."""

_PROB = 0.99
"""Points are marked where chains that are alike would differ so much one time in a hundred."""


def chain_ranks(
    fit: "Fit",
    *,
    title: bool = True,
    name: str | None = None,
    ax: "Axes | Sequence[Axes] | None" = None,
) -> "Figure":
    """Rank plot of chains: how the ranks of each chain among all draws differ from even ones.

    The draws of all chains are ranked together (Vehtari, Gelman, Simpson, Carpenter & Bürkner
    2021, Bayesian Analysis 16:667). Each line is the share of a chain's draws that lie below a
    rank, less the share of all: 0 everywhere where chains are alike (Säilynoja, Bürkner & Vehtari
    2022, Stat Comput 32:32). Points that a test finds to differ are marked.

    Parameters
    ----------
    fit
        A fit by NUTS.
    title
        Put the title of the analysis above.
    name
        A parameter, such as ``"tau"``, to show no other.
    ax
        Axes to draw into, one a panel, instead of a figure of their own: the key is a legend of
        the first then, and title and notes are left out.

    Raises
    ------
    SpecError
        The engine was quadrature, or there is no such parameter.
    """
    import matplotlib as mpl
    from arviz_plots import plot_rank

    shown, notes = chains_of(fit, name)
    step = _step(shown)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = chain_panels(
            fit,
            shown,
            title=title,
            key=chains_key(shown[0].draws.sizes["chain"]),
            notes=[*_notes(step), *notes],
            ax=ax,
        )
        tree, plots = collection(shown, axes)
        hidden: Any = dict.fromkeys(("xlabel", "title", "remove_axis"), False)
        plot_rank(
            tree.isel(draw=slice(None, None, step)),
            plot_collection=plots,
            envelope_prob=_PROB,
            thin=False,
            visuals={"ecdf_lines": {"width": 1.2}, **hidden},
        )
        for panel, chains in zip(axes, shown, strict=True):
            write_heading(panel, chains.heading)
            _restyle(panel)
            panel.axhline(0, color=COLOURS["null"], linewidth=0.9, zorder=0)
            panel.set_xlim(0, 1)
            panel.set_xlabel("rank among all draws, as a share", labelpad=4)
        return figure


def _step(shown: "Sequence[Chains]") -> int:
    """One draw in so many is taken, so that those which are left hardly depend on each other.

    The test is of independent draws: of chains without fault whose draws correlate by 0.6 it
    found half to differ at a level of 1 %.
    """
    import arviz_stats as azs

    draws = shown[0].draws.sizes["draw"]
    least = min(
        # each chain alone: of chains that differ, all draws together are worth few
        float(np.min(azs.ess(chains.draws.to_numpy()[:, None], chain_axis=1, draw_axis=2)))
        for chains in shown
    )
    return max(math.ceil(draws / max(least, 1)), math.ceil(draws / _MOST))


def _restyle(panel: "Axes") -> None:
    """The marked points and the p-value, of which `plot_rank` lets nothing be chosen."""
    for points in panel.collections:
        points.set(sizes=[8])
    for text in panel.texts:
        text.set(
            text=text.get_text().replace("(", " (").replace("=", " = ").strip(),
            position=(0.02, 0.97),
            transform=panel.transAxes,
            va="top",
            fontsize=FONT_SIZE - 1,
            bbox=BEHIND,
            zorder=6,
        )


def _notes(step: int) -> list[str]:
    notes = [
        "A line that leaves 0 is a chain with more small draws (above) or more large ones (below) "
        "than the others. p is of a test that the chains are alike; where it is below α the points "
        "that differ most are marked."
    ]
    if step > 1:
        notes.append(f"One draw in {step} is ranked, so that they hardly depend on each other.")
    return notes
