"""The model of a problem as mathematics: from the data to the priors."""

from bayesmeta.measures import Measure
from bayesmeta.model.build import integrates_theta
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.notation import Equation, normal, symbol_of, words
from bayesmeta.model.prior_notation import prior_line
from bayesmeta.model.problem import Problem

__all__ = ["Equation", "equations"]

_MOST_TERMS = 3
"""Terms of a sum that is written out."""

_MOST_NAMES = 12
"""Subgroups, or terms, that are named."""


def equations(problem: Problem, measure: Measure | None = None) -> tuple[Equation, ...]:
    """The lines of a model, from the data to the priors.

    In them i is a study (or a result, where several are of one study), g a subgroup, t a time, j a
    study with several results, and a an arm.

    Parameters
    ----------
    problem
        The numbers and priors.
    measure
        What the effects are; they are called effects where it is not given.
    """
    label = "effect" if measure is None else measure.analysis_label
    return (
        *LIKELIHOODS[problem.likelihood].equations(problem, label),
        *_true_effects(problem),
        *_means(problem),
        *_new_study(problem),
        *(_prior(problem, name) for name in problem.priors),
    )


def _index(problem: Problem) -> str:
    return "t" if problem.design.times else "g"


def _row_symbol(problem: Problem, name: str) -> str:
    """The symbol of a parameter of a heterogeneity for study i."""
    if name == "tau" and problem.design.own_tau:
        return rf"\tau_{{{_index(problem)}[i]}}"
    return symbol_of(name)


def _own_symbol(problem: Problem, name: str) -> str:
    """The symbol of a parameter, as that of each subgroup where these have their own."""
    design = problem.design
    several = design.subgroups is not None and not design.informs
    if (name == "mu" and several) or (name == "tau" and design.own_tau):
        return rf"{symbol_of(name)}_{_index(problem)}"
    return symbol_of(name)


def _true_effects(problem: Problem) -> list[Equation]:
    """What theta is, and the data with theta integrated out."""
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    mean, lines = _mean_of_study(problem)
    names = heterogeneity.parameters(problem)

    def around(added: str = "") -> str:
        return heterogeneity.latex(problem, mean, lambda name: _row_symbol(problem, name), added)

    integrated = bool(names) and integrates_theta(problem)
    latex = rf"\theta_i \sim {around()}" if names else rf"\theta_i = {mean}"
    also = "; these are integrated out exactly" if integrated and problem.correlated else ""
    found = [Equation(latex=latex, meaning=f"{heterogeneity.label}{also}")]
    if integrated and not problem.correlated:
        found.append(
            Equation(
                latex=rf"y_i \sim {around('s_i^2')}",
                meaning="the same without the true effects, which are integrated out exactly",
            )
        )
    if heterogeneity.clustered:
        lines.append(
            Equation(
                latex=rf"u_j \sim {normal('0', r'\tau^2')}",
                meaning="what all results of study j share; j[i] is the study of result i",
            )
        )
    return [*found, *lines]


def _mean_of_study(problem: Problem) -> tuple[str, list[Equation]]:
    """The mean of the true effect of study i, and the line that it needs where it is long."""
    design, index = problem.design, _index(problem)
    shared = " + u_{j[i]}" if HETEROGENEITIES[problem.heterogeneity].clustered else ""
    mean = r"\mu" if design.subgroups is None else rf"\mu_{{{index}[i]}}"
    if not design.terms:
        return f"{mean}{shared}", []
    if len(design.terms) <= _MOST_TERMS:
        added = " + ".join(
            rf"{symbol_of(f'beta[{term}]')} \, x_{{i, {words(term)}}}" for term in design.terms
        )
    else:
        added = r"\sum_m \beta_m \, x_{im}"
    line = Equation(
        latex=f"m_i = {mean} + {added}",
        meaning="the mean of the true effect of study i by its moderators x: "
        + ", ".join(design.terms[:_MOST_NAMES])
        + (", …" if len(design.terms) > _MOST_NAMES else ""),
    )
    return f"m_i{shared}", [line]


def _means(problem: Problem) -> list[Equation]:
    """How the means of subgroups or times inform each other, and which is whose."""
    design = problem.design
    if design.subgroups is None:
        return []
    of = "time" if design.times else "subgroup"
    named = design.subgroups.names
    names = ", ".join(named[:_MOST_NAMES]) + (", …" if len(named) > _MOST_NAMES else "")
    place = f"{_index(problem)}[i] is the {of} of study i, of {names}"
    if not design.informs:
        mean = rf"\mu_{_index(problem)}"
        each = ", ".join(rf"{mean[:-1]}{{{words(name)}}}" for name in design.subgroups.names[:3])
        dots = r", \ldots" if design.count > 3 else ""
        return [Equation(latex=f"{each}{dots}", meaning=f"a mean for each {of}: {place}")]
    if design.means == "random-walk":
        latex = rf"\mu_t \sim {normal(r'\mu_{t-1}', r'\omega^2 \, \Delta_t')}"
        meaning = (
            f"a random walk from time to time: Δ is the time since the one before, over the "
            f"average; {place}"
        )
    else:
        latex = rf"\mu_g \sim {normal(r'\mu_\mathrm{overall}', r'\omega^2')}"
        meaning = f"the means of the subgroups inform each other; {place}"
    return [Equation(latex=latex, meaning=meaning)]


def _new_study(problem: Problem) -> list[Equation]:
    heterogeneity, design = HETEROGENEITIES[problem.heterogeneity], problem.design
    if not heterogeneity.parameters(problem):
        return []
    index = _index(problem)
    several = design.subgroups is not None
    mean = rf"\mu_{index}" if several else r"\mu"
    new = rf"\theta_{{\mathrm{{new}}, {index}}}" if several else r"\theta_\mathrm{new}"
    added = r"\tau^2" if heterogeneity.clustered else ""
    around = heterogeneity.latex(problem, mean, lambda name: _own_symbol(problem, name), added)
    where = f" of each {'time' if design.times else 'subgroup'}" if several else ""
    at = ", where all moderators are 0" if design.terms else ""
    return [
        Equation(
            latex=rf"{new} \sim {around}",
            meaning=f"the true effect of a new study{where}{at}: its interval is the prediction "
            "interval",
        )
    ]


_OF: dict[str, str] = {
    "mu": "the mean of the true effects",
    "tau_within": "the standard deviation inside studies",
    "tau_outlier": "the additional standard deviation of outlying studies",
    "p_outlier": "the share of outlying studies",
    "omega": "the standard deviation between the means",
    "nu": "the degrees of freedom",
    "rho": "the correlation",
    "alpha": "the baselines",
    "alpha_mean": "the mean of the baselines",
    "alpha_sd": "the standard deviation of the baselines",
}
"""What each parameter is, in words."""


def _prior(problem: Problem, name: str) -> Equation:
    """The line of a prior."""
    design, symbol, what = problem.design, _own_symbol(problem, name), _OF.get(name, name)
    if name == "mu" and design.informs:
        walk = design.means == "random-walk"
        symbol = r"\mu_1" if walk else r"\mu_\mathrm{overall}"
        what = "the first mean" if walk else "the mean of the means"
    elif name == "alpha" and problem.likelihood != "beta-binomial":
        symbol = r"\alpha_i"
    elif name == "tau":
        what = HETEROGENEITIES[problem.heterogeneity].tau
    elif name == "omega" and design.means == "random-walk":
        what = "the standard deviation of a step over the average gap"
    elif name.startswith("beta["):
        what = f"the coefficient of {name[5:-1]}"
    return Equation(latex=prior_line(problem.priors[name], symbol), meaning=f"prior of {what}")
