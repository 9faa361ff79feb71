"""What follows from draws of mu and tau: true effects, predictions, log likelihood, the prior.

Every engine draws mu and the parameters of the heterogeneity; all the rest is made here, so that
it is the same for all.
"""

import numpy as np
import xarray as xr

from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.heterogeneity.base import Parameters
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem

__all__ = ["complete_posterior", "predictive_groups"]

_PRIOR_DRAWS = 4000


def complete_posterior(problem: Problem, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Add the true effects of the studies and of a new study to draws of mu and tau.

    Parameters
    ----------
    problem
        The numbers and priors.
    draws
        ``mu`` and the parameters of the heterogeneity (dimensions ``chain``, ``draw``), and
        ``theta`` where it was sampled.
    rng
        Source of the random numbers.

    Returns
    -------
    xarray.Dataset
        ``mu``, the parameters, ``theta_new`` and ``theta``; without the last two where all
        studies share one effect.
    """
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    kept = draws[["mu", *heterogeneity.parameters]]
    if not heterogeneity.parameters:
        return kept
    mu, parameters = _arrays(problem, draws)
    new = heterogeneity.new_effect(rng, mu, parameters)
    if "theta" in draws:
        theta = draws["theta"].transpose("chain", "draw", "study").to_numpy()
    else:
        variance = np.asarray(heterogeneity.variance(parameters))[..., None]
        likelihood = LIKELIHOODS[problem.likelihood]
        theta = likelihood.draw_theta(problem, rng, mu[..., None], variance)
    return kept.assign_coords(study=list(problem.study)).assign(
        theta_new=(("chain", "draw"), new), theta=(("chain", "draw", "study"), theta)
    )


def predictive_groups(
    problem: Problem, posterior: xr.Dataset, rng: np.random.Generator
) -> dict[str, xr.Dataset]:
    """The groups of a fit that follow from the posterior and the prior.

    Returns
    -------
    dict of str to xarray.Dataset
        ``log_likelihood`` (one value a study and draw, theta integrated out), ``log_prior`` (one
        a parameter and draw), and ``posterior_predictive`` (data of new studies with the same
        standard errors); ``prior`` where all priors are proper.
    """
    likelihood = LIKELIHOODS[problem.likelihood]
    mu, parameters = _arrays(problem, posterior)
    variance = np.asarray(HETEROGENEITIES[problem.heterogeneity].variance(parameters))
    mean = np.broadcast_to(mu[..., None], (*mu.shape, len(problem.study)))
    spread = np.broadcast_to(variance, mu.shape)[..., None]
    coords = {**posterior[["mu"]].coords, "study": list(problem.study)}
    dims = ("chain", "draw", "study")
    log_density = likelihood.log_density(problem, mean, spread)
    new_data = likelihood.draw_data(problem, rng, mean, spread)
    groups = {
        "log_likelihood": xr.Dataset({"effect": (dims, log_density)}, coords=coords),
        "posterior_predictive": xr.Dataset({"effect": (dims, new_data)}, coords=coords),
        "log_prior": xr.Dataset(
            {
                name: (("chain", "draw"), prior.logpdf(posterior[name].to_numpy()))
                for name, prior in problem.priors.items()
            },
            coords=posterior[["mu"]].coords,
        ),
    }
    if all(prior.proper for prior in problem.priors.values()):
        groups["prior"] = _draw_prior(problem, rng)
    return groups


def _draw_prior(problem: Problem, rng: np.random.Generator) -> xr.Dataset:
    """Draws of the parameters and of the true effect of a study."""
    draws = xr.Dataset(
        {
            name: (("chain", "draw"), prior.sample(rng, (1, _PRIOR_DRAWS)))
            for name, prior in problem.priors.items()
        }
    )
    new_effect = HETEROGENEITIES[problem.heterogeneity].new_effect
    return draws.assign(theta_new=(("chain", "draw"), new_effect(rng, *_arrays(problem, draws))))


def _arrays(problem: Problem, draws: xr.Dataset) -> tuple[np.ndarray, Parameters]:
    names = HETEROGENEITIES[problem.heterogeneity].parameters
    ordered = draws[["mu", *names]].transpose("chain", "draw", ...)
    return ordered["mu"].to_numpy(), {name: ordered[name].to_numpy() for name in names}
