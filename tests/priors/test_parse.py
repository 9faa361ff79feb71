"""Prior expressions: what is read, what is refused, and that nothing is run."""

import builtins
import os

import pytest

from bayesmeta.errors import PriorError
from bayesmeta.priors import FAMILIES, SOURCES, parse_prior


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
        (
            "Mixture([.8, .2], [Normal(0, 0.3), Normal(sigma=2)])",
            "Mixture(w=[0.8, 0.2], comp_dists=[Normal(mu=0, sigma=0.3), Normal(mu=0, sigma=2)])",
        ),
        ("Turner2012(comparison='ANY')", "Turner2012(outcome='any', comparison='any')"),
    ],
)
def test_arguments_are_read_as_pymc_reads_them(expression, canonical):
    prior = parse_prior(expression)
    assert prior.expression == canonical


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
    "prior as a number": "Normal(HalfNormal(1), 1)",
    "list as a number": "Normal([1], 1)",
    "deep calls": "Robust(" * 20 + "Normal(0, 1)" + ")" * 20,
    "deep lists": "Mixture(w=" + "[" * 200 + "1" + "]" * 200 + ", comp_dists=[])",
    "long list": f"Mixture(w={[0.01] * 100}, comp_dists=[Normal(0, 1)])",
    "integer beyond numbers": f"Normal(0, 1{'0' * 900})",
    "no list": "Mixture(w=1, comp_dists=Normal(0, 1))",
    "no priors": "Mixture(w=[], comp_dists=[])",
    "number as a prior": "Robust(1)",
    "prior as a text": "Turner2015(outcome=Normal(0, 1))",
    "formatted text": "Turner2015(outcome=f'{1}')",
    "bytes": "Turner2015(outcome=b'pain')",
    "strange escape": r"Turner2015(outcome='\d')",
    "number that runs into a word": "Normal(0, 1or 2)",
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
        ("Turner2013()", "Did you mean 'Turner201"),
        ("Unknowable()", "Known are: Bartos2021, Bartos2023, BergerDeely, Beta, Cauchy,"),
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
    assert parse_prior("HalfNormal(1)").source == "given by the user"
    assert parse_prior("HalfNormal(1)", source="Smith 2020").source == "Smith 2020"
    assert parse_prior("Turner2015()", source="Smith 2020").source == "Smith 2020"


def test_every_word_of_expressions_says_how_it_is_written():
    assert all(source.usage.startswith(f"{name}(") for name, source in SOURCES.items())
    assert all(source.parameter in {"mu", "tau", "mu, tau"} for source in SOURCES.values())
