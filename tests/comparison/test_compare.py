"""One outcome by every method: rows, numbers, published results, files."""

import gzip
import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import bayesmeta as bm
from bayesmeta.comparison import Comparison, Row
from bayesmeta.errors import InputError, SpecError
from bayesmeta.results.summary import COLUMNS
from bayesmeta.studies import read_review

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "parity" / "toy.rm5"
SHARED = ROOT.parent / "shared"
REFERENCE = ROOT / "tests" / "reference" / "classical.json.gz"

METAFOR = 1e-9
"""Relative, against numbers of 13 digits."""

ITERATED = 1e-9
"""Relative, against metafor with tolerances of 1e-15."""

METAFOR_STOPS = 2e-4
"""By its default tolerances metafor's REML stops within 1e-5 of tau², and with it what follows."""

ZERO = 1e-12
"""Absolute: a difference of larger numbers, and tau² that a search leaves in place of 0."""

SAME = 1e-12
"""The same numbers, by another path through the code."""

PRIORS = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)"}


def estimates(effect: list[float], std_error: list[float]) -> pd.DataFrame:
    """Toy studies of which the estimates are known."""
    names = [f"Toy {2001 + i}" for i in range(len(effect))]
    return pd.DataFrame({"study": names, "effect": effect, "std_error": std_error})


