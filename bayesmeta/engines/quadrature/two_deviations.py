"""Problems with one or two standard deviations to exact posteriors.

Given the second one, sigma, the model is one that `integrate` does; sigma is integrated by the same
adaptive rule (`bayesmeta.engines.quadrature.rule`). All effects are mixtures of normal
distributions over the nodes of both.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bayesmeta.densities import Panels, Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.cells import NEGLIGIBLE, cells_of
from bayesmeta.engines.quadrature.given_tau import Studies, given_groups, given_tau, interleave
from bayesmeta.engines.quadrature.integrate import integrate
from bayesmeta.engines.quadrature.linear import Linear, linear_of
from bayesmeta.engines.quadrature.linear_posterior import NUMBERS, LinearPosterior
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.rule import Nodes, adapt
from bayesmeta.model import Problem, moments_of
from bayesmeta.priors import Prior, parse_prior

__all__ = ["solve_linear"]

_TYPICAL_NODES = 200
_CHECKED = np.array([0.025, 0.5, 0.975])
"""Quantiles at which distribution functions are checked: unlike moments they always exist."""

_STANDARD = parse_prior("Normal(0, 1)")
_MARGINAL_STEP = 1 / 24
_LOWEST_LOG = -700.0


@dataclass(frozen=True, kw_only=True)
class _GivenSigma:
    """What is known at nodes of sigma while they are chosen.

    Attributes
    ----------
    log_evidence : array (1, node)
        Of the model given sigma.
    numbers : array (1, node, number)
        Bounded averages that must not change either.
    error : array (1, node)
        The error of the inner rule.
    """

    log_evidence: Floats
    numbers: Floats
    error: Floats

    def total(self) -> Floats:
        """Log likelihood of sigma (1, node)."""
        return self.log_evidence

    def interleaved(self, between: Self) -> Self:
        """With the nodes of another put between its own."""
        return type(self)(
            **{
                name: interleave(getattr(self, name), getattr(between, name), 1)
                for name in ("log_evidence", "numbers", "error")
            }
        )


def solve_linear(problem: Problem) -> LinearPosterior:
    """The exact posterior of a problem of the normal likelihood, whatever its design.

    Parameters
    ----------
    problem
        One that `refusal` does not refuse.
    """
    linear = linear_of(problem)
    if linear.outer is None:
        parts = _conditional(problem, linear, np.zeros(1))
        return _assembled(problem, linear, parts, np.zeros(1), np.zeros(1), None)
    prior = problem.priors[linear.outer]
    typical = np.array([float(np.mean(linear.std_error**-2.0) ** -0.5)])
    (start,) = _conditional(problem, linear, typical)
    identity = np.eye(start.mean.shape[-1])[: linear.base.shape[1]]  # not the steps
    ends = start.linear(identity).ppf(_CHECKED)[0]

    def known(sigma: Floats) -> _GivenSigma:
        found = []
        for part in _conditional(problem, linear, sigma[0]):
            below = part.linear(identity).cdf(ends).reshape(part.shift.size, -1)
            share = np.zeros((part.shift.size, 1))
            if part.tau is not None:
                points = part.tau.points
                share = (part.tau.mass * points / (points + typical)).sum((1, 2))[:, None]
            found.append((part.log_evidence, np.concatenate([below, share], 1), part.error))
        log, numbers, error = (np.concatenate(each)[None] for each in zip(*found, strict=True))
        return _GivenSigma(log_evidence=log, numbers=numbers, error=error)

    moments = int(moments_of(problem)[linear.outer].min())

    def checks(first: Nodes[_GivenSigma]) -> "_Check":
        return _Check(typical=typical, moments=moments)

    nodes = adapt(
        known,
        prior.logpdf,
        checks,
        lower=np.array([prior.lower]),
        upper=np.array([prior.upper]),
        scale=typical,
        moments=np.array([float(moments)]),
    )
    sigma, log_share = nodes.tau[0], nodes.log_mass[0] - np.logaddexp.reduce(nodes.log_mass[0])
    pull = np.maximum(sigma / typical, 1.0) ** moments
    kept = np.flatnonzero(np.exp(log_share) * pull > NEGLIGIBLE)
    parts = _conditional(problem, linear, sigma[kept])
    return _assembled(problem, linear, parts, sigma[kept], log_share[kept], (nodes, kept))


@dataclass(frozen=True, kw_only=True)
class _Check:
    """The numbers that must not change as nodes of sigma are added."""

    typical: Floats
    moments: int

    def __call__(self, nodes: Nodes[_GivenSigma]) -> Floats:
        """Numbers of order 1 (1, number)."""
        log = nodes.log_mass[0]
        whole = np.logaddexp.reduce(log)
        shares, sigma = np.exp(log - whole), nodes.tau[0]
        numbers = [whole, shares @ (sigma / (sigma + self.typical))]
        with np.errstate(over="ignore", divide="ignore"):
            numbers += [np.log(shares @ sigma**order) for order in range(1, self.moments + 1)]
        return np.concatenate([np.array(numbers), shares @ nodes.given.numbers[0]])[None]


def _conditional(problem: Problem, linear: Linear, sigma: Floats) -> list[Posterior]:
    """The posteriors given values of sigma, in blocks of them."""
    size = (linear.base.shape[1] + linear.steps.shape[1]) ** 2
    size += linear.shared.shape[1] * (linear.base.shape[1] + 2)
    step = max(1, NUMBERS // (_TYPICAL_NODES * size))
    first, *others = linear.priors
    inner = None if linear.inner is None else problem.priors[linear.inner]
    beta = [*others, *[_STANDARD] * linear.steps.shape[1]]
    shared = linear.rotated_shared
    return [
        integrate(
            linear.effect,
            linear.std_error,
            mu=first,
            tau=inner,
            design=linear.design(sigma[start : start + step]),
            beta=beta,
            shared=shared,
            sigma=None if shared is None else sigma[start : start + step],
        )
        for start in range(0, sigma.size, step)
    ]


def _assembled(
    problem: Problem,
    linear: Linear,
    parts: list[Posterior],
    sigma: Floats,
    log_share: Floats,
    rule: tuple[Nodes[_GivenSigma], np.ndarray] | None,
) -> LinearPosterior:
    """The posterior from those given sigma and the shares of its values."""
    rows = np.concatenate([np.full(part.shift.size, i) for i, part in enumerate(parts)])
    shares = np.split(np.exp(log_share), np.flatnonzero(np.diff(rows)) + 1)
    values = np.split(sigma, np.flatnonzero(np.diff(rows)) + 1)
    moments = {name: int(np.min(count)) for name, count in moments_of(problem).items()}
    far = moments["theta_new"], moments.get(linear.outer or "", 0)
    mixed = [_components(linear, far, *each) for each in zip(parts, shares, values, strict=True)]
    weights, tau, outer, mean, covariance = (
        np.concatenate(arrays) for arrays in zip(*mixed, strict=True)
    )
    deviations = {}
    if linear.inner is not None:
        deviations[linear.inner] = _marginal(parts, shares, problem.priors[linear.inner])
    error = max(float(part.error.max()) for part in parts)
    log_evidence = parts[0].log_evidence[:1]
    if rule is not None and linear.outer is not None:
        nodes, _ = rule
        deviations[linear.outer] = _tabulated(problem, linear, nodes)
        error = max(error, float(nodes.error.max()))
        log_evidence = np.array([np.logaddexp.reduce(nodes.log_mass[0])])
    return LinearPosterior(
        linear=linear,
        weights=weights[None] / weights.sum(),
        variances=tau[None] ** 2,
        outer_variances=outer[None] ** 2,
        mean=mean,
        covariance=covariance,
        deviations=deviations,
        log_evidence=log_evidence,
        error=np.array([error]),
        moments=moments,
        drawn=cells_of(linear, parts, shares, values, rule),
    )


def _components(
    linear: Linear, far: tuple[int, int], part: Posterior, shares: Floats, sigma: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Shares, both deviations, and coefficients of the components of a block.

    Those are left out that count neither in probabilities nor in the moments that exist, of which
    `far` has one number for each deviation.
    """
    scale = np.ones((sigma.size, part.mean.shape[-1]))
    scale[:, linear.base.shape[1] :] = sigma[:, None]
    weights = part.weights * shares[:, None]
    tau = np.broadcast_to(part.nodes, weights.shape)
    typical = float(np.mean(linear.std_error**-2.0) ** -0.5)
    pull = np.maximum(tau / typical, 1) ** far[0]
    pull = pull * np.maximum(sigma / typical, 1)[:, None] ** far[1]
    counts = weights * pull > NEGLIGIBLE
    rows = np.nonzero(counts)[0]
    factor = scale[rows]
    mean = np.broadcast_to(part.mean, (*weights.shape, part.mean.shape[-1]))[counts]
    covariance = np.broadcast_to(part.covariance, (*weights.shape, *part.covariance.shape[-2:]))[
        counts
    ]
    mean, covariance = mean * factor, covariance * factor[:, :, None] * factor[:, None]
    if part.studies.shared is not None:
        mean, covariance = _with_groups(part, rows, tau[counts], mean, covariance)
    return weights[counts], tau[counts], sigma[rows], mean, covariance


