"""Rows that are not independent: results of one study, and comparisons that share a control arm.

Everything is normal here: the rows of a unit have the covariance of their sampling errors, that of
their true effects, and, in three levels, tau² in common.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy.sparse.csgraph import connected_components

from bayesmeta.measures.base import Floats
from bayesmeta.model.design import Groups
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.means import parameters_of, study_means
from bayesmeta.model.problem import Problem

__all__ = ["draw_correlated", "log_density_of_units", "sampling_covariance", "units_of"]

_LOG_2PI = float(np.log(2 * np.pi))
_BLOCK = 2_000_000
"""Numbers in the matrices that are worked on at once."""


def units_of(problem: Problem) -> Groups:
    """The rows that belong together: those of one study, and those with correlated errors."""
    names = problem.study
    together = np.eye(len(names), dtype=bool)
    if problem.clusters is not None:
        together |= problem.clusters.member[:, None] == problem.clusters.member
    if problem.covariance is not None:
        together |= problem.covariance != 0
    _, label = connected_components(together, directed=False)
    order = list(dict.fromkeys(label))
    member = np.array([order.index(each) for each in label], np.intp)
    units = []
    for unit in range(len(order)):
        rows = np.flatnonzero(member == unit)
        if problem.clusters is None:
            units.append(" + ".join(names[row] for row in rows))
        else:
            found = dict.fromkeys(problem.clusters.names[problem.clusters.member[r]] for r in rows)
            units.append(" + ".join(found))
    return Groups(names=tuple(units), member=member)


def sampling_covariance(problem: Problem, rows: np.ndarray, rho: Floats | float) -> Floats:
    """The covariance of the sampling errors of some rows (..., row, row).

    Parameters
    ----------
    problem
        The numbers.
    rows
        The rows.
    rho
        Correlation of results of one study (...).
    """
    if problem.covariance is not None:
        known: Floats = problem.covariance[np.ix_(rows, rows)]
        return known
    error = problem.std_error[rows]
    correlation = np.asarray(rho, float)[..., None, None] * _same_study(problem, rows)
    np.einsum("...ii->...i", correlation)[...] = 1.0
    covariance: Floats = correlation * error[:, None] * error
    return covariance


def log_density_of_units(problem: Problem, draws: xr.Dataset) -> Floats:
    """Log density of the effects of each unit, all its true effects integrated out.

    Parameters
    ----------
    problem
        The numbers and priors.
    draws
        Of all parameters.

    Returns
    -------
    array (chain, draw, unit)
    """
    free = draws.drop_vars("cluster_effect", errors="ignore")
    apart = problem.effect - study_means(problem, free)
    shape = apart.shape[:2]
    units = units_of(problem)
    log = np.empty((*shape, len(units.names)))
    for unit, rows in enumerate(units.rows):
        for some in _blocks(shape[1], shape[0] * rows.size**2):
            part = free.isel(draw=some)
            covariance = _sampling(problem, part, rows) + _between(problem, part, rows)
            factor = np.linalg.cholesky(covariance)
            z = np.linalg.solve(factor, apart[:, some, rows][..., None])[..., 0]
            diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
            log[:, some, unit] = -0.5 * ((z**2).sum(-1) + rows.size * _LOG_2PI) - np.log(
                diagonal
            ).sum(-1)
    return log


def draw_correlated(problem: Problem, draws: xr.Dataset, rng: np.random.Generator) -> Floats:
    """Draws of the true effects given all parameters and the data.

    From draws of true effects and of data that follow them: their difference from the data tells
    how far to move (Hoffman & Ribak 1991, Astrophys J 380:L5).

    Returns
    -------
    array (chain, draw, study)
    """
    mean = study_means(problem, draws)
    theta = np.empty_like(mean)
    for rows in units_of(problem).rows:
        for some in _blocks(mean.shape[1], mean.shape[0] * rows.size**2):
            part = draws.isel(draw=some)
            centre = mean[:, some, rows]
            variance = _variance(problem, part, rows)
            sampling = np.broadcast_to(_sampling(problem, part, rows), (*centre.shape, rows.size))
            drawn = centre + np.sqrt(variance) * rng.standard_normal(centre.shape)
            noise = np.linalg.cholesky(sampling) @ rng.standard_normal(centre.shape)[..., None]
            whole = sampling + _diagonal(variance, rows.size)
            gap = problem.effect[rows] - drawn - noise[..., 0]
            moved = np.linalg.solve(whole, gap[..., None])[..., 0]
            theta[:, some, rows] = drawn + variance * moved
    return theta


def _same_study(problem: Problem, rows: np.ndarray) -> Floats:
    if problem.clusters is None:
        return np.eye(rows.size)
    member = problem.clusters.member[rows]
    same: Floats = (member[:, None] == member).astype(float)
    return same


def _sampling(problem: Problem, draws: xr.Dataset, rows: np.ndarray) -> Floats:
    if problem.shared_errors:
        return sampling_covariance(
            problem, rows, draws["rho"].transpose("chain", "draw").to_numpy()
        )
    return sampling_covariance(problem, rows, problem.rho or 0.0)


def _variance(problem: Problem, draws: xr.Dataset, rows: np.ndarray) -> Floats:
    """The variance of the true effects around their mean (chain, draw, row or 1)."""
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    names = heterogeneity.parameters(problem)
    parameters = parameters_of(problem, draws, names, problem.design.member[rows])
    ((_, variance),) = heterogeneity.components(problem, parameters)
    return np.asarray(variance, float)


def _between(problem: Problem, draws: xr.Dataset, rows: np.ndarray) -> Floats:
    """The covariance of the true effects (chain, draw, row, row)."""
    between = _diagonal(_variance(problem, draws, rows), rows.size)
    if not HETEROGENEITIES[problem.heterogeneity].clustered:
        return between
    tau = draws["tau"].transpose("chain", "draw").to_numpy()[..., None, None]
    together: Floats = between + tau**2 * _same_study(problem, rows)
    return together


def _diagonal(variance: Floats, size: int) -> Floats:
    wide = np.broadcast_to(variance, (*variance.shape[:-1], size)) if variance.ndim else variance
    diagonal: Floats = wide[..., None] * np.eye(size)
    return diagonal


def _blocks(draws: int, each: int) -> Iterator[slice]:
    """Runs of draws whose matrices are not too many numbers."""
    step = max(1, _BLOCK // each)
    for first in range(0, draws, step):
        yield slice(first, first + step)
