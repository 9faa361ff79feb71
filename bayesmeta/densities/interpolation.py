"""Functions known at equally spaced nodes: between the nodes, and their integrals up to a node.

A function that its nodes resolve is interpolated by polynomials through the nearest of them, and
its integral up to a node follows from all nodes by the sinc function (Stenger 1993, Numerical
Methods Based on Sinc and Analytic Functions).
"""

from functools import cache

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import sici

from bayesmeta.densities.search import Floats

__all__ = ["between", "cumulative", "interpolate", "stencils"]

_POINTS = 16
"""Nodes that an interpolating polynomial goes through."""

_FEW = 300
"""Nodes with which a matrix is quicker than Fourier transforms."""

_ON_NODE = 1e-12

_BEYOND = 0.5
"""How far a log density may lie above or below its neighbours between nodes that resolve it."""


def interpolate(values: Floats, at: Floats, below: Floats | float, above: Floats | float) -> Floats:
    """Values between nodes, and beyond them.

    Parameters
    ----------
    values : array (..., node)
        Known at the nodes 0, 1, 2, …
    at : array (..., point)
        Where they are wanted, in units of nodes.
    below, above : array (...) or number
        The values beyond the first and the last node.
    """
    count = values.shape[-1]
    start, weights = stencils(at, count)
    near = np.take_along_axis(
        values[..., None, :], start[..., None] + np.arange(weights.shape[-1]), -1
    )
    value = (weights * near).sum(-1)
    low = np.broadcast_to(np.asarray(below)[..., None], value.shape)
    high = np.broadcast_to(np.asarray(above)[..., None], value.shape)
    return np.where(at < 0, low, np.where(at > count - 1, high, value))


def stencils(at: Floats, count: int) -> tuple[np.ndarray, Floats]:
    """The first node of the polynomial for each point, and the weights of its nodes.

    Parameters
    ----------
    at
        Points in units of nodes (of any shape).
    count
        How many nodes there are.
    """
    points = min(_POINTS, count)
    with np.errstate(invalid="ignore"):
        start = np.clip(np.floor(np.nan_to_num(at)) - points // 2 + 1, 0, count - points)
    start = start.astype(np.intp)
    apart = np.clip(at, -1, count)[..., None] - start[..., None] - np.arange(points)
    exact = np.abs(apart) < _ON_NODE
    weights = _barycentric(points) / np.where(exact, 1.0, apart)
    weights /= weights.sum(-1, keepdims=True)
    return start, np.where(exact.any(-1, keepdims=True), exact, weights)


def between(found: Floats, left: Floats, right: Floats) -> Floats:
    """Interpolated log densities, kept near those of the two nodes that they lie between.

    Far out in a tail, where rounding or a floor breaks its smoothness, a polynomial would swing.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    return np.clip(found, low - _BEYOND, high + _BEYOND)


def cumulative(mass: Floats) -> Floats:
    """Mass below each node (..., node) of masses at the nodes (..., node)."""
    count = mass.shape[-1]
    if count <= _FEW:
        below: Floats = mass @ _shares_below(count)
        return below
    shares = _share_below(np.arange(1 - count, count))
    kernel = shares.reshape((1,) * (mass.ndim - 1) + shares.shape)
    whole = fftconvolve(mass, kernel, axes=-1)
    return np.asarray(whole[..., count - 1 : 2 * count - 1])


def _share_below(apart: np.ndarray) -> Floats:
    """Share of a node's mass that lies below a node so many nodes further on."""
    shares: Floats = 0.5 + sici(np.pi * apart)[0] / np.pi
    return shares


@cache
def _shares_below(count: int) -> Floats:
    """Shares of a node's mass (first axis) that lie below each node (second axis)."""
    shares = _share_below(np.arange(1 - count, count))
    return np.lib.stride_tricks.sliding_window_view(shares, count)[::-1].copy()


@cache
def _barycentric(points: int) -> Floats:
    """Weights of the interpolating polynomial through equally spaced points."""
    steps = np.arange(1, points)
    binomial = np.concatenate([[1.0], np.cumprod((points - steps) / steps)])
    weights: Floats = binomial * (-1.0) ** np.arange(points)
    return weights
