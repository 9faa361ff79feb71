"""A fit to one tidy table of estimates, on the analysis scale and on the display scale."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.densities import NormalMixture, TabulatedEffects
from bayesmeta.measures import Measure, important_on_analysis_scale
from bayesmeta.measures.base import Floats
from bayesmeta.results.derived import i_squared
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

EFFECTS = (
    *("mu", "mu_overall", "mu_new", "mu_at", "theta_new", "theta_new_overall", "theta_new_at"),
    "theta",
)
"""Estimates that are effects: they have a display scale and a direction of benefit."""

DIFFERENCES = ("contrast", "beta", "beta_rescaled")
"""Estimates that are differences of effects; ratios of ratios where these are ratios."""

_ORDER = (
    *("mu", "mu_overall", "contrast", "beta", "beta_rescaled"),
    *("tau", "tau_within", "omega", "rho", "nu", "p_outlier", "tau_outlier"),
    *("theta_new", "mu_new", "theta_new_overall", "mu_at", "theta_new_at", "I2", "R2"),
    *("theta", "outlier"),
)

_PLACES: Mapping[str, str] = MappingProxyType(
    {
        "study": "study",
        "subgroup": "subgroup",
        "term": "term",
        "pair": "term",
        "number": "term",
        "point": "term",
    }
)
"""The column of the table that names each label of a dimension."""

_Statistics = Mapping[str, xr.Dataset]
"""Each column that follows from the posterior: one variable an estimate."""


class _Event(NamedTuple):
    """That an effect lies beyond a limit, or a difference of effects beyond 0."""

    limit: float | None
    beyond: Literal["higher", "lower"]
    of_differences: bool

    def limit_of(self, name: str) -> float | None:
        """The limit for an estimate; None where none holds for it."""
        if name in DIFFERENCES:
            return 0.0 if self.of_differences else None
        return self.limit


def summarise(
    posterior: xr.Dataset,
    *,
    exact: ExactDensities | None,
    typical: xr.DataArray | None,
    moments: Mapping[str, np.ndarray],
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
    exact
        Exact densities, which are taken instead of the draws where there are any.
    typical
        The typical sampling variance of the studies, or of those of each subgroup, for I²; None
        where it is not defined.
    moments
        How many moments effects and deviations have, by name; 2 where they are not named: draws
        always have a mean and an sd.
    measure, effect
        The measure, and the direction and size of benefit.
    interval
        Probability and kind of the intervals.
    sizes, size
        Participants of each study and of a typical one, for the Freeman-Tukey transformation.

    Returns
    -------
    pandas.DataFrame
        One row an estimate, with `COLUMNS`: means of the effects and what follows from them, the
        parameters of their variation, what is new, I², then theta of each study. The
        display columns are the back-transformed median and ends; for an interval of highest
        density they are the ends of that on the analysis scale. They and the probabilities are
        NaN for parameters that are no effects; the probabilities also where the spec does not
        say what benefit is. An sd (and mean of tau) that does not exist is infinite, a mean of mu
        that does not exist NaN. Exact estimates have no Monte Carlo error: NaN.
    """
    events = _events(measure, effect, size)
    quantities = {} if exact is None else _quantities(exact, typical)
    draws = _shares(posterior, typical)
    drawn = draws if exact is None else draws[[n for n in _SHARES if n in draws]]
    if exact is None:
        drawn = drawn[[name for name in _ORDER if name in drawn]]
    else:
        drawn = drawn.drop_vars([name for name in quantities if name in drawn])
    parts = []
    if drawn.data_vars:
        parts.append(_of_draws(drawn, interval, events))
    if exact is not None:
        parts.append(_of_densities(quantities, exact.labels, interval, events))
    table = _tidy([name for name in _ORDER if any(name in p["median"] for p in parts)], parts)
    for name, counts in moments.items():
        row = np.flatnonzero(table["name"] == name)
        count = np.broadcast_to(counts, row.shape)
        table.loc[row[count < 2], "sd"] = np.inf
        table.loc[row[count < 2], "mcse_mean"] = np.nan
        table.loc[row[count < 1], "mean"] = np.inf if name.startswith("tau") else np.nan
    return _displayed(table, measure, sizes, size)


