"""From a spec or a data frame to a fit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.engines.quadrature import refusal
from bayesmeta.model import Problem

ROOT = Path(__file__).parents[1]
SPECS = sorted((ROOT / "models").glob("*.toml"))


FAR = {"normal": 5.0, "binomial": 4.0}
"""Monte Carlo standard errors between the engines, the largest of a dozen; seeds are fixed. Five is
where a fit warns."""

PARAMETERS = ("mu", "tau", "theta_new", "theta", "I2")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_fits_and_the_engines_agree(path: Path) -> None:
    fit = bm.fit(path)
    assert fit.diagnostics.verdict == "ok"
    assert fit.diagnostics.divergences == 0
    rows = fit.estimates[fit.estimates["name"].isin(PARAMETERS)]
    assert np.isfinite(rows[["mean", "sd", "median", "lower", "upper"]]).all(axis=None)
    found = fit.record["cross_check"]
    assert (found is None) == (refusal(fit.problem) is not None)
    if found is not None:
        assert found["max_difference_in_mcse"] < FAR[fit.spec.model.likelihood]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_says_what_it_is_and_what_to_compare_it_with(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "# Compare with:" in text
    assert "title = " in text


def test_a_frame_with_keywords_is_the_same_as_a_spec() -> None:
    by_spec = bm.check(ROOT / "models" / "oa-pain.toml")
    frame = pd.read_csv(ROOT / "data" / "msc_oa_smd.csv")
    by_keywords = bm.check(
        frame,
        measure="SMD",
        where="outcome == 'pain' and primary == 'yes'",
        columns=by_spec.spec.data.columns,
    )
    np.testing.assert_array_equal(by_keywords.problem.effect, by_spec.problem.effect)
    np.testing.assert_array_equal(by_keywords.problem.std_error, by_spec.problem.std_error)
    assert by_keywords.problem.study == by_spec.problem.study


def test_keywords_override_a_spec() -> None:
    ready = bm.check(ROOT / "models" / "oa-pain.toml", tau="HalfCauchy(0.3)", measure="MD")
    assert ready.problem.priors["tau"].expression == "HalfCauchy(beta=0.3)"
    assert ready.table["effect"].to_numpy()[0] == pytest.approx(-3.35 + 2.25)


def test_default_priors_follow_the_measure() -> None:
    path = ROOT / "models" / "oa-pain.toml"
    smd, md = bm.check(path).problem.priors, bm.check(path, measure="MD").problem.priors
    assert smd["mu"].expression == "Normal(mu=0, sigma=2)"
    assert smd["tau"].expression == "HalfNormal(sigma=0.5)"
    unit = md["mu"].arguments["sigma"]
    assert md["tau"].arguments["sigma"] == pytest.approx(unit / 8, rel=1e-5)
    assert "unit-information sd" in md["tau"].source


def test_no_default_prior_without_participants() -> None:
    frame = pd.DataFrame({"effect": [0.1, 0.2, 0.4], "std_error": [0.1, 0.2, 0.1]})
    with pytest.raises(bm.SpecError, match="no default prior") as caught:
        bm.check(frame, measure="GEN")
    assert caught.value.key == "priors.mu"


def test_prior_of_tau_must_not_be_negative(zero_cells: pd.DataFrame) -> None:
    with pytest.raises(bm.SpecError, match="Did you mean 'HalfNormal'") as caught:
        bm.check(zero_cells, measure="OR", tau="Normal(0, 1)")
    assert caught.value.key == "priors.tau"


@pytest.mark.parametrize(("mu", "fewest"), [("Normal(0, 4)", 2), ("Flat()", 3)])
def test_improper_prior_of_tau_needs_studies(
    zero_cells: pd.DataFrame, mu: str, fewest: int
) -> None:
    bm.check(zero_cells.head(fewest), measure="OR", tau="HalfFlat()", mu=mu)
    with pytest.raises(bm.SpecError, match="the posterior does not exist"):
        bm.check(zero_cells.head(fewest - 1), measure="OR", tau="HalfFlat()", mu=mu)


def test_one_group_has_a_flat_default_prior_of_mu() -> None:
    frame = pd.DataFrame({"mean": [120.0, 150], "sd": [15.0, 14], "total": [30, 40]})
    assert bm.check(frame, measure="MN").problem.priors["mu"].expression == "Flat()"


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [
        ("likelihood", "norml", "model.likelihood"),
        ("heterogeneity", "comon", "model.heterogeneity"),
        ("engine", "nutz", "engine.name"),
        ("measure", "ORR", "effect.measure"),
    ],
)
def test_unknown_names(zero_cells: pd.DataFrame, option: str, value: str, key: str) -> None:
    with pytest.raises(bm.SpecError, match="Did you mean") as caught:
        bm.check(zero_cells, **{"measure": "OR", option: value})
    assert caught.value.key == key


def test_a_problem_pickles(zero_cells: pd.DataFrame) -> None:
    import pickle

    problem = bm.check(zero_cells, measure="OR").problem
    again = pickle.loads(pickle.dumps(problem))
    assert isinstance(again, Problem)
    assert again.priors["tau"].ppf(0.5) == problem.priors["tau"].ppf(0.5)


def test_one_study_says_that_tau_is_its_prior(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells.head(1), measure="OR", mu="Flat()")
    assert any("posterior of tau is its prior" in warning for warning in fit.warnings)
    assert "I2" not in set(fit.estimates["name"])
    prior = fit.priors["tau"]
    assert fit.estimate("tau")["median"] == pytest.approx(prior.ppf(0.5), rel=0.1)


def test_few_studies_say_how_much_is_prior(odds_ratios: bm.Fit) -> None:
    assert any("With 3 studies the prior of tau matters" in w for w in odds_ratios.warnings)


def test_the_frame_is_not_changed(zero_cells: pd.DataFrame) -> None:
    before = zero_cells.copy(deep=True)
    bm.check(zero_cells, measure="OR", where="events_control > 0")
    pd.testing.assert_frame_equal(zero_cells, before)
