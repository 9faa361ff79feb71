"""A `Problem` to a PyMC model."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["build_model", "changeable_data", "integrates_theta"]


def build_model(
    problem: Problem,
    *,
    theta: Literal["integrated", "sampled"] = "integrated",
    changeable: bool = False,
) -> "pm.Model":
    """Make the PyMC model of a problem.

    Parameters
    ----------
    problem
        The numbers and priors.
    theta
        Integrate the true effects of the studies out where that is exact, or sample them
        non-centred.
    changeable
        Make the numbers of the studies and of the priors data of the model, under the names of
        `changeable_data`, so that a compiled model can be given others.

    Returns
    -------
    pymc.Model
        With the variables ``mu``, those of the heterogeneity and of the likelihood, ``theta`` if it
        is sampled, and the observed variables of the likelihood.
    """
    import pymc as pm

    likelihood = LIKELIHOODS[problem.likelihood]
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    with pm.Model(coords={"study": list(problem.study)}) as model:
        numbers: dict[str, Any] = {}
        if changeable:
            numbers = {
                name: pm.Data(name, value) for name, value in changeable_data(problem).items()
            }
            problem = replace(
                problem,
                effect=numbers.get("data.effect", problem.effect),
                std_error=numbers.get("data.std_error", problem.std_error),
                counts={name: numbers[f"data.{name}"] for name in problem.counts},
            )

        def variable(name: str, dims: str | None = None) -> Any:
            prefix = f"{name}."
            own = {
                key.removeprefix(prefix): value
                for key, value in numbers.items()
                if key.startswith(prefix)
            }
            return problem.priors[name].to_pymc(name, own, dims=dims)

        mu = variable("mu")
        parameters = {name: variable(name) for name in heterogeneity.parameters}
        if theta == "integrated" and integrates_theta(problem):
            assert heterogeneity.variance is not None  # it is normal, or there is none
            likelihood.observe(problem, mu, heterogeneity.variance(parameters), variable)
        else:
            effects = heterogeneity.effects(problem, mu, parameters)
            likelihood.observe(problem, effects, 0.0, variable)
    return model


def integrates_theta(problem: Problem) -> bool:
    """Whether the true effects of a problem can be integrated out in closed form."""
    marginal = LIKELIHOODS[problem.likelihood].marginal
    return marginal is not None and HETEROGENEITIES[problem.heterogeneity].variance is not None


def changeable_data(problem: Problem) -> dict[str, Any]:
    """The numbers of a problem by name, such as ``data.effect`` or ``tau.sigma``."""
    data = problem.counts or {"effect": problem.effect, "std_error": problem.std_error}
    numbers: dict[str, Any] = {f"data.{name}": values for name, values in data.items()}
    for name, prior in problem.priors.items():
        for key, value in prior.parameters.items():
            numbers[f"{name}.{key}"] = np.asarray(value, float)
    return numbers
