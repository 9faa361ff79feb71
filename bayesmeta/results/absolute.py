"""What a pooled effect means for patients: risks, ratios and differences at a control risk.

The odds ratio of a binomial model, or the rate ratio of a Poisson model, is applied to one risk (or
rate) without treatment: that which the user states, or the mean of the studies' control arms under
the model, weighted by their participants (Cochrane Handbook 15.4.4). Ends of intervals are those of
the effect, taken through: a credible interval of the pooled effect, a prediction interval of that
in a new study.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import bdtr, expit, logit, pdtr

from bayesmeta.densities import TabulatedEffects
from bayesmeta.measures.base import Floats
from bayesmeta.model import HETEROGENEITIES, study_means, uses_counts

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = ["ControlLevel", "control_level", "derived_estimates", "subgroups_of"]

_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
_DIMS = ("chain", "draw")
_MOST_EVENTS = 2**40
_LARGEST_LOG = 600.0
_NO_DIFFERENCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class ControlLevel:
    """The risk, or rate, without treatment.

    Attributes
    ----------
    value : float
        A risk from 0 to 1, or events for each unit of person-time.
    rate : bool
        Whether it is a rate.
    stated : bool
        Whether the user stated it; else it is of the data.
    """

    value: float
    rate: bool
    stated: bool

    def treated(self, effect: Floats) -> Floats:
        """The risk or rate with treatment at log odds or rate ratios."""
        if self.rate:
            with np.errstate(over="ignore"):
                return np.asarray(self.value * np.exp(effect))
        return np.asarray(expit(logit(self.value) + effect))


def control_level(fit: "Fit") -> ControlLevel | None:
    """The risk or rate at which absolute effects are derived; None where there are none."""
    problem = fit.problem
    if not uses_counts(problem.likelihood) or not problem.two_arms:
        return None
    rate = "time_control" in problem.counts
    if fit.spec.effect.control_risk is not None:
        return ControlLevel(value=fit.spec.effect.control_risk, rate=rate, stated=True)
    size = problem.counts["time_control" if rate else "total_control"]
    own = fit.exact.control if fit.exact is not None else _control_of_draws(fit, rate)
    assert own is not None  # there is a control arm
    return ControlLevel(value=float(np.average(own, weights=size)), rate=rate, stated=False)


def _control_of_draws(fit: "Fit", rate: bool) -> Floats:
    """Posterior means of the control risks or rates of the studies."""
    posterior, share = fit.posterior, fit.problem.shares[1]
    shared = xr.DataArray(study_means(fit.problem, posterior), dims=(*_DIMS, "study"))
    effect = posterior.get("theta", shared)
    eta = posterior["alpha"] + share * effect
    level: xr.DataArray = xr.apply_ufunc(np.exp if rate else expit, eta)
    means = np.atleast_1d(level.mean(dim=_DIMS).to_numpy())
    return np.broadcast_to(means, len(fit.problem.study))


def derived_estimates(fit: "Fit", estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of what follows from the pooled effect and from that in a new study.

    Parameters
    ----------
    fit
        The fit.
    estimates
        Its rows mu and theta_new.

    Returns
    -------
    list of dict
        Two arms: ``risk_control``, then ``risk_treatment``, ``RR``, ``RD`` and ``NNT`` (one over
        RD, with its sign: where the ends of RD differ in sign its interval runs through infinity,
        Altman 1998, BMJ 317:1309), and the same of a new study with the ending ``_new``; of rates
        ``rate_control``, ``rate_treatment`` and ``IRD``. One arm: ``risk_mean`` or ``rate_mean``,
        the mean over the distribution of the true effects; ``events_new``, how many events a new
        study of so many participants has; ``risk_upper`` or ``rate_upper``, below which the pooled
        one is with the probability of the intervals, where no events were seen.
    """
    problem = fit.problem
    if not uses_counts(problem.likelihood):
        return []
    level = control_level(fit)
    if level is None:
        return [row for subgroup in subgroups_of(fit) for row in _one_arm(fit, subgroup)]
    name = "rate" if level.rate else "risk"
    rows = [_row(f"{name}_control", median=level.value, mean=level.value)]
    for source, ending in (("mu", ""), ("theta_new", "_new")):
        for _, found in estimates[estimates["name"] == source].iterrows():
            effect = _Effect.of(fit, source, found.to_dict())
            rows += [
                {**row, "name": row["name"] + ending, "subgroup": found["subgroup"]}
                for row in _two_arms(level, effect)
            ]
    return rows


@dataclass(frozen=True, kw_only=True)
class _Effect:
    """The posterior of an effect: its row, and how functions of it are averaged."""

    row: Mapping[Any, Any]
    average: Callable[[Callable[[Floats], Floats]], float]

    @classmethod
    def of(cls, fit: "Fit", name: str, row: Mapping[Any, Any]) -> "_Effect":
        exact = getattr(fit.exact, name) if fit.exact is not None else None
        if isinstance(exact, TabulatedEffects):
            return cls(
                row=row,
                average=lambda function: exact.expectation(function(exact.line.points)).item(),
            )
        draws = _of_subgroup(fit, name, row["subgroup"]).to_numpy()
        return cls(row=row, average=lambda function: float(function(draws).mean()))

    def through(
        self, name: str, function: Callable[[Floats], Floats], *, moments: bool = True
    ) -> dict[str, Any]:
        """The row of an increasing function of the effect; without moments where they are none."""
        mean = variance = math.nan
        if moments:
            mean = self.average(function)
            variance = self.average(lambda x: (function(x) - mean) ** 2)
        ends = {
            end: float(function(np.array(float(self.row[end]))))
            for end in ("median", "lower", "upper")
        }
        quality = {name: self.row[name] for name in ("ess_bulk", "ess_tail", "rhat")}
        return _row(name, mean=mean, sd=variance**0.5, **ends, **quality)


