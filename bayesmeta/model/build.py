"""A `Problem` to a PyMC model."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bayesmeta.model.design import Design
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS, Variable
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
        With the variables of the design (``mu``, ``mu_overall``, ``omega``, ``beta``), of the
        heterogeneity and of the likelihood, ``theta`` if it is sampled, and the observed variables
        of the likelihood.
    """
    import pymc as pm

    likelihood = LIKELIHOODS[problem.likelihood]
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    with pm.Model(coords=_coords(problem)) as model:
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

        def variable(name: str, dims: str | None = None, label: str | None = None) -> Any:
            prefix = f"{name}."
            own = {
                key.removeprefix(prefix): value
                for key, value in numbers.items()
                if key.startswith(prefix)
            }
            return problem.priors[name].to_pymc(label or name, own, dims=dims)

        mean = _means(problem.design, variable)
        parameters = _parameters(problem, variable)
        if heterogeneity.clustered:
            mean = mean + _cluster_effects(problem, parameters)
        if theta == "integrated" and integrates_theta(problem):
            around = heterogeneity.components(problem, parameters)
            likelihood.observe(problem, mean, around, variable)
        else:
            effects = heterogeneity.effects(problem, mean, parameters)
            likelihood.observe(problem, effects, [(1.0, 0.0)], variable)
    return model


def _coords(problem: Problem) -> dict[str, list[str]]:
    design = problem.design
    coords = {"study": list(problem.study)}
    if design.subgroups is not None:
        coords["subgroup"] = list(design.subgroups.names)
        coords["step"] = list(design.subgroups.names[1:])
    if design.terms:
        coords["term"] = list(design.terms)
    if problem.clusters is not None:
        coords["cluster"] = list(problem.clusters.names)
    return coords


def _means(design: Design, variable: Variable) -> Any:
    """The mean of the true effect of each study: one number where all share it."""
    mean = variable("mu") if design.subgroups is None else _subgroup_means(design, variable)
    if design.subgroups is not None:
        mean = mean[design.member]
    if not design.terms:
        return mean
    import pymc as pm

    beta = _stacked("beta", "term", [variable(f"beta[{term}]") for term in design.terms])
    return mean + pm.math.dot(design.matrix, beta)


def _subgroup_means(design: Design, variable: Variable) -> Any:
    """The means of the subgroups, non-centred where they inform each other."""
    if not design.informs:
        return _own("mu", design, variable)
    import pymc as pm

    walk = design.means == "random-walk"
    first = variable("mu", label="mu_first" if walk else "mu_overall")
    omega = variable("omega")
    dims = "step" if walk else "subgroup"
    standard = pm.Normal("standard_mean", np.float64(0), np.float64(1), dims=dims)
    apart = pm.math.dot(design.steps_of_walk, standard) if walk else standard
    return pm.Deterministic("mu", first + omega * apart, dims="subgroup")


def _own(name: str, design: Design, variable: Variable) -> Any:
    """A parameter of each subgroup, all with the same prior."""
    assert design.subgroups is not None  # else there is one for all
    each = [variable(name, label=f"{name}[{group}]") for group in design.subgroups.names]
    return _stacked(name, "subgroup", each)


def _stacked(name: str, dim: str, each: list[Any]) -> Any:
    import pymc as pm

    return pm.Deterministic(name, pm.math.stack(each), dims=dim)


def _parameters(problem: Problem, variable: Variable) -> dict[str, Any]:
    """The parameters of the heterogeneity, each study's own where subgroups have their own tau."""
    parameters = {}
    for name in HETEROGENEITIES[problem.heterogeneity].parameters(problem):
        if name == "tau" and problem.design.own_tau:
            parameters[name] = _own(name, problem.design, variable)[problem.design.member]
        else:
            parameters[name] = variable(name)
    return parameters


def _cluster_effects(problem: Problem, parameters: dict[str, Any]) -> Any:
    """What results of one study share, non-centred, for each row."""
    import pymc as pm

    assert problem.clusters is not None  # nested effects have them
    standard = pm.Normal("standard_cluster", np.float64(0), np.float64(1), dims="cluster")
    shared = pm.Deterministic("cluster_effect", parameters["tau"] * standard, dims="cluster")
    return shared[problem.clusters.member]


def integrates_theta(problem: Problem) -> bool:
    """Whether the true effects of a problem can be integrated out in closed form."""
    marginal = LIKELIHOODS[problem.likelihood].marginal
    return marginal is not None and HETEROGENEITIES[problem.heterogeneity].closed


def changeable_data(problem: Problem) -> dict[str, Any]:
    """The numbers of a problem by name, such as ``data.effect`` or ``tau.sigma``."""
    data = problem.counts or {"effect": problem.effect, "std_error": problem.std_error}
    numbers: dict[str, Any] = {f"data.{name}": values for name, values in data.items()}
    for name, prior in problem.priors.items():
        for key, value in prior.parameters.items():
            numbers[f"{name}.{key}"] = np.asarray(value, float)
    return numbers
