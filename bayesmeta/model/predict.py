"""What follows from draws of mu and tau: true effects, predictions, log likelihood, the prior.

Every engine draws mu and the parameters of the heterogeneity; all the rest is made here, so that
it is the same for all.
"""

import numpy as np
import xarray as xr

from bayesmeta.densities import log_averages
from bayesmeta.measures.base import Floats
from bayesmeta.model.build import integrates_theta
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.heterogeneity.base import Parameters
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.nodes import effect_nodes
from bayesmeta.model.problem import Problem

__all__ = ["complete_posterior", "observed_data", "predictive_groups"]

_PRIOR_DRAWS = 4000
_DIMS = ("chain", "draw")
_EACH = (*_DIMS, "study")


def observed_data(problem: Problem) -> xr.Dataset:
    """The data that the likelihood is of (dimension ``study``)."""
    data = problem.counts or {"effect": problem.effect}
    return xr.Dataset(
        {name: ("study", values) for name, values in data.items()},
        coords={"study": list(problem.study)},
    )


def complete_posterior(problem: Problem, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Add the true effects of the studies and of a new study to draws of mu and tau.

    Parameters
    ----------
    problem
        The numbers and priors.
    draws
        ``mu`` and the parameters of the heterogeneity (dimensions ``chain``, ``draw``), and
        ``theta`` and parameters of the likelihood where they were sampled.
    rng
        Source of the random numbers.

    Returns
    -------
    xarray.Dataset
        ``mu``, all parameters, ``theta_new`` and ``theta``; without the last two where all studies
        share one effect.
    """
    heterogeneity, likelihood = (
        HETEROGENEITIES[problem.heterogeneity],
        LIKELIHOODS[problem.likelihood],
    )
    own = [name for name in (*likelihood.parameters(problem), "alpha") if name in draws]
    kept = draws[list(dict.fromkeys(["mu", *heterogeneity.parameters, *own]))]
    mu, parameters = _arrays(problem, draws)
    if not heterogeneity.parameters:
        shared = np.broadcast_to(mu[..., None], (*mu.shape, len(problem.study)))
        return likelihood.complete(problem, rng, kept.assign(theta=(_EACH, shared))).drop_vars(
            "theta"
        )
    new = heterogeneity.new_effect(problem, rng, mu, parameters)
    if "theta" in draws:
        theta = draws["theta"].transpose(*_EACH).to_numpy()
    else:
        assert likelihood.draw_theta is not None  # else they were sampled
        assert heterogeneity.variance is not None
        variance = np.asarray(heterogeneity.variance(parameters))[..., None]
        theta = likelihood.draw_theta(problem, rng, mu[..., None], variance)
    both = kept.assign_coords(study=list(problem.study)).assign(
        theta_new=(_DIMS, new), theta=(_EACH, theta)
    )
    return likelihood.complete(problem, rng, both)


def predictive_groups(
    problem: Problem, posterior: xr.Dataset, rng: np.random.Generator
) -> dict[str, xr.Dataset]:
    """The groups of a fit that follow from the posterior and the prior.

    Returns
    -------
    dict of str to xarray.Dataset
        ``log_likelihood`` (one value a study and draw, theta integrated out), ``log_prior`` (one
        a parameter and draw), and ``posterior_predictive`` (data of new studies like these);
        ``prior`` where all priors are proper.
    """
    likelihood, heterogeneity = (
        LIKELIHOODS[problem.likelihood],
        HETEROGENEITIES[problem.heterogeneity],
    )
    mu, parameters = _arrays(problem, posterior)
    coords = {**posterior[["mu"]].coords, "study": list(problem.study)}
    each = np.broadcast_to(mu[..., None], (*mu.shape, len(problem.study)))
    theta = heterogeneity.new_effect(
        problem, rng, each, {name: values[..., None] for name, values in parameters.items()}
    )
    new_data = likelihood.draw_data(problem, rng, posterior, theta)
    log_density = _log_likelihood(problem, posterior, mu, parameters)
    groups = {
        "log_likelihood": xr.Dataset(
            {"counts" if problem.counts else "effect": (_EACH, log_density)}, coords=coords
        ),
        "posterior_predictive": xr.Dataset(
            {name: (_EACH, values) for name, values in new_data.items()}, coords=coords
        ),
        "log_prior": xr.Dataset(
            {
                name: (posterior[name].dims, prior.logpdf(posterior[name].to_numpy()))
                for name, prior in problem.priors.items()
            },
            coords=posterior[list(problem.priors)].coords,
        ),
    }
    if all(prior.proper for prior in problem.priors.values()):
        groups["prior"] = _draw_prior(problem, rng)
    return groups


def _log_likelihood(
    problem: Problem, posterior: xr.Dataset, mu: Floats, parameters: Parameters
) -> Floats:
    """Log density of each study's data, its true effect integrated out (chain, draw, study)."""
    likelihood, heterogeneity = (
        LIKELIHOODS[problem.likelihood],
        HETEROGENEITIES[problem.heterogeneity],
    )
    if integrates_theta(problem):
        assert likelihood.marginal is not None
        assert heterogeneity.variance is not None
        variance = np.broadcast_to(np.asarray(heterogeneity.variance(parameters)), mu.shape)
        mean = np.broadcast_to(mu[..., None], (*mu.shape, len(problem.study)))
        return likelihood.marginal(problem, mean, variance[..., None])
    if likelihood.profile is None or problem.baseline == "exchangeable":
        assert likelihood.log_density is not None
        return likelihood.log_density(problem, posterior)
    furthest = float(np.abs(mu).max() + 8 * np.max(parameters.get("tau", 0.0)))
    nodes = effect_nodes([problem], furthest)
    log_f = likelihood.profile(problem, nodes.points).log_likelihood.T
    tau = np.broadcast_to(parameters.get("tau", np.zeros(1)), mu.shape)
    scales = heterogeneity.scales(problem)
    log = log_averages(nodes, log_f, mu.ravel(), tau.ravel(), scales, careful=True)
    return log.reshape(*mu.shape, -1)


def _draw_prior(problem: Problem, rng: np.random.Generator) -> xr.Dataset:
    """Draws of the parameters and of the true effect of a study."""
    draws = xr.Dataset(
        {
            name: (_DIMS, prior.sample(rng, (1, _PRIOR_DRAWS)))
            for name, prior in problem.priors.items()
        }
    )
    new_effect = HETEROGENEITIES[problem.heterogeneity].new_effect
    return draws.assign(theta_new=(_DIMS, new_effect(problem, rng, *_arrays(problem, draws))))


def _arrays(problem: Problem, draws: xr.Dataset) -> tuple[Floats, dict[str, Floats]]:
    names = HETEROGENEITIES[problem.heterogeneity].parameters
    ordered = draws[["mu", *names]].transpose("chain", "draw", ...)
    return ordered["mu"].to_numpy(), {name: ordered[name].to_numpy() for name in names}
