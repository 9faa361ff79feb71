"""A spec and a study table to a `Problem`."""

from collections.abc import Mapping

import xarray as xr

from bayesmeta.errors import SpecError, did_you_mean, located
from bayesmeta.measures import Measure, find_measure, unit_information_sd
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem
from bayesmeta.priors import Prior, default_mu, default_tau, parse_prior
from bayesmeta.spec import Spec

__all__ = ["pose"]

_FEWEST_FOR_IMPROPER_TAU = 3
"""With a flat prior on tau the posterior is proper from three studies (Gelman 2006, Bayesian
Analysis 1:515, section 3)."""


def pose(spec: Spec, table: xr.Dataset) -> Problem:
    """Resolve the priors of an analysis and gather its numbers.

    Parameters
    ----------
    spec
        The analysis.
    table
        What `study_effects` gives.

    Raises
    ------
    SpecError
        The measure, likelihood or heterogeneity is not known, or a prior has no default for
        these data.
    PriorError
        A prior expression is wrong, or allows what its parameter cannot be.
    """
    _find("likelihood", spec.model.likelihood, LIKELIHOODS)
    heterogeneity = _find("heterogeneity", spec.model.heterogeneity, HETEROGENEITIES)
    measure = find_measure(spec.effect.measure)
    unit_information = unit_information_sd(table, measure)
    priors: dict[str, Prior] = {}
    for name in ("mu", *heterogeneity.parameters):
        expression = getattr(spec.priors, name)
        with located(key=f"priors.{name}"):
            if expression is not None:
                priors[name] = parse_prior(expression)
            elif name == "mu":
                priors[name] = default_mu(_known(unit_information, measure))
            elif measure.tau_scale is not None:
                priors[name] = default_tau(measure.tau_scale, None)
            else:
                priors[name] = default_tau(None, _known(unit_information, measure))
            _check(name, priors[name], table.sizes["study"])
    return Problem(
        study=tuple(str(name) for name in table["study"].to_numpy()),
        effect=table["effect"].to_numpy(),
        std_error=table["std_error"].to_numpy(),
        likelihood=spec.model.likelihood,
        heterogeneity=spec.model.heterogeneity,
        priors=priors,
    )


def _find[T](key: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise SpecError(
            f"unknown {key} {name!r}", key=f"model.{key}", hint=did_you_mean(name, known)
        )
    return known[name]


def _known(unit_information: tuple[float, str] | None, measure: Measure) -> tuple[float, str]:
    if unit_information is None:
        raise SpecError(
            f"there is no default prior for the measure {measure.code} when the data do not say "
            "how many took part",
            hint='Give one on the analysis scale, as in mu = "Normal(0, 1)" and '
            'tau = "HalfNormal(0.25)", or a column total.',
        )
    return unit_information


def _check(name: str, prior: Prior, k: int) -> None:
    if name == "mu":
        return
    if prior.lower < 0:
        raise SpecError(
            f"{name} is a standard deviation and cannot be below 0, but {prior.expression} can",
            hint=did_you_mean(
                f"Half{prior.family.name}", ["HalfNormal", "HalfStudentT", "HalfCauchy"]
            ),
        )
    if not prior.proper and k < _FEWEST_FOR_IMPROPER_TAU:
        raise SpecError(
            f"with {k} {'study' if k == 1 else 'studies'} and {prior.expression} on {name} the "
            "posterior does not exist",
            hint=f"An improper prior on {name} needs at least {_FEWEST_FOR_IMPROPER_TAU} studies; "
            'take a proper one, as in tau = "HalfNormal(0.5)".',
        )
