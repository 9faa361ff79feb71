"""The model as lines of mathematics: what each part says, and that each line can be shown."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latex2mathml.converter import convert

from bayesmeta.measures import find_measure
from bayesmeta.model import (
    HETEROGENEITIES,
    LIKELIHOODS,
    Design,
    Equation,
    Groups,
    Problem,
    equations,
)
from bayesmeta.model.notation import number, words
from bayesmeta.model.prior_notation import prior_line
from bayesmeta.pipeline import check
from bayesmeta.priors import FAMILIES, parse_prior

ROOT = Path(__file__).parents[2]
MODELS = sorted(path.stem for path in (ROOT / "models").glob("*.toml"))

HOSTILE = (
    "<script>alert(1)</script>",
    "$x$ & 5 %",
    "a_b^c~d#{e}",
    "\\input{x}",
    "}}{{",
    "日本 ‮ ابج",
    "long " * 60,
    "`code` *bold* [link](x) | cell",
    "",
    "tab\tline\n",
)
"""Names that would be commands of LaTeX, HTML or Markdown where they are not written with care."""

PRIORS = {
    "mu": "Normal(0, 2)",
    "tau": "HalfNormal(0.5)",
    "tau_within": "HalfCauchy(0.25)",
    "nu": "Gamma(2, 0.1)",
    "p_outlier": "Beta(1, 9)",
    "tau_outlier": "HalfNormal(1)",
    "omega": "HalfNormal(0.3)",
    "rho": "Uniform(0, 1)",
    "alpha": "Normal(0, 10)",
    "alpha_mean": "Normal(0, 5)",
    "alpha_sd": "HalfNormal(2)",
}


def problem_of(*more: str, **changed: Any) -> Problem:
    """Three studies with every prior that the model needs, and with those of more."""
    given: dict[str, Any] = {
        "study": ("Ada", "Bo", "Cy"),
        "effect": np.array([0.1, 0.4, -0.2]),
        "std_error": np.array([0.2, 0.3, 0.25]),
        "likelihood": "normal",
        "heterogeneity": "normal",
        "priors": {},
    }
    bare = Problem(**(given | changed))
    names = [
        "mu",
        *(f"beta[{term}]" for term in bare.design.terms),
        *(["omega"] if bare.design.informs else []),
        *HETEROGENEITIES[bare.heterogeneity].parameters(bare),
        *LIKELIHOODS[bare.likelihood].parameters(bare),
        *more,
    ]
    priors = {name: parse_prior(PRIORS.get(name, "Normal(0, 0.7)")) for name in names}
    return replace(bare, priors=priors)


def lines_of(problem: Problem) -> list[str]:
    return [line.latex for line in checked(equations(problem))]


def checked(lines: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The lines, each of which can be shown."""
    for line in lines:
        converted = convert(line.latex)
        ET.fromstring(converted)
        shown = re.sub(r"<[^>]*>", "", converted)
        assert "\\" not in shown.replace("&#x0005C;", ""), line.latex
        assert line.meaning
        assert line.meaning[-1] != "."
    return lines


COUNTS = {
    "events_treatment": np.array([3.0, 0, 6]),
    "total_treatment": np.array([20.0, 25, 31]),
    "events_control": np.array([5.0, 2, 9]),
    "total_control": np.array([21.0, 24, 30]),
}
ONE_ARM = {"events": COUNTS["events_control"], "total": COUNTS["total_control"]}
PERSON_TIME = {"events": COUNTS["events_control"], "time": np.array([20.5, 30, 41])}
GROUPS = Groups.of(["a", "b", "a"])


