"""Counts of two arms whose baselines come from one normal distribution.

The log density of a study integrates over its baseline and its true effect, both normal, by an
adaptive Gauss-Hermite rule in two dimensions (Pinheiro & Bates 1995, J Comput Graph Stat 4:12).
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import Arm, CountFamily, arms_of
from bayesmeta.model.means import parameters_of, study_means
from bayesmeta.model.problem import Problem

__all__ = ["log_density_of_exchangeable"]

_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(13)
_NEWTON_STEPS = 12
_LONGEST = 3.0
"""The longest step of Newton's method, in prior standard deviations."""

_BLOCK = 20_000


def log_density_of_exchangeable(problem: Problem, family: CountFamily, draws: xr.Dataset) -> Floats:
    """Log density of each study's counts (chain, draw, study).

    Parameters
    ----------
    problem
        The numbers and priors.
    family
        The distribution of the counts.
    draws
        Of ``mu``, ``alpha_mean``, ``alpha_sd`` and, where there is one, ``tau``.
    """
    mean, sd = (draws[name].to_numpy() for name in ("alpha_mean", "alpha_sd"))
    means = study_means(problem, draws)
    names = ("tau",) if "tau" in draws else ()
    found = parameters_of(problem, draws, names, problem.design.member)
    taus = np.broadcast_to(found.get("tau", np.zeros(1)), means.shape)
    log = np.empty((mean.size, len(problem.study)))
    arms = arms_of(problem, family)
    for study in range(len(problem.study)):
        mu, tau = means[..., study], taus[..., study]
        for first in range(0, mu.size, _BLOCK):
            some = slice(first, first + _BLOCK)
            centre = [(mean + arm.share * mu).ravel()[some] for arm in arms]
            loads = [np.stack([sd.ravel()[some], arm.share * tau.ravel()[some]]) for arm in arms]
            log[some, study] = _log_integral(family, _one(arms, study), centre, loads)
    return log.reshape(*mean.shape, -1)


def _one(arms: list[Arm], study: int) -> list[tuple[Floats, Floats]]:
    return [(arm.events[study : study + 1], arm.size[study : study + 1]) for arm in arms]


def _log_integral(
    family: CountFamily,
    counts: list[tuple[Floats, Floats]],
    centre: list[Floats],
    loads: list[Floats],
) -> Floats:
    """Log of the average over two standard normal variables z; eta is ``centre + loads @ z``."""

    def log(z: Floats) -> Floats:
        total: Floats = -0.5 * (z**2).sum(0)
        for (events, size), middle, load in zip(counts, centre, loads, strict=True):
            eta = middle + (load * z).sum(0)
            total = total + family.log_density(events, size, eta)
        return total

    def slope(z: Floats) -> tuple[Floats, Floats]:
        gradient, curvature = -z, np.eye(2)[:, :, None]
        for (events, size), middle, load in zip(counts, centre, loads, strict=True):
            eta = middle + (load * z).sum(0)
            gradient = gradient + load * (events - family.mean(size, eta))
            weight = family.variance(size, eta)
            curvature = curvature + weight * load[:, None] * load[None]
        return gradient, curvature

    z = np.zeros_like(loads[0])
    for _ in range(_NEWTON_STEPS):
        gradient, curvature = slope(z)
        step = np.linalg.solve(np.moveaxis(curvature, -1, 0), gradient.T[..., None])[..., 0].T
        length = np.hypot(*step)
        z = z + step * np.minimum(1.0, _LONGEST / np.maximum(length, _LONGEST))
    covariance = np.linalg.inv(np.moveaxis(slope(z)[1], -1, 0))
    factor = np.linalg.cholesky(covariance)
    terms = [
        log(z + np.einsum("nij,j->in", factor, point)) + 0.5 * point @ point + log_weight
        for point, log_weight in _rule()
    ]
    determinant = np.log(factor[:, 0, 0] * factor[:, 1, 1])
    integral: Floats = logsumexp(terms, axis=0) + determinant - np.log(2 * np.pi)
    return integral


def _rule() -> Iterator[tuple[Floats, float]]:
    """Points in two dimensions, and the logarithms of their weights."""
    for i, j in product(range(_POINTS.size), repeat=2):
        yield np.array([_POINTS[i], _POINTS[j]]), float(np.log(_WEIGHTS[i] * _WEIGHTS[j]))
