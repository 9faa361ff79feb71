"""One group before and after: mean change, standardised mean changes, ratio of means.

An effect is after minus before. The correlation of the two is needed and has no default.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, StudyEffects
from bayesmeta.measures.continuous import small_sample_factor
from bayesmeta.spec import Effect

__all__ = ["MEAN_CHANGE", "RATIO_CHANGE", "STANDARDISED_CHANGE", "STANDARDISED_RAW_CHANGE"]

_COLUMNS = ("mean_after", "sd_after", "mean_before", "sd_before", "total", "r")


class _Pairs(NamedTuple):
    m1: Floats
    s1: Floats
    m0: Floats
    s0: Floats
    n: Floats
    r: Floats

    @property
    def change_variance(self) -> Floats:
        return self.s1**2 + self.s0**2 - 2 * self.r * self.s1 * self.s0


def _pairs(columns: Mapping[str, Floats]) -> _Pairs:
    return _Pairs(*(columns[name] for name in _COLUMNS))


def _mean_change(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    pairs = _pairs(columns)
    return StudyEffects(effect=pairs.m1 - pairs.m0, variance=pairs.change_variance / pairs.n)


def _standardised_change(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    """Standardised by the standard deviation of the change."""
    pairs = _pairs(columns)
    d = (pairs.m1 - pairs.m0) / np.sqrt(pairs.change_variance)
    if effect.bias_correction:
        d = d * small_sample_factor(pairs.n - 1)
    return StudyEffects(effect=d, variance=1 / pairs.n + d**2 / (2 * pairs.n))


def _standardised_raw_change(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    """Standardised by the standard deviation before (Becker 1988)."""
    n, r = columns["total"], columns["r"]
    d = (columns["mean_after"] - columns["mean_before"]) / columns["sd_before"]
    if effect.bias_correction:
        d = d * small_sample_factor(n - 1)
    return StudyEffects(effect=d, variance=2 * (1 - r) / n + d**2 / (2 * n))


def _ratio_change(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    pairs = _pairs(columns)
    first = pairs.s1**2 / (pairs.n * pairs.m1**2)
    second = pairs.s0**2 / (pairs.n * pairs.m0**2)
    ratio = np.log(pairs.m1 / pairs.m0)
    covariance = pairs.r * pairs.s1 * pairs.s0 / (pairs.n * pairs.m1 * pairs.m0)
    variance = first + second - 2 * covariance
    if effect.bias_correction:
        ratio = ratio + (first - second) / 2
    return StudyEffects(effect=ratio, variance=variance)


MEAN_CHANGE = Measure(
    code="MC",
    label="mean change",
    analysis_label="mean change",
    columns=_COLUMNS,
    formula=_mean_change,
    scale=IDENTITY,
    minimum_total=2,
    reference="Cochrane Handbook 6.5.2.8",
)
STANDARDISED_CHANGE = Measure(
    code="SMCC",
    label="standardised mean change (change score)",
    analysis_label="standardised mean change (change score)",
    columns=_COLUMNS,
    formula=_standardised_change,
    scale=IDENTITY,
    unit_information_sd=2.0,
    tau_scale=0.5,
    minimum_total=3,
    reference="Gibbons, Hedeker & Davis 1993, J Educ Stat 18:271",
)
STANDARDISED_RAW_CHANGE = Measure(
    code="SMCR",
    label="standardised mean change (raw score)",
    analysis_label="standardised mean change (raw score)",
    columns=("mean_after", "mean_before", "sd_before", "total", "r"),
    formula=_standardised_raw_change,
    scale=IDENTITY,
    unit_information_sd=2.0,
    tau_scale=0.5,
    minimum_total=3,
    reference="Becker 1988, Br J Math Stat Psychol 41:257",
)
RATIO_CHANGE = Measure(
    code="ROMC",
    label="ratio of means (after / before)",
    analysis_label="log ratio of means (after / before)",
    columns=_COLUMNS,
    formula=_ratio_change,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    minimum_total=2,
    reference="Lajeunesse 2011, Ecology 92:2049",
)
