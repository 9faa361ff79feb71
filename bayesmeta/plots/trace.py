"""Trace plot: the draws of each parameter in their order, chain by chain."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta.plots.chains import (
    chain_panels,
    chains_key,
    chains_of,
    collection,
    effective_sizes,
    write_heading,
)
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["trace"]

_MOST = 250
"""Draws of a chain that are drawn: with more a panel is one block of colour."""


def trace(
    fit: "Fit",
    *,
    title: bool = True,
    name: str | None = None,
    ax: "Axes | Sequence[Axes] | None" = None,
) -> "Figure":
    """Trace plot: the draws of each parameter in their order, coloured by chain.

    Chains that have converged look alike and show no trend. Above each panel stand R-hat and the
    bulk effective sample size (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian
    Analysis 16:667), of all draws; divergent draws are marks below.

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
    import arviz_stats as azs
    import matplotlib as mpl
    from arviz_plots import plot_trace

    shown, notes = chains_of(fit, name)
    step = math.ceil(shown[0].draws.sizes["draw"] / _MOST)
    diverging = _diverging(fit)
    key = chains_key(shown[0].draws.sizes["chain"])
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = chain_panels(
            fit,
            shown,
            title=title,
            key=[*key, _divergence_key()] if diverging.size else key,
            notes=[*_notes(fit, step), *notes],
            ax=ax,
        )
        tree, plots = collection(shown, axes)
        hidden: Any = dict.fromkeys(("divergence", "title", "xlabel", "ticklabels"), False)
        plot_trace(
            tree.isel(draw=slice(None, None, step)),
            plot_collection=plots,
            visuals={"trace": {"width": 0.6, "alpha": 0.7}, **hidden},
        )
        for panel, chains in zip(axes, shown, strict=True):
            values = chains.draws.to_numpy()
            rhat = float(azs.rhat(values, chain_axis=0, draw_axis=1))
            bulk, _ = effective_sizes(chains.draws)
            write_heading(panel, chains.heading, f"R-hat {rhat:.3f}, ESS {bulk:,.0f}")
            panel.set_xlabel("draw", labelpad=4)
            panel.set_xlim(0, values.shape[1])
            _mark(panel, diverging)
        return figure


def _diverging(fit: "Fit") -> np.ndarray:
    """The numbers of the draws that diverged in any chain."""
    stats = fit.tree["sample_stats"].to_dataset()
    if "diverging" not in stats:
        return np.empty(0, int)
    return np.flatnonzero(stats["diverging"].transpose("chain", "draw").to_numpy().any(0))


def _mark(panel: "Axes", diverging: np.ndarray) -> None:
    """Marks at the lower edge of a panel, where draws diverged."""
    panel.plot(
        diverging,
        np.zeros(diverging.size),
        "|",
        color=COLOURS["data"],
        markersize=7,
        transform=panel.get_xaxis_transform(),
        clip_on=False,
    )


def _divergence_key() -> "Artist":
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], label="divergent draw", color=COLOURS["data"], marker="|", linestyle="none"
    )


def _notes(fit: "Fit", step: int) -> list[str]:
    scale = fit.measure.analysis_label
    notes = [f"Effects and standard deviations are on the scale of the analysis: {scale}."]
    if step > 1:
        notes.append(f"One draw in {step} is drawn; R-hat and ESS are of all draws.")
    return notes
