"""What plots of chains share: which parameters they show, in which colours, and who refuses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.given_axes import axes_size, figure_of
from bayesmeta.plots.panels import panels, text_width
from bayesmeta.plots.style import FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = [
    "CHAIN_COLOURS",
    "Chains",
    "chain_panels",
    "chains_key",
    "chains_of",
    "collection",
    "effective_sizes",
    "write_heading",
]

CHAIN_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe & Ito's; with more chains they begin again."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "mu": "μ",
        "mu_overall": "μ, overall",
        "beta": "β",
        "tau": "τ",
        "tau_within": "τ within studies",
        "omega": "ω",
        "rho": "ρ",
        "nu": "ν",
        "p_outlier": "share of outliers",
        "tau_outlier": "sd of outliers",
        "alpha_mean": "mean of baselines",
        "alpha_sd": "sd of baselines",
    }
)
"""The parameters of a model, in the order of the panels; true effects and baselines of single
studies are not among them."""

_MOST = 12
_ROOM = 0.5
_HEIGHT = 1.5
_TICKS = 5
_APART = 0.12
"""Inches between what stands left and right over a panel."""


@dataclass(frozen=True, kw_only=True)
class Chains:
    """The draws of one panel.

    Attributes
    ----------
    heading : str
    draws : xarray.DataArray
        On the analysis scale (dimensions ``chain``, ``draw``).
    """

    heading: str
    draws: xr.DataArray


def chains_of(fit: "Fit", name: str | None) -> tuple[list[Chains], list[str]]:
    """The panels, and a sentence that says what was left out.

    Parameters
    ----------
    fit
        A fit by NUTS.
    name
        A parameter, to show no other.

    Raises
    ------
    SpecError
        The engine was quadrature, or there is no such parameter.
    """
    if fit.exact is not None:
        raise SpecError(
            "the engine of this fit is quadrature, which is exact: there are no chains to look at",
            key="engine.name",
            hint='Fit with engine = "nuts"; of quadrature the diagnostics say how far its numbers '
            "changed when its nodes were doubled.",
        )
    posterior = fit.posterior
    known = [each for each in _NAMES if each in posterior]
    if name is not None and name not in known:
        raise SpecError(
            f"there are no chains of {name!r} to look at",
            hint=did_you_mean(name, known),
        )
    found = []
    for each in known if name is None else [name]:
        draws = posterior[each]
        own = [dim for dim in draws.dims if dim not in ("chain", "draw")]
        for place in np.ndindex(*(draws.sizes[dim] for dim in own)):
            one = draws.isel(dict(zip(own, place, strict=True)))
            labels = [str(one[dim].item()) for dim in own]
            bare = one.drop_vars(own).transpose("chain", "draw")
            if np.ptp(bare.to_numpy()) > 0:  # a parameter that is fixed has no chains
                found.append(Chains(heading=", ".join([_NAMES[each], *labels]), draws=bare))
    left = len(found) - _MOST
    notes = [f"{left} more parameters are not shown; the option name shows one alone."]
    return found[:_MOST], notes if left > 0 else []


def effective_sizes(draws: xr.DataArray) -> tuple[float, float]:
    """Effective sample size in the bulk and in the tails (of the quantiles 5 % and 95 %)."""
    import arviz_stats as azs

    values = draws.to_numpy()
    bulk = azs.ess(values, method="bulk", chain_axis=0, draw_axis=1)
    tail = azs.ess(values, method="tail", prob=(0.05, 0.95), chain_axis=0, draw_axis=1)
    return float(bulk), float(tail)


def chain_panels(
    fit: "Fit",
    shown: Sequence[Chains],
    *,
    title: bool,
    key: "Sequence[Artist]",
    notes: Sequence[str],
    ax: "Axes | Sequence[Axes] | None",
) -> "tuple[Figure, list[Axes]]":
    """A panel a parameter."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = panels(
        len(shown),
        title=fit.spec.title if title else "",
        key=key,
        notes=notes,
        height=_HEIGHT,
        room=_ROOM,
        ax=ax,
    )
    for panel in axes:
        panel.yaxis.set_major_locator(MaxNLocator(_TICKS))
    return figure, axes


def write_heading(panel: "Axes", heading: str, right: str = "") -> None:
    """The heading of a panel, cut to what is left beside a text on the right."""
    figure = figure_of(panel)
    room = axes_size(panel)[2] - text_width(figure, right) - _APART
    longest = len(heading)
    while longest > 1 and text_width(figure, cut_name(heading, longest), bold=True) > room:
        longest -= 1
    panel.set_title(cut_name(heading, longest), loc="left", weight="bold", fontsize=FONT_SIZE)
    panel.set_title(right, loc="right", fontsize=FONT_SIZE)


def chains_key(chains: int) -> "list[Artist]":
    """An entry for each chain."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], label=f"chain {i + 1}", color=colour, linewidth=1.6)
        for i, colour in enumerate(_colours(chains))
    ]


def collection(shown: Sequence[Chains], axes: "Sequence[Axes]") -> tuple[xr.DataTree, Any]:
    """The draws as ArviZ wants them, and its plots on our own axes.

    ArviZ would make a figure of its own, with its own size and type. Its variables have numbers
    for names here, because those of subgroups may hold what a tree cannot have in a name.
    """
    from arviz_plots.plot_collection import PlotCollection

    draws = xr.Dataset({f"panel_{i}": chains.draws for i, chains in enumerate(shown)})
    places = {
        f"panel_{i}": xr.DataArray(np.array(panel, dtype=object)) for i, panel in enumerate(axes)
    }
    viz = xr.DataTree(children={"plot": xr.DataTree(xr.Dataset(places))})
    make: Any = PlotCollection  # has no types
    plots = make(
        draws,
        viz,
        backend="matplotlib",
        aes={"color": ["chain"], "overlay": ["chain"]},
        color=_colours(draws.sizes["chain"]),
    )
    return xr.DataTree.from_dict({"posterior": draws}), plots


def _colours(chains: int) -> list[str]:
    return list((CHAIN_COLOURS * math.ceil(chains / len(CHAIN_COLOURS)))[:chains])
