"""Every family of priors in R and in Stan: the same density as here."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from bayesmeta.exports.r_code import exactly, numbers, text
from bayesmeta.exports.r_densities import NAMED, r_density, r_name
from bayesmeta.exports.stan_priors import brms_name, stan_log_density
from bayesmeta.priors import FAMILIES, Prior, parse_prior

DENSITY_RTOL = 1e-10
"""Closed forms in double precision, the largest of them with gamma functions."""

STUDIES = (0.1, 0.25, 0.2, 0.7)
POINTS = np.array([0.01, 0.2, 0.5, 1.3, 4.0])
"""Inside the support of every prior here but the beta one, whose density is 0 beyond 1."""

PRIORS = (
    "Normal(-1.5, 0.7)",
    "HalfNormal(0.5)",
    "StudentT(4, 0.3, 2)",
    "HalfStudentT(3, 0.5)",
    "Cauchy(-1, 2.5)",
    "HalfCauchy(0.5)",
    "Logistic(-1, 0.7)",
    "Exponential(2)",
    "LogNormal(-1.28, 0.87)",
    "Gamma(2, 0.1)",
    "InverseGamma(2, 0.3)",
    "Beta(2, 5)",
    "Uniform(0, 10)",
    "Flat()",
    "HalfFlat()",
    "HalfLogistic(0.3)",
    "Lomax(3, 2)",
    "Rayleigh(0.4)",
    "InverseChi(3, 0.5)",
    "LogT(5, -1.7, 1.3)",
    "Jeffreys()",
    "OverallJeffreys()",
    "BergerDeely()",
    "Conventional()",
    "DuMouchel()",
    "UniformShrinkage()",
    "UniformI2()",
    "UniformSqrt()",
    "Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), StudentT(4, 1, 2)])",
    "Mixture(w=[0.3, 0.5, 0.2], comp_dists=[Uniform(0, 5), HalfNormal(1), Conventional()])",
)

STAN = {
    "log": np.log,
    "square": np.square,
    "inv": np.reciprocal,
    "sum": np.sum,
    "mean": np.mean,
    "dot_self": lambda v: np.dot(v, v),
    "log_sum_exp": lambda a, b: logsumexp([a, b]),
    "normal_lpdf": stats.norm.logpdf,
    "student_t_lpdf": lambda x, nu, mu, sigma: stats.t.logpdf(x, nu, mu, sigma),
    "cauchy_lpdf": stats.cauchy.logpdf,
    "exponential_lpdf": lambda x, rate: stats.expon.logpdf(x, scale=1 / rate),
    "lognormal_lpdf": lambda x, mu, sigma: stats.lognorm.logpdf(x, sigma, scale=math.exp(mu)),
    "gamma_lpdf": lambda x, alpha, rate: stats.gamma.logpdf(x, alpha, scale=1 / rate),
    "inv_gamma_lpdf": lambda x, alpha, beta: stats.invgamma.logpdf(x, alpha, scale=beta),
    "beta_lpdf": stats.beta.logpdf,
    "uniform_lpdf": lambda x, low, high: stats.uniform.logpdf(x, low, high - low),
    "logistic_lpdf": stats.logistic.logpdf,
    "pareto_type_2_lpdf": lambda x, mu, scale, alpha: stats.lomax.logpdf(x - mu, alpha, 0, scale),
    "rayleigh_lpdf": lambda x, sigma: stats.rayleigh.logpdf(x, scale=sigma),
}
"""SciPy's functions under the names and with the arguments of the Stan Functions Reference."""

BRMS = {name.removesuffix("_lpdf"): density for name, density in STAN.items() if "_lpdf" in name}


def prior_of(expression: str) -> Prior:
    return parse_prior(expression).resolve(STUDIES)


def test_every_family_is_here() -> None:
    names = {expression.partition("(")[0] for expression in PRIORS}
    assert names == set(FAMILIES) | {"Mixture"}


def test_r_has_the_same_densities(run_with: Callable[..., str]) -> None:
    densities = [r_density(prior_of(expression)) for expression in PRIORS]
    lines = [f"cat(sprintf('%.17g', {density}), '\\n')" for density in densities]
    code = f"studies <- list(std_error = {exactly(STUDIES)})\nx <- {numbers(POINTS)}\n"
    printed = run_with(code + "\n".join(lines), "bayesmeta").splitlines()
    for expression, line in zip(PRIORS, printed, strict=True):
        found = [float(each) for each in line.split()]
        expected = prior_of(expression).pdf(POINTS)
        np.testing.assert_allclose(found, expected, rtol=DENSITY_RTOL, err_msg=expression)


@pytest.mark.parametrize("expression", PRIORS)
def test_stan_has_the_same_log_density(expression: str) -> None:
    """Read as Python: a bar stands between the value and the arguments, which are fewer here."""
    prior = prior_of(expression)
    code = stan_log_density(prior, "x").replace(" | ", ", ")
    names = {**STAN, "se": np.array(STUDIES)}
    found = [eval(code, {"__builtins__": {}}, {**names, "x": x}) for x in POINTS]
    np.testing.assert_allclose(found, prior.logpdf(POINTS), rtol=DENSITY_RTOL, atol=DENSITY_RTOL)


def test_stan_reads_every_log_density(run_with: Callable[..., str]) -> None:
    densities = [stan_log_density(prior_of(expression), "sd_1[1]") for expression in PRIORS]
    code = "\n".join(
        [
            "data { int N; vector[N] se; }",
            "parameters { vector<lower=0>[1] sd_1; }",
            "model {",
            *[f"target += {density};" for density in densities],
            "}",
        ]
    )
    assert "TRUE" in run_with(f"cat(rstan::stanc(model_code = {text(code)})$status)", "rstan")


@pytest.mark.parametrize("expression", PRIORS)
def test_brms_names_the_same_distribution(expression: str) -> None:
    """The density of a half family is doubled: brms cuts the whole one off at 0."""
    prior = prior_of(expression)
    name = brms_name(prior)
    if not name:
        assert not prior.proper or not prior.family.native
        return
    distribution, arguments = re.fullmatch(r"(\w+)\((.*)\)", name).groups()
    found = BRMS[distribution](POINTS, *(float(each) for each in arguments.split(", ")))
    doubled = math.log(2) if prior.family.name.startswith("Half") else 0.0
    expected = prior.logpdf(POINTS) - doubled
    np.testing.assert_allclose(found, expected, rtol=DENSITY_RTOL)


def test_named_priors_are_those_of_r() -> None:
    """The default of bayesmeta's argument and the strings that its help page lists."""
    listed = {"uniform", "sqrt", "Jeffreys", "overallJeffreys", "BergerDeely", "conventional"}
    assert set(NAMED.values()) == listed | {"DuMouchel", "shrinkage", "I2"}
    assert r_name(prior_of("UniformShrinkage()")) == "shrinkage"
    assert r_name(prior_of("HalfNormal(1)")) is None
    assert r_name(prior_of(PRIORS[-1])) is None
