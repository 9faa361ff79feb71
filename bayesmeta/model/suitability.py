"""Whether priors suit the analysis: their scale, their support, and whether a posterior exists."""

import math
from dataclasses import replace

from bayesmeta.errors import PriorError, SpecError, did_you_mean, located
from bayesmeta.measures import MEASURES, Measure
from bayesmeta.model.moments import tail_exponent
from bayesmeta.model.problem import Problem
from bayesmeta.priors import Prior

__all__ = ["check_correlation", "check_one_mean", "check_plain", "check_priors", "for_measure"]


def for_measure(name: str, prior: Prior, measure: Measure) -> Prior:
    """The prior, with a warning where it was made for another measure.

    Parameters
    ----------
    name, prior
        The parameter and its prior.
    measure
        What is analysed.

    Raises
    ------
    PriorError
        It was made for effects on another scale.
    """
    if not prior.made_for or measure.code in prior.made_for:
        return prior
    made, analysed = _kind(prior.made_for[0]), _kind(measure.code)
    where = f"{prior.expression} on {name} was made for {' and '.join(prior.made_for)}"
    if measure.code == "GEN":
        doubt = "Whether effects of the measure GEN are on that scale cannot be checked."
    elif made == analysed:
        doubt = f"The effects are {measure.code}: also {analysed}, but not of the same size."
    else:
        raise PriorError(
            f"{where}, a prior for {made}, and the measure is {measure.code}",
            hint=f"See those for it: bayesmeta list priors --for {measure.code}.",
        )
    return replace(prior, warnings=(*prior.warnings, f"The prior {where}. {doubt}"))


def _kind(code: str) -> str:
    """What effects of a measure are; a hazard ratio, which no data here give, is a ratio too."""
    measure = MEASURES.get(code)
    if measure is None or measure.scale.ratio:
        return "log ratios"
    return "standardised differences" if measure.tau_scale is not None else measure.analysis_label


def check_priors(problem: Problem) -> None:
    """Refuse priors that allow what their parameter cannot be or give no posterior.

    The posterior density falls as `tail_exponent` says, and its integral exists where that is
    above 1 (for the flat prior: Gelman 2006, Bayesian Analysis 1:515). Counts may say nothing of
    how large effects are, where cells are empty: there every prior has to be proper.

    Parameters
    ----------
    problem
        The numbers and priors.

    Raises
    ------
    SpecError
        A prior cannot be used here.
    """
    mu = problem.priors["mu"]
    for name, prior in problem.priors.items():
        with located(key=f"priors.{name}"):
            if name in _DEVIATIONS:
                _check_deviation(name, prior)
            if name in _SHARES and not (prior.lower >= 0 and prior.upper <= 1):
                raise SpecError(
                    f"{name} is {_SHARES[name]} from 0 to 1, but {prior.expression} allows others",
                    hint="Take Uniform(0, 1) or Beta(1, 9).",
                )
            if name == "nu" and not (prior.lower >= 0 and prior.proper):
                raise SpecError(
                    f"nu is a number of degrees of freedom, and {prior.expression} is no proper "
                    "prior of a positive number",
                    hint="Take Gamma(2, 0.1).",
                )
            each = name == "alpha" and problem.likelihood != "beta-binomial"
            if each and prior.family.name != "Normal":
                raise SpecError(
                    f"{prior.expression} cannot be the prior of the studies' baselines",
                    hint="It is a normal one, as in Normal(0, 10).",
                )
            if problem.counts and not prior.proper:
                other = _PROPER.get(name, "HalfNormal(2)")
                raise SpecError(
                    f"{prior.expression} on {name} is improper, and of counts with empty cells the "
                    "posterior might not exist",
                    hint=f"Take a proper prior, however wide, as in {other}.",
                )
            several = problem.design.informs or problem.design.own_tau
            if name == "tau" and not several and "tau_within" not in problem.priors:
                _check_posterior(prior, mu, len(problem.study), _flat(problem))
            elif not prior.proper and name in _DEVIATIONS:
                raise SpecError(
                    f"{prior.expression} on {name} is improper, and with several standard "
                    "deviations the posterior might not exist",
                    hint='Take a proper prior, as in "HalfNormal(0.5)".',
                )


