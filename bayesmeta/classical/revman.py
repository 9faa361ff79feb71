"""An outcome as RevMan analyses it: studies, pooled results, subgroups and their differences.

The formulas are those of Deeks & Higgins 2010, *Statistical algorithms in Review Manager 5*; with
restricted maximum likelihood, Hartung-Knapp-Sidik-Jonkman and prediction intervals as RevMan has
had them since 2025 (Cochrane Handbook 10.10.4).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmeta.classical.intervals import quantile
from bayesmeta.classical.inverse_variance import inverse_variance
from bayesmeta.classical.mantel_haenszel import Cells, mantel_haenszel
from bayesmeta.classical.pooled import Heterogeneity, Pooled
from bayesmeta.classical.prediction import prediction_interval
from bayesmeta.classical.subgroups import subgroup_differences
from bayesmeta.classical.tau2 import TAU2_ESTIMATORS, dersimonian_laird, q_profile
from bayesmeta.measures import StudyEffects, find_measure
from bayesmeta.measures.base import Floats
from bayesmeta.spec import Effect, ZeroCells
from bayesmeta.studies import Outcome, Settings

__all__ = ["GroupResult", "RevManAnalysis", "revman_analysis", "revman_effect"]


@dataclass(frozen=True, kw_only=True)
class GroupResult:
    """The pooled result of all studies, or of a subgroup.

    Attributes
    ----------
    pooled : Pooled
    tau2_interval : (float, float) or None
        Q-profile interval of tau², with random effects.
    prediction : (float, float) or None
        Prediction interval, with random effects; t with k - 1 degrees of freedom.
    """

    pooled: Pooled
    tau2_interval: tuple[float, float] | None
    prediction: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class RevManAnalysis:
    """What RevMan computes of an outcome, on the analysis scale.

    Attributes
    ----------
    settings : Settings
    effect, std_error, lower, upper : array, one a row
        NaN where RevMan calls a study not estimable.
    weight : array, one a row
        In percent; 0 where not estimable.
    total : GroupResult or None
        None where no study is estimable.
    subgroups : tuple of GroupResult or None
    differences : Heterogeneity or None
        The test for subgroup differences; None where fewer than two subgroups are estimable.
    of_subgroups : Pooled or None
        The subgroups' pooled results, pooled: what RevMan 5 stores, and does not show, where it
        gives subtotals and no total.
    """

    settings: Settings
    effect: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    weight: Floats
    total: GroupResult | None
    subgroups: tuple[GroupResult | None, ...]
    differences: Heterogeneity | None
    of_subgroups: Pooled | None

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Rows that have an effect."""
        return np.isfinite(self.effect)


def revman_effect(measure: str) -> Effect:
    """The ``[effect]`` section under which a measure is computed as by RevMan."""
    return Effect(measure=measure, smd="revman", zero_cells=ZeroCells(revman=True))


