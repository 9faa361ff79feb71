"""The baselines of two-arm studies, integrated out and drawn.

Given the true effect the density of a baseline is log-concave: its mode is found by Newton's
method, and on either side, as far as it counts, it is integrated by a Gauss-Legendre rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import logsumexp

from bayesmeta.densities.search import increasing_root
from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods.arms import CountFamily, arms_of
from bayesmeta.model.likelihoods.base import Profile
from bayesmeta.model.problem import Problem

__all__ = ["draw_baselines", "profile_of"]

_DROP = 40.0
"""Fall of the log density at the ends of the integrals: 4e-18."""

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_LOG_2PI = float(np.log(2 * np.pi))
_BLOCK = 20_000
"""Integrals that are worked on at once."""

_MOST_ROUNDS = 1000
_MARGIN = 1.001
"""By how much the bound of a density lies above it, for rounding."""


def profile_of(problem: Problem, family: CountFamily, theta: Floats) -> Profile:
    """What the counts say of the true effects.

    Parameters
    ----------
    problem
        The numbers and priors; independent baselines have a normal prior.
    family
        The distribution of the counts.
    theta
        Values of the true effects (point,).
    """
    if not problem.two_arms:
        (arm,) = arms_of(problem, family)
        events, size = arm.events[:, None], arm.size[:, None]
        return Profile(log_likelihood=family.log_density(events, size, theta))
    shape = (len(problem.study), theta.size)
    baselines = _Baselines.of(problem, family, np.broadcast_to(theta, shape))
    log, control = np.empty(theta.size * shape[0]), np.empty(theta.size * shape[0])
    for first in range(0, log.size, _BLOCK):
        some = slice(first, first + _BLOCK)
        part = baselines.some(np.arange(log.size)[some])
        nodes, log_shares = part.rule()
        log[some] = logsumexp(log_shares, axis=-1)
        shares = np.exp(log_shares - log[some, None])
        control[some] = (shares * family.level(nodes + part.offset[1][:, None])).sum(-1)
    return Profile(log_likelihood=log.reshape(shape), control=control.reshape(shape))


def draw_baselines(
    problem: Problem, family: CountFamily, rng: np.random.Generator, theta: Floats
) -> Floats:
    """Draws of the baselines given draws of the true effects (..., study).

    By rejection: a log-concave density of height M at its mode m lies below
    ``M * min(1, exp(1 - M * |x - m|))`` (Devroye 1986, Non-Uniform Random Variate Generation,
    section VII.2).
    """
    values = np.moveaxis(theta, -1, 0).reshape(len(problem.study), -1)
    baselines = _Baselines.of(problem, family, values)
    found = np.empty(values.size)
    for first in range(0, found.size, _BLOCK):
        some = np.arange(found.size)[first : first + _BLOCK]
        found[some] = baselines.some(some).draw(rng)
    return np.moveaxis(found.reshape(len(problem.study), *theta.shape[:-1]), 0, -1)


@dataclass(frozen=True, kw_only=True)
class _Baselines:
    """Densities of baselines, one for each pair of a study and a true effect.

    Attributes
    ----------
    family : CountFamily
        The distribution of the counts.
    events, size, offset : tuple of two arrays (density,)
        Of the treatment and the control arm; the linear predictor is the baseline and the offset.
    mean, sd : float
        Of the normal prior.
    """

    family: CountFamily
    events: tuple[Floats, Floats]
    size: tuple[Floats, Floats]
    offset: tuple[Floats, Floats]
    mean: float
    sd: float

    @classmethod
    def of(cls, problem: Problem, family: CountFamily, theta: Floats) -> Self:
        """For true effects (study, point)."""
        first, second = arms_of(problem, family)
        prior = problem.priors["alpha"].arguments

        def each(values: Floats) -> Floats:
            return np.repeat(values, theta.shape[1])

        return cls(
            family=family,
            events=(each(first.events), each(second.events)),
            size=(each(first.size), each(second.size)),
            offset=(first.share * theta.ravel(), second.share * theta.ravel()),
            mean=prior["mu"],
            sd=prior["sigma"],
        )

    def some(self, chosen: np.ndarray) -> Self:
        """Those of the densities that are chosen."""
        parts = {
            name: tuple(values[chosen] for values in getattr(self, name))
            for name in ("events", "size", "offset")
        }
        return type(self)(family=self.family, mean=self.mean, sd=self.sd, **parts)

    def log(self, alpha: Floats) -> Floats:
        """Log densities, not normalised, at baselines (density, point)."""
        z = (alpha - self.mean) / self.sd
        log: Floats = -0.5 * (z * z + _LOG_2PI) - np.log(self.sd)
        for events, size, offset in zip(self.events, self.size, self.offset, strict=True):
            log = log + self.family.log_density(
                events[:, None], size[:, None], alpha + offset[:, None]
            )
        return log

    def _slope(self, alpha: Floats) -> tuple[Floats, Floats]:
        """Derivative of the log densities and minus the second one, at baselines (density,)."""
        slope, curvature = -(alpha - self.mean) / self.sd**2, self.sd**-2.0
        for events, size, offset in zip(self.events, self.size, self.offset, strict=True):
            slope = slope + events - self.family.mean(size, alpha + offset)
            curvature = curvature + self.family.variance(size, alpha + offset)
        return slope, curvature

    @cached_property
    def mode(self) -> Floats:
        """Where the densities are highest (density,)."""

        def falls(alpha: Floats) -> tuple[Floats, Floats]:
            slope, curvature = self._slope(alpha)
            return -slope, curvature

        level = self.family.rough
        starts = [
            level(events, size, 0.5)[0] - offset
            for events, size, offset in zip(self.events, self.size, self.offset, strict=True)
        ]
        start = np.minimum(*starts)  # from above an exponential Newton's method comes slowly
        return increasing_root(falls, start, np.ones_like(start))

    def rule(self) -> tuple[Floats, Floats]:
        """Nodes of the integral and the logarithms of their terms (density, node)."""
        mode = self.mode
        top, curvature = self.log(mode[:, None])[:, 0], self._slope(mode)[1]
        width = np.sqrt(2 * _DROP / curvature)

        def fallen(side: float) -> Callable[[Floats], tuple[Floats, Floats]]:
            def fall(apart: Floats) -> tuple[Floats, Floats]:
                alpha = mode + side * apart
                log = self.log(alpha[:, None])[:, 0]
                return top - _DROP - log, -side * self._slope(alpha)[0]

            return fall

        parts = []
        for side in (-1.0, 1.0):
            end = np.maximum(increasing_root(fallen(side), width, width), np.finfo(float).tiny)
            nodes = mode[:, None] + side * end[:, None] * (_POINTS + 1) / 2
            parts.append((nodes, self.log(nodes) + np.log(end[:, None] * _WEIGHTS / 2)))
        nodes, log_terms = (np.concatenate(both, -1) for both in zip(*parts, strict=True))
        return nodes, log_terms

    def draw(self, rng: np.random.Generator) -> Floats:
        """One draw from each density."""
        mode, top = self.mode, self.log(self.mode[:, None])[:, 0]
        height = np.exp(top - logsumexp(self.rule()[1], axis=-1)) / _MARGIN
        found, waiting = mode.copy(), np.arange(mode.size)
        for _ in range(_MOST_ROUNDS):
            if not waiting.size:
                break
            u, share, side = rng.uniform(size=(3, waiting.size))
            flat = u < 0.5
            apart = np.where(flat, share, 1 - np.log(share)) / height[waiting]
            log_bound = np.where(flat, 0.0, np.log(share))
            x = mode[waiting] + np.where(side < 0.5, -apart, apart)
            log_ratio = self.some(waiting).log(x[:, None])[:, 0] - top[waiting] - log_bound
            accepted = np.log(rng.uniform(size=waiting.size)) < log_ratio
            found[waiting[accepted]] = x[accepted]
            waiting = waiting[~accepted]
        return found
