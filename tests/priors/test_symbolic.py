"""Priors as PyMC variables: the same density as in NumPy, and NUTS samples them."""

import math

import numpy as np
import pymc as pm
import pytest

from bayesmeta.priors import FAMILIES, parse_prior

PYMC_RTOL = 1e-12
"""The same closed form in double precision."""

PYMC_ATOL = 1e-14
"""A log density can pass through 0, where no relative error holds."""

SINGLE_PRECISION_LOG_2 = {"HalfCauchy", "HalfStudentT"}
"""PyMC writes the factor of two of these as log(2) of a small integer, which PyTensor computes in
single precision: their log density is one constant above ours, which no posterior can see."""

STUDIES = (0.1, 0.25, 0.2, 0.7)
OTHER_STUDIES = (0.4, 0.2, 0.3, 0.9)

NATIVE = (
    "Normal(-1.5, 0.1)",
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
    "Beta(0.5, 1.5)",
    "Uniform(0, 10)",
    "Uniform(-2, 0.5)",
    "Flat()",
    "HalfFlat()",
)
OURS = (
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
)
MIXTURES = (
    "Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), StudentT(4, 1, 2)])",
    "Mixture(w=[0.3, 0.7], comp_dists=[Uniform(0, 1), HalfNormal(1)])",
    "Mixture(w=[0.5, 0.5], comp_dists=[DuMouchel(), LogNormal(-1, 1)])",
    "Mixture(w=[0.5, 0.5], comp_dists=[Uniform(0, 1), Uniform(0.5, 3)])",
)

VALUES = np.array([-40.0, -1.7, -1e-3, 1e-3, 0.05, 0.3, 1.2, 2.5, 8.0, 60.0])
"""Inside and outside of every support, and no value at an end of one."""


def resolved(expression, studies=STUDIES):
    return parse_prior(expression).resolve(studies)


def log_density(model, values):
    """Of the variable x of a model, without the Jacobian of its transformation."""
    graph = model.logp(jacobian=False)
    point = model.rvs_to_values[model["x"]]
    compiled = model.compile_fn(graph, inputs=[point], point_fn=False)
    transform = model.rvs_to_transforms[model["x"]]
    inputs = model["x"].owner.inputs
    inside = values if transform is None else transform.forward(values, *inputs).eval()
    return np.array([compiled(value) for value in inside])


def test_every_family_is_tried():
    tried = [parse_prior(expression).family for expression in (*NATIVE, *OURS, *MIXTURES)]
    assert {family.name for family in tried} == set(FAMILIES)
    assert all(hasattr(pm, family.name) for family in tried if family.native)


@pytest.mark.parametrize("expression", NATIVE)
def test_the_density_of_a_native_family_is_that_of_pymc(expression):
    prior = parse_prior(expression)
    with pm.Model():
        variable = prior.to_pymc("x")
    theirs = pm.logp(variable, VALUES).eval()
    assert theirs.dtype == np.float64
    if prior.family.name in SINGLE_PRECISION_LOG_2:
        theirs = theirs - (np.float64(np.log(np.float32(2))) - np.log(2))
    np.testing.assert_allclose(prior.logpdf(VALUES), theirs, rtol=PYMC_RTOL, atol=PYMC_ATOL)


@pytest.mark.parametrize("expression", [*OURS, *MIXTURES])
def test_the_potential_of_another_family_is_its_density(expression):
    prior = resolved(expression)
    with pm.Model() as model:
        prior.to_pymc("x")
    inside = VALUES[(prior.lower < VALUES) & (prior.upper > VALUES)]
    np.testing.assert_allclose(
        log_density(model, inside), prior.logpdf(inside), rtol=PYMC_RTOL, atol=1e-12
    )


@pytest.mark.parametrize("expression", [*NATIVE, *OURS, *MIXTURES])
def test_a_variable_of_pymc_has_the_support_of_the_prior(expression):
    prior = resolved(expression)
    with pm.Model() as model:
        prior.to_pymc("x")
    (variable,) = model.free_RVs
    assert variable.name == "x"
    bounded_below = math.isfinite(prior.lower)
    assert (model.rvs_to_transforms[variable] is not None) == bounded_below


@pytest.mark.parametrize("expression", [NATIVE[1], OURS[1], OURS[5], OURS[8], MIXTURES[2]])
def test_a_model_can_be_given_the_numbers_of_another_prior(expression):
    other = resolved(expression, OTHER_STUDIES)
    with pm.Model() as model:
        prior = resolved(expression)
        data = {key: pm.Data(key, value) for key, value in prior.parameters.items()}
        prior.to_pymc("x", data)
        pm.set_data(other.parameters)
    inside = VALUES[prior.lower < VALUES]
    np.testing.assert_allclose(log_density(model, inside), other.logpdf(inside), rtol=1e-7)


def test_nuts_samples_every_family_that_pymc_lacks():
    """In one model, as compiling takes longest."""
    effect, std_error = np.array([0.4, -0.2, 1.0, 0.1]), np.array(STUDIES)
    with pm.Model():
        for i, expression in enumerate([*OURS, *MIXTURES[:1]]):
            spread = resolved(expression).to_pymc(f"x{i}") ** 2 + std_error**2
            pm.Normal(f"effect{i}", 0.0, pm.math.sqrt(spread), observed=effect)
        tree = pm.sample(
            draws=100, tune=200, chains=2, random_seed=1, quiet=True, nuts_sampler="nutpie"
        )
    assert not tree.sample_stats["diverging"].to_numpy().all()
    for draws in tree.posterior.to_dataset().values():
        assert np.isfinite(draws).all()
        assert np.unique(draws).size > 20
