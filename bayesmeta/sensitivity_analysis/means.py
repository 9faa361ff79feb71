"""Means under other priors of several standard deviations, which decide how results pool."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bayesmeta.engines.quadrature import LinearPosterior, refusal, solve
from bayesmeta.measures.base import Floats
from bayesmeta.model import Design, Problem
from bayesmeta.priors import parse_prior
from bayesmeta.results import Fit
from bayesmeta.spec import Interval

__all__ = ["MeansUnderPrior", "means_under_priors"]

_FACTORS = {"omega": (0.5, 2.0), "tau": (0.5, 2.0), "tau_within": (2.0,)}
"""A prior is replaced by half-normal ones whose medians are so many times its own; that inside
studies, which says least of the means, by a wider one alone."""

_MEDIAN = 0.6745
"""Median of a half-normal distribution with scale 1."""


@dataclass(frozen=True, kw_only=True)
class MeansUnderPrior:
    """The mean, or means and their differences, under one choice of priors; analysis scale.

    Attributes
    ----------
    label : str
        The prior that is another; "as fitted" for those of the fit.
    median, lower, upper : array (mean,)
        Of each mean, in the order of the subgroups.
    apart : int
        Differences of two means whose interval excludes 0.
    """

    label: str
    median: Floats
    lower: Floats
    upper: Floats
    apart: int


def means_under_priors(fit: Fit) -> list[MeansUnderPrior]:
    """The fit, and each prior of a standard deviation narrower and wider in turn.

    Parameters
    ----------
    fit
        Several means, or several standard deviations, with a normal likelihood.

    Returns
    -------
    list of MeansUnderPrior
        The fit itself first, the others by quadrature; empty where that does not do the model, or
        there is one mean and one standard deviation.
    """
    problem, interval = fit.problem, fit.spec.interval
    deviations = sum(name in problem.priors for name in _FACTORS)
    if refusal(problem) is not None or problem.counts:
        return []
    if problem.design.subgroups is None and deviations < 2:
        return []
    found = [_fitted(fit)]
    for label, each in _variations(problem):
        posterior = solve(each)
        assert isinstance(posterior, LinearPosterior)  # what several means have
        lower, upper = posterior.mu.interval(interval.prob, interval.kind)
        found.append(
            MeansUnderPrior(
                label=label,
                median=posterior.mu.ppf(np.array([0.5]))[0, :, 0],
                lower=lower[0],
                upper=upper[0],
                apart=_apart(posterior, each.design, interval),
            )
        )
    return found


def _fitted(fit: Fit) -> MeansUnderPrior:
    estimates = fit.estimates
    means = estimates[estimates["name"] == "mu"]
    contrasts = estimates[estimates["name"] == "contrast"]
    return MeansUnderPrior(
        label="as fitted",
        median=means["median"].to_numpy(float),
        lower=means["lower"].to_numpy(float),
        upper=means["upper"].to_numpy(float),
        apart=int(((contrasts["lower"] > 0) | (contrasts["upper"] < 0)).sum()),
    )


def _variations(problem: Problem) -> Iterator[tuple[str, Problem]]:
    for name, factors in _FACTORS.items():
        prior = problem.priors.get(name)
        if prior is None or not prior.proper:
            continue
        for factor in factors:
            scale = factor * float(prior.ppf(0.5)) / _MEDIAN
            expression = f"HalfNormal({scale:.3g})"
            priors = {**problem.priors, name: parse_prior(expression)}
            yield f"{name} ~ {expression}", replace(problem, priors=priors)


def _apart(posterior: LinearPosterior, design: Design, interval: Interval) -> int:
    """How many of the differences of means exclude 0."""
    if design.contrasts is None:  # there is one mean
        return 0
    contrasts = posterior.read(design.contrasts, "contrast")
    lower, upper = contrasts.interval(interval.prob, interval.kind)
    return int(((lower > 0) | (upper < 0)).sum())
