"""The means of the true effects, and the parameters of their variation, from draws.

Arrays have the dimensions chain, draw and, last, study (or what is said).
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Floats
from bayesmeta.model.problem import Problem

__all__ = ["parameters_of", "study_means"]


def study_means(problem: Problem, draws: xr.Dataset) -> Floats:
    """The mean that the true effect of each study varies around.

    Parameters
    ----------
    problem
        The numbers and priors.
    draws
        ``mu``, and ``beta`` and ``cluster_effect`` where there are any.
    """
    design = problem.design
    mu = means_of(draws)
    mean = mu[..., design.member] if design.subgroups is not None else mu
    mean = np.broadcast_to(mean, (*mu.shape[:-1], len(problem.study)))
    if design.terms:
        mean = mean + draws["beta"].transpose("chain", "draw", "term").to_numpy() @ design.matrix.T
    if "cluster_effect" in draws and problem.clusters is not None:
        shared = draws["cluster_effect"].transpose("chain", "draw", "cluster").to_numpy()
        mean = mean + shared[..., problem.clusters.member]
    return mean


def means_of(draws: xr.Dataset) -> Floats:
    """``mu`` as an array (chain, draw, mean), whether there is one or several."""
    ordered = draws["mu"].transpose("chain", "draw", ...).to_numpy()
    means: Floats = ordered if ordered.ndim == 3 else ordered[..., None]
    return means


def parameters_of(
    problem: Problem, draws: xr.Dataset, names: tuple[str, ...], member: np.ndarray
) -> Mapping[str, Floats]:
    """Parameters of the heterogeneity, for each study or for all (chain, draw, study or 1).

    Parameters
    ----------
    problem, draws, names
        The parameters, and draws of them.
    member
        The subgroup of each study (or of what else is wanted).
    """
    found = {}
    for name in names:
        values = draws[name].transpose("chain", "draw", ...).to_numpy()
        found[name] = values[..., member] if values.ndim == 3 else values[..., None]
    return found