def design(**changed: Any) -> Design:
    return Design(**({"matrix": np.zeros((3, 0)), "subgroups": GROUPS} | changed))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"heterogeneity": "common"}, r"\theta_i = \mu"),
        ({}, r"\theta_i \sim \mathrm{Normal}(\mu, \tau^2)"),
        ({}, r"y_i \sim \mathrm{Normal}(\theta_i, s_i^2)"),
        ({}, r"y_i \sim \mathrm{Normal}(\mu, s_i^2 + \tau^2)"),
        ({}, r"\theta_\mathrm{new} \sim \mathrm{Normal}(\mu, \tau^2)"),
        ({}, r"\mu \sim \mathrm{Normal}(0, 2^2)"),
        ({}, r"\tau \sim \mathrm{HalfNormal}(\sigma = 0.5)"),
        (
            {"heterogeneity": "nested", "clusters": GROUPS},
            r"\theta_i \sim \mathrm{Normal}(\mu + u_{j[i]}, \tau_\mathrm{within}^2)",
        ),
        (
            {"heterogeneity": "nested", "clusters": GROUPS},
            r"u_j \sim \mathrm{Normal}(0, \tau^2)",
        ),
        (
            {"heterogeneity": "nested", "clusters": GROUPS},
            r"\theta_\mathrm{new} \sim \mathrm{Normal}(\mu, \tau^2 + \tau_\mathrm{within}^2)",
        ),
        ({"heterogeneity": "student-t"}, r"\theta_i \sim \mathrm{StudentT}(4, \mu, \tau)"),
        (
            {"heterogeneity": "student-t", "nu": None},
            r"\theta_i \sim \mathrm{StudentT}(\nu, \mu, \tau)",
        ),
        (
            {"heterogeneity": "mixture"},
            r"\theta_i \sim (1 - p_\mathrm{outlier}) \, \mathrm{Normal}(\mu, \tau^2) + "
            r"p_\mathrm{outlier} \, \mathrm{Normal}(\mu, \tau^2 + \tau_\mathrm{outlier}^2)",
        ),
        (
            {"clusters": GROUPS, "rho": 0.5},
            r"\mathrm{cor}(y_i, y_k \mid \theta_i, \theta_k) = 0.5",
        ),
        (
            {"covariance": np.eye(3)},
            r"\mathbf{y} \sim \mathrm{MvNormal}(\boldsymbol{\theta}, \mathbf{S})",
        ),
        ({"design": design()}, r"\theta_i \sim \mathrm{Normal}(\mu_{g[i]}, \tau^2)"),
        ({"design": design()}, r"\mu_g \sim \mathrm{Normal}(0, 2^2)"),
        ({"design": design()}, r"\mu_{\text{a}}, \mu_{\text{b}}"),
        (
            {"design": design(own_tau=True)},
            r"\theta_i \sim \mathrm{Normal}(\mu_{g[i]}, \tau_{g[i]}^2)",
        ),
        (
            {"design": design(own_tau=True)},
            r"\theta_{\mathrm{new}, g} \sim \mathrm{Normal}(\mu_g, \tau_g^2)",
        ),
        ({"design": design(own_tau=True)}, r"\tau_g \sim \mathrm{HalfNormal}(\sigma = 0.5)"),
        (
            {"design": design(means="exchangeable")},
            r"\mu_g \sim \mathrm{Normal}(\mu_\mathrm{overall}, \omega^2)",
        ),
        (
            {"design": design(means="exchangeable")},
            r"\mu_\mathrm{overall} \sim \mathrm{Normal}(0, 2^2)",
        ),
        (
            {"design": design(means="random-walk", gaps=np.ones(1), times="months")},
            r"\mu_t \sim \mathrm{Normal}(\mu_{t-1}, \omega^2 \, \Delta_t)",
        ),
        (
            {"design": design(means="random-walk", gaps=np.ones(1), times="months")},
            r"\mu_1 \sim \mathrm{Normal}(0, 2^2)",
        ),
        (
            {"design": design(subgroups=None, matrix=np.ones((3, 1)), terms=("year",))},
            r"m_i = \mu + \beta_{\text{year}} \, x_{i, \text{year}}",
        ),
        (
            {"design": design(matrix=np.ones((3, 4)), terms=("a", "b", "c", "d"))},
            r"m_i = \mu_{g[i]} + \sum_m \beta_m \, x_{im}",
        ),
        (
            {"likelihood": "binomial", "counts": COUNTS},
            r"y_{ia} \sim \mathrm{Binomial}(n_{ia}, p_{ia})",
        ),
        (
            {"likelihood": "binomial", "counts": COUNTS},
            r"\mathrm{logit}(p_{i, \text{C}}) = \alpha_i - \theta_i / 2",
        ),
        (
            {"likelihood": "binomial", "counts": COUNTS, "contrast": "treatment"},
            r"\mathrm{logit}(p_{i, \text{C}}) = \alpha_i",
        ),
        (
            {"likelihood": "binomial", "counts": COUNTS},
            r"\alpha_i \sim \mathrm{Normal}(0, 10^2)",
        ),
        (
            {"likelihood": "binomial", "counts": COUNTS, "baseline": "exchangeable"},
            r"\alpha_i \sim \mathrm{Normal}(\alpha_\mathrm{mean}, \alpha_\mathrm{sd}^2)",
        ),
        ({"likelihood": "binomial", "counts": ONE_ARM}, r"\mathrm{logit}(p_{i}) = \theta_i"),
        (
            {"likelihood": "poisson", "counts": PERSON_TIME},
            r"y_{i} \sim \mathrm{Poisson}(E_{i} \, \lambda_{i})",
        ),
        (
            {"likelihood": "beta-binomial", "heterogeneity": "common", "counts": COUNTS},
            r"\kappa = (1 - \rho) / \rho",
        ),
        (
            {"likelihood": "beta-binomial", "heterogeneity": "common", "counts": COUNTS},
            r"\alpha \sim \mathrm{Normal}(0, 10^2)",
        ),
    ],
)
def test_each_part_has_its_line(changed: dict[str, Any], expected: str) -> None:
    assert expected in lines_of(problem_of(**changed))


