"""Problems of one kind to exact posteriors on a shared grid of mu and tau."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logsumexp

from bayesmeta.densities import Line, Panels
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import interleave
from bayesmeta.engines.quadrature.tabulated.posterior import TabulatedPosterior
from bayesmeta.engines.quadrature.tabulated.surface import Rows, Surface
from bayesmeta.model import LIKELIHOODS, Problem, effect_nodes, moments_of, unresolved
from bayesmeta.priors import Prior, stack

__all__ = ["kind_of", "solve_alike"]

TOLERANCE = 1e-9
"""Largest change at the last halving of the nodes of tau."""

_COARSE_MU = 1e-4
"""Largest change that twice the spacing of the nodes of mu would make: its square, which bounds
the error of the nodes that are taken (Trefethen & Weideman 2014, SIAM Rev 56:385), is 1e-8."""

_FINER = (1.0, 1.8, 3.2)
"""How much closer the nodes of the line are, in turn, until they are close enough."""

_MOST = 1500
"""Nodes on either side of the centre beyond which no closer ones are tried."""

_FIRST_STEP = 0.25
_MOST_HALVINGS = 5
_REACH, _REACH_DOWN = 4.25, 5.25
"""Where the nodes of tau end: at typical ones times exp(35) and over exp(95), as a density may be
infinite at 0."""

_NEGLIGIBLE = 42.0
_FURTHEST = 1e7
"""How far out a line goes at most, in widths of the prior."""

_SDS = 9.0
"""Standard errors around the studies within which mu may be, whatever its prior."""

_TAIL = 1e-10


def kind_of(problem: Problem) -> tuple[object, ...]:
    """What problems have in common that share a grid."""
    tau, alpha = problem.priors.get("tau"), problem.priors.get("alpha")
    return (
        problem.likelihood,
        problem.heterogeneity,
        problem.contrast,
        problem.nu,
        tuple(problem.counts),
        None if alpha is None else alpha.expression,
        None if tau is None else tau.breaks,
    )


def solve_alike(problems: Sequence[Problem]) -> TabulatedPosterior:
    """The posteriors of problems of one kind, one a batch row."""
    rows = Rows.of(problems)
    furthest = max(_furthest(problem) for problem in problems)
    for finer in _FINER:
        line = effect_nodes(problems, furthest, finer=finer)
        grid = _on_line(problems, rows, line)
        found, coarse = grid.solve()
        if found.surface.strained(found.nodes, found.log_joint) > TOLERANCE:
            careful = replace(grid.surface, careful=True)
            found, coarse = replace(grid, surface=careful).solve()
        if coarse.max() <= TOLERANCE * 10 or line.count > _MOST:
            break
    return found


def _on_line(problems: Sequence[Problem], rows: Rows, line: Line) -> "_Grid":
    """The grid on the nodes where mu may be: by its priors, or by what the studies say."""
    log_mu = np.stack([problem.priors["mu"].logpdf(line.points) for problem in problems])
    log_mu += np.log(line.slopes)
    likelihood = LIKELIHOODS[rows.problem.likelihood]
    effect, error = likelihood.rough(rows.problem)
    possible = (log_mu > log_mu.max(1, keepdims=True) - 1.5 * _NEGLIGIBLE).any(0)
    possible |= (line.points > (effect - _SDS * error).min()) & (
        line.points < (effect + _SDS * error).max()
    )
    places = np.flatnonzero(possible)
    inside = slice(max(int(places[0]) - 2, 0), int(places[-1]) + 3)
    return _Grid(
        problems=problems,
        surface=Surface(rows=rows, line=line, inside=inside),
        log_mu=log_mu[:, inside],
    )


def _furthest(problem: Problem) -> float:
    """How far out mu and true effects may be, by their priors."""
    mu, tau = problem.priors["mu"], problem.priors.get("tau")
    far, centre = _far(mu), abs(float(mu.ppf(0.5)))
    return centre + far + (8 * _far(tau) if tau is not None else 0.0)


def _far(prior: Prior) -> float:
    """How far from its median a prior goes; a heavy tail so far as less than 1e-7 is beyond."""
    tails = prior.ppf([_TAIL, 0.16, 0.5, 0.84, 1 - _TAIL])
    reach = float(max(tails[4] - tails[2], tails[2] - tails[0]))
    return min(reach, _FURTHEST * float(tails[3] - tails[1]))


@dataclass(frozen=True, kw_only=True)
class _Grid:
    """Problems on a grid of mu.

    Attributes
    ----------
    problems : sequence of Problem
        One a batch row.
    surface : Surface
        What their studies say.
    log_mu : array (batch, node)
        Log of the prior mass of mu at the nodes.
    """

    problems: Sequence[Problem]
    surface: Surface
    log_mu: Floats

    def solve(self) -> tuple[TabulatedPosterior, Floats]:
        """The posteriors, and how much of their error is of the nodes of mu (batch,)."""
        taus = [problem.priors["tau"] for problem in self.problems if "tau" in problem.priors]
        return self._random(taus) if taus else self._common()

    def _common(self) -> tuple[TabulatedPosterior, Floats]:
        tau = np.zeros(1)
        joint = self._joint(self.surface.log_likelihood(tau))
        error = self._error_of_mu(joint, tau, self._checks(joint, tau))
        return self._posterior(joint, tau, None, error, np.zeros(1)), error

    def _random(self, taus: Sequence[Prior]) -> tuple[TabulatedPosterior, Floats]:
        log_prior = stack(taus)
        lower, upper = taus[0].lower, taus[0].upper
        centre, width = (0.0, 1.0) if np.isfinite(upper) else self._middle(taus)

        def panels(first: float, step: float) -> Panels:
            one = np.ones((1, 1))
            return Panels(
                lower=lower * one,
                upper=upper * one,
                centre=centre * one,
                width=width * one,
                first=first,
                step=step,
            )

        def log_prior_mass(panels: Panels, count: int) -> tuple[Floats, Floats]:
            tau, log_slope = (array[0, 0] for array in panels.points(panels.nodes(count)))
            points = np.broadcast_to(tau, (len(taus), count))
            return tau, log_prior(points) + log_slope + np.log(panels.step)

        step, count = _FIRST_STEP, round((_REACH + _REACH_DOWN) / _FIRST_STEP) + 1
        maps = panels(-_REACH_DOWN, step)
        tau, log_mass = log_prior_mass(maps, count)
        log_likelihood = self.surface.log_likelihood(tau)
        joint = self._joint(log_likelihood, log_mass)
        kept = self._counting(joint, tau)
        tau, log_likelihood, count = tau[kept], log_likelihood[:, kept], kept.stop - kept.start
        first = -_REACH_DOWN + step * kept.start
        joint = joint[:, kept]
        check = self._checks(joint, tau)
        before, error = check(joint, tau), np.full(len(self.problems), np.inf)
        for _ in range(_MOST_HALVINGS):
            step /= 2
            maps = panels(first, step)
            count = 2 * count - 1
            tau, log_mass = log_prior_mass(maps, count)
            between = self.surface.log_likelihood(tau[1::2])
            log_likelihood = interleave(log_likelihood, between, 1)
            joint = self._joint(log_likelihood, log_mass)
            after = check(joint, tau)
            error = np.abs(after - before).max(-1)
            before = after
            if (error <= TOLERANCE).all():
                break
        coarse = self._error_of_mu(joint, tau, check)
        error = np.maximum(np.maximum(error, coarse), self._beyond(joint, step, lower))
        at_lower = log_prior(np.full((len(taus), 1), lower))[:, 0]
        with np.errstate(over="ignore"):
            start = self.surface.log_likelihood(np.array([lower]))[self.surface.rows.set_of, 0]
            at_lower = np.exp(at_lower + _log_total(start + self.log_mu) - _log_total(joint))
        return self._posterior(joint, tau, maps, error, at_lower), coarse

    def _error_of_mu(self, joint: Floats, tau: Floats, check: "_Checks") -> Floats:
        """How far from exact the sums over the nodes of mu are (batch,)."""
        change = np.abs(check(joint[..., ::2] + np.log(2), tau) - check(joint, tau)).max(-1)
        error = np.where(change <= _COARSE_MU, change**2, change)
        shares = np.exp(joint - _log_total(joint)[:, None, None]).sum(1)
        ends = (shares[:, 0] + shares[:, -1]) / self.surface.line.step  # mass beyond the line
        error = np.maximum(error, ends) + unresolved(self.problems, self.surface.line)
        return np.asarray(error)

    def _beyond(self, joint: Floats, step: float, lower: float) -> Floats:
        """Mass of tau nearer to 0 than the first node, where its density may be infinite."""
        shares = np.exp(logsumexp(joint, axis=2) - _log_total(joint)[:, None])
        share: Floats = shares[:, 0] / step if lower == 0 else np.zeros(shares.shape[0])
        return share

    def _middle(self, taus: Sequence[Prior]) -> tuple[float, float]:
        """Centre and width of the map of log tau: a typical standard error, or a narrow prior."""
        problem = self.surface.rows.problem
        _, error = LIKELIHOODS[problem.likelihood].rough(problem)
        ends = np.log(np.array([tau.ppf([0.025, 0.975]) for tau in taus]) - taus[0].lower)
        width = float(ends[:, 1].max() - ends[:, 0].min())
        if width < 1:
            return float(ends.mean()), width
        return float(np.log(np.mean(error**-2.0) ** -0.5)), 1.0

    def _joint(self, log_likelihood: Floats, log_mass: Floats | None = None) -> Floats:
        """Log of the joint mass, not normalised (batch, node of tau, node of mu)."""
        joint: Floats = log_likelihood[self.surface.rows.set_of] + self.log_mu[:, None]
        if log_mass is not None:
            joint += log_mass[..., None]
        return joint

    def _counting(self, joint: Floats, tau: Floats) -> slice:
        """The nodes of tau that count in any posterior, with their neighbours."""
        log = logsumexp(joint, axis=-1)
        moments = np.array([moments_of(problem)["tau"] for problem in self.problems])
        with np.errstate(divide="ignore", invalid="ignore"):
            weighted = np.maximum(log, log + moments[:, None] * np.log(tau))
            kept = (log > log.max(1, keepdims=True) - _NEGLIGIBLE).any(0)
            kept |= (weighted > weighted.max(1, keepdims=True) - _NEGLIGIBLE).any(0)
        inside = np.flatnonzero(kept)
        return slice(max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 2, tau.size))

    def _checks(self, joint: Floats, tau: Floats) -> "_Checks":
        shares = np.exp(joint - _log_total(joint)[:, None, None])
        mu = self.surface.mu
        of_mu = shares.sum(1)
        centre = of_mu @ mu
        sd = np.sqrt((of_mu * (mu - centre[:, None]) ** 2).sum(1))
        peak = np.maximum(tau[shares.sum(2).argmax(1)], np.finfo(float).tiny)
        moments = np.array([moments_of(problem)["tau"] for problem in self.problems])
        return _Checks(mu=mu, centre=centre, sd=sd, peak=peak, moments=moments)

    def _posterior(
        self,
        joint: Floats,
        tau: Floats,
        panels: Panels | None,
        error: Floats,
        at_lower: Floats,
    ) -> TabulatedPosterior:
        total = _log_total(joint)
        moments = [moments_of(problem) for problem in self.problems]
        return TabulatedPosterior(
            surface=self.surface,
            panels=panels,
            nodes=tau,
            log_joint=joint - total[:, None, None],
            tau_at_lower=np.broadcast_to(at_lower, total.shape),
            log_evidence=total,
            error=error,
            moments={name: np.array([float(row[name]) for row in moments]) for name in moments[0]},
        )


@dataclass(frozen=True, kw_only=True)
class _Checks:
    """What must not change as nodes are added: numbers of order 1 (batch, number)."""

    mu: Floats
    centre: Floats
    sd: Floats
    peak: Floats
    moments: Floats

    def __call__(self, joint: Floats, tau: Floats) -> Floats:
        total = _log_total(joint)
        shares = np.exp(joint - total[:, None, None])
        mu = self.mu[:: -(-self.mu.size // joint.shape[-1])]
        z = (mu - self.centre[:, None]) / self.sd[:, None]
        of_mu, of_tau = shares.sum(1), shares.sum(2)
        numbers = [total, (of_tau * self.peak[:, None] / (tau + self.peak[:, None])).sum(1)]
        numbers += [(of_mu * expit(2 * (z - side))).sum(1) for side in (-2, 0, 2)]
        for order in (1, 2):
            with np.errstate(over="ignore", divide="ignore"):
                moment = np.log((of_tau * tau**order).sum(1))
            known = (self.moments >= order) & np.isfinite(moment)
            numbers.append(np.where(known, moment, 0.0))
        return np.stack(numbers, -1)


def _log_total(log: Floats) -> Floats:
    """Log of the sum over all nodes (batch,)."""
    return logsumexp(log.reshape(log.shape[0], -1), axis=1)
