"""Subgroups, moderators, times and clusters from the command line."""

import json
from pathlib import Path

import pytest

from bayesmeta.cli.main import main

ROOT = Path(__file__).parents[2]
PAIN = ROOT / "models" / "oa-pain.toml"
QUICK = ("--engine", "quadrature", "--no-files")
OVER_TIME = "outcome == 'pain' and months in [3, 6, 12] and cell_type == 'cultured MSC'"
"""Several results of most trials."""


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_subgroups_print_all_that_a_claim_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", ROOT / "models" / "oa-pain-by-source.toml", *QUICK) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in (
        "exchangeable means by tissue_source",
        "adipose, 7 studies −0.73",
        "placenta, 1 study",
        "mean of the subgroup means",
        "difference of means",
        "bone marrow − adipose 0.18 0.21 0.27 −0.26 to 0.80 0.211",
        "between means (omega)",
        "mean of a new subgroup",
        "P(best)",
        "P(benefit) of a difference is that the first of the two is better.",
        "frequentist test for subgroup differences",
        "placenta, umbilical cord: subgroups of one study.",
        "With 4 subgroups the prior of omega matters",
    ):
        assert text in shown, text


def test_words_behind_a_column_are_the_values_of_the_spec(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--subgroup", "tissue_source,independent")
    assert run("fit", PAIN, *words, *QUICK) == 0
    shown = capsys.readouterr().out
    assert "independent means by tissue_source" in shown
    assert "omega" not in shown
    assert run("fit", PAIN, "--subgroup", "tissue_source,seperate", *QUICK) == 2
    assert "'seperate' is none of exchangeable, independent, shared, separate" in (
        capsys.readouterr().err
    )
    assert run("fit", PAIN, "--subgroup", "tissue_source,separate", *QUICK) == 3
    assert "quadrature takes one tau, not one for each subgroup" in capsys.readouterr().err


def test_moderators_predictions_and_priors_of_terms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--moderators", "year + tissue_confirmed", "--at", "year=2016,tissue_confirmed=yes"]
    assert run("fit", PAIN, *flags, "--prior", "beta[year]=Normal(0, 0.1)", *QUICK) == 0
    shown = capsys.readouterr().out
    assert "year = 2016, tissue_confirmed = yes" in shown
    assert "prior of beta[year]: Normal(mu=0, sigma=0.1); given by the user" in shown
    assert "prior of beta[tissue_confirmed[yes]]: Normal(mu=0, sigma=2); default" in shown
    assert "explained by moderators, R² (%)" in shown


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--moderators", "year^2"], "a power of a column is the column; make one of the powers"),
        (["--moderators", "yeer"], "the table has no column 'yeer'\n  Did you mean 'year'?"),
        (["--moderators", "__import__('os')"], "is not a column, C(column) or log(column)"),
        (["--subgroup", "tissue"], "the table has no column 'tissue'"),
        (["--subgroup", "outcome"], "all studies are of one subgroup, pain"),
        (["--at", "year=2016"], "model.moderators.formula: this key is required"),
        (["--moderators", "year", "--at", "yeer=2016"], "the model has no moderator 'yeer'"),
        (["--time", "monhts"], "model.time.column: the table has no column 'monhts'"),
        (["--time", "months"], "all effects are of one time, 6"),
        (["--prior", "beta[yeer]=Normal(0, 1)"], "the model has no term 'yeer'"),
        (["--cluster", "trail"], "model.cluster: the table has no column 'trail'"),
        (["--rho", "1"], "model.rho"),
    ],
)
def test_wrong_flags_end_with_2(
    flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", PAIN, *flags, *QUICK) == 2
    assert message in capsys.readouterr().err


def test_results_of_one_study_are_told_apart_and_belong_together(
    tmp_path: Path,
) -> None:
    flags = ["--where", OVER_TIME, "--heterogeneity", "nested", "--time", "months,linear"]
    out = ["--rho", "0.5", "--engine", "quadrature", "--out", tmp_path]
    assert run("fit", PAIN, *flags, *out) == 0
    found = json.loads((tmp_path / "oa-pain.json").read_text(encoding="utf-8"))
    assert found["k"] == 38
    assert found["n_participants"] < 1000  # each patient once
    studies = {row["study"] for row in found["estimates"] if row["name"] == "theta"}
    assert {"Vega 2015, 3", "Vega 2015, 6", "Vega 2015, 12"} <= studies
    names = {row["name"] for row in found["estimates"]}
    assert {"mu", "beta", "tau", "tau_within", "theta_new", "R2"} <= names
    assert found["model"]["rho"] == 0.5
    assert not any("independent" in text for text in found["warnings"])


def test_errors_that_are_taken_as_independent_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("fit", PAIN, "--where", OVER_TIME, "--heterogeneity", "nested", *QUICK) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "38 results of 15 studies" in shown
    assert "The sampling errors of results of one study are taken to be independent" in shown


def test_ranks_are_in_the_summary(tmp_path: Path) -> None:
    flags = ["--subgroup", "tissue_source", "--engine", "quadrature", "--out", tmp_path]
    assert run("fit", PAIN, *flags) == 0
    found = json.loads((tmp_path / "oa-pain.json").read_text(encoding="utf-8"))
    assert set(found["ranks"]) == {"adipose", "bone marrow", "placenta", "umbilical cord"}
    assert sum(ranks[0] for ranks in found["ranks"].values()) == pytest.approx(1)
    assert max(found["ranks"], key=lambda name: found["ranks"][name][0]) == "umbilical cord"
    assert found["subgroup_test"]["df"] == 3


@pytest.mark.parametrize("command", ["sensitivity", "compare"])
def test_what_looks_at_one_effect_says_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, PAIN, "--subgroup", "tissue_source") == 2
    assert f"{command} looks at one pooled effect, and this model has 4 means" in (
        capsys.readouterr().err
    )


def test_sensitivity_leaves_out_whole_studies(tmp_path: Path) -> None:
    flags = ["--where", OVER_TIME, "--heterogeneity", "nested", "--rho", "0.5"]
    skip = ["--engine", "quadrature", "--no-pairs", "--no-tipping", "--out", tmp_path]
    assert run("sensitivity", PAIN, *flags, *skip) == 0
    text = (tmp_path / "oa-pain-sensitivity.csv").read_text(encoding="utf-8")
    assert "without Vega 2015" in text
    assert "without Vega 2015, 3" not in text


def test_results_of_one_study_that_count_as_independent_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("fit", PAIN, "--where", OVER_TIME, "--time", "months", *QUICK) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "'Vega 2015' (3 times)" in shown
    assert "told apart by months and are treated as independent studies" in shown


def test_a_prior_of_rho_takes_the_place_of_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    spec = ROOT / "models" / "oa-pain-over-time.toml"
    assert run("check", spec, "--prior", "rho=Uniform(0, 1)") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "correlated by" not in shown
    assert "prior of rho: Uniform" in shown


def test_few_studies_for_many_coefficients_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", PAIN, "--moderators", "year + tissue_confirmed", *QUICK) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "There are 15 studies for 2 coefficients of moderators" in shown
    assert "R²: from draws" in shown
    assert run("fit", PAIN, "--moderators", "year", *QUICK) == 0
    assert "coefficients of moderators" not in capsys.readouterr().out
