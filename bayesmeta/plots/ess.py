"""Effective sample size of quantiles: how well each part of a posterior is known."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.plots.chains import chain_panels, chains_of, effective_sizes, write_heading
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.results.diagnostics import ESS_LIMIT

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.plots.chains import Chains
    from bayesmeta.results import Fit

__all__ = ["ess"]

_PROBS = np.array([0.025, 0.05, *np.linspace(0.1, 0.9, 9), 0.95, 0.975])
"""The quantiles; the outer ones are the ends of a 95 % interval."""

_TOP = 1.12


def ess(
    fit: "Fit",
    *,
    title: bool = True,
    name: str | None = None,
    ax: "Axes | Sequence[Axes] | None" = None,
) -> "Figure":
    """Effective sample size of each quantile: how well each part of a posterior is known.

    Draws of a chain depend on each other, and are worth fewer independent ones: those that the
    quantile needs are the effective sample size, which should be 400 at least (Vehtari, Gelman,
    Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16:667, section 4).

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

    shown, notes = chains_of(fit, name)
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, axes = chain_panels(
            fit, shown, title=title, key=_key(), notes=[*_notes(shown), *notes], ax=ax
        )
        for panel, chains in zip(axes, shown, strict=True):
            _draw(panel, chains)
        return figure


def _draw(panel: "Axes", chains: "Chains") -> None:
    import arviz_stats as azs

    values = chains.draws.to_numpy()
    sizes = [
        float(azs.ess(values, method="quantile", prob=prob, chain_axis=0, draw_axis=1))
        for prob in _PROBS
    ]
    panel.axhline(ESS_LIMIT, color=COLOURS["prediction"], linewidth=1.2, linestyle=(0, (4, 2.5)))
    panel.plot(
        100 * _PROBS, sizes, "o-", color=COLOURS["model"], markersize=3, linewidth=1.0, zorder=3
    )
    bulk, tail = effective_sizes(chains.draws)
    write_heading(panel, chains.heading, f"bulk {bulk:,.0f}, tail {tail:,.0f}")
    panel.yaxis.set_major_formatter("{x:,.0f}")
    panel.set_ylim(0, _TOP * max(*sizes, ESS_LIMIT))
    panel.set_xlim(0, 100)
    panel.set_xticks([2.5, 25, 50, 75, 97.5], ["2.5", "25", "50", "75", "97.5"])
    panel.set_xlabel("quantile (%)", labelpad=4)


def _key() -> "list[Artist]":
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [],
            [],
            label="effective sample size",
            color=COLOURS["model"],
            marker="o",
            markersize=3,
            linewidth=1.0,
        ),
        Line2D(
            [],
            [],
            label=f"what is enough ({ESS_LIMIT})",
            color=COLOURS["prediction"],
            linewidth=1.2,
            linestyle=(0, (4, 2.5)),
        ),
    ]


def _notes(shown: "Sequence[Chains]") -> list[str]:
    sizes = shown[0].draws.sizes
    return [
        f"{sizes['chain']} chains of {sizes['draw']:,} draws. Below the dashed line the quantile, "
        "and an interval that ends there, is not well known: sample more."
    ]
