"""Risks, differences and numbers needed to treat, against the formulas of the Handbook."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.results.absolute import control_level
from bayesmeta.results.absolute_text import needed_to_treat
from bayesmeta.results.tables import fit_to_text

FORMULA = 1e-12
"""Relative: the same closed form."""

TWO = pd.DataFrame(
    {
        "study": list("ABCD"),
        "events_treatment": [5, 3, 12, 0],
        "total_treatment": [20, 25, 40, 12],
        "events_control": [9, 5, 14, 0],
        "total_control": [22, 24, 38, 11],
    }
)
ONE = pd.DataFrame({"study": list("ABC"), "events": [1, 0, 4], "total": [20, 31, 40]})
ENDS = ("median", "lower", "upper")


def fit(frame: pd.DataFrame, **options: object) -> bm.Fit:
    one = {"measure": "PLO"} if "total" in frame else {"measure": "OR"}
    return bm.fit(frame, **({"likelihood": "binomial", "engine": "quadrature"} | one | options))


def text_of(found: bm.Fit) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(fit_to_text(found))
    return console.export_text()


def test_at_a_stated_risk_they_are_functions_of_the_odds_ratio() -> None:
    found = fit(TWO, control_risk=0.3, better="lower")
    for source, ending in (("mu", ""), ("theta_new", "_new")):
        effect = found.estimate(source)
        for end in ENDS:
            odds = np.exp(effect[end]) * 0.3 / 0.7
            risk = odds / (1 + odds)
            assert found.estimate(f"risk_treatment{ending}")[end] == pytest.approx(
                risk, rel=FORMULA
            )
            assert found.estimate(f"RR{ending}")[end] == pytest.approx(risk / 0.3, rel=FORMULA)
            assert found.estimate(f"RD{ending}")[end] == pytest.approx(risk - 0.3, rel=FORMULA)
            assert found.estimate(f"NNT{ending}")[end] == pytest.approx(1 / (risk - 0.3), rel=1e-10)
    assert found.estimate("risk_control")["median"] == 0.3
    shown = text_of(found)
    assert "At a risk of 300 per 1000 with control (as stated)" in shown
    assert "new study (95 % prediction interval)" in shown


def test_the_mean_of_a_risk_is_an_integral_over_the_effect() -> None:
    found = fit(TWO, control_risk=0.3)
    exact = found.exact
    assert exact is not None

    def weighted(x: float) -> float:
        return float(expit(logit(0.3) + x) * exact.mu.pdf(np.array([x])).item())

    right = quad(weighted, -12, 12, points=[-2, 0, 2], epsrel=1e-10)[0]
    assert found.estimate("risk_treatment")["mean"] == pytest.approx(right, rel=1e-7)


def test_the_control_risk_of_the_data_is_that_of_the_draws() -> None:
    exact, sampled = fit(TWO), fit(TWO, engine="nuts")
    one, other = control_level(exact), control_level(sampled)
    assert one is not None
    assert other is not None
    draws = expit(sampled.posterior["alpha"] - sampled.posterior["theta"] / 2)
    weights = TWO["total_control"].to_numpy()
    pooled = (draws * weights).sum("study") / weights.sum()
    assert other.value == pytest.approx(float(pooled.mean()), rel=1e-12)
    assert abs(one.value - other.value) < 5 * float(pooled.std()) / np.sqrt(4000)
    assert not one.stated


def test_rates_have_rates() -> None:
    table = TWO.rename(columns=lambda name: name.replace("total", "time"))
    found = fit(table, measure="IRR", likelihood="poisson")
    ratio, level = np.exp(found.estimate("mu")["upper"]), found.estimate("rate_control")["median"]
    assert found.estimate("rate_treatment")["upper"] == pytest.approx(level * ratio, rel=FORMULA)
    assert found.estimate("IRD")["upper"] == pytest.approx(level * (ratio - 1), rel=FORMULA)
    assert "NNT" not in set(found.estimates["name"])


def test_one_arm_says_both_the_median_and_the_mean_risk() -> None:
    found = fit(ONE)
    mu = found.estimate("mu")
    assert mu["display_median"] == pytest.approx(expit(mu["median"]), rel=FORMULA)
    mean = found.estimate("risk_mean")
    draws = found.posterior
    rng = np.random.default_rng(1)
    mu_draws, tau = (draws[name].to_numpy().ravel() for name in ("mu", "tau"))
    by_hand = expit(mu_draws + tau * rng.standard_normal((500, tau.size))).mean(0)
    assert mean["mean"] == pytest.approx(by_hand.mean(), rel=5e-3)
    assert mean["upper"] == pytest.approx(np.quantile(by_hand, 0.975), rel=0.05)
    assert mean["median"] > mu["display_median"]  # rare events: the mean lies above the median
    assert "mean proportion over the distribution" in text_of(found)


def test_the_events_of_a_new_study_are_predicted() -> None:
    found = fit(ONE, new_total=50)
    new = found.exact.theta_new
    events = np.arange(51)
    shares = new.expectation(binom.pmf(events[:, None], 50, expit(new.line.points)))
    below = np.cumsum(shares)
    assert below[-1] == pytest.approx(1, abs=1e-9)
    row = found.estimate("events_new")
    for end, q in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
        assert row[end] == np.searchsorted(below, q)
    assert "events in a new study of 50" in text_of(found)
    assert fit(ONE).new_total == 31  # as many as the median study has


def test_without_events_there_is_an_upper_bound_near_the_rule_of_three() -> None:
    """One study without events and a uniform prior: 1 - 0.05**(1 / (n + 1)), Hanley 1983."""
    none = pd.DataFrame({"study": ["A"], "events": [0], "total": [100]})
    found = fit(none, heterogeneity="common")
    assert found.estimate("risk_upper")["upper"] == pytest.approx(1 - 0.05 ** (1 / 101), rel=1e-6)
    assert any("No events were seen" in text for text in found.warnings)
    assert "the pooled proportion is below" in text_of(found)


@pytest.mark.parametrize("engine", ["quadrature", "nuts"])
def test_without_any_events_in_two_arms_the_prior_speaks_and_that_is_said(engine: str) -> None:
    none = TWO.assign(events_treatment=0, events_control=0)
    found = fit(none, engine=engine)
    assert found.diagnostics.verdict == "ok"
    assert any("hardly more than its prior" in text for text in found.warnings)
    mu = found.estimate("mu")
    assert -8 < mu["lower"] < -3 < 3 < mu["upper"] < 8
    assert mu["sd"] < 4


@pytest.mark.parametrize(
    ("numbers", "better", "text"),
    [
        ((4.2, 16.3, 2.3), "higher", "NNTB 5 (NNTB 3 to NNTB 17)"),
        ((-4.2, -2.3, -16.3), "lower", "NNTB 5 (NNTB 3 to NNTB 17)"),
        ((4.2, -7.5, 1.9), "higher", "NNTB 5 (NNTH 8 to ∞ to NNTB 2)"),
        ((4.2, -7.5, 1.9), "lower", "NNTH 5 (NNTB 8 to ∞ to NNTH 2)"),
        ((-20.0, -9.0, 1e9), None, "one fewer in 20 (one fewer in 9 to ∞ to one more in ∞)"),
    ],
)
def test_numbers_needed_to_treat_read_as_altman_writes_them(
    numbers: tuple[float, float, float], better: str | None, text: str
) -> None:
    assert needed_to_treat(*numbers, better) == text


def test_a_saved_fit_has_them_too(tmp_path: object) -> None:
    found = fit(TWO)
    again = bm.load(found.save(tmp_path / "counts.nc"))
    pd.testing.assert_frame_equal(found.estimates, again.estimates)


def test_the_beta_binomial_likelihood_brings_its_own_heterogeneity_and_rho() -> None:
    quick = {"chains": 2, "draws": 500, "tune": 500}
    found = fit(ONE, likelihood="beta-binomial", engine="nuts", **quick)
    assert found.spec.model.heterogeneity == "common"
    rho = found.estimate("rho")
    assert 0 < rho["lower"] < rho["median"] < rho["upper"] < 1
    assert "correlation (rho)" in text_of(found)


def test_studies_without_events_are_named() -> None:
    shown = text_of(fit(TWO))
    assert "no events in either arm: D; they stay in" in shown
    every = TWO.assign(events_treatment=TWO.total_treatment, events_control=TWO.total_control)
    assert "nothing but events: A, B, C, D; they stay in" in text_of(fit(every))


def test_moments_of_rates_that_may_not_exist_are_not_printed() -> None:
    """E exp(2 theta_new) has no finite value under a half-normal tau of scale 1."""
    table = TWO.rename(columns=lambda name: name.replace("total", "time"))
    found = fit(table, measure="IRR", likelihood="poisson", tau="HalfCauchy(0.5)")
    row = found.estimate("rate_treatment_new")
    assert np.isnan([row["mean"], row["sd"]]).all()
    assert np.isfinite([row["lower"], row["median"], row["upper"]]).all()


def test_the_events_of_a_new_study_have_an_equal_tailed_interval_and_say_so() -> None:
    shown = text_of(fit(ONE, kind="hdi"))
    line = next(line for line in shown.splitlines() if line.startswith("events in a new study"))
    assert "95 % prediction interval)" in line
    assert "HDI" not in line


def test_moments_that_do_not_exist_are_named_with_their_cause() -> None:
    none = pd.DataFrame({"study": ["A"], "events": [0], "total": [100]})
    found = fit(none, heterogeneity="common", mu="Cauchy(0, 1)")
    said = [text for text in found.warnings if "do not exist" in text]
    assert len(said) == 1
    assert "Cauchy(alpha=0, beta=1) of mu the mean of mu" in said[0]
    assert "theta_new" not in said[0]
    assert np.isnan(found.estimate("mu")["mean"])
