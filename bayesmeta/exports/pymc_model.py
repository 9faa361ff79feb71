"""The PyMC model of a problem as Python code: what `build_model` builds, written out."""

from typing import Literal

from bayesmeta.errors import SpecError
from bayesmeta.exports.pymc_effects import COMPONENTS, SAMPLED, deviation_of
from bayesmeta.exports.pymc_likelihoods import OBSERVED
from bayesmeta.exports.pymc_priors import declare, distribution
from bayesmeta.exports.python_code import LINE, block, call, text
from bayesmeta.model import HETEROGENEITIES, Problem, integrates_theta
from bayesmeta.priors import Prior

__all__ = ["NOTES", "model_code"]

NOTES = {
    "tau_within": "The standard deviation of the true effects inside a study.",
    "nu": "The degrees of freedom of the t distribution of the true effects.",
    "p_outlier": "The share of outlying studies.",
    "tau_outlier": "By what the effects of outlying studies vary more.",
}
"""What is said of each parameter of a heterogeneity besides tau."""


def model_code(problem: Problem, *, theta: Literal["integrated", "sampled"]) -> str:
    """The statement that makes ``model``, from the variables of `data_code`.

    Parameters
    ----------
    problem
        The numbers and priors.
    theta
        As of `build_model`.

    Raises
    ------
    SpecError
        There is no code for the likelihood or the heterogeneity.
    """
    likelihood, heterogeneity = problem.likelihood, problem.heterogeneity
    if likelihood not in OBSERVED or heterogeneity not in {**COMPONENTS, **SAMPLED}:
        raise SpecError(
            f"no PyMC script is written for the likelihood {likelihood} and the heterogeneity "
            f"{heterogeneity}",
            key="model",
        )
    integrated = theta == "integrated" and integrates_theta(problem)
    parameters = HETEROGENEITIES[problem.heterogeneity].parameters(problem)
    parts = [_means(problem), *(_parameter(problem, name) for name in parameters)]
    if HETEROGENEITIES[problem.heterogeneity].clustered:
        parts.append(_CLUSTERS)
    mean, statement = _mean(problem)
    tau = "tau[subgroup_of]" if problem.design.own_tau else "tau"
    parts.append(statement)
    if not integrated and parameters:
        note = "# The true effects of the studies, non-centred.\n"
        parts.append(note + deviation_of(problem, mean, tau))
        mean = "theta"
    parts.append(OBSERVED[problem.likelihood](problem, mean, tau if integrated else None))
    inside = "\n\n".join(block(part, 1) for part in parts if part)
    return f"{_coords(problem)}\n\nwith pm.Model(coords=coords) as model:\n{inside}"


_CLUSTERS = """\
# What results of one study share, non-centred.
standard_cluster = pm.Normal("standard_cluster", 0.0, 1.0, dims="cluster")
cluster_effect = pm.Deterministic(
    "cluster_effect", tau * standard_cluster, dims="cluster"
)"""


def _coords(problem: Problem) -> str:
    """The statement that makes the names of the dimensions."""
    design = problem.design
    found = {"study": "study"}
    if design.subgroups is not None:
        found["subgroup"] = "subgroup"
    if design.means == "random-walk":
        found["step"] = "subgroup[1:]"
    if design.terms:
        found["term"] = "term"
    if problem.clusters is not None:
        found["cluster"] = "cluster"
    items = [f'"{name}": {value}' for name, value in found.items()]
    single = f"coords = {{{', '.join(items)}}}"
    if len(single) <= LINE:
        return single
    return "coords = {\n" + block(",\n".join(items) + ",", 1) + "\n}"


def _means(problem: Problem) -> str:
    """The means of the subgroups, or the one, and the coefficients of the moderators."""
    design, prior = problem.design, problem.priors["mu"]
    if design.subgroups is None:
        where = ", where all terms are 0" if design.terms else ""
        lines = [f"# The mean of the true effects{where}.", declare("mu", prior, '"mu"')]
    elif not design.informs:
        each = "time" if design.times else "subgroup"
        lines = [f"# The mean of each {each}.", _own("mu", prior)]
    else:
        lines = _informing(problem)
    if design.terms:
        lines += ["", "# The coefficients of the terms.", _coefficients(problem)]
    return "\n".join(lines)


