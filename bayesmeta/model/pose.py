"""A spec and a study table to a `Problem`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from bayesmeta.errors import SpecError, did_you_mean, located
from bayesmeta.measures import Measure, find_measure, unit_information_sd
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem
from bayesmeta.model.structure import clusters_of, design_of
from bayesmeta.model.suitability import check_correlation, check_priors, for_measure
from bayesmeta.priors import (
    Prior,
    as_wide_as,
    baseline,
    flat_mu,
    of_counts,
    of_moderator,
    parse_prior,
    unit_information_mu,
    unit_information_tau,
    weakly_informative_tau,
)
from bayesmeta.spec import Model, Spec

__all__ = ["check_model", "own_heterogeneity", "pose", "problem_of", "read_prior", "uses_counts"]

_COUNTED_INSTEAD = {"RR": "OR", "RD": "OR", "PETO": "OR", "PR": "PLO", "PFT": "PLO", "IR": "IRLN"}
"""The measure by which counts are modelled, for those that follow from it."""


def uses_counts(likelihood: str) -> bool:
    """Whether a likelihood is of the counts of the studies and not of their estimates."""
    return bool(LIKELIHOODS[likelihood].measures)


def check_model(model: Model, measure: Measure) -> None:
    """Refuse combinations that there are not.

    Parameters
    ----------
    model
        The ``[model]`` section of the spec.
    measure
        What is analysed.

    Raises
    ------
    SpecError
        The likelihood or heterogeneity is not known, or they do not go together or with the
        measure.
    """
    likelihood = _find("likelihood", model.likelihood, LIKELIHOODS)
    _find("heterogeneity", model.heterogeneity, HETEROGENEITIES)
    if likelihood.measures and measure.code not in likelihood.measures:
        instead = _COUNTED_INSTEAD.get(measure.code)
        hint = f"It is for {' and '.join(likelihood.measures)}."
        if instead in likelihood.measures:
            hint = (
                f'Take measure = "{instead}": {measure.label}s follow from it, and are reported, '
                "at a control risk."
                if measure.code in ("RR", "RD")
                else f'Take measure = "{instead}".'
            )
        raise SpecError(
            f"the {model.likelihood} likelihood is not one of the measure {measure.code}",
            key="effect.measure",
            hint=hint,
        )
    if likelihood.heterogeneities and model.heterogeneity not in likelihood.heterogeneities:
        raise SpecError(
            f"the {model.likelihood} likelihood has its own variation between studies and does not "
            f"go with {model.heterogeneity} heterogeneity",
            key="model.heterogeneity",
            hint=f'Take heterogeneity = "{likelihood.heterogeneities[0]}".',
        )
    if model.baseline == "exchangeable" and model.heterogeneity in ("student-t", "mixture"):
        raise SpecError(
            f"exchangeable baselines do not go with {model.heterogeneity} heterogeneity",
            key="model.baseline",
            hint='Take baseline = "independent".',
        )
    heterogeneity = HETEROGENEITIES[model.heterogeneity]
    if heterogeneity.likelihoods and model.likelihood not in heterogeneity.likelihoods:
        raise SpecError(
            f"{model.heterogeneity} heterogeneity goes with the likelihood "
            f"{' or '.join(heterogeneity.likelihoods)}, not {model.likelihood}",
            key="model.heterogeneity",
            hint='Take heterogeneity = "normal".',
        )
    separate = model.subgroup is not None and model.subgroup.tau == "separate"
    if separate and model.heterogeneity in ("common", "nested"):
        raise SpecError(
            f"subgroups have no separate tau with {model.heterogeneity} heterogeneity",
            key="model.subgroup.tau",
            hint='Take tau = "shared", or heterogeneity = "normal".',
        )


def own_heterogeneity(model: Model) -> Model:
    """The model with the heterogeneity that its likelihood goes with, where the spec names none."""
    likelihood = LIKELIHOODS.get(model.likelihood)
    if likelihood is None or not likelihood.heterogeneities:
        return model
    if "heterogeneity" in model.model_fields_set:
        return model
    return model.model_copy(update={"heterogeneity": likelihood.heterogeneities[0]})


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
    measure = find_measure(spec.effect.measure)
    check_model(spec.model, measure)
    risk = spec.effect.control_risk
    if risk is not None and risk >= 1 and measure.code != "IRR":
        raise SpecError(
            f"a control risk is between 0 and 1, not {risk:g}",
            key="effect.control_risk",
            hint="20 per 1000 are 0.02.",
        )
    bare = problem_of(spec, table, {})
    likelihood = LIKELIHOODS[bare.likelihood]
    expressions = _expressions(spec, bare)
    given = {
        name: read_prior(name, expression, measure, table["std_error"].to_numpy())
        for name, expression in expressions.items()
    }
    rho = [name for name in ("rho",) if name in given and not bare.counts]
    names = (
        "mu",
        *(f"beta[{term}]" for term in bare.design.terms),
        *(["omega"] if bare.design.informs else []),
        *HETEROGENEITIES[bare.heterogeneity].parameters(bare),
        *dict.fromkeys([*likelihood.parameters(bare), *rho]),
    )
    priors = {name: given.get(name) or _default(name, bare, measure, table) for name in names}
    problem = problem_of(spec, table, priors)
    check_correlation(problem)
    check_priors(problem)
    return problem


def _expressions(spec: Spec, problem: Problem) -> dict[str, str]:
    """The expressions of the priors that a spec gives, those of beta by term."""
    given: dict[str, Any] = spec.priors.model_dump(exclude_none=True)
    of_beta, terms = given.pop("beta", None), problem.design.terms
    if isinstance(of_beta, str):
        of_beta = dict.fromkeys(terms, of_beta)
    for term, expression in (of_beta or {}).items():
        if term not in terms:
            raise SpecError(
                f"the model has no term {term!r}",
                key="priors.beta",
                hint=did_you_mean(term, terms) if terms else "It has no moderators.",
            )
        given[f"beta[{term}]"] = expression
    return given


def problem_of(spec: Spec, table: xr.Dataset, priors: Mapping[str, Prior]) -> Problem:
    """The problem of an analysis whose priors are known.

    Parameters
    ----------
    spec, table
        The analysis and its studies with their effects.
    priors
        The prior of each parameter.
    """
    counted = uses_counts(spec.model.likelihood)
    columns = find_measure(spec.effect.measure).columns if counted else ()
    return Problem(
        study=tuple(str(name) for name in table["study"].to_numpy()),
        effect=table["effect"].to_numpy(),
        std_error=table["std_error"].to_numpy(),
        likelihood=spec.model.likelihood,
        heterogeneity=spec.model.heterogeneity,
        priors=priors,
        counts={name: table[name].to_numpy() for name in columns},
        baseline=spec.model.baseline,
        contrast=spec.model.contrast,
        nu=None if spec.priors.nu is not None else spec.model.nu,
        clusters=clusters_of(table),
        rho=spec.model.rho if spec.priors.rho is None else None,
        covariance=table["covariance"].to_numpy() if "covariance" in table else None,
        design=design_of(spec.model, table),
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
        The measure and the standard errors of the studies; NaN where counts give none.

    Raises
    ------
    PriorError
        The expression is wrong, or the prior was made for effects on another scale.
    """
    errors = np.asarray(std_error, float)
    with located(key=f"priors.{name}"):
        prior = parse_prior(expression, parameter=name, measure=measure.code)
        return for_measure(name, prior.resolve(errors[np.isfinite(errors)]), measure)


