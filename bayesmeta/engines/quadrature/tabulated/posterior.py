"""The exact posteriors of many problems that share a grid of mu and tau."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from bayesmeta.densities import Line, Panels, Tabulated, TabulatedEffects, log_averages
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.tabulated.draws import draw_effects, draw_pairs
from bayesmeta.engines.quadrature.tabulated.surface import Surface
from bayesmeta.model import LIKELIHOODS

__all__ = ["TabulatedPosterior"]

_NEGLIGIBLE = 1e-14
"""Share of a value of tau below which it is left out of densities of true effects."""

_LOWEST = -700.0
_LEAST_FALL = 1.0
"""Fall of a log density from node to node beyond those at which mu is wanted."""


@dataclass(frozen=True, kw_only=True)
class TabulatedPosterior:
    """Posteriors of many problems; its densities are those of the normal engine's `Posterior`.

    Attributes
    ----------
    surface : Surface
        The grid and what the studies say there.
    panels : Panels or None
        The map of the nodes of tau; None where all studies share one effect.
    nodes : array (node of tau,)
        Values of tau; one 0 for a common effect.
    log_joint : array (batch, node of tau, node of mu)
        Log of the posterior mass at each pair of nodes; it is normalised.
    tau_at_lower : array (batch,)
        Posterior density of tau at the lower end of its support.
    log_evidence, error : array (batch,)
        Log marginal likelihood, and how far from exact it is held to be.
    moments : dict of str to array (batch,)
        How many moments exist of ``mu``, ``tau`` and ``theta_new``: at most 2.
    """

    surface: Surface
    panels: Panels | None
    nodes: Floats
    log_joint: Floats
    tau_at_lower: Floats
    log_evidence: Floats
    error: Floats
    moments: dict[str, Floats]

    @property
    def line(self) -> Line:
        """The nodes of mu and of the true effects."""
        return self.surface.line

    @cached_property
    def mu(self) -> TabulatedEffects:
        """The pooled effect."""
        return self._effects(self._whole(logsumexp(self.log_joint, axis=1)), "mu")

    @cached_property
    def tau(self) -> Tabulated | None:
        """The standard deviation of the true effects."""
        if self.panels is None:
            return None
        log_mass = logsumexp(self.log_joint, axis=2)[:, None]
        t = self.panels.nodes(self.nodes.size)
        log_slope = self.panels.points(t)[1] + np.log(self.panels.step)
        return Tabulated(
            panels=self.panels,
            points=self.nodes[None, None],
            log_density_at=np.maximum(log_mass - log_slope, _LOWEST),
            mass=np.exp(log_mass),
            at_lower=self.tau_at_lower,
            moments=self.moments["tau"],
        )

    @cached_property
    def theta_new(self) -> TabulatedEffects:
        """The true effect of a new study."""
        densities = np.zeros((self.line.points.size, self.log_joint.shape[0]))
        for number in self._counting():
            given = self.log_joint[:, number] - np.log(self.line.slopes[self.surface.inside])
            densities += np.exp(self._spread(self._whole(given).T, self.nodes[number]))
        with np.errstate(divide="ignore"):
            return self._effects(np.log(densities.T) + np.log(self.line.slopes), "theta_new")

    @cached_property
    def theta(self) -> TabulatedEffects:
        """The true effects of the studies of a batch of one (quantity = study)."""
        own = self._own()
        inside = self.surface.inside
        densities = np.zeros_like(self.surface.log_studies[:, own])
        for number in self._counting():
            tau = float(self.nodes[number])
            without = self.log_joint[0, number][:, None] - self.surface.log_averages(tau)[:, own]
            without -= np.log(self.line.slopes[inside])[:, None]
            densities += np.exp(self._spread(self._whole(without.T).T, tau))
        with np.errstate(divide="ignore"):
            log = np.log(densities) + self.surface.log_studies[:, own]
        return TabulatedEffects(line=self.line, log_density_at=log.T[None])

    def control(self) -> Floats | None:
        """Mean risk or rate of the control arm of each study of a batch of one."""
        problem = self.surface.rows.problem
        profile = LIKELIHOODS[problem.likelihood].profile
        assert profile is not None  # else it is refused
        levels = profile(problem, self.line.points).control
        if levels is None:
            return None
        own = levels[self._own()]
        effects = self.mu if self.tau is None else self.theta
        means: Floats = effects.expectation(own)[0]
        return means

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
        """Independent draws of tau, mu and the true effects (draw, study) of a batch of one."""
        tau, mu = draw_pairs(
            self.log_joint[0], self.panels, self.line, self.surface.inside, rng, count
        )
        if self.panels is None:
            own = np.broadcast_to(mu[:, None], (count, self._own().size))
            return tau, mu, own
        return (
            tau,
            mu,
            draw_effects(self.line, self.surface.log_studies[:, self._own()], mu, tau, rng),
        )

    def _own(self) -> np.ndarray:
        """The rows of the studies of the only problem, in its order."""
        return self.surface.rows.order[0]

    def _counting(self) -> np.ndarray:
        """Values of tau that have a share in any posterior."""
        shares = np.exp(logsumexp(self.log_joint, axis=2)).max(0)
        pull = np.maximum(self.nodes / self.line.width, 1.0) ** 2  # in second moments
        return np.flatnonzero(shares * pull > _NEGLIGIBLE)

    def _spread(self, log_f: Floats, tau: Floats | float) -> Floats:
        """Averages at all nodes of functions known there (node, function)."""
        points = self.line.points
        return log_averages(self.line, log_f, points, np.full(points.size, float(tau)))

    def _whole(self, log: Floats) -> Floats:
        """On all nodes of the line, from those at which mu is wanted (..., node).

        Beyond them it goes on falling as it does at the ends: a jump could not be interpolated.
        """
        first, last, _ = self.surface.inside.indices(self.line.points.size)
        left = np.maximum(log[..., 1:2] - log[..., :1], _LEAST_FALL)
        right = np.maximum(log[..., -2:-1] - log[..., -1:], _LEAST_FALL)
        before = log[..., :1] - left * np.arange(first, 0, -1)
        after = log[..., -1:] - right * np.arange(1, self.line.points.size - last + 1)
        return np.concatenate([before, log, after], -1)

    def _effects(self, log_mass: Floats, name: str) -> TabulatedEffects:
        log = log_mass - np.log(self.line.slopes)
        return TabulatedEffects(
            line=self.line, log_density_at=log[:, None], moments=self.moments[name][:, None]
        )
