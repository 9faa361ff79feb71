"""What a reader must know of how far the priors drive the result."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from bayesmeta.measures.base import Floats
from bayesmeta.model import LIKELIHOODS, Problem, moments_of
from bayesmeta.priors import Prior

__all__ = ["TAU_POINTS", "prior_warnings"]

TAU_POINTS = (0.5, 0.95)
"""Where prior and posterior of tau are compared: their medians and 95 % points."""

_FEW_STUDIES = 4
_STUDIES_PER_TERM = 10
_CONFLICT = 2.0
"""Standard deviations of the prior predictive distribution between the prior of mu and what the
data say (Box 1980, J R Stat Soc A 143:383): beyond them the two disagree."""

_EXTREME = 0.99
"""A posterior median of tau above this point of the prior means that the prior held it down."""


def prior_warnings(problem: Problem, deviations: Mapping[str, ArrayLike]) -> tuple[str, ...]:
    """Sentences on priors: doubts about them, conflicts with the data, tau where studies are few.

    Parameters
    ----------
    problem
        The numbers and priors.
    deviations
        The posteriors of its standard deviations at `TAU_POINTS`, by name: ``tau``, ``tau_within``
        and ``omega``, those that it has (point,), or (point, subgroup) where each has its own.
    """
    points = {name: np.asarray(values, float) for name, values in deviations.items()}
    warnings = [text for prior in problem.priors.values() for text in prior.warnings]
    warnings += [_no_events(problem), _missing_moments(problem)]
    if problem.is_plain:
        median = float(points["tau"][0]) if "tau" in points else 0.0
        warnings.append(_conflict_of_mu(problem, problem.priors["mu"], median))
    warnings += [*_lone_subgroups(problem), _assumed_correlation(problem)]
    warnings.append(_many_coefficients(problem))
    for name, found in points.items():
        prior = problem.priors[name]
        if found.ndim > 1:
            continue  # each subgroup's own: see the table
        warnings += [_conflict_of_deviation(problem, name, prior, float(found[0]))]
        warnings += [_few(problem, name, prior, found)]
    return tuple(filter(None, warnings))


def _lone_subgroups(problem: Problem) -> list[str]:
    """What holds the mean of a subgroup that has one study."""
    design = problem.design
    if design.subgroups is None:
        return []
    units = (
        problem.clusters.member if problem.clusters is not None else np.arange(len(problem.study))
    )
    names = [
        name
        for name, rows in zip(design.subgroups.names, design.subgroups.rows, strict=True)
        if np.unique(units[rows]).size == 1
    ]
    if not names:
        return []
    kind = ("a time", "times") if design.times else ("a subgroup", "subgroups")
    of_one = f"{', '.join(names)}: {kind[len(names) > 1]} of one study."
    if design.own_tau:
        return [f"{of_one} The data say nothing of tau there: it has its prior."]
    others = f"The other {kind[1]}" if len(names) < design.count else "The priors"
    if design.informs:
        return [f"{of_one} {others} inform the mean there, through omega, and tau."]
    return [f"{of_one} {others} inform tau there, and nothing but its study the mean."]


def _many_coefficients(problem: Problem) -> str:
    """That studies are few for so many coefficients of moderators."""
    terms = len(problem.design.terms)
    units = problem.study if problem.clusters is None else problem.clusters.names
    if len(units) >= _STUDIES_PER_TERM * terms:
        return ""
    few = "1 study" if len(units) == 1 else f"{len(units)} studies"
    many = "a coefficient" if terms == 1 else f"{terms} coefficients"
    return (
        f"There are {few} for {many} of moderators, and ten for each are advised (Cochrane "
        "Handbook 10.11.5.1): the priors of beta say much."
    )


def _assumed_correlation(problem: Problem) -> str:
    """That sampling errors of results of one study are taken to be independent."""
    if problem.clusters is None or problem.correlated or problem.counts:
        return ""
    if len(problem.clusters.names) == len(problem.study):
        return ""
    return (
        "The sampling errors of results of one study are taken to be independent. Where they are "
        "of the same participants they are not: give their correlation as rho, or its prior."
    )


def _no_events(problem: Problem) -> str:
    """That no events were seen, or nothing else."""
    events = [values for name, values in problem.counts.items() if name.startswith("events")]
    if not events or any(values.any() for values in events):
        return ""
    if problem.two_arms:
        return (
            "No events were seen in either arm of any study: the data say next to nothing of the "
            "effect. Its posterior is hardly more than its prior "
            f"({problem.priors['mu'].expression}), and the prior of the baselines decides how rare "
            "events are."
        )
    return (
        "No events were seen in any study: the data give an upper bound alone, and the prior "
        f"({problem.priors['mu'].expression}) decides how far below it the pooled effect is."
    )


def _missing_moments(problem: Problem) -> str:
    """That moments do not exist, and why."""
    tau = problem.priors.get("tau")
    k = len(problem.study)
    counts = moments_of(problem)
    missing = [
        f"{moment} of {name}"
        for name, count in counts.items()
        if tau is not None or name == "mu"
        for order, moment in ((1, "mean"), (2, "sd"))
        if np.min(count) < order
    ]
    if not missing:
        return ""
    causes = [] if tau is None else [f"the prior {tau.expression} of tau"]
    if problem.counts:
        causes.append(f"{problem.priors['mu'].expression} of mu")
    if problem.heterogeneity == "student-t":
        few = f"{problem.nu:g}" if problem.nu is not None else "perhaps few"
        causes.append(f"{few} degrees of freedom")
    return (
        f"With {k} {'study' if k == 1 else 'studies'} and {', '.join(causes)} the "
        f"{', the '.join(missing)} do not exist, as their integrals diverge; medians and "
        "intervals do."
    )


def _conflict_of_mu(problem: Problem, prior: Prior, tau: float) -> str:
    if not prior.proper:
        return ""
    effect, std_error = LIKELIHOODS[problem.likelihood].rough(problem)
    weights = 1 / (std_error**2 + tau**2)
    estimate = float(np.average(effect, weights=weights))
    centre, low, high = prior.ppf([0.5, 0.025, 0.975])
    spread = np.hypot((high - low) / (2 * 1.96), weights.sum() ** -0.5)
    if abs(estimate - centre) <= _CONFLICT * spread:
        return ""
    return (
        f"The prior of mu ({prior.expression}) and the data disagree: without it the pooled effect "
        f"would be about {estimate:.2g}. Try a wider prior."
    )


def _conflict_of_deviation(problem: Problem, name: str, prior: Prior, median: float) -> str:
    if not prior.proper or median <= prior.ppf(_EXTREME):
        return ""
    of_means = "times" if problem.design.times else "subgroups"
    what = {"omega": of_means, "tau_within": "results of one study"}.get(name, "studies")
    return (
        f"The {what} differ more than the prior of {name} ({prior.expression}) allows for: it "
        f"holds {name} down and makes the intervals too narrow. Try a wider prior."
    )


def _few(problem: Problem, name: str, prior: Prior, after: Sequence[float] | Floats) -> str:
    if name == "omega":
        count, kind = problem.design.count, "times" if problem.design.times else "subgroups"
        return _few_units(name, prior, after, f"{count} {kind}", count)
    clusters = problem.clusters
    if problem.heterogeneity == "nested" and clusters is not None:
        if name == "tau_within":
            return ""
        count = len(clusters.names)
        return _few_units(
            name, prior, after, f"{count} {'study' if count == 1 else 'studies'}", count
        )
    k = len(problem.study)
    if k > _FEW_STUDIES:
        return ""
    if k == 1 and not problem.priors["mu"].proper:
        return "With one study the posterior of tau is its prior: the data say nothing of it."
    return _few_units(name, prior, after, f"{k} {'study' if k == 1 else 'studies'}", k)


def _few_units(
    name: str, prior: Prior, after: Sequence[float] | Floats, units: str, count: int
) -> str:
    """How far the prior of a deviation between few units is from its posterior."""
    if count > _FEW_STUDIES:
        return ""
    before = (
        "had median {:.3g} and 95 % point {:.3g}".format(*prior.ppf(TAU_POINTS))
        if prior.proper
        else "is improper"
    )
    return (
        f"With {units} the prior of {name} matters: it {before}; the "
        f"posterior has {after[0]:.3g} and {after[1]:.3g}. Try other priors."
    )