def test_a_correlation_with_a_prior() -> None:
    lines = lines_of(problem_of("rho", clusters=GROUPS))
    assert r"\mathrm{cor}(y_i, y_k \mid \theta_i, \theta_k) = \rho" in lines
    assert r"\rho \sim \mathrm{Uniform}(0, 1)" in lines


def test_what_cannot_be_integrated_out_is_not_said_to_be() -> None:
    for changed in ({"heterogeneity": "student-t"}, {"likelihood": "binomial", "counts": COUNTS}):
        lines = equations(problem_of(**changed))
        assert not any("integrated out" in line.meaning for line in lines)
    shared = equations(problem_of(covariance=np.eye(3)))
    assert sum("integrated out" in line.meaning for line in shared) == 1


@pytest.mark.parametrize("heterogeneity", HETEROGENEITIES)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_every_likelihood_with_every_heterogeneity(likelihood: str, heterogeneity: str) -> None:
    counts = {} if likelihood == "normal" else dict(COUNTS)
    if likelihood == "poisson":
        counts = {name.replace("total", "time"): values for name, values in counts.items()}
    problem = problem_of(
        likelihood=likelihood, heterogeneity=heterogeneity, counts=counts, clusters=GROUPS
    )
    lines = checked(equations(problem))
    assert len({line.latex for line in lines}) == len(lines)


@pytest.mark.parametrize("name", MODELS)
def test_every_prior_of_every_spec_appears_once(name: str) -> None:
    prepared = check(ROOT / "models" / f"{name}.toml")
    problem = prepared.problem
    lines = checked(equations(problem, find_measure(prepared.spec.effect.measure)))
    last = lines[-len(problem.priors) :]
    of_priors = [line for line in lines if line.meaning.startswith("prior of ")]
    assert of_priors == list(last)
    for prior, line in zip(problem.priors.values(), last, strict=True):
        symbol = re.split(r" \\sim ", line.latex)[0]
        assert line.latex == prior_line(prior, symbol)
    measure = find_measure(prepared.spec.effect.measure)
    assert measure.analysis_label in lines[0].meaning


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_are_names(hostile: str) -> None:
    names = Groups.of([hostile, "b", hostile])
    for own in (
        design(subgroups=names),
        design(subgroups=None, matrix=np.ones((3, 1)), terms=(hostile,)),
    ):
        for line in lines_of(problem_of(design=own)):
            assert "<" not in line
            assert "\n" not in line
            assert len(line) < 300


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_is_shown_as_it_is(hostile: str) -> None:
    shown = "".join(ET.fromstring(convert(words(hostile))).itertext())
    expected = "".join(c if c.isprintable() else " " for c in hostile[:39]).translate(
        str.maketrans({"^": "∧", "`": "'"})
    )
    assert shown.replace("\xa0", " ").startswith(expected)


EXPRESSIONS = (
    "StudentT(4, 0.3, 2)",
    "HalfStudentT(3, 0.5)",
    "Cauchy(-1, 2.5)",
    "Logistic(-1, 0.7)",
    "Exponential(2)",
    "LogNormal(-1.28, 0.87)",
    "InverseGamma(2, 0.3)",
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
    "Mixture(w=[0.7, 0.3], comp_dists=[Normal(0, 0.3), Conventional()])",
    *PRIORS.values(),
)


def test_every_family_has_a_line() -> None:
    assert {expression.partition("(")[0] for expression in EXPRESSIONS} == set(FAMILIES)
    for expression in EXPRESSIONS:
        prior = parse_prior(expression).resolve([0.2, 0.3, 0.25])
        line = prior_line(prior, r"\tau")
        checked((Equation(latex=line, meaning=expression),))
        assert "{x}" not in line
        assert ("propto" in line) == (not prior.proper or expression == "Conventional()")


@pytest.mark.parametrize(
    ("value", "latex"),
    [(0.5, "0.5"), (-2.0, "-2"), (1e-7, r"1 \times 10^{-7}"), (123456.789, "123457")],
)
def test_numbers(value: float, latex: str) -> None:
    assert number(value) == latex
