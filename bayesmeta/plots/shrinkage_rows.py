"""What a shrinkage plot shows of each study, and towards which mean it is drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.marks import Estimate

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Group", "Pulled", "check_shrinkage", "groups_of"]


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """One study.

    Attributes
    ----------
    name : str
    own : float
        Its own estimate; NaN where its counts give none.
    true : Estimate
        Its true effect, with the credible interval.
    mean : float
        The posterior median of the mean that it is drawn towards.
    weight : float
        In percent.
    factor : float
        How far it is drawn, from 0 to 1.
    """

    name: str
    own: float
    true: Estimate
    mean: float
    weight: float
    factor: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """Studies that are drawn towards one mean, by their own estimates.

    Attributes
    ----------
    name : str
        Of the subgroup, or "".
    mean : Estimate or None
        The mean of all; None where moderators give each study its own.
    studies : tuple of Pulled
    """

    name: str
    mean: Estimate | None
    studies: tuple[Pulled, ...]


def check_shrinkage(fit: "Fit") -> None:
    """Fail where no study is drawn from its own estimate towards a mean by itself.

    Raises
    ------
    SpecError
        All studies share one effect, or rows depend on each other.
    """
    if "theta" not in fit.posterior or "tau" not in fit.posterior:
        raise SpecError(
            "a shrinkage plot is of true effects that differ, and in this fit all studies share "
            "one effect",
            key="model.heterogeneity",
            hint='Fit with heterogeneity = "normal", or draw forest.',
        )
    if fit.problem.heterogeneity not in ("normal", "common", "nested"):
        raise SpecError(
            "a shrinkage plot is of normal random effects, and with outlying ones a study is drawn "
            "the less the further it is away",
            key="model.heterogeneity",
            hint='Fit with heterogeneity = "normal", or draw forest.',
        )
    if not fit.has_weights:
        raise SpecError(
            "in this fit rows depend on each other, and each is drawn towards its neighbours as "
            "well as towards the mean: there is no shrinkage of one by itself",
            key="model" if fit.problem.covariance is None else "effect.shared_control",
            hint="Draw forest, or keep one row a study by where.",
        )


def groups_of(fit: "Fit") -> list[Group]:
    """The studies by subgroup, and in each the lowest estimate first."""
    design = fit.problem.design
    own = fit.table["effect"].to_numpy()
    order = np.argsort(np.where(np.isfinite(own), own, np.inf), kind="stable")
    studies = _studies(fit)
    if design.subgroups is None:
        mean = None if design.terms else _mean(fit, "")
        return [Group(name="", mean=mean, studies=tuple(studies[i] for i in order))]
    return [
        Group(
            name=name,
            mean=None if design.terms else _mean(fit, name),
            studies=tuple(studies[i] for i in order if design.member[i] == place),
        )
        for place, name in enumerate(design.subgroups.names)
    ]


def _mean(fit: "Fit", subgroup: str) -> Estimate:
    row = fit.estimate("mu", subgroup=subgroup)
    return Estimate(centre=row["median"], lower=row["lower"], upper=row["upper"])


def _studies(fit: "Fit") -> list[Pulled]:
    table, rows = fit.table, fit.estimates
    true = rows.loc[rows["name"] == "theta", ["median", "lower", "upper"]].to_numpy(float)
    means, weights, factors = _means(fit), fit.weights.to_numpy(), fit.shrinkage.to_numpy()
    return [
        Pulled(
            name=str(name),
            own=float(own),
            true=Estimate(centre=centre, lower=lower, upper=upper),
            mean=float(mean),
            weight=float(weight),
            factor=float(factor),
        )
        for name, own, (centre, lower, upper), mean, weight, factor in zip(
            table["study"].to_numpy(),
            table["effect"].to_numpy(),
            true,
            means,
            weights,
            factors,
            strict=True,
        )
    ]


def _means(fit: "Fit") -> Floats:
    """The median of the mean of each study: that of its subgroup, at its moderators."""
    design = fit.problem.design
    if not design.terms:
        names = [""] if design.subgroups is None else design.subgroups.names
        medians = np.array([fit.estimate("mu", subgroup=name)["median"] for name in names])
        return np.asarray(medians[design.member])
    draws = fit.posterior.stack(all=("chain", "draw"))
    mu = draws["mu"].transpose(..., "all").to_numpy()
    mu = np.broadcast_to(mu, (design.count, mu.shape[-1]))
    beta = draws["beta"].transpose("term", "all").to_numpy()
    return np.asarray(np.median(mu[design.member] + design.matrix @ beta, axis=1))
