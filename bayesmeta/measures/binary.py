"""Two arms with events: odds ratio, risk ratio, risk difference, Peto's odds ratio.

Notation of a study: a events and b non-events under treatment, c and d under control.
Formulas: Cochrane Handbook 10.4; Deeks & Higgins 2010, Statistical algorithms in Review Manager 5.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmeta.measures.base import IDENTITY, LOG, Floats, Measure, StudyEffects
from bayesmeta.measures.zeros import Adjusted, adjust_cells
from bayesmeta.spec import Effect

__all__ = ["ODDS_RATIO", "PETO", "RISK_DIFFERENCE", "RISK_RATIO"]

_COLUMNS = ("events_treatment", "total_treatment", "events_control", "total_control")


class _Table(NamedTuple):
    a: Floats
    b: Floats
    c: Floats
    d: Floats


def _table(columns: Mapping[str, Floats]) -> _Table:
    a, c = columns["events_treatment"], columns["events_control"]
    return _Table(a, columns["total_treatment"] - a, c, columns["total_control"] - c)


def _only_events(table: _Table) -> NDArray[np.bool_]:
    """Studies with nothing but events in both arms."""
    only: NDArray[np.bool_] = (table.b == 0) & (table.d == 0)
    return only


def _adjust(
    table: _Table, effect: Effect, *, drop00: bool, to: str = "only0"
) -> tuple[_Table, Adjusted]:
    double = (table.a == 0) & (table.c == 0)
    if effect.measure != "RR" or not effect.zero_cells.revman:
        double |= _only_events(table)
    adjusted = adjust_cells(table, effect.zero_cells, drop00=drop00, double_zero=double, to=to)
    return _Table(*adjusted.cells), adjusted


def _effects(effect: Floats, variance: Floats, adjusted: Adjusted) -> StudyEffects:
    return StudyEffects(
        effect=effect,
        variance=variance,
        corrected=adjusted.corrected,
        dropped=adjusted.dropped,
    )


def _odds_ratio(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    (a, b, c, d), adjusted = _adjust(_table(columns), effect, drop00=True)
    return _effects(np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, adjusted)


def _risk_ratio(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    raw = _table(columns)
    (a, b, c, d), adjusted = _adjust(raw, effect, drop00=True)
    n1, n2 = a + b, c + d
    log_ratio = np.log((a / n1) / (c / n2))
    if effect.zero_cells.revman:
        log_ratio = np.where(_only_events(raw), 0.0, log_ratio)
    return _effects(log_ratio, 1 / a - 1 / n1 + 1 / c - 1 / n2, adjusted)


def _risk_difference(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    raw = _table(columns)
    table, adjusted = _adjust(raw, effect, drop00=False)
    a, b, c, d = table
    variance = a * b / (a + b) ** 3 + c * d / (c + d) ** 3
    a, b, c, d = raw if effect.zero_cells.revman else table
    return _effects(a / (a + b) - c / (c + d), variance, adjusted)


def _peto(columns: Mapping[str, Floats], effect: Effect) -> StudyEffects:
    (a, b, c, d), adjusted = _adjust(_table(columns), effect, drop00=True, to="none")
    n1, n2 = a + b, c + d
    n = n1 + n2
    expected = n1 * (a + c) / n
    variance = n1 * n2 * (a + c) * (b + d) / (n**2 * (n - 1))
    return _effects((a - expected) / variance, 1 / variance, adjusted)


ODDS_RATIO = Measure(
    code="OR",
    label="odds ratio",
    analysis_label="log odds ratio",
    columns=_COLUMNS,
    formula=_odds_ratio,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Woolf 1955, Ann Hum Genet 19:251",
)
RISK_RATIO = Measure(
    code="RR",
    label="risk ratio",
    analysis_label="log risk ratio",
    columns=_COLUMNS,
    formula=_risk_ratio,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Katz et al. 1978, Biometrics 34:469",
)
RISK_DIFFERENCE = Measure(
    code="RD",
    label="risk difference",
    analysis_label="risk difference",
    columns=_COLUMNS,
    formula=_risk_difference,
    scale=IDENTITY,
    reference="Cochrane Handbook 10.4",
)
PETO = Measure(
    code="PETO",
    label="Peto odds ratio",
    analysis_label="log Peto odds ratio",
    columns=_COLUMNS,
    formula=_peto,
    scale=LOG,
    unit_information_sd=4.0,
    tau_scale=0.5,
    reference="Yusuf et al. 1985, Prog Cardiovasc Dis 27:335",
)