def _informing(problem: Problem) -> list[str]:
    """The means of subgroups that inform each other, non-centred."""
    walk = problem.design.means == "random-walk"
    first = "mu_first" if walk else "mu_overall"
    notes = (
        (
            "# The means of the times are a random walk: omega is the standard deviation of a",
            "# step over the average time between two; that of others grows as its square root.",
        )
        if walk
        else ("# The means of the subgroups vary around mu_overall by omega, non-centred.",)
    )
    apart = "omega * pm.math.dot(steps, standard_mean)" if walk else "omega * standard_mean"
    return [
        *notes,
        declare(first, problem.priors["mu"], f'"{first}"'),
        declare("omega", problem.priors["omega"], '"omega"'),
        f'standard_mean = pm.Normal("standard_mean", 0.0, 1.0, '
        f'dims="{"step" if walk else "subgroup"}")',
        call(
            "pm.Deterministic",
            '"mu"',
            f"{first} + {apart}",
            'dims="subgroup"',
            depth=1,
            before="mu = ",
        ),
    ]


def _own(name: str, prior: Prior) -> str:
    """A parameter of each subgroup, all with the same prior."""
    label = f'f"{name}[{{name}}]"'
    stacked = f'{name} = pm.Deterministic("{name}", pm.math.stack(each), dims="subgroup")'
    if prior.family.native:
        made = distribution(prior, label, depth=2)
        single = f"each = [{made} for name in subgroup]"
        if len(single) < 84 and "\n" not in made:
            return f"{single}\n{stacked}"
        return f"each = [\n{block(made, 1)}\n    for name in subgroup\n]\n{stacked}"
    loop = block(f"{declare('one', prior, label, depth=2)}\neach.append(one)", 1)
    return f"each = []\nfor name in subgroup:\n{loop}\n{stacked}"


def _coefficients(problem: Problem) -> str:
    priors = {term: problem.priors[f"beta[{term}]"] for term in problem.design.terms}
    first = next(iter(priors.values()))
    if len(priors) > 1 and set(priors.values()) == {first} and first.family.native:
        made = distribution(first, 'f"beta[{name}]"', depth=2)
        return f"each = [\n{block(made, 1)}\n    for name in term\n]\n{_stacked('each')}"
    lines = [
        declare(f"beta_{place}", prior, text(f"beta[{term}]"))
        for place, (term, prior) in enumerate(priors.items(), start=1)
    ]
    each = ", ".join(f"beta_{place}" for place in range(1, len(priors) + 1))
    return "\n".join([*lines, _stacked(f"[{each}]")])


def _stacked(each: str) -> str:
    stack = f"pm.math.stack({each})"
    before = "beta = "
    return call("pm.Deterministic", '"beta"', stack, 'dims="term"', depth=1, before=before)


def _parameter(problem: Problem, name: str) -> str:
    words = HETEROGENEITIES[problem.heterogeneity].tau
    own = f"{words[:1].upper()}{words[1:]}." if name == "tau" else NOTES[name]
    prior, note = problem.priors[name], f"# {own}"
    if name == "tau" and problem.design.own_tau:
        note = "# The standard deviation of the true effects of each subgroup around its mean."
        return f"{note}\n{_own(name, prior)}"
    return f"{note}\n{declare(name, prior, text(name))}"


def _mean(problem: Problem) -> tuple[str, str]:
    """The mean of the true effect of each study, and the statement that makes it."""
    design = problem.design
    parts = ["mu" if design.subgroups is None else "mu[subgroup_of]"]
    if design.terms:
        parts.append("pm.math.dot(terms, beta)")
    if HETEROGENEITIES[problem.heterogeneity].clustered:
        parts.append("cluster_effect[cluster_of]")
    if parts == ["mu"]:
        return "mu", ""
    return "mean", f"# The mean of the true effect of each study.\nmean = {' + '.join(parts)}"
