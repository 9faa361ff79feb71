"""A spec and a study table to a `Problem`."""

from collections.abc import Mapping

import xarray as xr
from numpy.typing import ArrayLike

from bayesmeta.errors import SpecError, did_you_mean, located
from bayesmeta.measures import Measure, find_measure, unit_information_sd
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem
from bayesmeta.model.suitability import check_priors, for_measure
from bayesmeta.priors import (
    Prior,
    flat_mu,
    parse_prior,
    unit_information_mu,
    unit_information_tau,
    weakly_informative_tau,
)
from bayesmeta.spec import Spec

__all__ = ["pose", "read_prior"]


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
        these data, allows what its parameter cannot be, or gives no posterior.
    PriorError
        A prior expression is wrong, or the prior was made for effects on another scale.
    """
    _find("likelihood", spec.model.likelihood, LIKELIHOODS)
    heterogeneity = _find("heterogeneity", spec.model.heterogeneity, HETEROGENEITIES)
    measure = find_measure(spec.effect.measure)
    given = {
        name: read_prior(name, expression, measure, table["std_error"].to_numpy())
        for name, expression in spec.priors.model_dump(exclude_none=True).items()
    }
    priors = {
        name: given.get(name) or _default(name, measure, table)
        for name in ("mu", *heterogeneity.parameters)
    }
    check_priors(priors, table.sizes["study"])
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


def read_prior(name: str, expression: str, measure: Measure, std_error: ArrayLike) -> Prior:
    """Read the prior of a parameter for an analysis.

    Parameters
    ----------
    name, expression
        The parameter, and the expression of its prior.
    measure, std_error
        The measure and the standard errors of the studies.

    Raises
    ------
    PriorError
        The expression is wrong, or the prior was made for effects on another scale.
    """
    with located(key=f"priors.{name}"):
        prior = parse_prior(expression, parameter=name, measure=measure.code)
        return for_measure(name, prior.resolve(std_error), measure)


def _default(name: str, measure: Measure, table: xr.Dataset) -> Prior:
    """The default prior of a parameter (see `bayesmeta.priors.default`)."""
    if name == "mu" and measure.null is None:
        return flat_mu()
    if name == "tau" and measure.tau_scale is not None:
        return weakly_informative_tau(measure.tau_scale)
    unit_information = unit_information_sd(table, measure)
    if unit_information is None:
        raise SpecError(
            f"there is no default prior for the measure {measure.code} when the data do not say "
            "how many took part",
            key=f"priors.{name}",
            hint='Give one on the analysis scale, as in mu = "Normal(0, 1)" and '
            'tau = "HalfNormal(0.25)", or a column total.',
        )
    return (unit_information_mu if name == "mu" else unit_information_tau)(*unit_information)
