"""Pooling by the inverse of variances, with Wald, t and Hartung-Knapp-Sidik-Jonkman intervals."""

from typing import Literal, get_args

import numpy as np

from bayesmeta.classical.heterogeneity import heterogeneity
from bayesmeta.classical.intervals import interval as central_interval
from bayesmeta.classical.intervals import two_sided
from bayesmeta.classical.pooled import Pooled
from bayesmeta.classical.profile import Profile, profile
from bayesmeta.errors import did_you_mean
from bayesmeta.measures.base import Floats

__all__ = ["IntervalMethod", "hksj_std_error", "inverse_variance"]

IntervalMethod = Literal["Wald", "t", "HKSJ", "HKSJ-truncated"]
"""How the interval of a pooled effect is made; in metafor ``test="z"``, ``"t"``, ``"knha"`` and
``"adhoc"``."""


def inverse_variance(
    effect: Floats,
    variance: Floats,
    *,
    tau2: float = 0.0,
    interval: IntervalMethod = "Wald",
    level: float = 0.95,
    q_centre: float | None = None,
    i2_from_tau2: bool = False,
) -> Pooled:
    """Pool studies with weights ``1 / (variance + tau2)``.

    Cochrane Handbook 10.3 and 10.4.4; metafor's ``rma(method=, test=)``.

    Parameters
    ----------
    effect, variance : array, one a study
        On the analysis scale.
    tau2
        Variance of the true effects; 0 for a common effect.
    interval
        ``"Wald"`` takes the normal distribution; ``"t"`` the t distribution with k - 1 degrees of
        freedom and the same standard error; ``"HKSJ"`` t with the standard error of
        `hksj_std_error`; ``"HKSJ-truncated"`` that or the usual one, whichever is larger.
    level
        Of confidence.
    q_centre, i2_from_tau2
        See `heterogeneity`.

    Returns
    -------
    Pooled
        For one study its own effect; intervals by t do not exist then and are NaN.

    Raises
    ------
    ValueError
        There is no such interval.
    """
    if interval not in get_args(IntervalMethod):
        hint = did_you_mean(interval, get_args(IntervalMethod))
        raise ValueError(f"there is no interval {interval!r} of a pooled effect. {hint}")
    at = profile(effect, variance, np.array(tau2))
    df = np.inf if interval == "Wald" else float(effect.size - 1)
    estimate, std_error = float(at.mean), _std_error(at, interval)
    lower, upper = central_interval(estimate, std_error, level=level, df=df)
    # Estimates that are all the same leave HKSJ a standard error of 0.
    statistic = float(np.divide(estimate, std_error)) if std_error > 0 else _unbounded(estimate)
    return Pooled(
        estimate=estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        statistic=statistic,
        p_value=two_sided(statistic, df),
        df=df,
        heterogeneity=heterogeneity(
            effect, variance, tau2=tau2, centre=q_centre, i2_from_tau2=i2_from_tau2
        ),
        weights=100 * at.weights / at.total,
    )


def hksj_std_error(effect: Floats, variance: Floats, tau2: float) -> float:
    """Standard error of the pooled effect by Hartung, Knapp, Sidik and Jonkman.

    Hartung & Knapp 2001, Stat Med 20:1771; Sidik & Jonkman 2002, Stat Med 21:3153. NaN for one
    study.

    Parameters
    ----------
    effect, variance : array, one a study
    tau2
        Variance of the true effects.
    """
    return _std_error(profile(effect, variance, np.array(tau2)), "HKSJ")


def _std_error(at: Profile, interval: IntervalMethod) -> float:
    usual = float(1 / np.sqrt(at.total))
    df = at.weights.size - 1
    if interval in ("Wald", "t"):
        return usual
    if df < 1:
        return float("nan")
    ratio = float(at.q) / df
    # Knapp & Hartung 2003, Stat Med 22:2693: not narrower than with the usual standard error.
    return float(usual * np.sqrt(max(1.0, ratio) if interval == "HKSJ-truncated" else ratio))


def _unbounded(estimate: float) -> float:
    return float(np.copysign(np.inf, estimate)) if estimate else float("nan")
