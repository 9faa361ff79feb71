"""Events counted over person-time: rate, log rate, rate ratio, rate difference."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, StudyEffects
from bayesmeta.measures.zeros import Adjusted, adjust_cells
from bayesmeta.spec import Effect

__all__ = ["LOG_RATE", "RATE", "RATE_DIFFERENCE", "RATE_RATIO"]

_TWO_ARMS = ("events_treatment", "time_treatment", "events_control", "time_control")

_LOG_OF_ONE_GROUP = replace(LOG, ratio=False)
"""A rate is displayed as itself: no ratio, and 1 is no absence of an effect."""


def _counts(columns: Mapping[str, Floats], effect: Effect, *names: str) -> Adjusted:
    cells = tuple(columns[name] for name in names)
    none = np.logical_and.reduce([cell == 0 for cell in cells])
    return adjust_cells(cells, effect.zero_cells, drop00=False, double_zero=none & (len(cells) > 1))


def _rate(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    adjusted = _counts(columns, effect, "events")
    (x,), t = adjusted.cells, columns["time"]
    return StudyEffects(effect=x / t, variance=x / t**2, corrected=adjusted.corrected)


def _log_rate(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    adjusted = _counts(columns, effect, "events")
    (x,), t = adjusted.cells, columns["time"]
    return StudyEffects(effect=np.log(x / t), variance=1 / x, corrected=adjusted.corrected)


def _rate_ratio(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    adjusted = _counts(columns, effect, "events_treatment", "events_control")
    x1, x2 = adjusted.cells
    return StudyEffects(
        effect=np.log((x1 / columns["time_treatment"]) / (x2 / columns["time_control"])),
        variance=1 / x1 + 1 / x2,
        corrected=adjusted.corrected,
        dropped=adjusted.dropped,
    )


def _rate_difference(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    adjusted = _counts(columns, effect, "events_treatment", "events_control")
    x1, x2 = adjusted.cells
    t1, t2 = columns["time_treatment"], columns["time_control"]
    return StudyEffects(
        effect=x1 / t1 - x2 / t2,
        variance=x1 / t1**2 + x2 / t2**2,
        corrected=adjusted.corrected,
        dropped=adjusted.dropped,
    )


RATE = Measure(
    code="IR",
    label="incidence rate",
    analysis_label="incidence rate",
    columns=("events", "time"),
    formula=_rate,
    scale=IDENTITY,
    null=None,
    reference="Rothman, Greenland & Lash 2008, Modern Epidemiology, 14",
)
LOG_RATE = Measure(
    code="IRLN",
    label="incidence rate",
    analysis_label="log incidence rate",
    columns=("events", "time"),
    formula=_log_rate,
    scale=_LOG_OF_ONE_GROUP,
    null=None,
    reference="Rothman, Greenland & Lash 2008, Modern Epidemiology, 14",
)
RATE_RATIO = Measure(
    code="IRR",
    label="incidence rate ratio",
    analysis_label="log incidence rate ratio",
    columns=_TWO_ARMS,
    formula=_rate_ratio,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Rothman, Greenland & Lash 2008, Modern Epidemiology, 14",
)
RATE_DIFFERENCE = Measure(
    code="IRD",
    label="incidence rate difference",
    analysis_label="incidence rate difference",
    columns=_TWO_ARMS,
    formula=_rate_difference,
    scale=IDENTITY,
    reference="Rothman, Greenland & Lash 2008, Modern Epidemiology, 14",
)
