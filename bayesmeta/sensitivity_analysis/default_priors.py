"""The priors that a sensitivity analysis tries where the spec names none."""

import xarray as xr

from bayesmeta.measures import (
    Measure,
    display_size,
    important_on_analysis_scale,
    unit_information_sd,
)
from bayesmeta.model import Problem
from bayesmeta.priors import Prior, parse_prior
from bayesmeta.spec import Spec

__all__ = ["mu_alternatives", "tau_alternatives"]

_EMPIRICAL = {
    "OR": ("Turner2015()", "Bartos2023()"),
    "PETO": ("Turner2015()",),
    "RR": ("Bartos2023()",),
    "RD": ("Bartos2023()",),
    "SMD": ("Rhodes2015()", "Bartos2021()"),
}
"""Published priors, each of its setting for any outcome."""

_REFERENCE = ("HalfFlat()", "Jeffreys()", "DuMouchel()")

_SHARE = 8
"""As in the default prior of tau: an eighth of the unit-information sd is its scale."""

_ONE_IN_TWENTY = 1.645
"""A sceptical prior gives an effect beyond the important one 5 % (Spiegelhalter, Freedman & Parmar
1994, J R Stat Soc A 157:357)."""

_MEDIAN = 0.6745
"""Median of a half-normal distribution with scale 1."""


def tau_alternatives(problem: Problem, table: xr.Dataset, measure: Measure) -> list[Prior]:
    """A narrower, a wider and a heavy-tailed prior of tau, reference and published ones.

    None for a common effect.

    Parameters
    ----------
    problem
        The base analysis.
    table, measure
        Its studies and measure.
    """
    base = problem.priors.get("tau")
    if base is None:
        return []
    information = unit_information_sd(table, measure)
    if measure.tau_scale is not None:
        scale = measure.tau_scale
    elif information is not None:
        scale = information[0] / _SHARE
    else:
        scale = float(base.ppf(0.5)) / _MEDIAN if base.proper else 1.0
    expressions = [
        f"HalfNormal({scale / 2:.4g})",
        f"HalfNormal({scale:.6g})",
        f"HalfNormal({2 * scale:.4g})",
        f"HalfCauchy({scale:.4g})",
        *_REFERENCE,
        *_EMPIRICAL.get(measure.code, ()),
    ]
    return _different(base, "tau", expressions, measure)


def mu_alternatives(
    problem: Problem, table: xr.Dataset, spec: Spec, measure: Measure
) -> list[Prior]:
    """A flat, a wide and a sceptical prior of mu, and a published one."""
    base = problem.priors["mu"]
    expressions = ["Flat()"]
    information = unit_information_sd(table, measure)
    if measure.null is not None and information is not None:
        wide = 2 * information[0]
        important = important_on_analysis_scale(measure, spec.effect, display_size(table))
        sceptical = information[0] / _SHARE
        if important is not None and important != measure.null:
            sceptical = abs(important - measure.null) / _ONE_IN_TWENTY
        expressions += [
            f"Normal({measure.null:g}, {wide:.4g})",
            f"Normal({measure.null:g}, {sceptical:.4g})",
        ]
    if measure.code in _EMPIRICAL:
        expressions += [
            expression for expression in _EMPIRICAL[measure.code] if expression.startswith("Bartos")
        ]
    return _different(base, "mu", expressions, measure)


def _different(
    base: Prior, parameter: str, expressions: list[str], measure: Measure
) -> list[Prior]:
    """The priors of these expressions that are not the base prior."""
    priors = [
        parse_prior(expression, parameter=parameter, measure=measure.code)
        for expression in expressions
    ]
    return [prior for prior in priors if prior.expression != base.expression]