_PROPER = {"mu": "Normal(0, 100)", "alpha": "Normal(0, 10)", "alpha_mean": "Normal(0, 10)"}
"""Priors to take in the place of improper ones."""

_DEVIATIONS = ("tau", "tau_within", "tau_outlier", "omega", "alpha_sd")
"""Parameters that are standard deviations."""

_SHARES = {"rho": "a correlation", "p_outlier": "a share"}
"""Parameters that lie between 0 and 1."""


def check_one_mean(problem: Problem, command: str) -> None:
    """Refuse a command that looks at one pooled effect where subgroups have their own.

    Raises
    ------
    SpecError
        The model has several means.
    """
    if problem.design.subgroups is not None:
        raise SpecError(
            f"{command} looks at one pooled effect, and this model has "
            f"{problem.design.count} means",
            key="model.time" if problem.design.times else "model.subgroup",
            hint="Choose one by where, or leave that out. bayesmeta structures compares such "
            'models, and --prior "omega=…" tries a prior.',
        )


def check_plain(problem: Problem, command: str) -> None:
    """Refuse a command that compares with methods that know neither means nor correlated rows.

    Raises
    ------
    SpecError
        The model has subgroups, moderators or several results of a study.
    """
    check_one_mean(problem, command)
    if problem.design.terms:
        raise SpecError(
            f"{command} puts one pooled effect beside those of other methods, and this model has "
            "moderators",
            key="model.moderators",
            hint="Leave them out.",
        )
    if problem.clusters is not None or problem.correlated:
        raise SpecError(
            f"{command} puts a fit beside methods for independent studies, and here rows depend on "
            "each other",
            key="model" if problem.covariance is None else "effect.shared_control",
            hint="Keep one row a study by where.",
        )


def check_correlation(problem: Problem) -> None:
    """Refuse correlated rows where the rest of the model does not go with them.

    Raises
    ------
    SpecError
        Sampling errors of counts, of results that are in no study, or of effects that are not
        normal, are not correlated here; or they are twice.
    """
    heterogeneity = problem.heterogeneity
    if problem.counts and (problem.rho is not None or problem.clusters is not None):
        raise SpecError(
            "counts of several rows of one study are not modelled as correlated",
            key="model.rho" if problem.rho is not None else "model.cluster",
            hint='Take likelihood = "normal", or one row a study by where.',
        )
    if not problem.correlated:
        return
    if problem.covariance is not None and (problem.rho is not None or problem.shared_errors):
        raise SpecError(
            "a shared control arm says how sampling errors are correlated, and so does rho",
            key="model.rho",
            hint="Take one of them.",
        )
    if heterogeneity not in ("common", "normal", "nested"):
        raise SpecError(
            f"correlated sampling errors do not go with {heterogeneity} heterogeneity",
            key="model.heterogeneity",
            hint='Take heterogeneity = "nested".',
        )
    if problem.design.own_tau:
        raise SpecError(
            "correlated sampling errors do not go with a tau for each subgroup",
            key="model.subgroup.tau",
            hint='Take tau = "shared".',
        )


def _check_deviation(name: str, prior: Prior) -> None:
    if prior.lower < 0:
        raise SpecError(
            f"{name} is a standard deviation and cannot be below 0, but {prior.expression} can",
            hint=did_you_mean(
                f"Half{prior.family.name}", ["HalfNormal", "HalfStudentT", "HalfCauchy"]
            ),
        )


def _flat(problem: Problem) -> int:
    """How many coefficients have a flat prior."""
    design, priors = problem.design, problem.priors
    means = design.count * (not priors["mu"].proper)
    return int(means + sum(not priors[f"beta[{term}]"].proper for term in design.terms))


def _check_posterior(prior: Prior, mu: Prior, studies: int, flat: int) -> None:
    if prior.proper:
        return
    without_studies = tail_exponent(prior, 0, flat=flat)
    fewest = math.floor(1 - without_studies) + 1
    if studies < fewest:
        raise SpecError(
            f"with {studies} {'study' if studies == 1 else 'studies'}, {prior.expression} on "
            f"tau and {mu.expression} on mu the posterior does not exist",
            hint=f"There it needs at least {fewest} studies; take a proper prior, as in "
            'tau = "HalfNormal(0.5)".',
        )