def counts(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    """Toy studies: events and participants of treatment and control."""
    names = [f"{name}_{arm}" for arm in ("treatment", "control") for name in ("events", "total")]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(study=[f"Toy {2001 + i}" for i in range(len(rows))])


def compare(frame: pd.DataFrame, **options: object) -> Comparison:
    return bm.compare(frame, engine="quadrature", **({"measure": "GEN", **PRIORS} | options))


def numbers(row: Row) -> list[float]:
    return [row.estimate, row.sd, row.lower, row.upper]


@pytest.fixture(scope="module")
def three() -> Comparison:
    frame = estimates([-0.9, 0.1, -0.6], [0.2, 0.25, 0.3])
    return compare(frame, published={"estimate": -0.5, "lower": -0.8, "upper": -0.2, "tau2": 0.04})


def test_rows_stand_in_their_order(three: Comparison) -> None:
    assert [row.method for row in three.rows] == ["published", "fixed", "random", "reml", "normal"]
    assert [row.kind for row in three.rows] == ["published", *["classical"] * 3, "bayesian"]
    assert [row.label for row in three.rows] == [
        "published",
        "RevMan, fixed effect (inverse variance)",
        "RevMan, random effects (inverse variance, DL)",
        "REML with HKSJ",
        "Bayesian, normal likelihood",
    ]
    assert three.table["method"].tolist() == [row.method for row in three.rows]
    assert (three.k, three.verdict) == (3, "ok")


@pytest.mark.parametrize("name", ["bcg_RR", "Crins2014_AR", "hine1989_RD"])
def test_classical_rows_are_those_of_metafor(name: str) -> None:
    """``rma`` with EE, DL and REML with ``test = "knha"``; predictions with ``test = "t"``."""
    reference = json.loads(gzip.decompress(REFERENCE.read_bytes()))
    found, columns = reference["sets"][name], reference["columns"]
    std_error = np.sqrt(found["variance"]).tolist()
    rows = {row.method: row for row in compare(estimates(found["effect"], std_error)).rows}
    for method, fit, test, tolerance in (
        ("fixed", "EE", "Wald", METAFOR),
        ("random", "DL", "Wald", METAFOR),
        ("reml", "REML", "HKSJ", METAFOR_STOPS),
    ):
        printed = found["fits"][fit]
        values = dict(zip(columns, printed["tests"][test], strict=True))
        expected = [values[key] for key in ("estimate", "std_error", "lower", "upper")]
        assert numbers(rows[method]) == pytest.approx(expected, rel=tolerance, abs=ZERO), method
        i2 = printed["I2"] / 100
        assert rows[method].i2 == pytest.approx(i2, rel=tolerance, abs=tolerance)
        if method == "random":
            assert rows[method].tau ** 2 == pytest.approx(values["tau2"], rel=METAFOR, abs=ZERO)
    reml, iterated = rows["reml"], found["iterated"]
    assert reml.tau**2 == pytest.approx(iterated["tau2"]["REML"], rel=ITERATED, abs=ZERO)
    ends = [reml.tau_lower**2, reml.tau_upper**2]
    assert ends == pytest.approx(iterated["q_profile"], rel=ITERATED, abs=ZERO)
    values = dict(zip(columns, found["fits"]["REML"]["tests"]["t"], strict=True))
    expected = [values["metafor lower"], values["metafor upper"]]
    found_ends = [reml.prediction_lower, reml.prediction_upper]
    assert found_ends == pytest.approx(expected, rel=METAFOR_STOPS)


@pytest.mark.parametrize(
    "analysis", [each.analysis for each in read_review(TOY) if each.rows.estimable.any()]
)
def test_the_bayesian_row_is_the_fit(analysis: str) -> None:
    options = {"analysis": analysis, "engine": "quadrature", "better": "lower"}
    fit = bm.fit(TOY, **options)
    (row,) = [each for each in bm.compare(TOY, **options).rows if each.method == "normal"]
    for name, prefix in (("mu", ""), ("tau", "tau_"), ("theta_new", "prediction_")):
        estimate = fit.estimate(name)
        ends = [getattr(row, f"{prefix}{end}") for end in ("lower", "upper")]
        assert ends == pytest.approx([estimate["lower"], estimate["upper"]], rel=SAME)
    mu = fit.estimate("mu")
    assert [row.estimate, row.sd] == pytest.approx([mu["median"], mu["sd"]], rel=SAME)
    assert row.prob_benefit == pytest.approx(mu["prob_benefit"], rel=SAME)
    assert row.i2 == pytest.approx(fit.estimate("I2")["median"], rel=SAME)
    assert row.tau == pytest.approx(fit.estimate("tau")["median"], rel=SAME)


def test_a_fit_a_table_and_a_file_give_the_same() -> None:
    options = {"analysis": "1.2", "engine": "quadrature"}
    by_file = bm.compare(TOY, **options)
    by_fit = bm.compare(bm.fit(TOY, **options))
    both = by_file.table["method"] != "binomial"  # a fit lacks studies that its counts would keep
    pd.testing.assert_frame_equal(by_file.table[both], by_fit.table, rtol=SAME)
    own = ("counts", "left out by every row")
    assert [line for line in by_fit.sentences if not any(text in line for text in own)] == [
        line for line in by_file.sentences if not any(text in line for text in own)
    ]
    assert by_file.rows[0].label == "RevMan, fixed effect (Mantel-Haenszel)"


def test_rows_by_inverse_variance_on_request() -> None:
    usual = bm.compare(TOY, analysis="1.1", engine="quadrature")
    asked = bm.compare(TOY, analysis="1.1", engine="quadrature", method="IV")
    assert asked.rows[0].label == "RevMan, fixed effect (inverse variance)"
    assert asked.rows[0].estimate != usual.rows[0].estimate
    assert numbers(asked.rows[2]) == numbers(usual.rows[2])


def test_intervals_have_the_level_of_the_analysis() -> None:
    frame = estimates([-0.9, 0.1, -0.6], [0.2, 0.25, 0.3])
    usual, wider = compare(frame), compare(frame, prob=0.99)
    assert all(one.width < other.width for one, other in zip(usual.rows, wider.rows, strict=True))
    fixed = wider.rows[0]
    half = 2.5758293035489004 * fixed.sd  # the 0.995 quantile of the normal distribution
    assert fixed.upper - fixed.estimate == pytest.approx(half, rel=SAME)


MEAN, HALF = -0.53, 1.959963984540054 * 0.1
"""The fixed effect of `FOUR`, and half its interval: four standard errors of 0.2 are 0.1 pooled."""

FOUR = estimates([-0.73, -0.53, -0.33, -0.53], [0.2, 0.2, 0.2, 0.2])


def printed(level: float = 0.95, **other: object) -> dict[str, object]:
    half = HALF if level == 0.95 else 1.6448536269514722 * 0.1
    ends = {"lower": round(MEAN - half, 2), "upper": round(MEAN + half, 2)}
    return {"estimate": MEAN, **ends, "level": level, **other}


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_a_published_result_is_reproduced_at_its_digits_and_level(level: float) -> None:
    found = compare(FOUR, published=printed(level, source="Toy 1999"))
    assert found.reproduced == "RevMan, fixed effect (inverse variance)"
    assert found.sentences[0] == (
        "The published result is reproduced to every printed digit by RevMan, fixed effect "
        "(inverse variance)."
    )
    suffix = "" if level == 0.95 else " (90 % interval)"
    assert found.rows[0].label == f"published: Toy 1999{suffix}"
    assert [found.rows[0].lower, found.rows[0].upper] == [
        printed(level)["lower"],
        printed(level)["upper"],
    ]


@pytest.mark.parametrize(
    ("other", "phrase"),
    [
        ({"upper": -0.31}, "is not reproduced from these studies: the nearest is RevMan, fixed"),
        ({"level": 0.9}, "is not reproduced"),
        ({"measure": "SMD"}, "another measure (standardised mean difference)"),
    ],
)
def test_a_published_result_that_is_not_reproduced(other: dict[str, object], phrase: str) -> None:
    found = compare(FOUR, published=printed() | other)
    assert found.reproduced is None
    assert phrase in found.sentences[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"estimate": 0.5, "lower": 0.6, "upper": 0.7},
        {"estimate": 0.5, "lower": 0.7, "upper": 0.4},
        {"estimate": 0.5, "lower": -0.1, "upper": 0.9, "measure": "OR"},
        {"estimate": 0.5, "lower": 0.0, "upper": 0.9, "measure": "OR"},
        {"estimate": 0.5, "lower": 0.1, "upper": 0.9, "measure": "Odds"},
        {"estimate": 0.5, "lower": 0.5, "upper": 0.5},
        {"estimate": 0.5, "lower": 0.1, "upper": 0.9, "i2": 101},
        {"estimate": 0.5, "lower": 0.1, "upper": 0.9, "tau2": -0.1},
        {"estimate": 0.5, "lower": 0.1, "upper": 0.9, "level": 95},
        {"estimate": 0.5, "lower": 0.1},
        {"estimate": float("nan"), "lower": 0.1, "upper": 0.9},
        {"estimate": 0.5, "lower": 0.1, "upper": 0.9, "sorce": "Toy"},
    ],
)
def test_an_impossible_published_result_is_a_wrong_spec(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        compare(FOUR, published=wrong)


def test_a_published_result_of_another_measure_has_no_row() -> None:
    found = compare(
        counts((3, 30, 5, 30), (8, 40, 7, 42)),
        measure="OR",
        published={"estimate": 0.1, "lower": 0.02, "upper": 0.18, "measure": "RD"},
    )
    assert found.rows[0].method == "fixed"
    assert (
        "(risk difference) than the others (odds ratio), 0.10 (0.02 to 0.18)"
        in (found.sentences[0])
    )


def test_some_studies_are_pooled_as_revman_was_told() -> None:
    """Outcome 1.5 is pooled by inverse variance, though its risk ratios could be by MH."""
    whole = bm.compare(TOY, analysis="1.5", engine="quadrature")
    some = bm.compare(TOY, analysis="1.5", engine="quadrature", where="study != 'Nobody'")
    assert [row.label for row in some.rows] == [row.label for row in whole.rows]
    assert some.rows[0].label == "RevMan, fixed effect (inverse variance)"


def test_what_revman_stored_is_the_first_row() -> None:
    path = ROOT.parent / "shared" / "revman" / "Fleiss1993.rm5"
    if not path.exists():
        pytest.skip("no Fleiss1993.rm5")
    found = bm.compare(path, analysis="1.1", engine="quadrature")
    assert (found.rows[0].method, found.rows[0].label) == ("published", "RevMan, as stored")
    assert found.reproduced == "RevMan, fixed effect (Mantel-Haenszel)"
    assert found.sentences[0].startswith("What RevMan stored is reproduced to all digits by")
    some = bm.compare(path, analysis="1.1", engine="quadrature", where="year < 1980")
    assert some.rows[0].method == "fixed"  # what RevMan stored is of all studies
    asked = bm.compare(
        path,
        analysis="1.1",
        engine="quadrature",
        published={"estimate": 0.9, "lower": 0.8, "upper": 1.0},
    )
    assert asked.rows[0].label == "published"


def test_what_cannot_be_analysed_is_an_error() -> None:
    with pytest.raises(InputError, match="no study has an effect"):
        bm.compare(TOY, analysis="2.4", engine="quadrature")
    with pytest.raises(InputError, match="no study"):
        compare(counts((0, 30, 0, 30), (8, 8, 7, 7)), measure="OR")


def test_estimates_have_the_columns_of_a_fit(three: Comparison) -> None:
    table = three.estimates
    assert table.columns.tolist() == ["method", *COLUMNS]
    assert table.groupby("method", sort=False)["name"].apply(list).to_dict() == {
        "published": ["mu", "tau"],
        "fixed": ["mu", "I2"],
        "random": ["mu", "tau", "I2"],
        "reml": ["mu", "tau", "theta_new", "I2"],
        "normal": ["mu", "tau", "theta_new", "I2"],
    }
    published = table[(table["method"] == "published") & (table["name"] == "tau")].squeeze()
    assert published["median"] == pytest.approx(0.2)


def test_the_display_scale_of_ratios() -> None:
    frame = estimates([-0.9, 0.1, -0.6], [0.2, 0.25, 0.3])
    table = compare(frame, measure="HR", scale="analysis").estimates
    effects = table[table["name"].isin(["mu", "theta_new"])]
    for end in ("median", "lower", "upper"):
        np.testing.assert_allclose(effects[f"display_{end}"], np.exp(effects[end].astype(float)))
    assert table.loc[~table.index.isin(effects.index), "display_median"].isna().all()


def test_files_hold_the_comparison(three: Comparison, tmp_path: Path) -> None:
    rows, summary = three.save(tmp_path, "toy")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "toy-comparison.csv",
        "toy-comparison.json",
    ]
    content = json.loads(summary.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert content == three.to_dict()
    assert [row["method"] for row in content["methods"]] == three.table["method"].tolist()
    assert content["methods"][0]["prediction_lower"] is None
    again = pd.read_csv(rows, keep_default_na=False, na_values=[""])
    assert again["method"].tolist() == three.estimates["method"].tolist()
    np.testing.assert_allclose(again["lower"], three.estimates["lower"].astype(float))


def test_nothing_is_left_where_writing_fails(three: Comparison, tmp_path: Path) -> None:
    (tmp_path / "toy-comparison.csv").mkdir()
    with pytest.raises((InputError, OSError)):
        three.save(tmp_path, "toy")
    assert [path.name for path in tmp_path.iterdir()] == ["toy-comparison.csv"]


def test_text_for_a_terminal(three: Comparison) -> None:
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(three.to_text())
    text = console.export_text()
    assert all(row.label in text for row in three.rows)
    assert all(sentence in text for sentence in three.sentences)
    assert "P(benefit)" not in text  # which direction is benefit was not said
    assert "t with k − 1 degrees of freedom" in text


@pytest.mark.parametrize("effect", [[-0.5], [-0.5, 0.2]])
def test_one_or_two_studies_have_all_rows(effect: list[float]) -> None:
    found = compare(estimates(effect, [0.2] * len(effect)))
    assert [row.method for row in found.rows] == ["fixed", "random", "reml", "normal"]
    assert all(math.isfinite(row.lower) for row in found.rows)
    assert found.to_dict()["k"] == len(effect)
    shown = [text.get_text() for text in found.plot().texts]
    assert [label for label in shown if label in {row.label for row in found.rows}] == [
        row.label for row in found.rows
    ]


def test_a_saved_fit_gives_the_rows_of_its_data_at_any_level(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        [(4, 40, 9, 41), (0, 25, 3, 24), (30, 30, 31, 31), (0, 30, 0, 30), (7, 60, 12, 58)],
        columns=["events_treatment", "total_treatment", "events_control", "total_control"],
    )
    fit = bm.fit(frame, measure="RR", engine="quadrature", prob=0.9)
    saved = bm.load(fit.save(tmp_path / "toy.nc"))
    for prob, kind in ((0.9, "eti"), (0.95, "eti"), (0.95, "hdi")):
        direct = compare(frame, measure="RR", prob=prob, kind=kind)
        reopened = bm.compare(saved, prob=prob, kind=kind)
        both = direct.table["method"] != "binomial"  # the fit lacks studies that counts keep
        np.testing.assert_array_equal(
            reopened.table.select_dtypes(float), direct.table[both].select_dtypes(float)
        )
        assert [row.level for row in reopened.rows] == [prob] * 4


def test_a_fit_of_a_review_outlives_its_file(tmp_path: Path) -> None:
    source = SHARED / "revman" / "Fleiss1993.rm5"
    if not source.exists():
        pytest.skip("the RevMan files are not here")
    path = tmp_path / "review.rm5"
    path.write_bytes(source.read_bytes())
    fit = bm.fit(path, analysis="1.1", engine="quadrature")
    assert bm.compare(fit).rows[0].label == "RevMan, as stored"
    path.write_bytes(source.read_bytes().replace(b'"0.8968', b'"0.7777'))
    changed = bm.compare(fit)
    assert changed.rows[0].method == "fixed"
    assert "has changed since the fit" in changed.warnings[0]
    path.unlink()
    assert bm.compare(fit).rows[0].method == "fixed"


def test_a_mixture_has_estimates_of_each_study_that_no_row_shows() -> None:
    frame = pd.DataFrame({"effect": [0.1, 0.3, 1.5], "std_error": [0.2, 0.2, 0.2]})
    fit = bm.fit(frame, measure="SMD", heterogeneity="mixture", draws=300, tune=300, chains=2)
    (row,) = [row for row in bm.compare(fit).rows if row.kind == "bayesian"]
    assert row.estimate == fit.estimate("mu")["median"]
