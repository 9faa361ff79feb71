"""Quadrature as an engine: exact densities, and draws from them for all that wants draws."""

import numpy as np
import xarray as xr

from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.solve import solve
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior
from bayesmeta.model import Problem, complete_posterior, observed_data, predictive_groups
from bayesmeta.results.exact import ExactDensities
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
        "quadrature": densities(exact).to_dataset(problem.study),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["messages"] = ()
    return tree


def densities(exact: Posterior | TabulatedPosterior) -> ExactDensities:
    """The densities of a batch of one."""
    random = exact.tau is not None
    return ExactDensities(
        mu=exact.mu,
        tau=exact.tau,
        theta_new=exact.theta_new if random else None,
        theta=exact.theta if random else None,
        log_evidence=float(exact.log_evidence[0]),
        error=float(exact.error[0]),
        control=exact.control() if isinstance(exact, TabulatedPosterior) else None,
    )


def _draw(
    exact: Posterior | TabulatedPosterior,
    problem: Problem,
    rng: np.random.Generator,
    shape: tuple[int, int],
) -> xr.Dataset:
    """Independent draws of mu and, where there is one, of tau; of theta where it is tabulated."""
    count = shape[0] * shape[1]
    theta = None
    if isinstance(exact, TabulatedPosterior):
        tau, mu, theta = exact.draw(rng, count)
    else:
        tau, coefficients = exact.draw(rng, count)
        mu = coefficients[:, 0]
    values = {"mu": mu} | ({"tau": tau} if exact.tau is not None else {})
    draws = xr.Dataset(
        {name: (("chain", "draw"), array.reshape(shape)) for name, array in values.items()},
        coords={"chain": np.arange(shape[0]), "draw": np.arange(shape[1])},
    )
    if theta is None or exact.tau is None:
        return draws
    return draws.assign(theta=(("chain", "draw", "study"), theta.reshape(*shape, -1)))
