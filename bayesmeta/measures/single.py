"""One group: mean, proportion, correlation."""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, logit

from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, Scale, StudyEffects
from bayesmeta.measures.zeros import Adjusted, adjust_cells
from bayesmeta.spec import Effect

__all__ = ["CORRELATION", "DOUBLE_ARCSINE", "LOGIT_PROPORTION", "MEAN", "PROPORTION"]

_EVENTS = ("events", "total")


def _mean(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    return StudyEffects(effect=columns["mean"], variance=columns["sd"] ** 2 / columns["total"])


def _adjust(columns: Mapping[str, Floats], effect: Effect) -> tuple[Floats, Floats, Adjusted]:
    events = columns["events"]
    cells = (events, columns["total"] - events)
    neither = np.full(events.shape, False)
    adjusted = adjust_cells(cells, effect.zero_cells, drop00=False, double_zero=neither)
    return adjusted.cells[0], adjusted.cells[0] + adjusted.cells[1], adjusted


def _proportion(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    x, n, adjusted = _adjust(columns, effect)
    p = x / n
    return StudyEffects(effect=p, variance=p * (1 - p) / n, corrected=adjusted.corrected)


def _logit_proportion(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    x, n, adjusted = _adjust(columns, effect)
    return StudyEffects(
        effect=logit(x / n), variance=1 / x + 1 / (n - x), corrected=adjusted.corrected
    )


def _double_arcsine(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    x, n = columns["events"], columns["total"]
    return StudyEffects(effect=_freeman_tukey(x / n, n), variance=1 / (4 * n + 2))


def _freeman_tukey(p: Floats, n: Floats) -> Floats:
    x = p * n
    return (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2


def _freeman_tukey_inverse(y: Floats, n: Floats) -> Floats:
    """Miller 1978, Am Stat 32:138, at n participants; 0 and 1 beyond the ends of its range."""
    low, high = _freeman_tukey(np.zeros_like(n), n), _freeman_tukey(np.ones_like(n), n)
    inside = np.clip(y, low, high)
    s = np.sin(2 * inside)
    root = np.sqrt(np.clip(1 - (s + (s - 1 / s) / n) ** 2, 0, None))
    p = np.clip((1 - np.sign(np.cos(2 * inside)) * root) / 2, 0, 1)
    return np.where(y <= low, 0.0, np.where(y >= high, 1.0, p))


def _fisher_z(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    z = np.arctanh(columns["correlation"])
    return StudyEffects(effect=z, variance=1 / (columns["total"] - 3))


MEAN = Measure(
    code="MN",
    label="mean",
    analysis_label="mean",
    columns=("mean", "sd", "total"),
    formula=_mean,
    scale=IDENTITY,
    null=None,
    minimum_total=2,
    reference="standard error of a mean",
)
PROPORTION = Measure(
    code="PR",
    label="proportion",
    analysis_label="proportion",
    columns=_EVENTS,
    formula=_proportion,
    scale=IDENTITY,
    null=None,
    reference="standard error of a proportion",
)
LOGIT_PROPORTION = Measure(
    code="PLO",
    label="proportion",
    analysis_label="logit of the proportion",
    columns=_EVENTS,
    formula=_logit_proportion,
    scale=Scale(
        name="logit",
        to_display=lambda x, n: expit(x),
        to_analysis=lambda x, n: logit(x),
        difference=LOG.difference,
    ),
    null=None,
    reference="Stijnen, Hamza & Özdemir 2010, Stat Med 29:3046",
)
DOUBLE_ARCSINE = Measure(
    code="PFT",
    label="proportion",
    analysis_label="double arcsine of the proportion",
    columns=_EVENTS,
    formula=_double_arcsine,
    scale=Scale(
        name="double arcsine", to_display=_freeman_tukey_inverse, to_analysis=_freeman_tukey
    ),
    null=None,
    reference="Freeman & Tukey 1950, Ann Math Stat 21:607",
)
CORRELATION = Measure(
    code="ZCOR",
    label="correlation",
    analysis_label="Fisher's z",
    columns=("correlation", "total"),
    formula=_fisher_z,
    scale=Scale(
        name="Fisher's z",
        to_display=lambda x, n: np.tanh(x),
        to_analysis=lambda x, n: np.arctanh(x),
    ),
    unit_information_sd=1.0,
    minimum_total=4,
    reference="Fisher 1921, Metron 1:3",
)