def _with_groups(
    part: Posterior, rows: np.ndarray, tau: Floats, mean: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """Means and covariances of coefficients, with those of the deviates of groups behind them."""
    groups = given_groups(_chosen(part.studies, rows), tau[:, None])
    slope, constant = -groups.slope[:, 0], groups.constant[:, 0]
    shifted = mean.copy()  # as the effects are
    shifted[:, 0] -= part.shift[rows]
    deviates = constant + (slope @ shifted[..., None])[..., 0]
    across = slope @ covariance
    own = across @ np.swapaxes(slope, 1, 2)
    own += groups.variance[:, 0, :, None] * np.eye(own.shape[-1])
    whole = np.block([[covariance, np.swapaxes(across, 1, 2)], [across, own]])
    return np.concatenate([mean, deviates], 1), whole


def _chosen(studies: Studies, rows: np.ndarray) -> Studies:
    """The data sets of some batch rows, which differ in sigma alone where groups share deviates."""
    assert studies.sigma is not None
    return Studies(
        effect=studies.effect[:1],
        std_error=studies.std_error[:1],
        design=studies.design[:1],
        included=studies.included[:1],
        shared=studies.shared,
        sigma=studies.sigma[rows],
    )


def _marginal(parts: list[Posterior], shares: list[Floats], prior: Prior) -> Tabulated:
    """The marginal posterior of the inner deviation: that given sigma, averaged.

    Its nodes are finer than those of any part, and go as far as all of them.
    """
    if len(parts) == 1 and shares[0].size == 1:
        known = parts[0].tau
        assert known is not None
        return known
    heaviest = max(range(len(parts)), key=lambda i: shares[i].max())
    part = parts[heaviest]
    assert part.tau is not None
    row = shares[heaviest].argmax()
    panel = part.tau.mass[row].sum(-1).argmax()
    maps = {
        name: getattr(part.tau.panels, name)[row : row + 1, panel : panel + 1]
        for name in ("lower", "upper", "centre", "width")
    }
    panels = Panels(**maps, first=0.0, step=_MARGINAL_STEP)
    reach = [each.tau.points for each in parts if each.tau is not None]
    ends = np.array([[min(p.min() for p in reach), max(p.max() for p in reach)]])
    low, high = panels.place(ends)[0, 0]
    first = np.floor(low / _MARGINAL_STEP) * _MARGINAL_STEP
    count = int(np.ceil((high - first) / _MARGINAL_STEP)) + 1
    panels = Panels(**maps, first=float(first), step=_MARGINAL_STEP)
    points, log_slope = panels.points(panels.nodes(count))
    log_prior = prior.logpdf(points[0, 0])  # in the exponent: alone the rest may be too large
    density, at_lower = np.zeros(count), 0.0
    for each, weights in zip(parts, shares, strict=True):
        assert each.tau is not None
        given = given_tau(
            each.studies, each.priors, np.broadcast_to(points[0], (weights.size, count))
        )
        density += weights @ np.exp(given.total() + log_prior - each.log_evidence[:, None])
        at_lower += float(weights @ each.tau.at_lower)
    with np.errstate(divide="ignore"):
        log = np.log(density)
    mass = np.exp(log + log_slope[0, 0]) * _MARGINAL_STEP
    moments = min(float(each.tau.moments.min()) for each in parts if each.tau is not None)
    total = mass.sum()
    return Tabulated(
        panels=panels,
        points=points,
        log_density_at=np.maximum(log - np.log(total), _LOWEST_LOG)[None, None],
        mass=(mass / total)[None, None],
        at_lower=np.array([at_lower / total]),
        moments=np.array([moments]),
    )


def _tabulated(problem: Problem, linear: Linear, nodes: Nodes[_GivenSigma]) -> Tabulated:
    """The marginal posterior of the outer deviation, from its nodes."""
    assert linear.outer is not None
    prior = problem.priors[linear.outer]
    whole = np.logaddexp.reduce(nodes.log_mass[0])
    slope = nodes.panels.points(nodes.panels.nodes(nodes.tau.shape[1]))[1][:, 0]
    log_density = nodes.log_mass - slope - np.log(nodes.panels.step) - whole
    lowest = np.maximum(np.array([prior.lower]), np.finfo(float).tiny)
    (part,) = _conditional(problem, linear, lowest)
    with np.errstate(divide="ignore", over="ignore"):
        at_lower = np.exp(prior.logpdf(np.array([prior.lower])) + part.log_evidence - whole)
    return Tabulated(
        panels=nodes.panels,
        points=nodes.tau[:, None],
        log_density_at=np.maximum(log_density, _LOWEST_LOG)[:, None],
        mass=np.exp(nodes.log_mass - whole)[:, None],
        at_lower=at_lower,
        moments=np.array([float(moments_of(problem)[linear.outer].min())]),
    )
