"""LOO-PIT: whether studies lie where the others lead one to expect them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import betainc, betaincinv

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.model.correlated import units_of
from bayesmeta.plots.panels import BEHIND, panels
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["loo_pit"]

_PROB = 0.95
_FEW = 6
"""Of fewer studies it says so little that the plot has to say that."""

_WORST_K = 0.7
"""Vehtari, Simpson, Gelman, Yao & Gabry 2024, J Mach Learn Res 25(72): of any number of draws."""

_SIMULATIONS = 2000
_SEED = 1
_NAME = "data"
_HEIGHT = 2.4
_ROOM = 0.6


@dataclass(frozen=True, kw_only=True)
class _LeftOut:
    """Each study against the others, in the order of the values.

    Attributes
    ----------
    values : array (study,)
        LOO-PIT.
    unreliable : array of bool (study,)
        Whether Pareto k is beyond what the number of draws allows.
    limit : float
        That limit of Pareto k.
    p : float
        Of a test that the values are even.
    """

    values: Floats
    unreliable: np.ndarray
    limit: float
    p: float

    @property
    def expected(self) -> Floats:
        """The means of even values in their order."""
        number = self.values.size
        return np.arange(1, number + 1) / (number + 1)


def loo_pit(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """LOO-PIT: whether studies lie where the other studies lead one to expect them.

    The LOO-PIT value of a study is the probability, given the other studies, of a result below
    its own, by Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry 2017, Stat Comput
    27:1413). If the model is right these values are even from 0 to 1. Each dot is one of them, in
    their order, less what is expected at its place; even and independent values all stay in the
    band with a probability of 95 % (Aldor-Noiman, Brown, Buja, Rolke & Stine 2013, Am Stat
    67:249). p is of a test that allows for their dependence (Tesso et al. 2026,
    arXiv:2603.02928).

    Parameters
    ----------
    fit
        The fit of effects, or of the events of one arm.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the key is their legend then, and title
        and notes are left out.

    Raises
    ------
    SpecError
        There are fewer than two studies, or counts of two arms.
    """
    import matplotlib as mpl
    from matplotlib.ticker import MaxNLocator

    _check(fit)
    left_out = _leave_out(fit)
    lower, upper = _band_of(left_out.values.size)
    x = left_out.expected
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=_key(left_out),
            notes=_notes(fit, left_out),
            height=_HEIGHT,
            room=_ROOM,
            ax=ax,
        )
        axes.fill_between(x, lower - x, upper - x, **_band())
        axes.axhline(0, color=COLOURS["null"], linewidth=0.9, zorder=1)
        _draw(axes, left_out, (lower, upper))
        highest = 1.3 * np.abs([lower - x, upper - x, left_out.values - x]).max()
        axes.set_ylim(-highest, highest)
        axes.set_xlim(0, 1)
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel("expected value, in order", labelpad=4)
        axes.set_ylabel("LOO-PIT less expected")
        return figure


def _check(fit: "Fit") -> None:
    if fit.problem.counts and fit.problem.two_arms:
        raise SpecError(
            "the baseline risk of a study is known from that study alone, and given the other "
            "studies nothing is expected of the counts of its arms: there is no LOO-PIT",
            key="model.likelihood",
            hint='Draw posterior-predictive, or fit the effects with likelihood = "normal".',
        )
    if fit.table.sizes["study"] < 2:
        raise SpecError(
            "there is one study, and no other from which to expect its result",
            key="data",
            hint="LOO-PIT needs two studies at least, and says little of fewer than 20.",
        )


def _leave_out(fit: "Fit") -> _LeftOut:
    """LOO-PIT values by Pareto-smoothed importance sampling.

    Where rows of a study depend on each other, all of them are left out together.
    """
    import arviz_stats as azs

    posterior = fit.posterior[[name for name in ("mu", "tau") if name in fit.posterior]]
    log = _single(fit.tree["log_likelihood"].to_dataset())
    number = log.sizes["chain"] * log.sizes["draw"]
    ess = [azs.ess(draws, method="mean").to_numpy() for draws in posterior.values()]
    share = float(np.mean(np.concatenate([np.ravel(one) for one in ess]))) / number
    log_weights, pareto_k = log.azstats.psislw(r_eff=share, dim=["chain", "draw"])
    if "unit" in log.dims:
        unit = xr.DataArray(units_of(fit.problem).member, dims="study")
        log_weights, pareto_k = log_weights.isel(unit=unit), pareto_k.isel(unit=unit)
    drawn = fit.tree["posterior_predictive"].to_dataset()
    predictive = _single(drawn)
    observed = _single(fit.tree["observed_data"].to_dataset()[list(drawn)])
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "posterior_predictive": predictive.to_dataset(name=_NAME),
            "log_likelihood": log.to_dataset(name=_NAME),
            "observed_data": observed.to_dataset(name=_NAME),
        }
    )
    values = azs.loo_pit(
        tree,
        var_names=_NAME,
        log_weights=log_weights.to_dataset(name=_NAME),
        pareto_k=pareto_k.to_dataset(name=_NAME),
        pareto_pit=not fit.problem.counts,
    )
    p, _, _ = values.azstats.uniformity_test(dim=["study"], method="pot_c")
    limit = float(min(1 - 1 / np.log10(number), _WORST_K))
    array = values[_NAME].to_numpy()
    order = np.argsort(array, kind="stable")
    return _LeftOut(
        values=array[order],
        unreliable=pareto_k.to_numpy()[order] > limit,
        limit=limit,
        p=float(p[_NAME]),
    )


def _band_of(number: int) -> tuple[Floats, Floats]:
    """Ends between which even and independent values all lie, with the same chance each."""
    rng = np.random.default_rng(_SEED)
    rank = np.arange(1, number + 1)
    shape = rank, number + 1 - rank
    below = betainc(*shape, np.sort(rng.uniform(size=(_SIMULATIONS, number)), axis=1))
    tail = np.quantile(np.minimum(below, 1 - below).min(axis=1), 1 - _PROB)
    lower, upper = (np.asarray(betaincinv(*shape, q), float) for q in (tail, 1 - tail))
    return lower, upper


def _single(groups: xr.Dataset) -> xr.DataArray:
    """The one variable of a group, its rows without names, which may be the same in several."""
    (array,) = groups.data_vars.values()
    return array.drop_vars([dim for dim in ("study", "unit") if dim in array.coords])


def _draw(axes: "Axes", left_out: _LeftOut, band: tuple[Floats, Floats]) -> None:
    out = (left_out.values < band[0]) | (left_out.values > band[1])
    x, y = left_out.expected, left_out.values - left_out.expected
    axes.plot(x, y, color=COLOURS["model"], linewidth=0.8, alpha=0.6, zorder=2)
    for is_out, colour in ((False, COLOURS["model"]), (True, COLOURS["prediction"])):
        for hollow in (False, True):
            chosen = (out == is_out) & (left_out.unreliable == hollow)
            axes.plot(x[chosen], y[chosen], **_dot(colour, hollow=hollow))
    axes.text(
        0.02,
        0.97,
        "p < 0.001" if left_out.p < 0.001 else f"p = {left_out.p:.2g}",
        transform=axes.transAxes,
        va="top",
        fontsize=FONT_SIZE - 1,
        bbox=BEHIND,
    )


def _dot(colour: str, *, hollow: bool) -> dict[str, Any]:
    return {
        "color": colour,
        "marker": "o",
        "markersize": 4.5,
        "markerfacecolor": "white" if hollow else colour,
        "linestyle": "none",
        "zorder": 3,
    }


def _band() -> dict[str, Any]:
    return {"color": COLOURS["null"], "alpha": 0.2, "linewidth": 0, "zorder": 0}


def _key(left_out: _LeftOut) -> "list[Artist]":
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    key: list[Artist] = [
        Line2D([], [], label="study", **_dot(COLOURS["model"], hollow=False)),
        Patch(label=f"what chance alone does, {100 * _PROB:g} %", **_band()),
    ]
    if left_out.unreliable.any():
        hollow = Line2D([], [], label="not reliable", **_dot(COLOURS["model"], hollow=True))
        key.insert(1, hollow)
    return key


def _notes(fit: "Fit", left_out: _LeftOut) -> list[str]:
    number, too_high = left_out.values.size, int(left_out.unreliable.sum())
    notes = [
        "Dots above 0: results higher than expected from the other studies; below 0: lower. "
        "Above 0 left and below 0 right: results nearer to each other than expected; the other "
        "way round: further apart. p is of a test that the model is right in this.",
        f"Pareto k is above {left_out.limit:.2f} in {too_high} of {number}"
        + (": the values of these are not reliable." if too_high else ": all are reliable."),
    ]
    if "unit" in fit.tree["log_likelihood"].dims:
        notes.append("Results of one study were left out together, and depend on each other.")
    if number < _FEW:
        notes.append(f"With {number} studies this says little: hardly anything would stand out.")
    return notes
