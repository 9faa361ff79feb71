"""Warnings where the priors drive the result."""

import numpy as np
import pytest

from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.results.prior_influence import prior_warnings


def warnings_of(
    effect: list[float], *, mu: str, tau: str, tau_median: float, std_error: float = 0.2
) -> str:
    """The warnings for studies of one precision, and a posterior of tau."""
    problem = Problem(
        study=tuple(map(str, range(len(effect)))),
        effect=np.array(effect),
        std_error=np.full(len(effect), std_error),
        likelihood="normal",
        heterogeneity="normal",
        priors={"mu": parse_prior(mu), "tau": parse_prior(tau)},
    )
    return " ".join(prior_warnings(problem, {"tau": (tau_median, 1.016 * tau_median)}))


def test_nothing_to_say_where_prior_and_data_agree() -> None:
    assert not warnings_of(
        [0.1, 0.3, 0.2, 0.0, 0.4, 0.2], mu="Normal(0, 2)", tau="HalfNormal(0.5)", tau_median=0.2
    )


def test_a_prior_of_mu_that_the_data_contradict() -> None:
    said = warnings_of(
        [3.0, 4, 5, 6, 7, 5], mu="Normal(0, 0.3)", tau="HalfNormal(1)", tau_median=0.8
    )
    assert "prior of mu (Normal(mu=0, sigma=0.3)) and the data disagree" in said
    assert "about 5." in said


def test_a_flat_prior_of_mu_contradicts_nothing() -> None:
    assert not warnings_of([30.0, 40, 50, 60, 70], mu="Flat()", tau="HalfNormal(50)", tau_median=15)


def test_a_prior_of_tau_that_holds_it_down() -> None:
    said = warnings_of(
        [3.0, 4, 5, 6, 7, 5], mu="Normal(0, 9)", tau="HalfNormal(0.1)", tau_median=0.3
    )
    assert "differ more than the prior of tau (HalfNormal(sigma=0.1)) allows for" in said


@pytest.mark.parametrize(("k", "warns"), [(2, True), (4, True), (5, False)])
def test_few_studies_say_how_much_of_tau_is_prior(k: int, warns: bool) -> None:
    said = warnings_of([0.1] * k, mu="Normal(0, 2)", tau="HalfNormal(0.5)", tau_median=0.25)
    expected = (
        f"With {k} studies the prior of tau matters: it had median 0.337 and 95 % point 0.98; "
        "the posterior has 0.25 and 0.254."
    )
    assert (expected in said) == warns


def test_with_one_study_tau_is_its_prior_only_under_a_flat_mu() -> None:
    flat = warnings_of([3.0], mu="Flat()", tau="HalfNormal(0.5)", tau_median=0.3)
    proper = warnings_of([3.0], mu="Normal(0, 0.5)", tau="HalfNormal(0.5)", tau_median=1.1)
    assert "the posterior of tau is its prior" in flat
    assert "the posterior of tau is its prior" not in proper
    assert "With 1 study the prior of tau matters" in proper