def _two_arms(level: ControlLevel, effect: _Effect) -> list[dict[str, Any]]:
    def treated(x: Floats) -> Floats:
        return level.treated(x)

    def difference(x: Floats) -> Floats:
        return level.treated(x) - level.value

    if level.rate:  # whose moments may not exist: that of exp(theta_new) rarely does
        return [
            effect.through("rate_treatment", treated, moments=False),
            effect.through("IRD", difference, moments=False),
        ]
    absolute = effect.through("RD", difference)
    needed = {end: _needed(float(absolute[end])) for end in ("median", "lower", "upper")}
    return [
        effect.through("risk_treatment", treated),
        effect.through("RR", lambda x: level.treated(x) / level.value),
        absolute,
        _row("NNT", **needed),
    ]


def _needed(difference: float) -> float:
    """One over a risk difference; infinite where that is 0 but for rounding."""
    return 1 / difference if abs(difference) > _NO_DIFFERENCE else math.inf


def subgroups_of(fit: "Fit") -> tuple[str, ...]:
    """The subgroups that have means of their own; one "" where there are none."""
    subgroups = fit.problem.design.subgroups
    return ("",) if subgroups is None else subgroups.names


def _of_subgroup(fit: "Fit", name: str, subgroup: str) -> xr.DataArray:
    """Draws of what may be each subgroup's own."""
    draws = fit.posterior[name].transpose(*_DIMS, ...)
    return draws.sel(subgroup=subgroup) if "subgroup" in draws.dims else draws


def _one_arm(fit: "Fit", subgroup: str) -> list[dict[str, Any]]:
    problem, prob = fit.problem, fit.spec.interval.prob
    rate = "time" in problem.counts
    name = "rate" if rate else "risk"
    to_level = np.exp if rate else expit
    rows = []
    # of rates with a t distribution there is no mean
    if "tau" in fit.posterior and not (rate and problem.heterogeneity == "student-t"):
        rows.append(_mean_level(fit, f"{name}_mean", to_level, subgroup))
    size = None if rate and fit.spec.effect.new_total is None else fit.new_total
    if size is not None:
        tails = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
        lower, median, upper = (_events(fit, size, rate, q, subgroup) for q in tails)
        rows.append(_row("events_new", median=median, lower=lower, upper=upper))
    own = problem.design.member == subgroups_of(fit).index(subgroup)
    if not problem.counts["events"][own].any():
        if fit.exact is not None:
            end = fit.exact.mu.ppf(np.array([prob])).item()
        else:
            end = float(_of_subgroup(fit, "mu", subgroup).quantile(prob))
        rows.append(_row(f"{name}_upper", lower=0.0, upper=float(to_level(end))))
    return [{**row, "subgroup": subgroup} for row in rows]


def _mean_level(
    fit: "Fit", name: str, to_level: Callable[[Floats], Floats], subgroup: str
) -> dict[str, Any]:
    """The mean risk or rate over the distribution of the true effects, from draws."""
    import arviz_stats as azs

    heterogeneity = HETEROGENEITIES[fit.problem.heterogeneity]
    names = heterogeneity.parameters(fit.problem)
    mu = _of_subgroup(fit, "mu", subgroup).to_numpy()
    mean = np.zeros(mu.shape)
    parameters = {own: _of_subgroup(fit, own, subgroup).to_numpy() for own in names}
    for share, variance in heterogeneity.components(fit.problem, parameters):
        sd = np.sqrt(variance)
        for point, weight in zip(_POINTS, _WEIGHTS / _WEIGHTS.sum(), strict=True):
            with np.errstate(over="ignore"):
                mean += share * weight * to_level(mu + sd * point)
    interval = fit.spec.interval
    values = xr.Dataset({name: (_DIMS, mean)})
    ends = (azs.eti if interval.kind == "eti" else azs.hdi)(values, prob=interval.prob)[name]
    return _row(
        name,
        mean=math.nan if to_level is np.exp else float(mean.mean()),
        sd=math.nan if to_level is np.exp else float(mean.std(ddof=1)),
        median=float(np.median(mean)),
        lower=float(ends.sel(ci_bound="lower")),
        upper=float(ends.sel(ci_bound="upper")),
        ess_bulk=float(azs.ess(values, method="bulk")[name]),
        ess_tail=float(azs.ess(values, method="tail")[name]),
        rhat=float(azs.rhat(values)[name]),
        mcse_mean=float(azs.mcse(values, method="mean")[name]),
    )


def _events(fit: "Fit", size: float, rate: bool, q: float, subgroup: str) -> float:
    """The quantile of how many events a new study of a size has."""
    name = "theta_new" if "theta_new" in fit.posterior else "mu"
    exact = getattr(fit.exact, name) if fit.exact is not None else None
    if isinstance(exact, TabulatedEffects):
        effects, weights = exact.line.points, exact.mass[0, 0]
    else:
        effects = _of_subgroup(fit, name, subgroup).to_numpy().ravel()
        weights = np.full(effects.size, 1 / effects.size)

    def below(events: int) -> float:
        if rate:
            return float(weights @ pdtr(events, size * np.exp(np.minimum(effects, _LARGEST_LOG))))
        return float(weights @ bdtr(events, int(size), expit(effects))) if events < size else 1.0

    low, high = -1, 1
    while below(high) < q and high < _MOST_EVENTS:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if below(middle) >= q else (middle, high)
    return float(high)


def _row(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "subgroup": "", "study": "", "term": "", **values}