def revman_analysis(outcome: Outcome, settings: Settings | None = None) -> RevManAnalysis:
    """Analyse an outcome as RevMan does.

    Parameters
    ----------
    outcome
        Its studies.
    settings
        How; those of the outcome where they are not given.

    Raises
    ------
    ValueError
        Neither the outcome nor the caller says how.
    """
    settings = settings or outcome.settings
    if settings is None:
        raise ValueError("an outcome without settings cannot be analysed")
    studies = _Studies.of(outcome, settings)
    half = quantile(settings.study_level) * studies.std_error
    rows = outcome.rows
    groups = [rows.subgroup == i for i in range(len(outcome.subgroups))]
    found = [studies.pool(group) for group in groups]
    total = studies.pool(rows.in_total)
    results = [result.pooled for result in found if result is not None]
    estimates = np.array([each.estimate for each in results])
    std_errors = np.array([each.std_error for each in results])
    return RevManAnalysis(
        settings=settings,
        effect=studies.effect,
        std_error=studies.std_error,
        lower=studies.effect - half,
        upper=studies.effect + half,
        weight=_weights(studies, settings, groups, found, total, rows.in_total),
        total=total,
        subgroups=tuple(found),
        differences=subgroup_differences(estimates, std_errors) if len(results) > 1 else None,
        of_subgroups=inverse_variance(estimates, std_errors**2, level=settings.level)
        if results
        else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Studies:
    """The rows of an outcome, ready to be pooled."""

    settings: Settings
    numbers: dict[str, Floats]
    effect: Floats
    std_error: Floats

    @classmethod
    def of(cls, outcome: Outcome, settings: Settings) -> "_Studies":
        numbers = outcome.analysed(settings)
        result = _study_effects(outcome, numbers, settings)
        with np.errstate(invalid="ignore"):
            std_error = np.sqrt(result.variance)
        usable = np.isfinite(result.effect) & np.isfinite(std_error) & (std_error > 0)
        if result.dropped is not None:
            usable &= ~result.dropped
        return cls(
            settings=settings,
            numbers=numbers,
            effect=np.where(usable, result.effect, np.nan),
            std_error=np.where(usable, std_error, np.nan),
        )

    def pool(self, included: NDArray[np.bool_]) -> GroupResult | None:
        """The pooled result of some rows; None where none of them is estimable."""
        places = np.flatnonzero(included & np.isfinite(self.effect))
        if not places.size:
            return None
        settings = self.settings
        effect, variance = self.effect[places], self.std_error[places] ** 2
        common = self._common(places, effect, variance)
        if not settings.random:
            return GroupResult(pooled=common, tau2_interval=None, prediction=None)
        if settings.estimator == "DL":
            tau2 = dersimonian_laird(effect, variance, q=common.heterogeneity.q)
        else:
            tau2 = TAU2_ESTIMATORS[settings.estimator](effect, variance)
        pooled = inverse_variance(
            effect,
            variance,
            tau2=tau2,
            interval=settings.interval if places.size > 1 else "Wald",
            level=settings.level,
            q_centre=common.estimate,
            i2_from_tau2=settings.i2_from_tau2,
        )
        return GroupResult(
            pooled=pooled,
            tau2_interval=q_profile(effect, variance, settings.level),
            prediction=prediction_interval(
                effect, variance, pooled, kind="V", level=settings.level
            ),
        )

    def _common(self, places: NDArray[np.int64], effect: Floats, variance: Floats) -> Pooled:
        """The pooled result under a common effect, by the method of the outcome."""
        level = self.settings.level
        if self.settings.method != "MH":
            return inverse_variance(effect, variance, level=level)
        raw, measure = self._cells(places), self.settings.measure
        summed = {"RR": _for_risk_ratio(raw), "RD": raw}.get(measure, raw.corrected())
        return mantel_haenszel(
            summed,
            measure,
            effect=effect,
            variance=variance,
            variance_cells=raw.corrected(),
            level=level,
        )

    def _cells(self, places: NDArray[np.int64]) -> Cells:
        a, n1, c, n2 = (
            self.numbers[name][places]
            for name in ("events_treatment", "total_treatment", "events_control", "total_control")
        )
        return Cells(a=a, b=n1 - a, c=c, d=n2 - c)


def _for_risk_ratio(raw: Cells) -> Cells:
    """The cells that are summed for a risk ratio: corrected, the ratio staying the study's own.

    It is another one than that of the corrected cells where there is nothing but events.
    """
    cells, only = raw.corrected(), (raw.b == 0) & (raw.d == 0)
    a = np.where(only, cells.c * cells.treated / cells.controls, cells.a)
    return Cells(a, cells.treated - a, cells.c, cells.d)


def _study_effects(
    outcome: Outcome, numbers: dict[str, Floats], settings: Settings
) -> StudyEffects:
    """Effects on the analysis scale; NaN where they do not exist."""
    with np.errstate(all="ignore"):
        if outcome.kind == "O-E and variance":
            return StudyEffects(
                effect=numbers["o_e"] / numbers["variance"], variance=1 / numbers["variance"]
            )
        measure = find_measure(settings.measure)
        if outcome.kind == "inverse variance":
            effect = numbers["effect"]
            if measure.scale.ratio and not settings.log_data:
                effect = np.log(effect)
            return StudyEffects(effect=effect, variance=numbers["std_error"] ** 2)
        assert measure.formula is not None  # dichotomous and continuous measures have one
        return measure.formula(numbers, revman_effect(measure.code))


def _weights(
    studies: _Studies,
    settings: Settings,
    groups: list[NDArray[np.bool_]],
    found: list[GroupResult | None],
    total: GroupResult | None,
    in_total: NDArray[np.bool_],
) -> Floats:
    """The weight of each row: in the total, or in its subgroup where there is no total."""
    weight = np.zeros(studies.effect.shape)
    pools = [(in_total, total)] if settings.totals else []
    if settings.subtotals and not settings.totals:
        pools = list(zip(groups, found, strict=True))
    for included, result in pools:
        if result is not None:
            weight[included & np.isfinite(studies.effect)] = result.pooled.weights
    return weight
