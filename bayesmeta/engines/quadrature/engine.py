"""Quadrature as an engine: exact densities, and draws from them for all that wants draws."""

import numpy as np
import xarray as xr

from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.engines.quadrature.solve import Exact, solve
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior
from bayesmeta.model import Problem, complete_posterior, observed_data, predictive_groups
from bayesmeta.results.exact import Effects, ExactDensities
from bayesmeta.spec.schema import Engine as Settings

__all__ = ["densities", "fit_quadrature"]


def fit_quadrature(problem: Problem, settings: Settings, *, progress: bool = False) -> xr.DataTree:
    """Exact integration, no error of sampling; normal, binomial and Poisson likelihoods.

    Takes and gives what `Engine` says, with the exact densities in the group ``quadrature``. The
    draws are independent.
    """
    exact = solve(problem)
    rng = np.random.default_rng(settings.seed)
    draws = _draw(exact, problem, rng, (settings.chains, settings.draws))
    posterior = complete_posterior(problem, draws, rng)
    groups = {
        "posterior": posterior,
        "sample_stats": xr.Dataset(coords=posterior[["mu"]].coords),
        "observed_data": observed_data(problem),
        **predictive_groups(problem, posterior, rng),
        "quadrature": densities(exact, problem).to_dataset(),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["messages"] = ()
    return tree


def densities(exact: Exact, problem: Problem) -> ExactDensities:
    """The densities of a batch of one."""
    if isinstance(exact, LinearPosterior):
        effects, labels = _of_linear(exact, problem)
        deviations = exact.deviations
    else:
        effects, deviations = {"mu": exact.mu}, {}
        labels = {"theta": ("study", problem.study)}
        if exact.tau is not None:
            effects |= {"theta_new": exact.theta_new, "theta": exact.theta}
            deviations = {"tau": exact.tau}
    return ExactDensities(
        effects=effects,
        labels=labels,
        deviations=deviations,
        log_evidence=float(exact.log_evidence[0]),
        error=float(exact.error[0]),
        control=exact.control() if isinstance(exact, TabulatedPosterior) else None,
        ranks=exact.ranks()
        if "contrast" in effects and isinstance(exact, LinearPosterior)
        else None,
    )


_Labels = dict[str, tuple[str, tuple[str, ...]]]


def _of_linear(exact: LinearPosterior, problem: Problem) -> tuple[dict[str, Effects], _Labels]:
    """The densities of what is linear in the coefficients, and the labels of each."""
    design, random = problem.design, exact.linear.inner is not None
    means, slopes = design.own_means, design.own_slopes
    found: dict[str, Effects] = {"mu": exact.read(means, "mu")}
    labels: _Labels = {"mu": ("subgroup", means.names)} if design.subgroups is not None else {}
    if random:
        found["theta_new"] = exact.read(means, "theta_new", new=True)
        found["theta"] = exact.theta
        labels |= {"theta": ("study", problem.study)}
        if "mu" in labels:
            labels["theta_new"] = labels["mu"]
    for name, dim, readout in (
        ("beta", "term", slopes),
        ("contrast", "pair", design.contrasts),
        ("beta_rescaled", "number", design.rescaled),
        ("mu_at", "point", design.points),
    ):
        if readout is not None:
            found[name], labels[name] = exact.read(readout, name), (dim, readout.names)
    if random and design.points is not None:
        found["theta_new_at"] = exact.read(design.points, "theta_new_at", new=True)
        labels["theta_new_at"] = labels["mu_at"]
    if design.informs and design.means == "exchangeable":
        found |= exact.beyond()
    return found, labels


def _draw(
    exact: Exact, problem: Problem, rng: np.random.Generator, shape: tuple[int, int]
) -> xr.Dataset:
    """Independent draws of all parameters; of theta where it is tabulated."""
    count = shape[0] * shape[1]
    own: dict[str, tuple[tuple[str, ...], Floats]] = {}
    if isinstance(exact, TabulatedPosterior):
        tau, mu, theta = exact.draw(rng, count)
        own = {"mu": ((), mu)}
        if exact.tau is not None:
            own |= {"tau": ((), tau), "theta": (("study",), theta)}
    elif isinstance(exact, LinearPosterior):
        own = _draw_linear(exact, problem, rng, count)
    else:
        tau, coefficients = exact.draw(rng, count)
        own = {"mu": ((), coefficients[:, 0])}
        if exact.tau is not None:
            own["tau"] = ((), tau)
    design = problem.design
    coords: dict[str, object] = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    if design.subgroups is not None:
        coords["subgroup"] = list(design.subgroups.names)
    if design.terms:
        coords["term"] = list(design.terms)
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims), values.reshape(*shape, *values.shape[1:]))
            for name, (dims, values) in own.items()
        },
        coords=coords,
    )


def _draw_linear(
    exact: LinearPosterior, problem: Problem, rng: np.random.Generator, count: int
) -> dict[str, tuple[tuple[str, ...], Floats]]:
    design, linear = problem.design, exact.linear
    inner, outer, coefficients = exact.draw(rng, count)
    means = coefficients @ linear.means.T
    several = design.subgroups is not None
    found: dict[str, tuple[tuple[str, ...], Floats]] = {
        "mu": (("subgroup",), means) if several else ((), means[:, 0])
    }
    for name, values in ((linear.inner, inner), (linear.outer, outer)):
        if name is not None:
            found[name] = ((), values)
    base = linear.base.shape[1]
    if design.terms:
        found["beta"] = (("term",), coefficients[:, base - len(design.terms) : base])
    if design.informs and design.means == "exchangeable":
        found["mu_overall"] = ((), coefficients[:, 0])
    if linear.outer == "tau":
        found["cluster_effect"] = (("cluster",), coefficients[:, base:])
    return found
