"""Exact posteriors of linear models with one or two standard deviations.

Given the second one, sigma, the model is one that `integrate` does; sigma is integrated by the same
adaptive rule (`bayesmeta.engines.quadrature.rule`). All effects are mixtures of normal
distributions over the nodes of both.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

from bayesmeta.densities import NormalMixture, Panels, Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import (
    Coefficients,
    Studies,
    given_groups,
    given_tau,
    interleave,
)
from bayesmeta.engines.quadrature.integrate import integrate
from bayesmeta.engines.quadrature.linear import Linear, linear_of
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.rule import Nodes, adapt
from bayesmeta.model import Problem, Readout, moments_of
from bayesmeta.priors import Prior, parse_prior

__all__ = ["LinearPosterior", "solve_linear"]

_NEGLIGIBLE = 1e-13
"""Share of a component below which it is left out of the mixtures."""

_NUMBERS = 6_000_000
"""Numbers in the matrices that are worked on at once."""

_TYPICAL_NODES = 200
_CHECKED = np.array([0.025, 0.5, 0.975])
"""Quantiles at which distribution functions are checked: unlike moments they always exist."""

_RANKED = 2**20
"""Points at which subgroups are ranked, of all components together."""

_FEWEST_POINTS, _MOST_POINTS = 5, 13
"""Of one component, as powers of 2."""

_LEAST = 1e-16
_SEED = 1
_STANDARD = parse_prior("Normal(0, 1)")
_MARGINAL_STEP = 1 / 24
_LOWEST_LOG = -700.0


@dataclass(frozen=True, kw_only=True)
class LinearPosterior:
    """The exact posterior of a linear model, a batch of one.

    Attributes
    ----------
    linear : Linear
        The model.
    weights : array (1, component)
        Shares of the components, which are pairs of nodes of the two standard deviations.
    variances : array (1, component)
        Of the true effects around their mean.
    outer_variances : array (1, component)
        Of the deviates.
    mean, covariance : array (component, coefficient), (component, coefficient, coefficient)
        Of all coefficients, those of the deviates multiplied by sigma.
    deviations : dict of str to Tabulated
        The marginal posteriors of the standard deviations, by name.
    log_evidence, error : array (1,)
        Log marginal likelihood, and the change at the last doubling of the nodes.
    moments : dict of str to int
        How many moments exist, at most 2, of effects by name; 2 of what is not named.
    drawn : _Drawn
        From which the standard deviations are drawn.
    """

    linear: Linear
    weights: Floats
    variances: Floats
    outer_variances: Floats
    mean: Floats
    covariance: Floats
    deviations: dict[str, Tabulated]
    log_evidence: Floats
    error: Floats
    moments: dict[str, int]
    drawn: "_Drawn"

    def combined(
        self, factors: Floats, *, name: str = "", variance: Floats | float = 0.0
    ) -> NormalMixture:
        """Combinations of the coefficients.

        Parameters
        ----------
        factors
            Of the coefficients (quantity, coefficient).
        name
            Of the estimate, for the moments that it has.
        variance
            Of what is added to them (1, component).
        """
        means = np.einsum("cp,qp->qc", self.mean, factors)
        variances = np.einsum("cpr,qp,qr->qc", self.covariance, factors, factors) + variance
        return NormalMixture(
            weights=self.weights,
            means=np.ascontiguousarray(means)[None],
            sds=np.ascontiguousarray(np.sqrt(np.maximum(variances, np.finfo(float).tiny)))[None],
            moments=np.array([[float(self.moments.get(name, 2))]]),
        )

    @property
    def mu(self) -> NormalMixture:
        """The means: the pooled effect, or one a subgroup."""
        return self.combined(self.linear.means, name="mu")

    @property
    def theta_new(self) -> NormalMixture:
        """The true effects of new studies with these means."""
        return self.combined(self.linear.means, name="theta_new", variance=self._around)

    @property
    def tau(self) -> Tabulated | None:
        """The standard deviation of the true effects, between studies where they are nested."""
        return self.deviations.get("tau")

    @property
    def _around(self) -> Floats:
        """The variance of the true effects of new studies around their mean."""
        nested = self.linear.outer == "tau"
        return self.variances + (self.outer_variances if nested else 0.0)

    def read(self, readout: Readout, name: str, *, new: bool = False) -> NormalMixture:
        """Combinations of mu and beta, or the true effects of new studies there."""
        variance = self._around if new else 0.0
        return self.combined(self.linear.factors(readout), name=name, variance=variance)

    def ranks(self) -> Floats:
        """Probability that each mean has each rank from the highest (mean, rank).

        In each component by quasi-random points, shifted anew (Cranley & Patterson 1976, SIAM J
        Numer Anal 13:904), as many as give a million of all: the error is well below 0.001.
        """
        from scipy.stats import qmc  # for cost

        to_means = self.linear.means
        count = to_means.shape[0]
        each = int(np.ceil(np.log2(_RANKED / self.mean.shape[0])))
        rng = np.random.default_rng(_SEED)
        points = qmc.Sobol(count, rng=rng).random_base2(
            min(max(each, _FEWEST_POINTS), _MOST_POINTS)
        )
        means = self.mean @ to_means.T
        covariance = np.einsum("gp,cpq,hq->cgh", to_means, self.covariance, to_means, optimize=True)
        values, vectors = np.linalg.eigh(covariance)
        factor = vectors * np.sqrt(np.maximum(values, 0.0))[:, None]
        found = np.zeros((count, count))
        step = max(1, _NUMBERS // (points.size * count))
        for first in range(0, means.shape[0], step):
            some = slice(first, first + step)
            shift = rng.uniform(size=(means[some].shape[0], 1, count))
            standard = ndtri(np.clip((points + shift) % 1, _LEAST, 1 - _LEAST))
            drawn = means[some, None] + standard @ np.swapaxes(factor[some], 1, 2)
            rank = (-drawn).argsort(-1, kind="stable").argsort(-1)
            for place in range(count):
                found[:, place] += self.weights[0, some] @ (rank == place).mean(1)
        return found

    def beyond(self) -> dict[str, NormalMixture]:
        """The overall mean of exchangeable subgroups, and what is new: see `complete_posterior`."""
        overall = np.eye(self.mean.shape[1])[:1]
        found = {
            "mu_overall": self.combined(overall, name="mu_overall"),
            "mu_new": self.combined(overall, name="mu_new", variance=self.outer_variances),
        }
        if self.linear.inner is not None:
            both = self.outer_variances + self.variances
            found["theta_new_overall"] = self.combined(
                overall, name="theta_new_overall", variance=both
            )
        return found

    @property
    def theta(self) -> NormalMixture:
        """The true effects of the studies (quantity = study)."""
        linear = self.linear
        back, design = linear.rotation, linear.rotation.T @ linear.whole
        between = self.variances[0][:, None]
        pull = linear.std_error**2 / (linear.std_error**2 + between)
        centre = self.mean @ design.T
        rotated = linear.effect + pull * (centre - linear.effect)
        means = rotated @ back.T
        variances = (between * pull) @ (back**2).T
        step = max(1, _NUMBERS // linear.whole.size)
        for first in range(0, len(variances), step):
            some = slice(first, first + step)
            loads = back @ (pull[some, :, None] * design)
            variances[some] += ((loads @ self.covariance[some]) * loads).sum(-1)
        return NormalMixture(
            weights=self.weights,
            means=np.ascontiguousarray(means.T)[None],
            sds=np.ascontiguousarray(np.sqrt(np.maximum(variances, np.finfo(float).tiny)).T)[None],
        )

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
        """Independent draws.

        Returns
        -------
        (array (count,), array (count,), array (count, coefficient))
            The inner and the outer standard deviation (0 where there is none), and the
            coefficients, those of the deviates multiplied by the outer one.
        """
        inner, outer = self.drawn.draw(rng, count)
        linear, size = self.linear, self.mean.shape[1]
        values = np.empty((count, size))
        step = max(1, _NUMBERS // (linear.effect.size * size**2))
        for first in range(0, count, step):
            some = slice(first, first + step)
            values[some] = _draw_given(self.drawn, linear, inner[some], outer[some], rng)
        return inner, outer, values


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """Cells of the two standard deviations around nodes, and the priors of the coefficients.

    Attributes
    ----------
    weights : array (cell,)
        Their shares.
    inner, outer : Panels or None
        The maps of each cell (cell, 1); None where there is no such deviation.
    inner_t, outer_t : array (cell,)
        The nodes.
    inner_step, outer_step : float or array (cell,)
        Their spacing.
    coefficients : Coefficients
        The priors, that of the first shifted.
    shift : float
        What was taken out of the effects.
    """

    weights: Floats
    inner: Panels | None
    outer: Panels | None
    inner_t: Floats
    outer_t: Floats
    inner_step: Floats
    outer_step: Floats
    coefficients: Coefficients
    shift: float

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """The inner and the outer deviation: uniform inside a cell, on the scale of the rule."""
        cells = rng.choice(self.weights.size, size=count, p=self.weights / self.weights.sum())
        found = []
        for panels, t, step in (
            (self.inner, self.inner_t, self.inner_step),
            (self.outer, self.outer_t, self.outer_step),
        ):
            if panels is None:
                found.append(np.zeros(count))
                continue
            place = t[cells] + step[cells] * rng.uniform(-0.5, 0.5, count)
            maps = {
                part: getattr(panels, part)[cells] for part in ("lower", "upper", "centre", "width")
            }
            points, _ = Panels(**maps, first=0.0, step=1.0).points(place[:, None, None])
            found.append(points[:, 0, 0])
        return found[0], found[1]


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
    kept = np.flatnonzero(np.exp(log_share) * pull > _NEGLIGIBLE)
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
    step = max(1, _NUMBERS // (_TYPICAL_NODES * size))
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
        drawn=_cells(linear, parts, shares, values, rule),
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
    counts = weights * pull > _NEGLIGIBLE
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
    density, at_lower = np.zeros(count), 0.0
    for each, weights in zip(parts, shares, strict=True):
        assert each.tau is not None
        given = given_tau(
            each.studies, each.priors, np.broadcast_to(points[0], (weights.size, count))
        )
        density += weights @ np.exp(given.total() - each.log_evidence[:, None])
        at_lower += float(weights @ each.tau.at_lower)
    with np.errstate(divide="ignore"):
        log = np.log(density) + prior.logpdf(points[0, 0])
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


def _cells(
    linear: Linear,
    parts: list[Posterior],
    shares: list[Floats],
    sigma: list[Floats],
    rule: tuple[Nodes[_GivenSigma], np.ndarray] | None,
) -> _Drawn:
    """The cells around pairs of nodes."""
    weights, inner_t, inner_step, rows, maps = [], [], [], [], []
    done = 0
    for part, own in zip(parts, shares, strict=True):
        if part.tau is None:
            weights.append(own)
            rows.append(done + np.arange(own.size))
        else:
            mass = np.broadcast_to(part.tau.mass, (own.size, *part.tau.mass.shape[1:]))
            cell = (mass * own[:, None, None]).ravel()
            counts = cell > _NEGLIGIBLE
            row, panel, node = (index.ravel()[counts] for index in np.indices(mass.shape))
            weights.append(cell[counts])
            rows.append(done + row)
            panels = part.tau.panels
            inner_t.append(panels.first + panels.step * node)
            inner_step.append(np.full(node.size, panels.step))
            wide = [
                np.broadcast_to(getattr(panels, name), mass.shape[:2])[row, panel]
                for name in ("lower", "upper", "centre", "width")
            ]
            maps.append(np.stack(wide, -1))
        done += own.size
    row = np.concatenate(rows)
    inner = outer = None
    if maps:
        lower, upper, centre, width = np.concatenate(maps).T[..., None]
        inner = Panels(lower=lower, upper=upper, centre=centre, width=width, first=0.0, step=1.0)
    outer_t = outer_step = np.zeros(row.size)
    if rule is not None:
        nodes, kept = rule
        place = nodes.panels.nodes(nodes.tau.shape[1])[kept]
        outer_t, outer_step = place[row], np.full(row.size, nodes.panels.step)
        each = {
            name: np.broadcast_to(getattr(nodes.panels, name), (row.size, 1))
            for name in ("lower", "upper", "centre", "width")
        }
        outer = Panels(**each, first=0.0, step=1.0)
    return _Drawn(
        weights=np.concatenate(weights),
        inner=inner,
        outer=outer,
        inner_t=np.concatenate(inner_t) if inner_t else np.zeros(row.size),
        outer_t=outer_t,
        inner_step=np.concatenate(inner_step) if inner_step else np.zeros(row.size),
        outer_step=outer_step,
        coefficients=parts[0].priors,
        shift=float(parts[0].shift[0]),
    )


def _draw_given(
    drawn: _Drawn, linear: Linear, inner: Floats, outer: Floats, rng: np.random.Generator
) -> Floats:
    """Draws of the coefficients given both deviations (draw, coefficient)."""
    count, shared = inner.size, linear.rotated_shared
    design = linear.design(outer if linear.steps.shape[1] else np.ones(1))
    effect = linear.effect - drawn.shift * design[0, :, 0]
    shape = (len(design), effect.size)
    studies = Studies(
        effect=np.broadcast_to(effect, shape),
        std_error=np.broadcast_to(linear.std_error, shape),
        design=design,
        included=np.ones(shape),
        shared=None if shared is None else shared[None],
        sigma=outer,
    )
    priors = drawn.coefficients
    one = Coefficients(
        log_weight=priors.log_weight[:1], mean=priors.mean[:1], precision=priors.precision[:1]
    )
    given = given_tau(studies, one, inner[:, None])
    shares = np.exp(given.log_likelihood - given.total()[..., None])[:, 0]
    running = np.cumsum(shares, -1)
    chosen = (running < rng.uniform(size=(count, 1))).sum(-1).clip(max=running.shape[-1] - 1)
    each = np.arange(count)
    mean, covariance = given.mean[each, 0, chosen], given.covariance[each, 0, chosen]
    noise = rng.standard_normal(mean.shape)[..., None]
    values: Floats = mean + (np.linalg.cholesky(covariance) @ noise)[..., 0]
    values[:, linear.base.shape[1] :] *= outer[:, None]
    if shared is not None:
        groups = given_groups(studies, inner[:, None])
        centre = groups.constant[:, 0] - (groups.slope[:, 0] @ values[..., None])[..., 0]
        deviates = rng.normal(centre, np.sqrt(groups.variance[:, 0]))
        values = np.concatenate([values, deviates], 1)
    values[:, 0] += drawn.shift
    return values
