"""A prior as Stan code: a name that brms takes, or a log density written out.

Names and arguments of distributions: Stan Functions Reference; formulas of the others:
`bayesmeta.priors`.
"""

from collections.abc import Mapping

from bayesmeta.exports.r_code import number
from bayesmeta.priors import Prior

__all__ = ["brms_name", "stan_log_density"]

_NAMES: Mapping[str, str] = {
    "Normal": "normal({mu}, {sigma})",
    "HalfNormal": "normal(0, {sigma})",
    "StudentT": "student_t({nu}, {mu}, {sigma})",
    "HalfStudentT": "student_t({nu}, 0, {sigma})",
    "Cauchy": "cauchy({alpha}, {beta})",
    "HalfCauchy": "cauchy(0, {beta})",
    "Logistic": "logistic({mu}, {s})",
    "Exponential": "exponential({lam})",
    "LogNormal": "lognormal({mu}, {sigma})",
    "Gamma": "gamma({alpha}, {beta})",
    "InverseGamma": "inv_gamma({alpha}, {beta})",
    "Beta": "beta({alpha}, {beta})",
    "Uniform": "uniform({lower}, {upper})",
    "HalfLogistic": "logistic(0, {scale})",
    "Flat": "",
    "HalfFlat": "",
}
"""What `set_prior` takes; brms cuts a prior of a standard deviation off at 0. Flat is empty."""

_VARIANCES = "square(se) + square({x})"
_SHARE = "log(2) + 2 * log({s}) + log({x}) - 2 * log(square({s}) + square({x}))"

_LOG_DENSITIES: Mapping[str, str] = {
    "Normal": "normal_lpdf({x} | {mu}, {sigma})",
    "HalfNormal": "log(2) + normal_lpdf({x} | 0, {sigma})",
    "StudentT": "student_t_lpdf({x} | {nu}, {mu}, {sigma})",
    "HalfStudentT": "log(2) + student_t_lpdf({x} | {nu}, 0, {sigma})",
    "Cauchy": "cauchy_lpdf({x} | {alpha}, {beta})",
    "HalfCauchy": "log(2) + cauchy_lpdf({x} | 0, {beta})",
    "Logistic": "logistic_lpdf({x} | {mu}, {s})",
    "Exponential": "exponential_lpdf({x} | {lam})",
    "LogNormal": "lognormal_lpdf({x} | {mu}, {sigma})",
    "Gamma": "gamma_lpdf({x} | {alpha}, {beta})",
    "InverseGamma": "inv_gamma_lpdf({x} | {alpha}, {beta})",
    "Beta": "beta_lpdf({x} | {alpha}, {beta})",
    "Uniform": "uniform_lpdf({x} | {lower}, {upper})",
    "HalfLogistic": "log(2) + logistic_lpdf({x} | 0, {scale})",
    "Lomax": "pareto_type_2_lpdf({x} | 0, {scale}, {alpha})",
    "Rayleigh": "rayleigh_lpdf({x} | {sigma})",
    "InverseChi": "log(2 * {x}) + inv_gamma_lpdf(square({x}) | {nu} / 2.0, square({scale}) / 2)",
    "LogT": "student_t_lpdf(log({x}) | {nu}, {mu}, {sigma}) - log({x})",
    "Jeffreys": f"log({{x}}) + 0.5 * log(dot_self(inv({_VARIANCES})))",
    "OverallJeffreys": f"log({{x}}) + 0.5 * log(dot_self(inv({_VARIANCES})))"
    f" + 0.5 * log(sum(inv({_VARIANCES})))",
    "BergerDeely": f"log({{x}}) - mean(log({_VARIANCES}))",
    "Conventional": f"log({{x}}) - 1.5 * mean(log({_VARIANCES})) - {{log_normaliser}}",
    "DuMouchel": "log({s0}) - 2 * log({s0} + {x})",
    "UniformShrinkage": _SHARE.replace("{s}", "{s0}"),
    "UniformI2": _SHARE,
    "UniformSqrt": "-0.5 * log({x})",
    "Flat": "0",
    "HalfFlat": "0",
}
"""By family, its log density at ``{x}``; ``se`` are the standard errors, under brms's name."""


def brms_name(prior: Prior) -> str | None:
    """What `set_prior` takes, or None where brms has no name for the prior."""
    pattern = None if prior.components else _NAMES.get(prior.family.name)
    return None if pattern is None else _filled(pattern, prior, x="")


def stan_log_density(prior: Prior, x: str) -> str:
    """A Stan expression of the log density at the variable `x`."""
    if prior.components:
        parts = [
            f"log({number(weight)}) + {stan_log_density(part, x)}"
            for weight, part in prior.components
        ]
        total = parts[0]
        for part in parts[1:]:
            total = f"log_sum_exp({total},\n    {part})"
        return total
    return _filled(_LOG_DENSITIES[prior.family.name], prior, x=x)


def _filled(pattern: str, prior: Prior, *, x: str) -> str:
    given = {
        name: number(float(value))
        for name, value in prior.parameters.items()
        if f"{{{name}}}" in pattern
    }
    return pattern.format(x=x, **given)
