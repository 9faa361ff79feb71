"""Published priors: every setting against its table and against R bayesmeta."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import bayesmeta.priors
from bayesmeta.errors import PriorError
from bayesmeta.priors import parse_prior, usable_settings

R_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

TABLE_RTOL = 5e-4
"""The tables print quantiles of tau with four digits."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "priors.json").read_text(encoding="utf-8")
)
TABLES = Path(bayesmeta.priors.__file__).parent / "tables"


def table(name):
    return list(csv.DictReader((TABLES / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def of_tau(set_name, **keys):
    inside = ", ".join(f"{key}={value!r}" for key, value in keys.items())
    return parse_prior(f"{set_name}({inside})", parameter="tau")


@pytest.mark.parametrize(
    ("set_name", "name"), [("Turner2012", "turner2012"), ("Turner2015", "turner2015")]
)
def test_turner_on_tau_squared_has_the_published_quantiles_of_tau(set_name, name):
    for row in table(name):
        prior = of_tau(set_name, outcome=row["outcome"], comparison=row["comparison"])
        median, high = prior.ppf([0.5, 0.95])
        assert median == pytest.approx(float(row["tau_median"]), rel=TABLE_RTOL)
        assert median**2 == pytest.approx(float(row["tau2_median"]), rel=TABLE_RTOL)
        assert high == pytest.approx(float(row["tau_q95"]), rel=TABLE_RTOL)
        assert prior.family.name == "LogNormal"
        assert prior.made_for == ("OR", "PETO")
        assert prior.source == row["citation"]


def test_rhodes_on_tau_squared_has_the_published_quantiles_of_tau():
    for row in table("rhodes2015"):
        prior = of_tau(
            "Rhodes2015",
            outcome=row["outcome"],
            comparison=row["comparison"],
            area=row["medical_area"],
        )
        median, high = prior.ppf([0.5, 0.95])
        assert median == pytest.approx(float(row["tau_median"]), rel=TABLE_RTOL)
        assert high == pytest.approx(float(row["tau_q95"]), rel=TABLE_RTOL)
        assert prior.family.name == "LogT"
        assert prior.made_for == ("SMD", "SMDH")


def test_turner_is_that_of_r_in_every_setting():
    assert len(REFERENCE["turner"]) == 16 * 5 + 1 == len(table("turner2015"))
    for given in REFERENCE["turner"]:
        prior = of_tau(
            "Turner2015", outcome=given["outcome_type"], comparison=given["comparison_type"]
        )
        quantiles = prior.ppf(REFERENCE["q_p"])
        np.testing.assert_allclose(quantiles, given["tau_quantiles"], rtol=R_RTOL)
        assert prior.pdf(0.3) == pytest.approx(given["density_at_0.3"], rel=R_RTOL)


def test_rhodes_is_that_of_r_in_every_setting():
    assert len(REFERENCE["rhodes"]) == 3 * 8 * 3 + 1 == len(table("rhodes2015"))
    for given in REFERENCE["rhodes"]:
        prior = of_tau(
            "Rhodes2015",
            outcome=given["outcome_type"],
            comparison=given["comparison_type"],
            area=given["medical_area"],
        )
        quantiles = prior.ppf(REFERENCE["q_p"])
        np.testing.assert_allclose(quantiles, given["tau_quantiles"], rtol=R_RTOL)
        assert prior.pdf(0.3) == pytest.approx(given["density_at_0.3"], rel=R_RTOL)


@pytest.mark.parametrize(
    ("expression", "parameter", "resolved"),
    [
        ("Bartos2021()", "mu", "StudentT(nu=5, mu=0, sigma=0.43)"),
        ("Bartos2021()", "tau", "InverseGamma(alpha=1.71, beta=0.4)"),
        ("Bartos2023(measure='OR')", "mu", "StudentT(nu=4, mu=0, sigma=0.58)"),
        ("Bartos2023(measure='logOR')", "tau", "InverseGamma(alpha=1.77, beta=0.55)"),
        ("Bartos2023(measure='RR')", "mu", "StudentT(nu=3, mu=0, sigma=0.32)"),
        ("Bartos2023(measure='RD')", "tau", "HalfNormal(sigma=0.099)"),
        ("Bartos2023(measure='HR')", "tau", "InverseGamma(alpha=2.42, beta=0.3)"),
    ],
)
def test_bartos_general_priors_are_those_of_bayestools(expression, parameter, resolved):
    """The whole Cochrane database, in `prior_informed` of R's BayesTools."""
    prior, plain = parse_prior(expression, parameter=parameter), parse_prior(resolved)
    assert (prior.family, prior.arguments) == (plain.family, plain.arguments)


@pytest.mark.parametrize(
    ("measure", "family"), [("OR", "InverseGamma"), ("PETO", "InverseGamma"), ("RD", "HalfNormal")]
)
def test_bartos_follows_the_measure_of_the_analysis(measure, family):
    prior = parse_prior("Bartos2023(subfield='Heart')", parameter="tau", measure=measure)
    assert prior.family.name == family
    assert measure in prior.made_for
    again = parse_prior(prior.expression, parameter="tau", measure="MD")
    assert again == prior


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "SMD"])
def test_every_setting_reads_again(measure):
    settings = usable_settings(measure)
    assert len(settings) >= 100
    for setting in settings:
        prior = setting.prior
        assert parse_prior(prior.expression, parameter=setting.parameter) == prior
        assert prior.proper
        assert prior.lower == (0 if setting.parameter == "tau" else -np.inf)


def test_numbers_that_may_be_misprints_are_warned_of():
    doubtful = [setting for setting in usable_settings("SMD") if setting.prior.warnings]
    assert [tuple(setting.keys.values()) for setting in doubtful] == [
        ("mental health outcome", "non-pharmacological (any)", "other"),
        (
            "internal and external structure-related outcome",
            "pharmacological vs. placebo / control",
            "cancer",
        ),
    ]
    assert "-2.85" in doubtful[0].prior.warnings[0]
    assert "look it up in the paper" in doubtful[1].prior.warnings[0]


def test_names_are_found_by_a_part_in_any_case():
    by_part = parse_prior(
        "Turner2015(outcome='PAIN', comparison='non-pharmacological vs. placebo')"
    )
    assert by_part.expression == (
        "Turner2015(outcome='pain', comparison='non-pharmacological vs. placebo / control')"
    )
    rhodes = parse_prior("Rhodes2015(outcome='mental', comparison='pharmacological vs. placebo')")
    assert "area='other'" in rhodes.expression
    assert "area='any'" in parse_prior("Rhodes2015()").expression


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("Turner2015(outcome='pian')", "no outcome 'pian'", "Did you mean 'pain'?"),
        ("Turner2015(outcome='mortality')", "fits more than one", "all-cause mortality; cause-"),
        ("Turner2015(comparison='surgery')", "no comparison 'surgery'", "Known are: any,"),
        ("Turner2015(outcome='pain')", "no setting with", "With outcome 'pain', comparison is one"),
        ("Turner2015(outcome='')", "no outcome ''", "Known are"),
        ("Turner2015(outcome=3)", "is a text in quotes, not 3", None),
        ("Turner2015(outcom='pain')", "has no argument", "Did you mean 'outcome'?"),
        ("Rhodes2015(area='respirat')", "no setting with", "area is one of: any"),
        ("Bartos2021(subfield='Hart')", "no subfield 'Hart'", "Did you mean 'Heart'?"),
        ("Bartos2023(measure='MD')", "no measure 'MD'", "OR, RR, RD, HR"),
        ("Bartos2023()", "several measures, none of them MD", "measure='OR'"),
    ],
)
def test_what_is_not_found_names_the_nearest(expression, message, hint):
    with pytest.raises(PriorError, match=message) as raised:
        parse_prior(expression, parameter="tau", measure="MD")
    assert hint is None or hint in raised.value.hint


def test_a_set_of_both_parameters_must_be_told_which():
    with pytest.raises(PriorError, match="prior of mu and one of tau"):
        parse_prior("Bartos2021(subfield='Heart')")


def test_a_set_of_tau_has_no_prior_of_mu():
    with pytest.raises(PriorError, match="Turner2015 has priors of tau, not of mu"):
        parse_prior("Turner2015()", parameter="mu")
