"""Families against R bayesmeta (versions are in the file), and the reading of expressions."""

import builtins
import json
import os
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import PriorError
from bayesmeta.priors import FAMILIES, parse_prior

R_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

R_ATOL = 1e-20
"""Densities so far out in a tail that R itself gives 0."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "priors.json").read_text(encoding="utf-8")
)
SAME = {
    "halfnormal": "HalfNormal({scale})",
    "halft": "HalfStudentT({df}, {scale})",
    "halfcauchy": "HalfCauchy({scale})",
}
"""R's families of tau and ours."""


def of_families(*names):
    return pytest.mark.parametrize(
        "given",
        [entry for entry in REFERENCE["distributions"] if entry["family"] in names],
        ids=lambda entry: f"{entry['family']} {entry['args']}",
    )


@of_families(*SAME)
def test_densities_are_those_of_r(given):
    prior = parse_prior(SAME[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.pdf(given["x"]), given["density"], rtol=R_RTOL)


@of_families(*SAME)
def test_quantiles_are_those_of_r(given):
    prior = parse_prior(SAME[given["family"]].format(**given["args"]))
    np.testing.assert_allclose(prior.ppf(given["p"]), given["quantile"], rtol=R_RTOL)


@of_families("halfnormal", "halft", "halfcauchy")
def test_two_sided_families_are_the_half_families_of_r_on_both_sides(given):
    scale, df = given["args"]["scale"], given["args"].get("df")
    two_sided = {
        "halfnormal": f"Normal(0, {scale})",
        "halft": f"StudentT({df}, 0, {scale})",
        "halfcauchy": f"Cauchy(0, {scale})",
    }[given["family"]]
    prior, x, p = parse_prior(two_sided), np.array(given["x"]), np.array(given["p"])
    np.testing.assert_allclose(2 * prior.pdf(x), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(2 * prior.pdf(-x), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(prior.ppf((1 + p) / 2), given["quantile"], rtol=R_RTOL)


@of_families("invchi")
def test_inverse_chi_of_tau_is_inverse_gamma_of_its_square_and_gamma_of_the_inverse(given):
    df, scale = given["args"]["df"], given["args"]["scale"]
    square = parse_prior(f"InverseGamma({df / 2}, {scale**2 / 2})")
    precision = parse_prior(f"Gamma({df / 2}, {scale**2 / 2})")
    x, p = np.array(given["x"][1:]), np.array(given["p"])
    density = np.array(given["density"][1:])
    np.testing.assert_allclose(2 * x * square.pdf(x**2), density, rtol=R_RTOL, atol=R_ATOL)
    np.testing.assert_allclose(2 * x**-3 * precision.pdf(x**-2), density, rtol=R_RTOL, atol=R_ATOL)
    np.testing.assert_allclose(np.sqrt(square.ppf(p)), given["quantile"], rtol=R_RTOL)
    np.testing.assert_allclose(precision.ppf(1 - p) ** -0.5, given["quantile"], rtol=R_RTOL)


@of_families("rayleigh")
def test_rayleigh_of_tau_is_exponential_of_its_square(given):
    square = parse_prior(f"Exponential({1 / (2 * given['args']['scale'] ** 2)})")
    x, p = np.array(given["x"]), np.array(given["p"])
    np.testing.assert_allclose(2 * x * square.pdf(x**2), given["density"], rtol=R_RTOL)
    np.testing.assert_allclose(np.sqrt(square.ppf(p)), given["quantile"], rtol=R_RTOL)


@pytest.mark.parametrize("given", REFERENCE["turner"], ids=lambda entry: entry["outcome_type"])
def test_log_normal_priors_of_turner_are_those_of_r(given):
    prior = parse_prior("LogNormal({mu}, {sigma})".format(**given["tau_lognormal"]))
    np.testing.assert_allclose(prior.ppf(given["q_p"]), given["tau_quantiles"], rtol=R_RTOL)
    assert prior.pdf(0.3) == pytest.approx(given["density_at_0.3"], rel=R_RTOL)


@pytest.mark.parametrize("given", REFERENCE["rhodes"], ids=lambda entry: entry["medical_area"])
def test_log_t_priors_of_rhodes_are_those_of_r(given):
    log_tau = parse_prior("StudentT(5, {location}, {scale})".format(**given["tau_logt5"]))
    np.testing.assert_allclose(
        np.exp(log_tau.ppf(given["q_p"])), given["tau_quantiles"], rtol=R_RTOL
    )
    assert log_tau.pdf(np.log(0.3)) / 0.3 == pytest.approx(given["density_at_0.3"], rel=R_RTOL)


@pytest.mark.parametrize(
    ("expression", "canonical"),
    [
        ("Normal(0, 4)", "Normal(mu=0, sigma=4)"),
        ("Normal(sigma=4)", "Normal(mu=0, sigma=4)"),
        ("Normal(sigma=4, mu=-1)", "Normal(mu=-1, sigma=4)"),
        ("StudentT(nu=4, sigma=2)", "StudentT(nu=4, mu=0, sigma=2)"),
        ("  HalfNormal( 5e-1 )\n", "HalfNormal(sigma=0.5)"),
        ("Uniform(-1, +2)", "Uniform(lower=-1, upper=2)"),
        ("HalfFlat()", "HalfFlat()"),
    ],
)
def test_arguments_are_read_as_pymc_reads_them(expression, canonical):
    prior = parse_prior(expression)
    assert prior.expression == canonical
    assert prior.source == "given by the user"


HOSTILE = {
    "call of a call": '__import__("os").system("x")',
    "call in an argument": 'Normal(mu=open("x"))',
    "list": "Normal(*[1, 2])",
    "mapping": "Normal(**{})",
    "number as mapping": "Normal(**1)",
    "call of a prior": "Normal(1)(2)",
    "attribute": "pm.Normal(0, 1)",
    "lambda": "(lambda: 1)()",
    "two expressions": "Normal(0, 1); Normal(0, 1)",
    "assignment": "x = Normal(0, 1)",
    "walrus": "(x := Normal(0, 1))",
    "deep nesting": "(" * 5000 + ")" * 5000,
    "deep nesting that is short": "(" * 99 + ")" * 99,
    "many signs": "Normal(0, " + "-" * 150 + "1)",
    "huge": f"Normal(0, 1{'0' * 100_000})",
    "infinite": "1e999",
    "infinite argument": "Normal(0, 1e999)",
    "name as a number": "Normal(0, nan)",
    "truth value": "Normal(True, 1)",
    "complex": "Normal(1j, 1)",
    "text": 'Normal("0", 1)',
    "arithmetic": "Normal(0, 2 * 2)",
    "power": "Normal(0, 9 ** 9 ** 9)",
    "null byte": "Normal(0, 1)\0",
    "no call": "Normal",
    "nothing": "",
    "blank": "  ",
    "comma": "Normal(0, 1),",
    "unfinished": "Normal(0, 1",
}


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_prior_is_an_error_and_is_not_run(expression, monkeypatch):
    def forbidden(*args):
        raise AssertionError("the expression was run")

    with monkeypatch.context() as patch:
        patch.setattr(os, "system", forbidden)
        patch.setattr(builtins, "open", forbidden)
        patch.setattr(builtins, "eval", forbidden)
        with pytest.raises(PriorError) as raised:
            parse_prior(expression)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("Halfnormal(1)", "Did you mean 'HalfNormal'?"),
        ("HalfNorml(1)", "Did you mean 'HalfNormal'?"),
        ("Lognormal(0, 1)", "Did you mean 'LogNormal'?"),
        ("Unknowable()", "Known are: Cauchy, Exponential,"),
    ],
)
def test_an_unknown_family_names_the_nearest(expression, hint):
    with pytest.raises(PriorError, match="unknown prior") as raised:
        parse_prior(expression)
    assert raised.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("Normal(0, sigmas=1)", "has no argument 'sigmas'", "Did you mean 'sigma'?"),
        ("Normal(0, 1, 2)", "too many arguments", "Its arguments are Normal(mu, sigma)."),
        ("Flat(1)", "too many arguments", "Its arguments are Flat()."),
        ("Normal(0)", "lacks sigma", "Its arguments are Normal(mu, sigma)."),
        ("Gamma()", "lacks alpha, beta", "Its arguments are Gamma(alpha, beta)."),
        ("Normal(0, 1, sigma=2)", "'sigma' is given twice", "Its arguments are"),
        ("Normal(0, sigma=1, sigma=2)", "'sigma' is given twice", "Its arguments are"),
    ],
)
def test_wrong_arguments_are_errors_that_name_the_right_ones(expression, message, hint):
    with pytest.raises(PriorError, match=message) as raised:
        parse_prior(expression)
    assert hint in raised.value.hint


POSITIVE = [(family, key) for family in FAMILIES.values() for key in family.positive]


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize(("family", "key"), POSITIVE, ids=lambda x: getattr(x, "name", x))
def test_scales_and_shapes_must_be_above_0(family, key, value):
    given = {**dict.fromkeys(family.arguments, 1), key: value}
    inside = ", ".join(f"{name}={number}" for name, number in given.items())
    with pytest.raises(PriorError, match=f"{key} is {value} in .*; it must be above 0"):
        parse_prior(f"{family.name}({inside})")


@pytest.mark.parametrize("expression", ["Uniform(1, 1)", "Uniform(2, -1)"])
def test_a_uniform_prior_must_have_a_width(expression):
    with pytest.raises(PriorError, match="lower is not below upper"):
        parse_prior(expression)


def test_a_prior_keeps_its_source():
    assert parse_prior("HalfNormal(1)", source="Smith 2020").source == "Smith 2020"