def _displayed(table: pd.DataFrame, measure: Measure, sizes: Floats, size: float) -> pd.DataFrame:
    """With what is on the display scale, and no probabilities of what is no benefit."""
    at = np.full(len(table), size)
    own = table["name"] == "theta"
    at[own] = sizes if own.any() else []
    effects, differences = table["name"].isin(EFFECTS), table["name"].isin(DIFFERENCES)
    for end in ("median", "lower", "upper"):
        values = table[end].to_numpy(float)
        shown = np.where(effects, measure.scale.to_display(values, at), np.nan)
        shown = np.where(differences, measure.scale.difference(values), shown)
        table[f"display_{end}"] = shown
    table.loc[~effects & (table["name"] != "contrast"), "prob_benefit"] = np.nan
    table.loc[~effects, "prob_important"] = np.nan
    return table


def _tidy(order: list[str], parts: Sequence[_Statistics]) -> pd.DataFrame:
    """One row an estimate."""
    rows: list[dict[str, object]] = []
    for name in order:
        statistics = next(part for part in parts if name in part["median"])
        values = statistics["median"][name]
        dim = str(values.dims[0]) if values.dims else None
        for place, label in enumerate(values[dim].to_numpy() if dim else [""]):
            row: dict[str, object] = {"name": name, "study": "", "subgroup": "", "term": ""}
            if dim:
                row[_PLACES[dim]] = str(label)
            for column, found in statistics.items():
                if name in found:
                    row[column] = float(found[name].to_numpy().ravel()[place])
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


_SHARES = ("I2", "R2", "rho", "outlier")
"""Estimates that even exact posteriors may take from draws."""


def _shares(posterior: xr.Dataset, typical: xr.DataArray | None) -> xr.Dataset:
    """The draws, with I² where it is defined."""
    if typical is None or "tau" not in posterior:
        return posterior
    between = posterior["tau"]
    if "tau_within" in posterior:
        between = (between**2 + posterior["tau_within"] ** 2) ** 0.5
    return posterior.assign(I2=i_squared(between, typical))


def _of_draws(
    draws: xr.Dataset, interval: Interval, events: Mapping[str, _Event]
) -> dict[str, xr.Dataset]:
    """The columns from draws."""
    import arviz_stats as azs

    ends = (azs.eti if interval.kind == "eti" else azs.hdi)(draws, prob=interval.prob)
    with np.errstate(invalid="ignore", divide="ignore"):  # draws that are all the same
        rhat = azs.rhat(draws)
    statistics = {
        "mean": draws.mean(_DIMS),
        "sd": draws.std(_DIMS, ddof=1),
        "median": draws.median(_DIMS),
        "lower": ends.sel(ci_bound="lower", drop=True),
        "upper": ends.sel(ci_bound="upper", drop=True),
        "ess_bulk": azs.ess(draws, method="bulk"),
        "ess_tail": azs.ess(draws, method="tail"),
        "rhat": rhat,
        "mcse_mean": azs.mcse(draws, method="mean"),
    }
    for column, event in events.items():
        statistics[column] = xr.Dataset(
            {
                name: (values > limit if event.beyond == "higher" else values < limit).mean(_DIMS)
                for name, values in draws.data_vars.items()
                if (limit := event.limit_of(str(name))) is not None
            }
        )
    return statistics


def _quantities(exact: ExactDensities, typical: xr.DataArray | None) -> dict[str, Quantity]:
    """Everything that has an exact density."""
    found: dict[str, Quantity] = {**exact.effects, **exact.deviations}
    plain = exact.tau is not None and "tau_within" not in exact.deviations
    if plain and typical is not None and exact.tau is not None and not typical.dims:
        found["I2"] = ExactISquared(tau=exact.tau, variance=float(typical))
    return found


def _of_densities(
    quantities: Mapping[str, Quantity],
    labels: Mapping[str, tuple[str, tuple[str, ...]]],
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
            for column, event in events.items():
                limit = event.limit_of(name)
                if limit is not None:
                    below = quantity.cdf(np.array([limit]))
                    numbers[column] = 1 - below if event.beyond == "higher" else below
        for column, values in numbers.items():
            columns.setdefault(column, {})[name] = values.reshape(-1)
    coords = {dim: list(names) for dim, names in labels.values()}
    return {
        column: xr.Dataset(
            {
                name: (labels[name][0], array) if name in labels else ((), array[0])
                for name, array in arrays.items()
            },
            coords=coords,
        )
        for column, arrays in columns.items()
    }


def _events(measure: Measure, effect: Effect, size: float) -> dict[str, _Event]:
    """The events whose probabilities are reported: benefit, and important benefit."""
    beyond = effect.better or "lower"
    events = {}
    if effect.better is not None:
        events["prob_benefit"] = _Event(measure.null, beyond, of_differences=True)
    important = important_on_analysis_scale(measure, effect, size)
    if important is not None:
        events["prob_important"] = _Event(important, beyond, of_differences=False)
    return events
