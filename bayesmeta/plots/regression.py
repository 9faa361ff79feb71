"""The mean of the true effects along a moderator, with its intervals, from draws."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.formula import read_formula
from bayesmeta.plots.bands import Band
from bayesmeta.plots.moderators import section
from bayesmeta.spec import Interval

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["line_along"]


def line_along(
    fit: "Fit",
    column: str,
    grid: Floats,
    *,
    others: Mapping[str, float | str] | None = None,
    subgroup: int = 0,
) -> tuple[Band, Band | None]:
    """The mean, and the effect in a new study, at values of a moderator.

    Parameters
    ----------
    fit
        A fit with moderators.
    column, grid
        The moderator and its values.
    others
        Values of other moderators; those not named are at their means, or reference levels.
    subgroup
        Of which subgroup, where each has its own mean.

    Returns
    -------
    tuple of Band
        On the analysis scale. The second is None where the effects of studies do not vary.
    """
    chosen = section(fit)
    assert chosen is not None  # there are moderators
    at = [{column: float(value), **(others or {})} for value in grid]
    rows = read_formula(chosen.model_copy(update={"at": at}), fit.table).at
    draws = fit.posterior.stack(all=("chain", "draw"))
    mu = _one(draws["mu"].transpose(..., "all").to_numpy(), subgroup)
    mean = mu[:, None] + draws["beta"].transpose("all", "term").to_numpy() @ rows.T
    band = _band(mean, fit.spec.interval)
    if "theta_new" not in draws:
        return band, None
    new = _one(draws["theta_new"].transpose(..., "all").to_numpy(), subgroup)
    return band, _band(mean + (new - mu)[:, None], fit.spec.interval)


def _one(values: Floats, subgroup: int) -> Floats:
    return values if values.ndim == 1 else values[subgroup]


def _band(draws: Floats, interval: Interval) -> Band:
    """Median and interval of each column."""
    prob = interval.prob
    if interval.kind == "eti":
        lower, upper = np.quantile(draws, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    else:
        ordered = np.sort(draws, axis=0)
        inside = int(np.floor(prob * len(ordered)))
        first = (ordered[inside:] - ordered[:-inside]).argmin(0)
        columns = np.arange(ordered.shape[1])
        lower, upper = ordered[first, columns], ordered[first + inside, columns]
    return Band(median=np.median(draws, axis=0), lower=lower, upper=upper)
