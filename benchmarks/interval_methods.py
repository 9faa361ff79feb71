"""Ways from the counts of many data sets to 95 % intervals of the pooled log odds ratio."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from rare_events import DataSets
from scipy.special import gammaln

from bayesmeta.classical import (
    Cells,
    Pooled,
    dersimonian_laird,
    inverse_variance,
    mantel_haenszel,
    peto,
    peto_statistics,
)
from bayesmeta.engines.quadrature.solve import solve_many
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior
from bayesmeta.measures import find_measure
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.spec import Effect, ZeroCells

__all__ = ["METHODS", "Intervals", "Model", "binomial", "exact_covers", "posteriors"]

Array = np.ndarray
_LEVEL = 0.95
_ENDS = np.array([(1 - _LEVEL) / 2, 0.5, (1 + _LEVEL) / 2])


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """An estimate and an interval of each data set; NaN where a method has none.

    Attributes
    ----------
    estimate, lower, upper : array (set,)
        On the log scale. The estimate is the posterior median of a Bayesian method.
    error : float
        The largest error that the engine holds its posteriors to have; NaN where there is none.
    """

    estimate: Array
    lower: Array
    upper: Array
    error: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Model:
    """The binomial model's choices; the defaults are the package's.

    Attributes
    ----------
    mu, tau, alpha : str
        Priors; no tau is a common effect.
    contrast : str
        What the baselines are: see the spec.
    kind : str
        Of the interval.
    """

    mu: str = "Normal(0, 4)"
    tau: str | None = "HalfNormal(0.5)"
    alpha: str = "Normal(0, 10)"
    contrast: str = "half"
    kind: str = "eti"

    def problems(self, sets: DataSets) -> list[Problem]:
        """One a data set."""
        written = {"mu": self.mu, "alpha": self.alpha} | ({"tau": self.tau} if self.tau else {})
        priors = {name: parse_prior(expression) for name, expression in written.items()}
        k = sets.treatment.shape[1]
        size, none = np.full(k, float(sets.per_arm)), np.full(k, np.nan)
        return [
            Problem(
                study=tuple(f"study {number}" for number in range(1, k + 1)),
                effect=none,
                std_error=none,
                likelihood="binomial",
                heterogeneity="normal" if self.tau else "common",
                priors=priors,
                counts={
                    "events_treatment": treatment.astype(float),
                    "total_treatment": size,
                    "events_control": control.astype(float),
                    "total_control": size,
                },
                contrast=self.contrast,
            )
            for treatment, control in zip(sets.treatment, sets.control, strict=True)
        ]


def posteriors(model: Model, sets: DataSets) -> Iterator[tuple[list[int], TabulatedPosterior]]:
    """The posteriors of the binomial model, in blocks."""
    yield from solve_many(model.problems(sets))


def binomial(sets: DataSets, model: Model | None = None) -> Intervals:
    """The exact binomial likelihood."""
    model = model or Model()
    found, error = np.empty((3, len(sets.mu))), 0.0
    for places, posterior in posteriors(model, sets):
        lower, middle, upper = np.moveaxis(posterior.mu.ppf(_ENDS)[:, 0], -1, 0)
        if model.kind != "eti":
            lower, upper = (end[:, 0] for end in posterior.mu.interval(_LEVEL, model.kind))
        found[:, places] = middle, lower, upper
        error = max(error, float(posterior.error.max()))
    return Intervals(estimate=found[0], lower=found[1], upper=found[2], error=error)


def normal(sets: DataSets, rule: ZeroCells) -> Intervals:
    """The normal approximation with the same priors, after a rule for empty cells."""
    columns = {
        "events_treatment": sets.treatment.ravel().astype(float),
        "events_control": sets.control.ravel().astype(float),
    } | {f"total_{arm}": np.full(sets.control.size, 1.0 * sets.per_arm) for arm in _ARMS}
    with np.errstate(divide="ignore", invalid="ignore"):
        found = find_measure("OR").formula(columns, Effect(measure="OR", zero_cells=rule))
    shape = sets.treatment.shape
    effect, std_error = found.effect.reshape(shape), np.sqrt(found.variance).reshape(shape)
    kept = ~found.dropped.reshape(shape)
    priors = {"mu": parse_prior(Model.mu), "tau": parse_prior(str(Model.tau))}
    answered = np.flatnonzero(kept.any(1))
    problems = [
        Problem(
            study=tuple(str(study) for study in np.flatnonzero(kept[row])),
            effect=effect[row, kept[row]],
            std_error=std_error[row, kept[row]],
            likelihood="normal",
            heterogeneity="normal",
            priors=priors,
        )
        for row in answered
    ]
    bounds = np.full((3, shape[0]), np.nan)
    for places, posterior in solve_many(problems):
        bounds[:, answered[places]] = np.moveaxis(posterior.mu.ppf(_ENDS)[:, 0], -1, 0)
    return Intervals(estimate=bounds[1], lower=bounds[0], upper=bounds[2])


def classical(sets: DataSets, pooled: Callable[[Cells], Pooled | None]) -> Intervals:
    """A frequentist method of one data set after the other."""
    found = np.full((3, len(sets.mu)), np.nan)
    n = float(sets.per_arm)
    for row, (a, c) in enumerate(zip(sets.treatment * 1.0, sets.control * 1.0, strict=True)):
        result = pooled(Cells(a, n - a, c, n - c))
        bounds = (np.nan,) if result is None else (result.estimate, result.lower, result.upper)
        if np.isfinite(bounds).all():
            found[:, row] = bounds
    return Intervals(estimate=found[0], lower=found[1], upper=found[2])


def exact_covers(sets: DataSets, *, mid: bool) -> Array:
    """Whether the exact conditional interval of a common odds ratio has the true one (set,).

    Cox 1970, The Analysis of Binary Data, 5.3: given the events of each study, those of the
    treatment arms follow Fisher's noncentral hypergeometric distribution; both tails are held to
    2.5 %. With ``mid`` half of the probability of what was seen is counted (mid-P).
    """
    covers = np.empty(len(sets.mu), bool)
    for row, (a, c) in enumerate(zip(sets.treatment, sets.control, strict=True)):
        total = np.ones(1)
        for events in a + c:
            total = np.convolve(total, _hypergeometric(int(events), sets.per_arm, sets.mu[row]))
        seen = a.sum() - np.maximum(a + c - sets.per_arm, 0).sum()
        counted = 0.5 if mid else 1.0
        tails = [part.sum() + counted * total[seen] for part in (total[:seen], total[seen + 1 :])]
        covers[row] = min(tails) > (1 - _LEVEL) / 2
    return covers


def _hypergeometric(events: int, per_arm: int, log_or: float) -> Array:
    """Probabilities of the events under treatment, given those of both arms."""
    a = np.arange(max(0, events - per_arm), min(events, per_arm) + 1)
    log = a * log_or
    for part in (a, events - a):
        log = log - gammaln(part + 1) - gammaln(per_arm - part + 1)
    weights = np.exp(log - log.max())
    return weights / weights.sum()


def _effects(cells: Cells) -> tuple[Array, Array]:
    """Log odds ratios and their variances, one half added to cells where one is empty."""
    a, b, c, d = cells.corrected()
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def _informative(cells: Cells) -> Cells | None:
    """The studies with an event and a non-event."""
    kept = (cells.a + cells.c > 0) & (cells.b + cells.d > 0)
    return Cells(*(cell[kept] for cell in cells)) if kept.any() else None


def _mantel_haenszel(cells: Cells) -> Pooled:
    effect, variance = _effects(cells)
    return mantel_haenszel(cells, "OR", effect=effect, variance=variance)


def _mantel_haenszel_corrected(cells: Cells) -> Pooled | None:
    some = _informative(cells)
    if some is None:
        return None
    effect, variance = _effects(some)
    return mantel_haenszel(some.corrected(), "OR", effect=effect, variance=variance)


def _peto(cells: Cells) -> Pooled | None:
    some = _informative(cells)
    return None if some is None else peto(*peto_statistics(some))


def _dersimonian_laird(cells: Cells) -> Pooled | None:
    some = _informative(cells)
    if some is None:
        return None
    effect, variance = _effects(some)
    return inverse_variance(effect, variance, tau2=dersimonian_laird(effect, variance))


_ARMS = ("treatment", "control")

METHODS: Mapping[str, Callable[[DataSets], Intervals]] = MappingProxyType(
    {
        "binomial": binomial,
        "binomial, common effect": lambda sets: binomial(sets, Model(tau=None)),
        "normal, 0.5 added": lambda sets: normal(sets, ZeroCells()),
        "normal, 0.5 added, double zeros kept": lambda sets: normal(sets, ZeroCells(drop00=False)),
        "normal, 0.1 added": lambda sets: normal(sets, ZeroCells(add=0.1)),
        "Mantel-Haenszel": lambda sets: classical(sets, _mantel_haenszel),
        "Mantel-Haenszel, 0.5 added": lambda sets: classical(sets, _mantel_haenszel_corrected),
        "Peto": lambda sets: classical(sets, _peto),
        "DerSimonian-Laird, 0.5 added": lambda sets: classical(sets, _dersimonian_laird),
    }
)
"""Every method by its name in the tables."""
