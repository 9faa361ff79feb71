"""Independent draws from posteriors that are known on a grid.

Densities are interpolated linearly between nodes that are close together: the draws are for what
wants draws, estimates are taken from the exact densities.
"""

import numpy as np
from scipy.interpolate import RectBivariateSpline

from bayesmeta.densities import Line, Panels
from bayesmeta.densities.interpolation import interpolate
from bayesmeta.densities.search import Floats
from bayesmeta.densities.smoothing import log_interpolated

__all__ = ["draw_effects", "draw_pairs"]

_FINER = 6
_LOWEST = -60.0
_NOTHING = -2000.0
"""Stands for the logarithm of 0 where it is interpolated."""

_WIDE = 1.25
"""Ratio of tau to the spacing of nodes from which on these resolve the distribution of effects."""

_Z = np.linspace(-7, 7, 71)
_BLOCK = 2000


def draw_pairs(
    log_joint: Floats,
    panels: Panels | None,
    line: Line,
    inside: slice,
    rng: np.random.Generator,
    count: int,
) -> tuple[Floats, Floats]:
    """Draws of tau and mu.

    Parameters
    ----------
    log_joint : array (node of tau, node of mu)
        Log of the mass at the nodes.
    panels
        The map of the nodes of tau; None for a common effect.
    line, inside
        The nodes of mu.
    rng, count
        Source of random numbers, and how many draws.
    """
    log = np.maximum(log_joint - log_joint.max(), _LOWEST)
    rows, columns = np.arange(log.shape[0]), np.arange(log.shape[1])
    fine = [np.linspace(0, axis[-1], axis[-1] * _FINER + 1) for axis in (rows, columns)]
    if panels is None:
        log = interpolate(log, fine[1][None], log[:, 0], log[:, -1])
    else:
        log = RectBivariateSpline(rows, columns, log)(fine[0], fine[1])
    cell = _chosen(np.exp(log).ravel()[None], rng.uniform(size=(1, count)))[0]
    row, column = np.unravel_index(cell, log.shape)
    t, u = (
        np.clip(index + rng.triangular(-1, 0, 1, size=count), 0, ends.size - 1) / _FINER
        for index, ends in ((row, fine[0]), (column, fine[1]))
    )
    first = inside.indices(2 * line.count + 1)[0]
    mu = line.centre + line.width * np.sinh(line.step * (u + first - line.count))
    if panels is None:
        return np.zeros(count), mu
    return panels.points((panels.first + panels.step * t)[None, None])[0][0, 0], mu


def draw_effects(
    line: Line, log_studies: Floats, mu: Floats, tau: Floats, rng: np.random.Generator
) -> Floats:
    """Draws of the true effects of studies (draw, study).

    Parameters
    ----------
    line
        The nodes.
    log_studies : array (node, study)
        Log likelihood of the true effects there.
    mu, tau : array (draw,)
        Draws of the pooled effect and of the standard deviation.
    rng
        Source of random numbers.
    """
    fine = Line(centre=line.centre, width=line.width, step=line.step / 2, count=2 * line.count)
    log_fine = _at(log_studies, fine.points, line)
    wide = tau > _WIDE * line.spacing(mu)
    found = np.empty((mu.size, log_studies.shape[1]))
    for first in range(0, mu.size, _BLOCK):
        some = np.arange(mu.size)[first : first + _BLOCK]
        near, far = some[~wide[some]], some[wide[some]]
        found[far] = _on_line(fine, log_fine, mu[far, None], tau[far, None], rng)
        found[near] = _around(line, log_studies, mu[near, None], tau[near, None], rng)
    return found


def _on_line(
    line: Line, log_studies: Floats, mu: Floats, tau: Floats, rng: np.random.Generator
) -> Floats:
    """Where the nodes resolve the distribution of the effects."""
    log_kernel = -0.5 * ((line.points - mu) / tau) ** 2 + np.log(line.slopes)
    found = np.empty((mu.size, log_studies.shape[1]))
    for study in range(found.shape[1]):
        log = log_kernel + log_studies[:, study]
        weights = np.exp(log - log.max(-1, keepdims=True))
        node = _chosen(weights, rng.uniform(size=(mu.size, 1)))[:, 0]
        t = line.step * (node + rng.triangular(-1, 0, 1, size=mu.size) - line.count)
        found[:, study] = line.centre + line.width * np.sinh(t)
    return found


def _around(
    line: Line, log_studies: Floats, mu: Floats, tau: Floats, rng: np.random.Generator
) -> Floats:
    """Where the distribution of the effects is narrow beside the nodes."""
    log = _at(log_studies, (mu + tau * _Z).ravel(), line).reshape(
        mu.size, _Z.size, log_studies.shape[1]
    )
    log -= (0.5 * _Z**2)[:, None]
    found = np.empty((mu.size, log_studies.shape[1]))
    for study in range(found.shape[1]):
        weights = np.exp(log[..., study] - log[..., study].max(-1, keepdims=True))
        node = _chosen(weights, rng.uniform(size=(mu.size, 1)))[:, 0]
        z = _Z[node] + (_Z[1] - _Z[0]) * rng.triangular(-1, 0, 1, size=mu.size)
        found[:, study] = mu[:, 0] + tau[:, 0] * z
    return found


def _at(log_studies: Floats, x: Floats, line: Line) -> Floats:
    """Log likelihoods (node, study) at effects (point, study)."""
    return log_interpolated(np.maximum(log_studies, _NOTHING), line.place(x))


def _chosen(weights: Floats, u: Floats) -> np.ndarray:
    """Numbers of nodes with these weights (row, node), at uniform numbers (row, draw)."""
    running = np.cumsum(weights, -1)
    target = u * running[:, -1:]
    found = [np.searchsorted(row, t) for row, t in zip(running, target, strict=True)]
    return np.array(found, np.intp).reshape(u.shape)
