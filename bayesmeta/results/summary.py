"""A fit to one tidy table of estimates, on the analysis scale and on the display scale."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.densities import NormalMixture, TabulatedEffects
from bayesmeta.measures import Measure, important_on_analysis_scale
from bayesmeta.measures.base import Floats
from bayesmeta.results.derived import i_squared, typical_variance
from bayesmeta.results.exact import ExactDensities, ExactISquared, Quantity
from bayesmeta.spec import Effect, Interval

__all__ = ["COLUMNS", "EFFECTS", "summarise"]

COLUMNS = (
    "name",
    "subgroup",
    "study",
    "term",
    "mean",
    "sd",
    "median",
    "lower",
    "upper",
    "display_median",
    "display_lower",
    "display_upper",
    "prob_benefit",
    "prob_important",
    "ess_bulk",
    "ess_tail",
    "rhat",
    "mcse_mean",
)
"""The columns of the table, in order."""

_DIMS = ("chain", "draw")

EFFECTS = ("mu", "theta_new", "theta")
"""Estimates that are effects: they have a display scale and a direction of benefit."""


_ORDER = ("mu", "tau", "rho", "theta_new", "I2", "theta")

_Statistics = Mapping[str, xr.Dataset]
"""Each column that follows from the posterior: one variable an estimate."""


class _Event(NamedTuple):
    """That an effect lies beyond a limit."""

    limit: float
    beyond: Literal["higher", "lower"]


def summarise(
    posterior: xr.Dataset,
    std_error: xr.DataArray,
    *,
    exact: ExactDensities | None,
    moments: Mapping[str, int],
    measure: Measure,
    effect: Effect,
    interval: Interval,
    sizes: Floats,
    size: float,
) -> pd.DataFrame:
    """Estimates of all parameters.

    Parameters
    ----------
    posterior
        Draws (dimensions ``chain``, ``draw``).
    std_error
        Standard errors of the studies (dimension ``study``).
    exact
        Exact densities, which are taken instead of the draws where there are any.
    moments
        How many moments mu, tau and theta_new have: draws always have a mean and an sd.
    measure, effect
        The measure, and the direction and size of benefit.
    interval
        Probability and kind of the intervals.
    sizes, size
        Participants of each study and of a typical one, for the Freeman-Tukey transformation.

    Returns
    -------
    pandas.DataFrame
        One row an estimate, with `COLUMNS`: mu, tau, theta_new, I2, then theta of each study. The
        display columns are the back-transformed median and ends; for an interval of highest
        density they are the ends of that on the analysis scale. They and the probabilities are
        NaN for parameters that are no effects; the probabilities also where the spec does not
        say what benefit is. An sd (and mean of tau) that does not exist is infinite, a mean of mu
        that does not exist NaN. Exact estimates have no Monte Carlo error: NaN.
    """
    events = _events(measure, effect, size)
    several = std_error.sizes["study"] > 1
    if exact is None:
        draws = posterior
        if "tau" in posterior and several:
            draws = draws.assign(I2=i_squared(posterior["tau"], std_error))
        order = [name for name in _ORDER if name in draws]
        statistics = _of_draws(draws[order], interval, events)
    else:
        quantities = _quantities(exact, typical_variance(std_error) if several else None)
        order = list(quantities)
        statistics = _of_densities(quantities, std_error["study"], interval, events)
    table = _tidy(order, statistics)
    for name, count in moments.items():
        row = table["name"] == name
        if count < 2:
            table.loc[row, "sd"] = np.inf
            table.loc[row, "mcse_mean"] = np.nan
        if count < 1:
            table.loc[row, "mean"] = np.inf if name == "tau" else np.nan
    no_effect = ~table["name"].isin(EFFECTS)
    at = np.full(len(table), size)
    at[table["name"] == "theta"] = sizes if "theta" in order else []
    for end in ("median", "lower", "upper"):
        table[f"display_{end}"] = measure.scale.to_display(table[end].to_numpy(float), at)
        table.loc[no_effect, f"display_{end}"] = np.nan
    table.loc[no_effect, ["prob_benefit", "prob_important"]] = np.nan
    return table


def _tidy(order: list[str], statistics: _Statistics) -> pd.DataFrame:
    """One row an estimate."""
    studies = statistics["median"]["study"].to_numpy() if "theta" in order else np.array([])
    names = [name for name in order for _ in (studies if name == "theta" else [""])]
    columns: dict[str, object] = {
        "name": names,
        "study": [*[""] * (len(names) - studies.size), *studies],
        "subgroup": "",
        "term": "",
    }
    for column, values in statistics.items():
        parts = [
            np.ravel(values[name].to_numpy())
            if name in values
            else np.full(names.count(name), np.nan)
            for name in order
        ]
        columns[column] = np.concatenate(parts)
    return pd.DataFrame(columns).reindex(columns=list(COLUMNS))


def _of_draws(
    draws: xr.Dataset, interval: Interval, events: Mapping[str, _Event]
) -> dict[str, xr.Dataset]:
    """The columns from draws."""
    import arviz_stats as azs

    ends = (azs.eti if interval.kind == "eti" else azs.hdi)(draws, prob=interval.prob)
    statistics = {
        "mean": draws.mean(_DIMS),
        "sd": draws.std(_DIMS, ddof=1),
        "median": draws.median(_DIMS),
        "lower": ends.sel(ci_bound="lower", drop=True),
        "upper": ends.sel(ci_bound="upper", drop=True),
        "ess_bulk": azs.ess(draws, method="bulk"),
        "ess_tail": azs.ess(draws, method="tail"),
        "rhat": azs.rhat(draws),
        "mcse_mean": azs.mcse(draws, method="mean"),
    }
    for column, (limit, beyond) in events.items():
        happens = draws > limit if beyond == "higher" else draws < limit
        statistics[column] = happens.mean(_DIMS)
    return statistics


def _quantities(exact: ExactDensities, typical: float | None) -> dict[str, Quantity]:
    """Everything that has an exact density, in the order of the table."""
    found: dict[str, Quantity | None] = {
        "mu": exact.mu,
        "tau": exact.tau,
        "theta_new": exact.theta_new,
        "I2": None,
        "theta": exact.theta,
    }
    if exact.tau is not None and typical is not None:
        found["I2"] = ExactISquared(tau=exact.tau, variance=typical)
    return {name: quantity for name, quantity in found.items() if quantity is not None}


def _of_densities(
    quantities: Mapping[str, Quantity],
    study: xr.DataArray,
    interval: Interval,
    events: Mapping[str, _Event],
) -> dict[str, xr.Dataset]:
    """The columns from exact densities."""
    columns: dict[str, dict[str, Floats]] = {}
    for name, quantity in quantities.items():
        lower, upper = quantity.interval(interval.prob, interval.kind)
        numbers = {
            "mean": quantity.mean(),
            "sd": quantity.sd(),
            "median": quantity.ppf(np.array([0.5])),
            "lower": lower,
            "upper": upper,
        }
        if isinstance(quantity, NormalMixture | TabulatedEffects):
            for column, (limit, beyond) in events.items():
                below = quantity.cdf(np.array([limit]))
                numbers[column] = 1 - below if beyond == "higher" else below
        for column, values in numbers.items():
            columns.setdefault(column, {})[name] = values.reshape(-1)
    return {
        column: xr.Dataset(
            {
                name: ("study", array) if name == "theta" else ((), array[0])
                for name, array in arrays.items()
            },
            coords={"study": study.to_numpy()},
        )
        for column, arrays in columns.items()
    }


def _events(measure: Measure, effect: Effect, size: float) -> dict[str, _Event]:
    """The events whose probabilities are reported: benefit, and important benefit."""
    limits = {
        "prob_benefit": measure.null if effect.better else None,
        "prob_important": important_on_analysis_scale(measure, effect, size),
    }
    beyond = effect.better or "lower"
    return {column: _Event(limit, beyond) for column, limit in limits.items() if limit is not None}
