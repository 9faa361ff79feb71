"""Two arms with means: mean difference, standardised mean differences, ratio of means."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, StudyEffects
from bayesmeta.spec import Effect

__all__ = [
    "MEAN_DIFFERENCE",
    "RATIO_OF_MEANS",
    "STANDARDISED_DIFFERENCE",
    "STANDARDISED_DIFFERENCE_HETEROSCEDASTIC",
    "small_sample_factor",
]

_COLUMNS = (
    "mean_treatment",
    "sd_treatment",
    "total_treatment",
    "mean_control",
    "sd_control",
    "total_control",
)


class _Arms(NamedTuple):
    m1: Floats
    s1: Floats
    n1: Floats
    m2: Floats
    s2: Floats
    n2: Floats


def _arms(columns: Mapping[str, Floats]) -> _Arms:
    return _Arms(*(columns[name] for name in _COLUMNS))


def small_sample_factor(df: Floats) -> Floats:
    """The exact factor that makes Cohen's d unbiased (Hedges 1981, J Educ Stat 6:107).

    Parameters
    ----------
    df
        Degrees of freedom of the standard deviation, at least 2.
    """
    factor: Floats = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    return factor


def _mean_difference(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    m1, s1, n1, m2, s2, n2 = _arms(columns)
    return StudyEffects(effect=m1 - m2, variance=s1**2 / n1 + s2**2 / n2)


def _standardised(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    """Hedges' g, exact or as RevMan computes it (Deeks & Higgins 2010)."""
    m1, s1, n1, m2, s2, n2 = _arms(columns)
    n = n1 + n2
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n - 2))
    d = (m1 - m2) / pooled
    if effect.smd == "revman":
        g = d * (1 - 3 / (4 * n - 9))
        return StudyEffects(effect=g, variance=n / (n1 * n2) + g**2 / (2 * (n - 3.94)))
    g = d * small_sample_factor(n - 2) if effect.bias_correction else d
    return StudyEffects(effect=g, variance=1 / n1 + 1 / n2 + g**2 / (2 * n))


def _standardised_heteroscedastic(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    """Standardised by the mean of the two variances (Bonett 2008, Psychol Methods 13:99)."""
    m1, s1, n1, m2, s2, n2 = _arms(columns)
    v1, v2 = s1**2, s2**2
    average = (v1 + v2) / 2
    d = (m1 - m2) / np.sqrt(average)
    if effect.bias_correction:
        d = d * small_sample_factor(n1 + n2 - 2)
    variance = (
        d**2 * (v1**2 / (n1 - 1) + v2**2 / (n2 - 1)) / (8 * average**2)
        + (v1 / (n1 - 1) + v2 / (n2 - 1)) / average
    )
    return StudyEffects(effect=d, variance=variance)


def _ratio_of_means(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    """Log ratio; the bias correction is that of Lajeunesse 2015, Ecology 96:2056."""
    m1, s1, n1, m2, s2, n2 = _arms(columns)
    first, second = s1**2 / (n1 * m1**2), s2**2 / (n2 * m2**2)
    ratio = np.log(m1 / m2)
    if effect.bias_correction:
        ratio = ratio + (first - second) / 2
    return StudyEffects(effect=ratio, variance=first + second)


MEAN_DIFFERENCE = Measure(
    code="MD",
    label="mean difference",
    analysis_label="mean difference",
    columns=_COLUMNS,
    formula=_mean_difference,
    scale=IDENTITY,
    minimum_total=2,
    reference="Cochrane Handbook 10.5",
)
STANDARDISED_DIFFERENCE = Measure(
    code="SMD",
    label="standardised mean difference",
    analysis_label="standardised mean difference",
    columns=_COLUMNS,
    formula=_standardised,
    scale=IDENTITY,
    unit_information_sd=2.0,
    tau_scale=0.5,
    minimum_total=2,
    reference="Hedges 1981, J Educ Stat 6:107",
)
STANDARDISED_DIFFERENCE_HETEROSCEDASTIC = Measure(
    code="SMDH",
    label="standardised mean difference (unequal variances)",
    analysis_label="standardised mean difference (unequal variances)",
    columns=_COLUMNS,
    formula=_standardised_heteroscedastic,
    scale=IDENTITY,
    unit_information_sd=2.0,
    tau_scale=0.5,
    minimum_total=2,
    reference="Bonett 2008, Psychol Methods 13:99",
)
RATIO_OF_MEANS = Measure(
    code="ROM",
    label="ratio of means",
    analysis_label="log ratio of means",
    columns=_COLUMNS,
    formula=_ratio_of_means,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    minimum_total=2,
    reference="Lajeunesse 2015, Ecology 96:2056",
)
