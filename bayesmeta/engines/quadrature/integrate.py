"""Data and priors to exact posteriors, many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import cycle, repeat

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from bayesmeta.densities import Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import Coefficients, GivenTau, Studies, given_tau
from bayesmeta.engines.quadrature.normal_priors import as_coefficients
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.rule import TOLERANCE, Nodes, adapt
from bayesmeta.model.moments import existing_moments
from bayesmeta.priors import Prior, stack

__all__ = ["integrate"]

_NEGLIGIBLE = 1e-13
"""Share of a component in the moments below which it is left out of the mixtures."""

_CHECKED_ENDS = ((0, -2), (1, 2), (0, 20), (1, -100))
"""Whether it is theta_new, and how many standard deviations out its distribution function is
checked: far out heavy tails need nodes of large tau."""

_LOWEST_LOG = -700.0


def integrate(
    effect: ArrayLike,
    std_error: ArrayLike,
    *,
    mu: Prior | Sequence[Prior],
    tau: Prior | Sequence[Prior] | None,
    design: ArrayLike | None = None,
    beta: Sequence[Prior] = (),
    included: ArrayLike | None = None,
    shared: ArrayLike | None = None,
    sigma: ArrayLike | None = None,
) -> Posterior:
    """Integrate the normal model exactly, for many data sets or many priors at once.

    The model is ``effect ~ Normal(design @ (mu, beta), std_error**2 + tau**2)``.

    Parameters
    ----------
    effect, std_error : array (study,) or (batch, study)
        Estimates and standard errors on the analysis scale.
    mu, tau : Prior or sequence of Prior
        Priors of the first coefficient and of tau, the same for all or one a batch row; tau None
        for a common effect. Priors that depend on the data are resolved already.
    design : array (study, term) or (batch, study, term), optional
        A column of ones where it is not given.
    beta : sequence of Prior
        Normal or flat priors of the other terms.
    included : array (study,) or (batch, study), optional
        False where a study does not count.
    shared : array (study, group), optional
        Factors of deviates that groups of studies share: see `Studies`.
    sigma : array (batch,), optional
        The standard deviations of these.

    Returns
    -------
    Posterior

    Raises
    ------
    EngineError
        The prior of mu is not a mixture of normal distributions, nor flat.
    ValueError
        There are neither one nor as many priors as data sets.
    """
    y, s = np.atleast_2d(np.asarray(effect, float)), np.atleast_2d(np.asarray(std_error, float))
    x = np.ones((y.shape[-1], 1)) if design is None else np.asarray(design, float)
    x = x[None] if x.ndim == 2 else x
    use = np.ones(y.shape[-1:]) if included is None else np.asarray(included, float)
    use = np.atleast_2d(use)
    mus = [mu] if isinstance(mu, Prior) else list(mu)
    taus = [] if tau is None else [tau] if isinstance(tau, Prior) else list(tau)
    rows = [len(array) for array in (y, s, x, use, mus)]
    data = max(*rows, 1 if sigma is None else len(np.atleast_1d(sigma)))
    y, s, use = (np.broadcast_to(array, (data, y.shape[-1])) for array in (y, s, use))
    if len(mus) not in (1, data) or (data > 1 and len(taus) not in (0, 1, data)):
        raise ValueError(f"{len(mus)} priors of mu and {len(taus)} of tau for {data} data sets")
    mus = mus * (data // len(mus))
    taus = taus * (data if len(taus) == 1 else 1)
    shift = (use * y / s**2).sum(-1) / (use / s**2).sum(-1)
    shift = shift if x.shape[-1] == 1 else np.zeros_like(shift)
    only = slice(None) if shared is None else slice(1)  # where only sigma differs
    studies = Studies(
        effect=(y - shift[:, None] * x[..., 0])[only],
        std_error=s[only],
        design=x[only],
        included=use[only],
        shared=None if shared is None else np.asarray(shared, float)[None],
        sigma=None if sigma is None else np.asarray(sigma, float),
    )
    priors = as_coefficients(mus, beta, np.abs(use * y).max(-1))
    mean = priors.mean.copy()
    mean[..., 0] -= shift[:, None]
    priors = Coefficients(log_weight=priors.log_weight, mean=mean, precision=priors.precision)
    flat = [(not one.proper) + sum(not other.proper for other in beta) for one in mus]
    moments = [
        existing_moments(one, mus[row], int(use[row].sum()), flat[row])
        for one, row in zip(taus or repeat(None, data), cycle(range(data)), strict=False)
    ]
    counts = {name: np.array([float(row[name]) for row in moments]) for name in moments[0]}
    task = _Task(studies=studies, priors=priors, shift=shift, moments=counts)
    return _random(task, taus) if taus else _common(task)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """Data sets, shifted so that effects are near 0, and priors of the coefficients."""

    studies: Studies
    priors: Coefficients
    shift: Floats
    moments: dict[str, Floats]


@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """Nodes and components of priors as one list of components a batch row."""

    log_evidence: Floats
    weights: Floats
    tau: Floats
    mean: Floats
    covariance: Floats


def _common(task: _Task) -> Posterior:
    """A common effect: one node, where tau is 0."""
    tau = np.zeros((task.shift.size, 1))
    given = given_tau(task.studies, task.priors, tau)
    mixture = _mixture(given.total(), given, tau, panels=1)
    return _posterior(task, mixture, None, mixture.log_evidence, np.zeros(1))


def _random(task: _Task, taus: Sequence[Prior]) -> Posterior:
    """Random effects: tau is integrated out, one panel for each component of its prior."""
    batch = len(taus)
    parts = [prior.components or ((1.0, prior),) for prior in taus]
    count = max(len(row) for row in parts)
    rows = [pair for row in parts for pair in (*row, *[(0.0, row[0][1])] * (count - len(row)))]
    components = [component for _, component in rows]
    with np.errstate(divide="ignore"):
        log_weights = np.log([weight for weight, _ in rows])[:, None]
    lower = np.array([prior.lower for prior in components])
    upper = np.array([prior.upper for prior in components])
    scale = np.broadcast_to(_typical(task.studies), batch).repeat(count)
    studies, priors = _repeated(task.studies, count), _repeated(task.priors, count)

    def known(tau: Floats) -> GivenTau:
        return given_tau(studies, priors, tau)

    logpdf = stack(components)

    def log_prior(tau: Floats) -> Floats:
        points = np.broadcast_to(tau, (len(components), tau.shape[1]))
        return log_weights + logpdf(points)

    def mixed(nodes: Nodes[GivenTau]) -> _Mixture:
        return _mixture(nodes.log_mass, nodes.given, nodes.tau, panels=count)

    def checks(first: Nodes[GivenTau]) -> Callable[[Nodes[GivenTau]], Floats]:
        check = _checks(mixed(first), task.moments["tau"])
        return lambda nodes: check(mixed(nodes))

    def adapted(rows: slice) -> Nodes[GivenTau]:
        return adapt(
            known,
            log_prior,
            checks,
            lower=lower[rows],
            upper=upper[rows],
            scale=scale[rows],
            moments=np.repeat(task.moments["tau"], count),
        )

    one_support = len({*zip(lower, upper, strict=True)}) == 1
    shared = batch > 1 and task.shift.size == 1 and count == 1 and one_support
    nodes = adapted(slice(1) if shared else slice(None))
    if shared and nodes.error.max() > TOLERANCE:  # priors too different to share nodes
        nodes = adapted(slice(None))
    mixture = mixed(nodes)
    lowest = nodes.panels.lower.reshape(-1, count).min(-1).repeat(count)[:, None]
    with np.errstate(divide="ignore", over="ignore"):
        log_start = (log_prior(lowest) + known(lowest).total())[:, 0]
    shape = (batch, count, -1)
    slope = nodes.panels.points(nodes.panels.nodes(nodes.tau.shape[1]))[1][:, 0]
    log_density = nodes.log_mass - slope - np.log(nodes.panels.step)
    normaliser = mixture.log_evidence[:, None, None]
    tau = Tabulated(
        panels=nodes.panels.reshaped(count),
        points=nodes.tau.reshape(-1, count, nodes.tau.shape[1]),
        log_density_at=np.maximum(log_density.reshape(shape) - normaliser, _LOWEST_LOG),
        mass=np.exp(nodes.log_mass.reshape(shape) - normaliser),
        at_lower=np.exp(log_start.reshape(shape) - normaliser).sum((1, 2)),
        moments=task.moments["tau"],
    )
    return _posterior(task, mixture, tau, mixture.log_evidence, nodes.error)


def _repeated[T: (Studies, Coefficients)](arrays: T, times: int) -> T:
    """With every batch row so many times."""
    held = {field.name: getattr(arrays, field.name) for field in fields(arrays)}
    repeated = {
        name: array if array is None or array.shape[0] == 1 else np.repeat(array, times, 0)
        for name, array in held.items()
    }
    return type(arrays)(**repeated)


def _typical(studies: Studies) -> Floats:
    """Harmonic mean of the squared standard errors, as a standard error (batch,)."""
    precision = (studies.included / studies.std_error**2).sum(-1)
    typical: Floats = np.sqrt(studies.included.sum(-1) / precision)
    return typical


def _mixture(log_mass: Floats, given: GivenTau, tau: Floats, *, panels: int) -> _Mixture:
    """The components of all nodes and panels, in one list a batch row."""
    with np.errstate(invalid="ignore"):
        log = log_mass[..., None] + given.log_likelihood - given.total()[..., None]
    log = np.where(np.isnan(log), -np.inf, log).reshape(log.shape[0] // panels, -1)
    highest = log.max(-1, keepdims=True)
    weights = np.exp(log - highest)
    total = weights.sum(-1, keepdims=True)

    def one_list(array: Floats, *rest: int) -> Floats:
        rows, nodes = array.shape[:2]
        whole = np.broadcast_to(array, (rows, nodes, given.log_likelihood.shape[-1], *rest))
        return whole.reshape(max(rows // panels, 1), -1, *rest)

    terms = given.mean.shape[-1]
    return _Mixture(
        log_evidence=(highest + np.log(total))[:, 0],
        weights=weights / total,
        tau=one_list(tau[..., None]),
        mean=one_list(given.mean, terms),
        covariance=one_list(given.covariance, terms, terms),
    )


def _checks(first: _Mixture, moments: Floats) -> Callable[[_Mixture], Floats]:
    """The function that says what must not change as nodes are added (batch, number).

    The evidence, the distribution functions of the coefficients and of theta_new near and far from
    where the first nodes have most weight, a bounded function of tau, and the moments that exist.
    """
    peak = first.weights.argmax(-1)[:, None]
    typical = np.take_along_axis(first.tau, peak, 1)

    def spread(mixture: _Mixture, extra: float) -> Floats:
        variances = np.diagonal(mixture.covariance, axis1=-2, axis2=-1)
        around = variances + extra * mixture.tau[..., None] ** 2
        sd: Floats = np.sqrt(np.maximum(around, np.finfo(float).tiny))
        return sd

    centre = np.take_along_axis(first.mean, peak[..., None], 1)
    ends = [
        (extra, centre + side * np.take_along_axis(spread(first, extra), peak[..., None], 1))
        for extra, side in _CHECKED_ENDS
    ]

    def check(mixture: _Mixture) -> Floats:
        weights, tau = mixture.weights, mixture.tau
        numbers = [mixture.log_evidence, (weights * typical / (tau + typical)).sum(-1)]
        for extra, end in ends:
            below = ndtr((end - mixture.mean) / spread(mixture, extra))
            numbers.extend((weights[:, None] @ below)[:, 0].T)
        for order in (1, 2):
            with np.errstate(over="ignore", divide="ignore"):
                moment = np.log((weights * tau**order).sum(-1))
            numbers.append(np.where(moments >= order, moment, 0.0))
        return np.stack(numbers, -1)

    return check


def _posterior(
    task: _Task, mixture: _Mixture, tau: Tabulated | None, log_evidence: Floats, error: Floats
) -> Posterior:
    """The posterior on the scale of the data, without components that do not count."""
    typical = _typical(task.studies)[:, None]
    pull = np.maximum(mixture.tau / typical, 1.0) ** task.moments["theta_new"][:, None]
    counts = (mixture.weights * pull > _NEGLIGIBLE).any(0)
    mean = mixture.mean[:, counts]
    mean[..., 0] += task.shift[:, None]
    return Posterior(
        studies=task.studies,
        priors=task.priors,
        shift=task.shift,
        weights=mixture.weights[:, counts],
        nodes=mixture.tau[:, counts],
        mean=mean,
        covariance=mixture.covariance[:, counts],
        tau=tau,
        log_evidence=log_evidence,
        error=np.broadcast_to(error, log_evidence.shape),
        moments=task.moments,
    )
