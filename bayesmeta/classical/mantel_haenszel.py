"""Mantel and Haenszel's pooling of two-by-two tables: odds ratio, risk ratio, risk difference.

Notation of a study: a events and b non-events under treatment, c and d under control, n1, n2 and n
participants. Formulas: Deeks & Higgins 2010, Statistical algorithms in Review Manager 5.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import numpy as np

from bayesmeta.classical.cells import Cells
from bayesmeta.classical.heterogeneity import heterogeneity
from bayesmeta.classical.intervals import interval, two_sided
from bayesmeta.classical.pooled import Pooled
from bayesmeta.errors import did_you_mean
from bayesmeta.measures.base import Floats

__all__ = ["MANTEL_HAENSZEL", "Cells", "RiskDifferenceVariance", "mantel_haenszel"]

RiskDifferenceVariance = Literal["Greenland-Robins", "Sato"]
"""Variances of a pooled risk difference: RevMan's and R meta's, and metafor's."""


class _Sum(NamedTuple):
    estimate: float
    variance: float
    weights: Floats


def _odds_ratio(cells: Cells, variance_cells: Cells) -> _Sum:
    """Robins, Breslow & Greenland 1986, Biometrics 42:311, for the variance."""
    r, s = _odds(cells)
    n = variance_cells.participants
    a, b, c, d = variance_cells
    r_v, s_v = _odds(variance_cells)
    agree, differ = (a + d) / n, (b + c) / n
    total_r, total_s = r_v.sum(), s_v.sum()
    variance = (
        (agree * r_v).sum() / total_r**2
        + (agree * s_v + differ * r_v).sum() / (total_r * total_s)
        + (differ * s_v).sum() / total_s**2
    ) / 2
    return _Sum(float(np.log(r.sum() / s.sum())), float(variance), s)


def _odds(cells: Cells) -> tuple[Floats, Floats]:
    n = cells.participants
    return cells.a * cells.d / n, cells.b * cells.c / n


def _risk_ratio(cells: Cells, variance_cells: Cells) -> _Sum:
    """Greenland & Robins 1985, Biometrics 41:55, for the variance."""
    r, s = _risks(cells)
    a, _, c, _ = variance_cells
    n1, n2, n = variance_cells.treated, variance_cells.controls, variance_cells.participants
    r_v, s_v = _risks(variance_cells)
    p = (n1 * n2 * (a + c) - a * c * n) / n**2
    variance = p.sum() / (r_v.sum() * s_v.sum())
    return _Sum(float(np.log(r.sum() / s.sum())), float(variance), s)


def _risks(cells: Cells) -> tuple[Floats, Floats]:
    n = cells.participants
    return cells.a * cells.controls / n, cells.c * cells.treated / n


def _risk_difference(cells: Cells, variance_cells: Cells) -> _Sum:
    """Greenland & Robins 1985, Biometrics 41:55, for the variance."""
    weights = cells.treated * cells.controls / cells.participants
    total = weights.sum()
    a, b, c, d = variance_cells
    n1, n2, n = variance_cells.treated, variance_cells.controls, variance_cells.participants
    j = (a * b * n2**3 + c * d * n1**3) / (n1 * n2 * n**2)
    difference = cells.a / cells.treated - cells.c / cells.controls
    estimate = (weights * difference).sum() / total
    return _Sum(float(estimate), float(j.sum() / total**2), weights)


def _sato_variance(cells: Cells, difference: float) -> float:
    """Sato 1989, Biometrics 45:1323: right for few large and for many small studies."""
    a, _, c, _ = cells
    n1, n2, n = cells.treated, cells.controls, cells.participants
    p = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2
    q = (a * (n2 - c) + c * (n1 - a)) / (2 * n)
    return float((difference * p.sum() + q.sum()) / (n1 * n2 / n).sum() ** 2)


MANTEL_HAENSZEL: Mapping[str, Callable[[Cells, Cells], _Sum]] = MappingProxyType(
    {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}
)
"""The measures that can be pooled, by code."""


def mantel_haenszel(
    cells: Cells,
    measure: str,
    *,
    effect: Floats,
    variance: Floats,
    variance_cells: Cells | None = None,
    rd_variance: RiskDifferenceVariance = "Greenland-Robins",
    level: float = 0.95,
) -> Pooled:
    """Pool two-by-two tables under a common effect.

    Mantel & Haenszel 1959, J Natl Cancer Inst 22:719; metafor's ``rma.mh(measure=)``, whose
    z test is the one given here, not that of Cochran, Mantel and Haenszel.

    Parameters
    ----------
    cells
        Tables as they are to be summed: nothing is added to empty cells here. RevMan corrects the
        tables of odds and risk ratios before they are summed (see `Cells.corrected`).
    measure : {"OR", "RR", "RD"}
    effect, variance : array, one a study
        The studies' own effects on the analysis scale, and sampling variances: Q is taken from
        these, around the pooled effect.
    variance_cells
        Tables for the variance of the pooled effect, where they are not the same: for risk
        differences RevMan takes raw tables for the effect and corrected ones for its variance.
    rd_variance
        Of a risk difference: by Greenland & Robins 1985, as in RevMan, or by Sato 1989, as in
        metafor, from `cells`.
    level
        Of confidence.

    Returns
    -------
    Pooled
        On the analysis scale. The pooled result of one study is its own, as in RevMan. Where all
        arms of one kind are without events a ratio is infinite, and its interval NaN.

    Raises
    ------
    ValueError
        Tables of this measure are not pooled so, or there is no such variance.
    """
    _check(measure, rd_variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = MANTEL_HAENSZEL[measure](cells, variance_cells or cells)
        if effect.size == 1:
            found = _Sum(float(effect[0]), float(variance[0]), np.ones(1))
        elif measure == "RD" and rd_variance == "Sato":
            found = found._replace(variance=_sato_variance(cells, found.estimate))
        std_error = float(np.sqrt(found.variance))
        statistic = float(np.divide(found.estimate, std_error))
        weights = 100 * found.weights / found.weights.sum()
        spread = heterogeneity(effect, variance, centre=found.estimate)
    lower, upper = interval(found.estimate, std_error, level=level)
    return Pooled(
        estimate=found.estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        statistic=statistic,
        p_value=two_sided(statistic),
        df=np.inf,
        heterogeneity=spread,
        weights=weights,
    )


def _check(measure: str, rd_variance: str) -> None:
    for value, known, what in (
        (measure, tuple(MANTEL_HAENSZEL), "Mantel-Haenszel estimate of the measure"),
        (rd_variance, get_args(RiskDifferenceVariance), "variance of a risk difference named"),
    ):
        if value not in known:
            raise ValueError(f"there is no {what} {value!r}. {did_you_mean(value, known)}")
