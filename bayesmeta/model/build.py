"""A `Problem` to a PyMC model."""

from typing import TYPE_CHECKING, Literal

from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build_model"]


def build_model(
    problem: Problem, *, theta: Literal["integrated", "sampled"] = "integrated"
) -> "pm.Model":
    """Make the PyMC model of a problem.

    Parameters
    ----------
    problem
        The numbers and priors.
    theta
        Integrate the true effects of the studies out, or sample them non-centred.

    Returns
    -------
    pymc.Model
        With the variables ``mu``, those of the heterogeneity, ``theta`` if it is sampled, and
        the observed ``effect``.
    """
    import pymc as pm

    likelihood = LIKELIHOODS[problem.likelihood]
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    with pm.Model(coords={"study": list(problem.study)}) as model:
        mu = problem.priors["mu"].to_pymc("mu")
        parameters = {name: problem.priors[name].to_pymc(name) for name in heterogeneity.parameters}
        if theta == "integrated":
            likelihood.observe(problem, mu, heterogeneity.variance(parameters))
        else:
            likelihood.observe(problem, heterogeneity.effects(mu, parameters), 0.0)
    return model
