"""Leave-one-out: how well each study, or unit of rows that depend on each other, is predicted."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import xarray as xr

from bayesmeta.engines.quadrature import refusal, solve_many
from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.model import Design, Groups, Problem, check_priors, units_of
from bayesmeta.results import Fit

__all__ = [
    "LeaveOneOut",
    "check_each_predicted",
    "improper_priors",
    "log_evidences",
    "log_likelihood_by_unit",
    "separate_parts",
    "without_unit",
]

_NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class LeaveOneOut:
    """How well a structure predicts each unit from the others.

    Attributes
    ----------
    method : {"exact", "psis"}
    pointwise : array (unit,)
        Log density of the data of each, given those of all others.
    p_loo : float
        By how much the log density given all data is higher, summed: as many parameters.
    pareto_k : array (unit,) or None
        The diagnostics of importance sampling; None where it was not used.
    good_k : float
        Above which they are too high.
    """

    method: Literal["exact", "psis"]
    pointwise: Floats
    p_loo: float
    pareto_k: Floats | None = None
    good_k: float = _NAN

    @property
    def high(self) -> np.ndarray:
        """The units whose Pareto k is too high."""
        return np.flatnonzero([] if self.pareto_k is None else ~(self.pareto_k <= self.good_k))

    @classmethod
    def sampled(cls, log_likelihood: Floats, parameters: xr.Dataset) -> Self:
        """By Pareto-smoothed importance sampling (Vehtari et al. 2024, J Mach Learn Res 25:72).

        Parameters
        ----------
        log_likelihood
            Of each unit (chain, draw, unit).
        parameters
            The draws, for their effective sample size.
        """
        import arviz_stats as azs

        values = xr.Dataset({"y": (("chain", "draw", "unit"), log_likelihood)})
        tree = xr.DataTree.from_dict({"posterior": parameters, "log_likelihood": values})
        with warnings.catch_warnings(action="ignore"):  # of high k, which we say ourselves
            found = azs.loo(tree, pointwise=True)
        return cls(
            method="psis",
            pointwise=found.elpd_i.to_numpy(),
            p_loo=float(found.p),
            pareto_k=found.pareto_k.to_numpy(),
            good_k=float(found.good_k),
        )


def log_likelihood_by_unit(fit: Fit, problem: Problem, units: Groups) -> Floats:
    """Log likelihood of each unit (chain, draw, unit).

    Where a structure takes rows of a unit as independent, they are so given its parameters, and
    the sum over them is the log of their joint density.
    """
    (values,) = fit.tree["log_likelihood"].to_dataset().data_vars.values()
    finer = units_of(problem).rows
    by = values.transpose("chain", "draw", ...).to_numpy()
    if by.shape[-1] != len(finer):  # by row
        finer = [np.array([row]) for row in range(by.shape[-1])]
    total = np.zeros((*by.shape[:2], len(units.names)))
    for place, rows in enumerate(finer):
        total[..., units.member[rows[0]]] += by[..., place]
    return total


def without_unit(problem: Problem, rows: np.ndarray) -> Problem:
    """The problem without a unit.

    Its subgroups all stay: one that has lost its only study is at its prior, and times keep their
    places in a random walk, so that the prior of the others is what it was.
    """
    kept = np.setdiff1d(np.arange(len(problem.study)), rows)
    pooled = replace(problem, design=Design.pooled(len(problem.study)))
    design, groups = problem.design, problem.design.subgroups
    if groups is not None:
        groups = Groups(names=groups.names, member=groups.member[kept])
    return replace(
        pooled.subset([int(row) for row in kept]),
        design=replace(design, matrix=design.matrix[kept], subgroups=groups),
    )


def separate_parts(problem: Problem) -> list[Problem] | None:
    """Problems that quadrature can do, whose evidences multiply to that of one; None without any.

    Subgroups that share no parameter are analyses of their own.
    """
    if not problem.study:
        return []
    if refusal(problem) is None:
        return [problem]
    design = problem.design
    apart = design.own_tau or problem.heterogeneity == "common"
    groups = design.subgroups if not (design.informs or design.terms) and apart else None
    if groups is None or problem.correlated or problem.clusters is not None:
        return None
    pooled = replace(problem, design=Design.pooled(len(problem.study)))
    parts = [pooled.subset([int(row) for row in rows]) for rows in groups.rows if rows.size]
    return parts if all(refusal(part) is None for part in parts) else None


def log_evidences(problems: Sequence[Problem]) -> tuple[Floats, float]:
    """Log evidence of problems, that of no data 0, and the largest change at the last doubling."""
    parts = [(at, part) for at, each in enumerate(problems) for part in separate_parts(each) or ()]
    log, error = np.zeros(len(problems)), 0.0
    for places, exact in solve_many([part for _, part in parts]):
        for place, value in zip(places, exact.log_evidence, strict=True):
            log[parts[place][0]] += value
        error = max(error, float(np.max(exact.error)))
    return log, error


def improper_priors(problem: Problem) -> list[str]:
    """The parameters whose priors are improper."""
    return [name for name, prior in problem.priors.items() if not prior.proper]


def check_each_predicted(problem: Problem, units: Groups) -> None:
    """Refuse where the others do not determine a posterior: then nothing predicts a unit."""
    improper = {name.partition("[")[0] for name in improper_priors(problem)}
    if not improper:
        return
    design = problem.design
    own = design.subgroups is not None and not design.informs
    means = np.eye(design.count)[design.member] if own else np.ones((len(problem.study), 1))
    columns = [
        *([means] if "mu" in improper else []),
        *([design.matrix] if "beta" in improper else []),
    ]
    whole = np.concatenate([*columns, np.zeros((len(problem.study), 0))], 1)
    for name, rows in zip(units.names, units.rows, strict=True):
        rest = without_unit(problem, rows)
        kept = np.delete(whole, rows, axis=0)
        try:
            check_priors(rest)
            determined = np.linalg.matrix_rank(kept) == whole.shape[1] if kept.size else not columns
        except SpecError:
            determined = False
        if not determined:
            raise SpecError(
                f"without {name} a prior that is improper has no posterior, and nothing predicts it"
            )
