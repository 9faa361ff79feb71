"""One result of an analysis, by whatever method: a row of a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from bayesmeta.measures import Measure
from bayesmeta.measures.base import Floats
from bayesmeta.results.summary import COLUMNS, EFFECTS

__all__ = ["Row", "tidy"]

_NAN = float("nan")
_ENDS = ("lower", "upper")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A pooled effect by one method, on the analysis scale; NaN for what the method does not give.

    Attributes
    ----------
    method : str
        ``published``, ``fixed``, ``random``, ``own``, ``reml`` or the name of a likelihood.
    label : str
        The method in words.
    kind : {"published", "classical", "bayesian"}
    interval : str
        What kind of interval `lower` and `upper` are.
    level : float
        Its probability or confidence.
    estimate, lower, upper : float
        Of Bayesian rows the posterior median.
    sd : float
        Standard error, or posterior standard deviation.
    tau, tau_lower, tau_upper : float
    i2 : float
        A share from 0 to 1.
    prediction_lower, prediction_upper : float
        Interval of the true effect in a new study.
    prob_benefit, prob_important : float
        Of Bayesian rows.
    """

    method: str
    label: str
    kind: Literal["published", "classical", "bayesian"]
    interval: str
    level: float
    estimate: float
    lower: float
    upper: float
    sd: float = _NAN
    tau: float = _NAN
    tau_lower: float = _NAN
    tau_upper: float = _NAN
    i2: float = _NAN
    prediction_lower: float = _NAN
    prediction_upper: float = _NAN
    prob_benefit: float = _NAN
    prob_important: float = _NAN

    def excludes(self, null: float | None) -> bool | None:
        """Whether the interval excludes no effect; None where there is none."""
        if null is None or np.isnan(self.lower):
            return None
        return not self.lower <= null <= self.upper

    @property
    def width(self) -> float:
        """Width of the interval."""
        return self.upper - self.lower


def tidy(rows: tuple[Row, ...], measure: Measure, size: float) -> pd.DataFrame:
    """Rows in the shape of a fit's estimates, with the method as the first column.

    Parameters
    ----------
    rows
        The rows.
    measure, size
        The measure, and the participants of a typical study.

    Returns
    -------
    pandas.DataFrame
        Columns ``method`` and those of `bayesmeta.results.summary.COLUMNS`; for each method the
        estimates mu, tau, theta_new and I2 that it gives.
    """
    records = [
        {"method": row.method, **record}
        for row in rows
        for record in _estimates(row)
        if not np.isnan([record["median"], record["lower"]]).all()
    ]
    table = pd.DataFrame(records).reindex(columns=["method", *COLUMNS])
    table[["subgroup", "study", "term"]] = ""
    effects = table["name"].isin(EFFECTS)
    for end in ("median", *_ENDS):
        shown: Floats = measure.scale.to_display(
            table[end].to_numpy(float), np.full(len(table), size)
        )
        table[f"display_{end}"] = np.where(effects, shown, np.nan)
    return table


def _estimates(row: Row) -> list[Mapping[str, Any]]:
    """The estimates of a row; point estimates of classical methods stand as the median."""
    benefit = {"prob_benefit": row.prob_benefit, "prob_important": row.prob_important}
    return [
        {
            "name": "mu",
            "median": row.estimate,
            "sd": row.sd,
            "lower": row.lower,
            "upper": row.upper,
            **benefit,
        },
        {"name": "tau", "median": row.tau, "lower": row.tau_lower, "upper": row.tau_upper},
        {
            "name": "theta_new",
            "median": row.estimate if np.isfinite(row.prediction_lower) else _NAN,
            "lower": row.prediction_lower,
            "upper": row.prediction_upper,
        },
        {"name": "I2", "median": row.i2, "lower": _NAN, "upper": _NAN},
    ]
