"""A fit: its estimates, its files, its text."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.console import Console

import bayesmeta as bm
from bayesmeta.results import tables
from bayesmeta.results.export import summary_to_csv, summary_to_dict, summary_to_json
from bayesmeta.results.fit import FORMAT
from bayesmeta.results.numbers import decimals, format_number
from bayesmeta.results.summary import COLUMNS
from bayesmeta.results.tables import fit_to_text, prepared_to_text


def text_of(renderable: object) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(renderable)
    return console.export_text()


def test_estimates_have_the_columns_and_rows(oa_pain: bm.Fit) -> None:
    estimates = oa_pain.summary()
    assert tuple(estimates.columns) == COLUMNS
    assert estimates["name"].tolist()[:4] == ["mu", "tau", "theta_new", "I2"]
    assert (estimates["name"] == "theta").sum() == oa_pain.table.sizes["study"] == 15
    assert estimates.loc[estimates["name"] == "theta", "study"].is_unique


def test_estimates_are_those_of_the_draws(oa_pain: bm.Fit) -> None:
    draws = oa_pain.posterior["mu"].to_numpy()
    mu = oa_pain.estimate("mu")
    assert mu["mean"] == pytest.approx(draws.mean(), rel=1e-12)
    assert mu["lower"] == pytest.approx(np.quantile(draws, 0.025), rel=1e-9)
    assert mu["prob_benefit"] == (draws < 0).mean()
    assert mu["prob_important"] == (draws < -0.5).mean()
    assert mu["rhat"] == pytest.approx(float(azs.rhat(draws)), rel=1e-12)


def test_only_effects_have_probabilities(oa_pain: bm.Fit) -> None:
    for name in ("tau", "I2"):
        assert math.isnan(oa_pain.estimate(name)["prob_benefit"])


def test_intervals_on_request(oa_pain: bm.Fit) -> None:
    wide, narrow = oa_pain.estimate("tau"), oa_pain.summary(prob=0.5, kind="hdi").iloc[1]
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]
    hdi = azs.hdi(oa_pain.posterior["tau"].to_numpy().ravel(), prob=0.5)
    assert [narrow["lower"], narrow["upper"]] == pytest.approx(list(hdi), rel=1e-12)
    assert oa_pain.spec.interval.prob == 0.95
    with pytest.raises(bm.SpecError):
        oa_pain.summary(prob=2)


def test_display_scale_is_back_transformed(odds_ratios: bm.Fit) -> None:
    mu = odds_ratios.estimate("mu")
    for end in ("median", "lower", "upper"):
        assert mu[f"display_{end}"] == pytest.approx(math.exp(mu[end]), rel=1e-12)
    assert math.isnan(odds_ratios.estimate("tau")["display_median"])
    draws = odds_ratios.posterior["mu"].to_numpy()
    assert mu["prob_important"] == (draws < math.log(0.8)).mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"important": 0.8}, "needs a direction"),
        ({"important": 0.8, "better": "higher"}, "no important benefit"),
        ({"important": -1, "better": "lower"}, "no important benefit"),
    ],
)
def test_important_effect_must_be_a_benefit(
    zero_cells: pd.DataFrame, options: dict, message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.check(zero_cells, measure="OR", **options)


def test_weights_sum_to_100_and_shrinkage_is_a_share(oa_pain: bm.Fit) -> None:
    assert float(oa_pain.weights.sum()) == pytest.approx(100, rel=1e-12)
    assert (oa_pain.shrinkage > 0).all()
    assert (oa_pain.shrinkage < 1).all()
    precise = np.argmin(oa_pain.table["std_error"].data)
    assert np.argmax(oa_pain.weights.data) == precise
    assert np.argmin(oa_pain.shrinkage.data) == precise


def test_common_effect_has_fixed_weights(common_effect: bm.Fit) -> None:
    expected = common_effect.table["std_error"] ** -2.0
    np.testing.assert_allclose(common_effect.weights, 100 * expected / expected.sum())
    assert set(common_effect.estimates["name"]) == {"mu"}


def test_saved_fit_opens_without_its_data(oa_pain: bm.Fit, tmp_path: Path) -> None:
    again = bm.load(oa_pain.save(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(again.estimates, oa_pain.estimates)
    assert summary_to_dict(again) == summary_to_dict(oa_pain)
    assert again.tree.attrs["spec_text"].startswith("# Knee osteoarthritis")
    assert again.table["mean1" if "mean1" in again.table else "mean_treatment"].size == 15
    again.save(tmp_path / "fit.nc")
    assert list(tmp_path.iterdir()) == [tmp_path / "fit.nc"]


def test_arviz_reads_a_saved_fit(oa_pain: bm.Fit, tmp_path: Path) -> None:
    import arviz as az

    tree = az.from_netcdf(oa_pain.save(tmp_path / "fit.nc"))
    assert "mu" in az.summary(tree, var_names=["mu"], ci_prob=0.95, ci_kind="eti").index
    assert az.loo(tree).n_data_points == 15
    tree.close()


@pytest.mark.parametrize("content", [b"", b"not a fit", b"\x89HDF\r\n\x1a\n broken"])
def test_what_is_no_fit_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    path.write_bytes(content)
    with pytest.raises(bm.DataError, match="not a saved fit"):
        bm.load(path)
    with pytest.raises(bm.InputError, match="no such file"):
        bm.load(tmp_path / "y.nc")


DAMAGE = {
    "spec that is no JSON": lambda tree: tree.attrs.update(spec="nonsense"),
    "spec of another shape": lambda tree: tree.attrs.update(spec='{"effect": 3}'),
    "unknown measure": lambda tree: tree.attrs.update(spec='{"effect": {"measure": "XX"}}'),
    "record that is a list": lambda tree: tree.attrs.update(bayesmeta="[1]"),
    "record without priors": lambda tree: tree.attrs.update(
        bayesmeta=json.dumps({"format": FORMAT})
    ),
    "no posterior": lambda tree: tree.__delitem__("posterior"),
    "no studies": lambda tree: tree.__delitem__("constant_data"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_fit_is_refused(
    odds_ratios: bm.Fit, tmp_path: Path, damage: Callable[[xr.DataTree], object]
) -> None:
    tree = odds_ratios.tree.copy()
    tree.attrs = dict(tree.attrs)
    damage(tree)
    path = tmp_path / "damaged.nc"
    tree.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(bm.DataError, match="not a saved fit") as caught:
        bm.load(path)
    assert caught.value.file == path
    assert "\n" not in caught.value.message


def test_a_fit_of_another_layout_is_refused(odds_ratios: bm.Fit, tmp_path: Path) -> None:
    tree = odds_ratios.tree.copy()
    tree.attrs = {**tree.attrs, "bayesmeta": json.dumps({**odds_ratios.record, "format": 99})}
    tree.to_netcdf(tmp_path / "later.nc", engine="h5netcdf")
    with pytest.raises(bm.InputError, match="has layout 99"):
        bm.load(tmp_path / "later.nc")


def test_summary_has_the_layout(odds_ratios: bm.Fit) -> None:
    summary = json.loads(summary_to_json(odds_ratios))
    assert list(summary) == [
        "bayesmeta",
        "title",
        "engine",
        "likelihood",
        "heterogeneity",
        "model",
        "control",
        "new_total",
        "measure",
        "scale",
        "display",
        "k",
        "n_participants",
        "interval",
        "priors",
        "estimates",
        "diagnostics",
        "cross_check",
        "evidence",
        "ranks",
        "subgroup_test",
        "excluded",
        "corrections",
        "warnings",
        "provenance",
    ]
    assert summary["k"] == 3
    assert summary["n_participants"] == 40 + 25 + 60 + 41 + 24 + 58
    assert summary["interval"] == {"prob": 0.95, "kind": "eti"}
    assert {item["study"] for item in summary["excluded"]} == {"None 2004", "Gap 2005"}
    assert [item["study"] for item in summary["corrections"]] == ["Bo 2002"]
    assert set(summary["priors"]["tau"]) == {"expression", "source"}
    assert set(summary["provenance"]) == {
        "data_sha256",
        "spec_sha256",
        "seed",
        "versions",
        "command",
        "seconds",
    }
    mu = summary["estimates"][0]
    assert mu["name"] == "mu"
    assert mu["study"] is None
    assert set(mu["display"]) == {"median", "lower", "upper"}


def test_csv_does_not_run_in_a_spreadsheet(zero_cells: pd.DataFrame) -> None:
    frame = zero_cells.head(1).assign(study="=HYPERLINK(1)")
    fit = bm.fit(frame, measure="OR", draws=500, chains=2)
    assert "'=HYPERLINK(1)" in summary_to_csv(fit)
    assert "\n=HYPERLINK" not in summary_to_csv(fit)


def test_terminal_says_everything_the_reader_must_know(odds_ratios: bm.Fit) -> None:
    text = text_of(fit_to_text(odds_ratios, studies=True))
    for expected in (
        "pooled effect (mu)",
        "95 % credible interval",
        "95 % prediction interval",
        "odds ratio",
        "P(important)",
        "prior of tau: HalfNormal(sigma=0.5); default",
        "left out: None 2004: no events, or only events, in both arms",
        "left out: Gap 2005: missing: total_treatment",
        "corrected: Bo 2002: 0.5 added to every cell",
        "convergence: ok",
        "warning: With 3 studies",
        "<b>Cy</b> $2003$",
    ):
        assert expected in text


def test_notebook_display_escapes(odds_ratios: bm.Fit, zero_cells: pd.DataFrame) -> None:
    html = odds_ratios._repr_html_()
    assert "pooled effect" in html
    assert "<script" not in html
    ready = bm.check(zero_cells.iloc[[2]], measure="OR")
    assert "<b>Cy</b>" in text_of(prepared_to_text(ready.spec, ready.table, ready.problem.priors))


@pytest.mark.parametrize(
    ("lower", "upper", "places"),
    [(-1.0, -0.3, 2), (0.1, 9.0, 1), (-40, 60, 0), (0.001, 0.003, 5), (1, 1, 2)],
)
def test_decimals_are_those_that_the_spread_deserves(
    lower: float, upper: float, places: int
) -> None:
    assert decimals(lower, upper) == places


@pytest.mark.parametrize(
    ("value", "text"), [(-0.123, "−0.12"), (-0.001, "0.00"), (float("nan"), ""), (2, "2.00")]
)
def test_numbers_have_a_true_minus(value: float, text: str) -> None:
    assert format_number(value, 2) == text


def test_repr_and_unknown_estimate(oa_pain: bm.Fit) -> None:
    assert repr(oa_pain).endswith("SMD, k = 15>")
    with pytest.raises(KeyError, match="omega"):
        oa_pain.estimate("omega")


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "> 0.999"), (0.9995, "> 0.999"), (0.95, "0.950"), (0.0, "< 0.001"), (math.nan, "")],
)
def test_a_probability_from_draws_is_never_certain(probability: float, text: str) -> None:
    assert tables.format_probability(probability) == text


@pytest.fixture(scope="module")
def proportions() -> bm.Fit:
    """Proportions by the double arcsine, whose scale depends on the size of the study."""
    frame = pd.DataFrame({"events": [2, 1, 4, 3, 0], "total": [200, 15, 30, 40, 30]})
    return bm.fit(frame, measure="PFT", better="lower", important=0.05, draws=1000)


def test_freeman_tukey_rows_are_shown_at_the_size_of_their_study(proportions: bm.Fit) -> None:
    texts = [text.get_text() for text in proportions.plot().texts]
    assert any(text.startswith("0.010 [") for text in texts)  # 2 of 200
    theta = proportions.estimates.query("name == 'theta'")
    scale, totals = proportions.measure.scale, proportions.table["total"].to_numpy()
    np.testing.assert_allclose(
        theta["display_median"], scale.to_display(theta["median"].to_numpy(), totals)
    )


def test_freeman_tukey_probability_agrees_with_the_display(proportions: bm.Fit) -> None:
    draws = proportions.posterior["mu"].to_numpy().ravel()
    size = 1 / np.mean(1 / proportions.table["total"].to_numpy())
    shown = proportions.measure.scale.to_display(draws, np.full(draws.shape, size))
    assert proportions.estimate("mu")["prob_important"] == pytest.approx((shown < 0.05).mean())


def test_power_scaling_of_arviz_reads_a_fit(oa_pain: bm.Fit) -> None:
    import arviz as az

    table = az.psense_summary(oa_pain.tree, var_names=["mu", "tau"])
    assert list(table.index) == ["mu", "tau"]
