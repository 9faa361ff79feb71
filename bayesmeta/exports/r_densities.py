"""A prior as R code: a density, or the name by which R's bayesmeta knows it.

R's own functions where it has one, and those of its package bayesmeta (Röver 2020, J Stat Softw
93(6), section 3.3), else the formula of `bayesmeta.priors`.
"""

from collections.abc import Callable, Mapping

from bayesmeta.exports.r_code import number
from bayesmeta.priors import Prior

__all__ = ["NAMED", "r_density", "r_function", "r_name"]

NAMED: Mapping[str, str] = {
    "HalfFlat": "uniform",
    "UniformSqrt": "sqrt",
    "Jeffreys": "Jeffreys",
    "OverallJeffreys": "overallJeffreys",
    "BergerDeely": "BergerDeely",
    "Conventional": "conventional",
    "DuMouchel": "DuMouchel",
    "UniformShrinkage": "shrinkage",
    "UniformI2": "I2",
}
"""Families that R's bayesmeta knows by a name of its own, for priors of tau."""

_VARIANCES = "studies$std_error^2 + t^2"


def _each(body: str) -> str:
    """A formula that takes one value, and all studies, at every value."""
    return f"vapply(x, function(t) {body}, numeric(1))"


def _share(scale: str) -> str:
    return f"2 * {scale}^2 * x / ({scale}^2 + x^2)^2"


_DENSITIES: Mapping[str, str] = {
    "Normal": "dnorm(x, {mu}, {sigma})",
    "HalfNormal": "bayesmeta::dhalfnormal(x, scale = {sigma})",
    "StudentT": "dt((x - {mu}) / {sigma}, df = {nu}) / {sigma}",
    "HalfStudentT": "bayesmeta::dhalft(x, df = {nu}, scale = {sigma})",
    "Cauchy": "dcauchy(x, {alpha}, {beta})",
    "HalfCauchy": "bayesmeta::dhalfcauchy(x, scale = {beta})",
    "Logistic": "dlogis(x, {mu}, {s})",
    "Exponential": "dexp(x, rate = {lam})",
    "LogNormal": "dlnorm(x, {mu}, {sigma})",
    "Gamma": "dgamma(x, shape = {alpha}, rate = {beta})",
    "InverseGamma": "ifelse(x > 0, dgamma(1 / x, shape = {alpha}, rate = {beta}) / x^2, 0)",
    "Beta": "dbeta(x, {alpha}, {beta})",
    "Uniform": "dunif(x, {lower}, {upper})",
    "Flat": "rep(1, length(x))",
    "HalfFlat": "as.numeric(x >= 0)",
    "HalfLogistic": "bayesmeta::dhalflogistic(x, scale = {scale})",
    "Lomax": "bayesmeta::dlomax(x, shape = {alpha}, scale = {scale})",
    "Rayleigh": "bayesmeta::drayleigh(x, scale = {sigma})",
    "InverseChi": "bayesmeta::dinvchi(x, df = {nu}, scale = {scale})",
    "LogT": "ifelse(x > 0, dt((log(x) - {mu}) / {sigma}, df = {nu}) / ({sigma} * x), 0)",
    "Jeffreys": _each(f"t * sqrt(sum(1 / ({_VARIANCES})^2))"),
    "OverallJeffreys": _each(f"t * sqrt(sum(1 / ({_VARIANCES})) * sum(1 / ({_VARIANCES})^2))"),
    "BergerDeely": _each(f"t * exp(-mean(log({_VARIANCES})))"),
    "Conventional": _each(f"t * exp(-1.5 * mean(log({_VARIANCES})) - {{log_normaliser}})"),
    "DuMouchel": "{s0} / ({s0} + x)^2",
    "UniformShrinkage": _share("{s0}"),
    "UniformI2": _share("{s}"),
    "UniformSqrt": "1 / sqrt(x)",
}
"""By family, its density at ``x``; the arguments stand in braces."""


def r_density(prior: Prior) -> str:
    """An R expression of the density at the vector ``x``, which may hold 0.

    Priors that the standard errors determine read them from ``studies``; they hold for values of
    at least 0.
    """
    if prior.components:
        parts = [f"{number(weight)} * {r_density(part)}" for weight, part in prior.components]
        return " +\n    ".join(parts)
    return _filled(_DENSITIES[prior.family.name], prior, number)


def _filled(pattern: str, prior: Prior, write: Callable[[float], str]) -> str:
    given = {
        name: _bracketed(write(float(value)))
        for name, value in prior.parameters.items()
        if f"{{{name}}}" in pattern
    }
    return pattern.format(**given)


def _bracketed(value: str) -> str:
    return f"({value})" if value.startswith("-") else value


def r_function(prior: Prior) -> str:
    """The density as a function of R."""
    return f"function(x) {{\n  {r_density(prior)}\n}}"


def r_name(prior: Prior) -> str | None:
    """The name by which R's bayesmeta knows a prior of tau; None where it has none."""
    return None if prior.components else NAMED.get(prior.family.name)
