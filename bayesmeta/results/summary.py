"""Draws to one tidy table of estimates, on the analysis scale and on the display scale."""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.measures import Measure, important_on_analysis_scale
from bayesmeta.measures.base import Floats
from bayesmeta.results.derived import i_squared
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


def summarise(
    posterior: xr.Dataset,
    std_error: xr.DataArray,
    *,
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
        say what benefit is.
    """
    draws = posterior
    if "tau" in posterior and std_error.sizes["study"] > 1:
        draws = draws.assign(I2=i_squared(posterior["tau"], std_error))
    order = [name for name in ("mu", "tau", "theta_new", "I2", "theta") if name in draws]
    draws = draws[order]
    statistics = _statistics(draws, interval)
    for column, event in _events(measure, effect, size).items():
        statistics[column] = event(draws).mean(_DIMS)
    rows = [
        {
            "name": name,
            "subgroup": "",
            "study": study,
            "term": "",
            **{
                column: float(values[name].sel(study=study) if study else values[name])
                for column, values in statistics.items()
            },
        }
        for name in order
        for study in (draws["study"].to_numpy() if "study" in draws[name].dims else [""])
    ]
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    no_effect = ~table["name"].isin(EFFECTS)
    at = np.full(len(table), size)
    at[table["name"] == "theta"] = sizes if "theta" in order else []
    for end in ("median", "lower", "upper"):
        table[f"display_{end}"] = measure.scale.to_display(table[end].to_numpy(float), at)
        table.loc[no_effect, f"display_{end}"] = np.nan
    table.loc[no_effect, ["prob_benefit", "prob_important"]] = np.nan
    return table


def _statistics(draws: xr.Dataset, interval: Interval) -> dict[str, xr.Dataset]:
    """Each column of the table that follows from the draws alone."""
    import arviz_stats as azs

    ends = (azs.eti if interval.kind == "eti" else azs.hdi)(draws, prob=interval.prob)
    return {
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


def _events(
    measure: Measure, effect: Effect, size: float
) -> dict[str, Callable[[xr.Dataset], xr.Dataset]]:
    """The events whose probabilities are reported: benefit, and important benefit."""
    limits = {
        "prob_benefit": measure.null if effect.better else None,
        "prob_important": important_on_analysis_scale(measure, effect, size),
    }
    beyond = operator.gt if effect.better == "higher" else operator.lt
    return {
        column: partial(_beyond, beyond, limit)
        for column, limit in limits.items()
        if limit is not None
    }


def _beyond(comparison: Callable[..., Any], limit: float, draws: xr.Dataset) -> xr.Dataset:
    result: xr.Dataset = comparison(draws, limit)
    return result
