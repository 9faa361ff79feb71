"""A sensitivity analysis: every row is the fit that it says it is."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import bayesmeta as bm
from bayesmeta.errors import PriorError, SpecError
from bayesmeta.pipeline import check
from bayesmeta.priors import parse_prior
from bayesmeta.sensitivity_analysis import Sensitivity
from bayesmeta.sensitivity_analysis.conclusions import Conclusion
from bayesmeta.sensitivity_analysis.numbers import Benefit, Grid, hellinger
from bayesmeta.sensitivity_analysis.variations import leave_one_out, short

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "oa-pain.toml"
NAMES = ("mu", "tau", "theta_new")

EXACT = 1e-9
"""A batch and a single fit take different nodes; both are right to more than this."""


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return bm.sensitivity(MODEL, power_scaling=False)


def refitted(**options: object) -> dict[str, float]:
    fit = bm.fit(MODEL, engine="quadrature", draws=100, **options)
    return numbers(fit)


def numbers(fit: bm.Fit) -> dict[str, float]:
    found = {}
    for name in NAMES:
        row = fit.estimate(name)
        found |= {f"{name}_{end}": row[end] for end in ("median", "lower", "upper")}
    return found | {name: fit.estimate("mu")[name] for name in ("prob_benefit", "prob_important")}


def agree(row: pd.Series, expected: dict[str, float]) -> None:
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=EXACT, abs=EXACT), name


def test_the_base_row_is_the_fit(found: Sensitivity) -> None:
    base = found.table.iloc[0]
    assert (base["kind"], base["hellinger"], base["shift"], base["changed"]) == ("base", 0, 0, "")
    agree(base, refitted())


@pytest.mark.parametrize(
    ("mu", "tau"),
    [
        ("Flat()", "HalfNormal(sigma=0.25)"),
        ("Normal(mu=0, sigma=4)", "Jeffreys()"),
        ("Flat()", "HalfFlat()"),
    ],
)
def test_rows_of_priors_are_fits_with_them(found: Sensitivity, mu: str, tau: str) -> None:
    rows = found.table
    row = rows[(rows["kind"] == "prior") & (rows["mu_prior"] == mu) & (rows["tau_prior"] == tau)]
    agree(row.squeeze(), refitted(mu=mu, tau=tau))


def test_published_priors_are_tried(found: Sensitivity) -> None:
    tried = " ".join(found.table["label"])
    assert "tau Rhodes2015()" in tried
    assert "mu Bartos2021()" in tried


def test_leaving_a_study_out_is_a_fit_without_it(found: Sensitivity) -> None:
    rows = found.table[found.table["kind"] == "leave one out"]
    assert len(rows) == 15
    assert (rows["k"] == 14).all()
    row = rows[rows["label"] == "without Sadri 2023"].squeeze()
    where = "outcome == 'pain' and primary == 'yes' and study != 'Sadri 2023'"
    agree(row, refitted(where=where))


def test_the_evidence_grows_by_year(found: Sensitivity) -> None:
    rows = found.table[found.table["kind"] == "cumulative"]
    assert rows["k"].is_monotonic_increasing
    assert rows["k"].iloc[-1] < 15
    where = "outcome == 'pain' and primary == 'yes' and year <= 2018"
    agree(rows[rows["label"] == "to 2018 (k = 5)"].squeeze(), refitted(where=where))


def test_the_other_formula_of_smd_is_tried(found: Sensitivity) -> None:
    row = found.table[found.table["kind"] == "smd"].squeeze()
    agree(row, refitted(smd="revman"))


def test_reference_priors_follow_the_studies_that_are_left() -> None:
    problem = check(MODEL, tau="DuMouchel()").problem
    scales = {variation.problem.priors["tau"].ppf(0.5) for variation in leave_one_out(problem)}
    assert len(scales) == 15


def test_what_changes_is_marked() -> None:
    found = bm.sensitivity(
        ROOT / "models" / "lupus-albumin.toml", try_tau=["HalfCauchy(1.7)"], power_scaling=False
    )
    row = found.table[found.table["label"] == "tau HalfCauchy(1.7)"].squeeze()
    assert row["mu_lower"] < 0 < found.table.iloc[0]["mu_lower"]
    assert row["changed"].startswith("interval crosses null")
    text = rendered(found)
    assert "* interval crosses null" in text
    assert "The conclusion changes in" in text


def test_a_tipping_point_is_where_it_tips() -> None:
    model = ROOT / "models" / "lupus-albumin.toml"
    found = bm.sensitivity(model, try_tau=[], try_mu=[], power_scaling=False)
    (wider,) = [point for point in found.tipping if point.direction == "wider"]
    assert wider.scale is not None
    for factor, excludes in ((0.999, True), (1.001, False)):
        tau = f"HalfNormal({wider.scale * factor!r})"
        fit = bm.fit(model, engine="quadrature", tau=tau, draws=100)
        low, high = fit.estimate("mu")["lower"], fit.estimate("mu")["prob_benefit"]
        assert (low > 0 and high > 0.975) is excludes


def test_a_conclusion_that_holds_is_said() -> None:
    found = bm.sensitivity(
        MODEL,
        try_tau=["HalfNormal(0.6)"],
        try_mu=[],
        leave_one_out=False,
        cumulative=False,
        effect_variants=False,
        power_scaling=False,
    )
    text = rendered(found)
    assert "The conclusion is the same in all 1 other analyses" in text
    assert "holds for every wider prior" in text


def test_priors_without_a_posterior_are_left_out_and_said() -> None:
    frame = pd.DataFrame({"effect": [0.1, 0.9], "std_error": [0.2, 0.3], "study": ["A", "B"]})
    found = bm.sensitivity(
        frame,
        measure="GEN",
        mu="Flat()",
        tau="HalfNormal(1)",
        try_tau=["HalfFlat()"],
        power_scaling=False,
    )
    assert [label for label, _ in found.left_out] == ["tau HalfFlat()", "without A", "without B"][
        :1
    ] or found.left_out
    assert "left out: tau HalfFlat()" in rendered(found)


def test_a_saved_fit_gives_the_same(tmp_path: Path, found: Sensitivity) -> None:
    fit = bm.fit(MODEL, engine="quadrature", draws=100)
    again = bm.sensitivity(bm.load(fit.save(tmp_path / "fit.nc")), power_scaling=False)
    numbers = found.table.select_dtypes("number").columns
    np.testing.assert_allclose(again.table[numbers], found.table[numbers], rtol=1e-9, atol=1e-9)


def test_the_studies_of_a_fit_stay() -> None:
    fit = bm.fit(MODEL, engine="quadrature", draws=100)
    with pytest.raises(SpecError, match="'measure' cannot be changed"):
        bm.sensitivity(fit, measure="MD")


def test_correlations_of_paired_data() -> None:
    frame = pd.DataFrame(
        {
            "study": ["A", "B", "C"],
            "mean_before": [5.0, 6.0, 5.5],
            "sd_before": [1.0, 1.2, 1.1],
            "mean_after": [4.0, 4.5, 5.2],
            "sd_after": [1.1, 1.0, 1.2],
            "total": [20, 30, 25],
        }
    )
    options = {"measure": "MC", "better": "lower", "mu": "Flat()", "tau": "HalfNormal(1)"}
    found = bm.sensitivity(frame, **options, r=0.5, try_r=[0.2, 0.8], power_scaling=False)
    rows = found.table[found.table["kind"] == "r"]
    assert rows["label"].tolist() == ["r = 0.2", "r = 0.8"]
    fit = bm.fit(frame, **options, r=0.8, engine="quadrature", draws=100)
    assert rows["mu_lower"].iloc[1] == pytest.approx(fit.estimate("mu")["lower"], rel=EXACT)


def test_rules_for_empty_cells(zero_cells: pd.DataFrame) -> None:
    found = bm.sensitivity(zero_cells, measure="OR", better="lower", power_scaling=False)
    rows = found.table[found.table["kind"] == "zero cells"].set_index("label")
    assert "0.1 to studies with a zero" in rows.index
    assert rows.loc["studies without events kept", "k"] == 4
    assert rows.loc["0.1 to studies with a zero", "k"] == 3


def test_power_scaling_is_by_arviz() -> None:
    found = bm.sensitivity(MODEL, leave_one_out=False, cumulative=False, tipping=False)
    assert found.power_scaling is not None
    assert found.power_scaling["name"].tolist() == ["mu", "tau"]
    assert (found.power_scaling["likelihood"] > 0.05).all()
    assert "power-scaling" in rendered(found)


def test_files(tmp_path: Path, found: Sensitivity) -> None:
    rows, summary = found.save(tmp_path, "oa")
    assert len(pd.read_csv(rows)) == len(found.table)
    content = json.loads(summary.read_text())
    assert len(content["fits"]) == len(found.table)
    assert content["engine"] == "quadrature"
    assert len(content["tipping_points"]) == 3


def test_only_pairs_that_matter_are_printed(found: Sensitivity) -> None:
    assert "more pairs of priors" in rendered(found)
    assert "mu Flat() · tau Jeffreys()" not in rendered(found)
    assert "mu Flat() · tau Jeffreys()" in rendered(found, every=True)


def test_what_quadrature_cannot_do_is_sampled() -> None:
    found = bm.sensitivity(
        MODEL,
        try_tau=[],
        try_mu=["Gamma(2, 2)"],
        leave_one_out=False,
        cumulative=False,
        effect_variants=False,
        tipping=False,
        power_scaling=False,
        draws=500,
        tune=500,
    )
    row = found.table[found.table["kind"] == "prior"].squeeze()
    assert row["mu_lower"] > 0
    assert row["verdict"] in ("ok", "warn")


def test_a_wrong_prior_names_its_parameter() -> None:
    with pytest.raises(PriorError, match="Turner2015"):
        bm.sensitivity(MODEL, try_tau=["Turner2015()"])


def test_hellinger_of_two_normals() -> None:
    one, other = (integrated(mean, sd) for mean, sd in ((0.0, 1.0), (0.7, 1.5)))
    grid = Grid(centre=0.0, scale=1.0)
    product, total = 1.0 * 1.5, 1.0**2 + 1.5**2
    exact = math.sqrt(1 - math.sqrt(2 * product / total) * math.exp(-(0.7**2) / 4 / total))
    assert hellinger(grid.shares(one), grid.shares(other)) == pytest.approx(exact, abs=1e-6)


def integrated(mean: float, sd: float) -> object:
    from bayesmeta.densities import NormalMixture

    return NormalMixture(
        weights=np.ones((1, 1)), means=np.full((1, 1, 1), mean), sds=np.full((1, 1, 1), sd)
    )


@pytest.mark.parametrize(
    ("before", "after", "phrase"),
    [
        ((True, 0.99, 0.6), (True, 0.98, 0.7), []),
        (
            (True, 0.99, 0.6),
            (False, 0.96, 0.7),
            ["interval crosses null", "P(benefit) < 0.975"],
        ),
        (
            (False, 0.6, 0.4),
            (False, 0.96, 0.6),
            ["P(benefit) > 0.95", "P(important) > 0.5"],
        ),
        (
            (False, 0.6, math.nan),
            (True, 0.01, math.nan),
            ["interval excludes null", "P(benefit) < 0.025"],
        ),
    ],
)
def test_changes_of_the_conclusion(
    before: tuple[bool, float, float], after: tuple[bool, float, float], phrase: list[str]
) -> None:
    names = ("excludes_null", "prob_benefit", "prob_important")
    base, other = (Conclusion(**dict(zip(names, each, strict=True))) for each in (before, after))
    assert base.changes(other) == phrase


def test_a_conclusion_from_estimates() -> None:
    benefit = Benefit(null=0.0, important=None, higher=True)
    estimates = {"mu_lower": 0.1, "mu_upper": 0.5, "prob_benefit": 0.99, "prob_important": math.nan}
    assert Conclusion.of(estimates, benefit).excludes_null is True
    assert Conclusion.of(estimates, replace(benefit, null=None)).excludes_null is None


@pytest.mark.parametrize(
    ("expression", "label"),
    [
        ("HalfNormal(sigma=0.5)", "HalfNormal(0.5)"),
        ("StudentT(nu=4, mu=0, sigma=2)", "StudentT(4, 0, 2)"),
        ("Jeffreys()", "Jeffreys()"),
        ("Turner2015()", "Turner2015()"),
    ],
)
def test_short_labels(expression: str, label: str) -> None:
    assert short(parse_prior(expression, parameter="tau", measure="OR")) == label


def rendered(found: Sensitivity, **options: bool) -> str:
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(found.to_text(**options))
    return console.export_text()
