"""Prediction intervals: where the true effect of a new study may lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from bayesmeta.classical.intervals import interval
from bayesmeta.classical.inverse_variance import hksj_std_error, inverse_variance
from bayesmeta.classical.pooled import Pooled
from bayesmeta.errors import did_you_mean
from bayesmeta.measures.base import Floats

__all__ = ["PREDICTION_INTERVALS", "PredictionInterval", "prediction_interval"]


@dataclass(frozen=True, kw_only=True)
class PredictionInterval:
    """A kind of prediction interval: ``estimate ± quantile * sqrt(tau² + std_error²)``.

    Attributes
    ----------
    label : str
    lost : int or None
        The quantile is that of t with ``k - lost`` degrees of freedom; None for the normal
        distribution.
    std_error : {"usual", "HKSJ", "pooled", "none"}
        The standard error of the pooled effect that is taken: ``1 / sqrt(sum of weights)``, that
        of Hartung, Knapp, Sidik & Jonkman, that of the pooled result, or none.
    reference : str
    follows_test : bool
        Whether the distribution is that of the pooled result's test instead.
    """

    label: str
    lost: int | None
    std_error: Literal["usual", "HKSJ", "pooled", "none"]
    reference: str
    follows_test: bool = False

    @property
    def distribution(self) -> str:
        """The distribution, with its degrees of freedom, as a report names it."""
        if self.follows_test:
            return "that of the test of the pooled effect"
        return "normal" if self.lost is None else f"t with k − {self.lost} degrees of freedom"

    def df(self, pooled: Pooled) -> float:
        """Degrees of freedom; infinity for the normal distribution."""
        if self.follows_test:
            return pooled.df
        return np.inf if self.lost is None else float(pooled.k - self.lost)


PREDICTION_INTERVALS: Mapping[str, PredictionInterval] = MappingProxyType(
    {
        "HTS": PredictionInterval(
            label="Higgins, Thompson & Spiegelhalter",
            lost=2,
            std_error="usual",
            reference="Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137, eq. 12",
        ),
        "V": PredictionInterval(
            label="Veroniki et al.",
            lost=1,
            std_error="usual",
            reference="Veroniki et al. 2019, Res Synth Methods 10:23; Cochrane Handbook 6.5",
        ),
        "HK": PredictionInterval(
            label="Hartung & Knapp",
            lost=1,
            std_error="HKSJ",
            reference="Hartung & Knapp 2001, Stat Med 20:1771; Veroniki et al. 2019",
        ),
        "HK-PR": PredictionInterval(
            label="Hartung & Knapp, by Partlett & Riley",
            lost=2,
            std_error="HKSJ",
            reference="Partlett & Riley 2017, Stat Med 36:301",
        ),
        "S": PredictionInterval(
            label="Skipka",
            lost=None,
            std_error="usual",
            reference="Skipka 2006, Statistical Methods in Health Economics, IQWiG",
        ),
        "metafor": PredictionInterval(
            label="metafor's default",
            lost=None,
            std_error="pooled",
            reference="Viechtbauer 2010, J Stat Softw 36(3); predict.rma(predtype='default')",
            follows_test=True,
        ),
        "Riley": PredictionInterval(
            label="Riley, Higgins & Deeks",
            lost=2,
            std_error="pooled",
            reference="Riley, Higgins & Deeks 2011, BMJ 342:d549; predict.rma(predtype='Riley')",
        ),
        "simple": PredictionInterval(
            label="without the standard error of the pooled effect",
            lost=None,
            std_error="none",
            reference="predict.rma(predtype='simple')",
        ),
    }
)
"""Prediction intervals by name. R meta's names are kept (``method.predict``): HTS, V, HK, HK-PR, S;
metafor's (``predtype``) are the others. Left out is R meta's NNF (Nagashima, Noma & Furukawa 2019),
a bootstrap, which cannot be compared digit by digit."""


def prediction_interval(
    effect: Floats,
    variance: Floats,
    pooled: Pooled,
    *,
    kind: str = "V",
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of the true effect of a new study, on the analysis scale.

    Parameters
    ----------
    effect, variance : array, one a study
        The studies that were pooled.
    pooled
        Their random-effects result, with its tau².
    kind
        Name in `PREDICTION_INTERVALS`.
    level
        Of the interval.

    Returns
    -------
    (float, float)
        NaN where there is not one degree of freedom.

    Raises
    ------
    ValueError
        There is no such interval.
    """
    if kind not in PREDICTION_INTERVALS:
        raise ValueError(
            f"there is no prediction interval {kind!r}. {did_you_mean(kind, PREDICTION_INTERVALS)}"
        )
    chosen = PREDICTION_INTERVALS[kind]
    df = chosen.df(pooled)
    if df < 1:
        return float("nan"), float("nan")
    tau2 = pooled.heterogeneity.tau2
    std_error = _std_error(chosen, effect, variance, pooled)
    spread = float(np.sqrt(tau2 + std_error**2))
    return interval(pooled.estimate, spread, level=level, df=df)


def _std_error(
    chosen: PredictionInterval, effect: Floats, variance: Floats, pooled: Pooled
) -> float:
    tau2 = pooled.heterogeneity.tau2
    match chosen.std_error:
        case "usual":
            return inverse_variance(effect, variance, tau2=tau2).std_error
        case "HKSJ":
            return hksj_std_error(effect, variance, tau2)
        case "pooled":
            return pooled.std_error
        case "none":
            return 0.0
