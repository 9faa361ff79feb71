"""Priors from statements, through PreliZ."""

import os
import sys

import matplotlib as mpl
import pytest
from scipy.special import ndtri

from bayesmeta.errors import EngineError, PriorError
from bayesmeta.priors import parse_prior

if "CI" not in os.environ:
    pytest.importorskip("preliz")

ROUNDED = 1e-3
"""Arguments are rounded to four significant digits."""


def test_tau_is_below_1_with_95_percent():
    prior = parse_prior("Elicited('HalfNormal', upper=1, prob=0.95)")
    assert prior.arguments["sigma"] == pytest.approx(1 / ndtri(0.975), rel=ROUNDED)
    assert prior.expression == "HalfNormal(sigma=0.5102)"
    assert prior.source.startswith("elicited: below 1 with 95 % (PreliZ ")
    assert parse_prior(prior.expression, source=prior.source) == prior


def test_mu_is_between_two_numbers_with_90_percent():
    prior = parse_prior("Elicited('Normal', lower=-1, upper=1, prob=0.9)")
    assert prior.arguments["mu"] == 0
    assert prior.arguments["sigma"] == pytest.approx(1 / ndtri(0.95), rel=ROUNDED)
    assert "between -1 and 1 with 90 %" in prior.source


@pytest.mark.parametrize(
    "statement",
    [
        "'HalfCauchy', upper=1, prob=0.9",
        "'Exponential', upper=2, prob=0.99",
        "'LogNormal', lower=0.05, upper=1, prob=0.9",
        "'Gamma', lower=0.1, upper=1, prob=0.9",
        "'InverseGamma', upper=1, prob=0.95",
        "'HalfStudentT', upper=1, prob=0.95, nu=4",
        "'StudentT', lower=-1, upper=2, prob=0.9, nu=4",
        "'Cauchy', lower=-1, upper=1, prob=0.5",
        "'Logistic', lower=-1, upper=2, prob=0.9",
        "'Beta', upper=0.4, prob=0.9",
        "'Beta', lower=0.1, upper=2, prob=0.9",
    ],
)
def test_every_family_fits_its_statement(statement):
    prior = parse_prior(f"Elicited({statement})")
    given = dict(part.split("=") for part in statement.split(", ")[1:])
    low, high = float(given.get("lower", "-inf")), float(given["upper"])
    assert prior.cdf(high) - prior.cdf(low) == pytest.approx(float(given["prob"]), abs=ROUNDED)
    if "nu" in given:
        assert prior.arguments["nu"] == 4


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Elicited('Normal', upper=1, prob=0.9)", "says too little"),
        ("Elicited('HalfNormal', lower=1, prob=0.9)", "says too little"),
        ("Elicited('HalfNormal', upper=-1, prob=0.9)", "says too little or is not possible"),
        ("Elicited('HalfNormal', upper=1, prob=1.2)", "is not possible"),
        ("Elicited('HalfNormal', upper=1)", "lacks prob"),
        ("Elicited('HalfNormall', upper=1, prob=0.9)", "cannot be elicited"),
        ("Elicited(HalfNormal(1), upper=1, prob=0.9)", "is a text in quotes"),
        ("Elicited('HalfNormal', upper=1, prob=0.9, nu=4)", "has no argument 'nu'"),
    ],
)
def test_statements_that_cannot_be(expression, message):
    with pytest.raises(PriorError, match=message):
        parse_prior(expression)


def test_the_settings_of_matplotlib_are_left_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, "preliz", raising=False)
    before = mpl.rcParams["savefig.bbox"]
    parse_prior("Elicited('HalfNormal', upper=1, prob=0.95)")
    assert mpl.rcParams["savefig.bbox"] == before


def test_without_preliz_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "preliz", None)
    with pytest.raises(EngineError, match=r"bayesmeta\[elicit\]"):
        parse_prior("Elicited('HalfNormal', upper=1, prob=0.95)")
