"""Many priors at once: the same numbers as one by one."""

import numpy as np
import pytest

from bayesmeta.priors import FAMILIES, parse_prior, stack

STUDIES = (0.1, 0.25, 0.7)
X = np.random.default_rng(1).lognormal(-1, 2, size=(40, 7))


def assert_same(expressions):
    priors = [parse_prior(expression).resolve(STUDIES) for expression in expressions]
    values = X[: len(priors)]
    expected = [prior.logpdf(row) for prior, row in zip(priors, values, strict=True)]
    np.testing.assert_allclose(stack(priors)(values), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "Mixture"])
def test_priors_of_one_family(name):
    arguments = FAMILIES[name].arguments
    scales = (0.5, 1.5, 3.0)
    inside = [", ".join(f"{key}={(i + 1) * s}" for i, key in enumerate(arguments)) for s in scales]
    assert_same([f"{name}({each})" for each in inside])


def test_priors_of_many_families():
    assert_same(
        [
            "HalfNormal(1)",
            "DuMouchel()",
            "HalfNormal(2)",
            "Jeffreys()",
            "Mixture(w=[0.5, 0.5], comp_dists=[Uniform(0, 1), HalfNormal(1)])",
            "HalfCauchy(1)",
            "DuMouchel()",
            "LogT(5)",
        ]
    )


def test_one_prior_and_none():
    assert_same(["HalfNormal(1)"])
    assert stack([])(np.empty((0, 3))).shape == (0, 3)
