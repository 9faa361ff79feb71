"""Whether priors suit the analysis: their scale, their support, and whether a posterior exists."""

import math
from collections.abc import Mapping
from dataclasses import replace

from bayesmeta.errors import PriorError, SpecError, did_you_mean, located
from bayesmeta.measures import MEASURES, Measure
from bayesmeta.model.moments import tail_exponent
from bayesmeta.priors import Prior

__all__ = ["check_priors", "for_measure"]


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


def check_priors(priors: Mapping[str, Prior], studies: int) -> None:
    """Refuse priors of standard deviations that are negative or give no posterior.

    The posterior density falls as `tail_exponent` says, and its integral exists where that is
    above 1 (for the flat prior: Gelman 2006, Bayesian Analysis 1:515).

    Parameters
    ----------
    priors
        The prior of each parameter: mu, and standard deviations.
    studies
        Their number.

    Raises
    ------
    SpecError
        A prior cannot be used here.
    """
    mu = priors["mu"]
    for name, prior in priors.items():
        if name != "mu":
            with located(key=f"priors.{name}"):
                _check_support(name, prior)
                _check_posterior(name, prior, mu, studies)


def _check_support(name: str, prior: Prior) -> None:
    if prior.lower < 0:
        raise SpecError(
            f"{name} is a standard deviation and cannot be below 0, but {prior.expression} can",
            hint=did_you_mean(
                f"Half{prior.family.name}", ["HalfNormal", "HalfStudentT", "HalfCauchy"]
            ),
        )


def _check_posterior(name: str, prior: Prior, mu: Prior, studies: int) -> None:
    if prior.proper:
        return
    without_studies = tail_exponent(prior, 0, flat=int(not mu.proper))
    fewest = math.floor(1 - without_studies) + 1
    if studies < fewest:
        raise SpecError(
            f"with {studies} {'study' if studies == 1 else 'studies'}, {prior.expression} on "
            f"{name} and {mu.expression} on mu the posterior does not exist",
            hint=f"There it needs at least {fewest} studies; take a proper prior, as in "
            'tau = "HalfNormal(0.5)".',
        )
