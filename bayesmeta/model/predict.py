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
        ``log_likelihood`` (one value a study and draw, theta integrated out), and
        ``posterior_predictive`` (data of new studies with the same standard errors); ``prior``
        where all priors are proper.
    """
    groups = {
        "log_likelihood": _for_studies(problem, posterior, None),
        "posterior_predictive": _for_studies(problem, posterior, rng),
    }
    if all(prior.proper for prior in problem.priors.values()):
        shape = (1, _PRIOR_DRAWS)
        draws = xr.Dataset(
            {
                name: (("chain", "draw"), prior.sample(rng, shape))
                for name, prior in problem.priors.items()
            }
        )
        heterogeneity = HETEROGENEITIES[problem.heterogeneity]
        new = heterogeneity.new_effect(rng, *_arrays(problem, draws))
        groups["prior"] = draws.assign(theta_new=(("chain", "draw"), new))
    return groups


def _arrays(problem: Problem, draws: xr.Dataset) -> tuple[np.ndarray, Parameters]:
    names = HETEROGENEITIES[problem.heterogeneity].parameters
    ordered = draws[["mu", *names]].transpose("chain", "draw", ...)
    return ordered["mu"].to_numpy(), {name: ordered[name].to_numpy() for name in names}


def _for_studies(
    problem: Problem, draws: xr.Dataset, rng: np.random.Generator | None
) -> xr.Dataset:
    """Log densities of the data, or new data where there is a random generator."""
    likelihood = LIKELIHOODS[problem.likelihood]
    mu, parameters = _arrays(problem, draws)
    variance = np.asarray(HETEROGENEITIES[problem.heterogeneity].variance(parameters))
    mean, spread = mu[..., None], np.broadcast_to(variance, mu.shape)[..., None]
    values = (
        likelihood.log_density(problem, mean, spread)
        if rng is None
        else likelihood.draw_data(problem, rng, mean + np.zeros(len(problem.study)), spread)
    )
    return xr.Dataset(
        {"effect": (("chain", "draw", "study"), values)},
        coords={"chain": draws["chain"], "draw": draws["draw"], "study": list(problem.study)}
        if "chain" in draws.coords
        else {"study": list(problem.study)},
    )