def _default(name: str, problem: Problem, measure: Measure, table: xr.Dataset) -> Prior:
    """The default prior of a parameter (see `bayesmeta.priors.default`)."""
    counted = measure.null is None and bool(LIKELIHOODS[problem.likelihood].measures)
    if name in _VARY:
        tau = _tau(counted, measure, table, f"priors.{name}")
        return as_wide_as(tau, name) if name != "tau" else tau
    if name.startswith("beta["):
        term = problem.design.terms.index(name[5:-1])
        unit, _ = _unit_information(measure, table, "priors.beta")
        return of_moderator(unit, float(problem.design.spreads[term]))
    if name != "mu":
        return baseline(name)
    if counted:
        return of_counts(name, rate=measure.scale.name == "log")
    if measure.null is None:
        return flat_mu()
    return unit_information_mu(*_unit_information(measure, table, "priors.mu"))


_VARY = ("tau", "tau_within", "omega", "tau_outlier")
"""Parameters that are standard deviations of effects."""


def _tau(counted: bool, measure: Measure, table: xr.Dataset, key: str) -> Prior:
    if counted:
        return of_counts("tau", rate=measure.scale.name == "log")
    if measure.tau_scale is not None:
        return weakly_informative_tau(measure.tau_scale)
    return unit_information_tau(*_unit_information(measure, table, key))


def _unit_information(measure: Measure, table: xr.Dataset, key: str) -> tuple[float, str]:
    unit_information = unit_information_sd(table, measure)
    if unit_information is None:
        raise SpecError(
            f"there is no default prior for the measure {measure.code} when the data do not say "
            "how many took part",
            key=key,
            hint='Give one on the analysis scale, as in mu = "Normal(0, 1)" and '
            'tau = "HalfNormal(0.25)", or a column total.',
        )
    return unit_information
