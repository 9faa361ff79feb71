"""Standardised mean differences as RevMan computes them, and the exact small-sample factor."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.measures.continuous import small_sample_factor
from bayesmeta.spec import Effect

META_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

CLOSED_FORM_RTOL = 1e-12
"""The gamma function at whole and half numbers in double precision."""

REVMAN_RTOL = 1e-9
"""Closed forms against numbers that RevMan stores in full."""

META = json.loads(
    (Path(__file__).parents[1] / "reference" / "meta_smd.json").read_text(encoding="utf-8")
)
OUR_COLUMNS = MEASURES["SMD"].columns
RAW_COLUMNS = {
    "Fleiss1993cont": ("mean.psyc", "sd.psyc", "n.psyc", "mean.cont", "sd.cont", "n.cont"),
    "amlodipine": ("mean.amlo", "var.amlo", "n.amlo", "mean.plac", "var.plac", "n.plac"),
    "dat.normand1999": ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),
}
STORED = Path(__file__).parents[2] / "../shared/reference/revman_xml_CD007868StatsDataOnly.json"
STORED_ROWS = 165


def revman_smd(columns):
    effect = Effect(measure="SMD", smd="revman")
    return MEASURES["SMD"].formula({n: np.array(v, float) for n, v in columns.items()}, effect)


@pytest.mark.parametrize("result", META["results"], ids=lambda result: result["dataset"])
def test_revman_smd_is_that_of_r_meta_with_the_settings_of_revman(result):
    raw = META["raw"][result["dataset"]]
    columns = {
        ours: np.sqrt(raw[name]) if name.startswith("var") else raw[name]
        for ours, name in zip(OUR_COLUMNS, RAW_COLUMNS[result["dataset"]], strict=True)
    }
    found = revman_smd(columns)
    np.testing.assert_allclose(found.effect, result["TE"], rtol=META_RTOL)
    np.testing.assert_allclose(np.sqrt(found.variance), result["seTE"], rtol=META_RTOL)


def test_revman_smd_by_hand():
    # Deeks & Higgins 2010: two arms of 10, means 5 and 3, both standard deviations 2, so d = 1.
    columns = dict(zip(OUR_COLUMNS, ([5], [2], [10], [3], [2], [10]), strict=True))
    found = revman_smd(columns)
    g = 1 - 3 / 71
    assert found.effect.item() == pytest.approx(g, rel=CLOSED_FORM_RTOL)
    expected = 0.2 + g**2 / (2 * 16.06)
    assert found.variance.item() == pytest.approx(expected, rel=CLOSED_FORM_RTOL)


@pytest.mark.skipif(not STORED.exists(), reason="the rows that RevMan stored are not here")
def test_revman_smd_is_what_revman_stored():
    review = json.loads(STORED.read_text(encoding="utf-8"))
    outcomes = [
        outcome
        for comparison in review["comparisons"]
        for outcome in comparison["outcomes"]
        if outcome["attrs"]["EFFECT_MEASURE"] == "SMD"
    ]
    groups = [group for outcome in outcomes for group in (outcome, *outcome["subgroups"])]
    rows = [row for group in groups for row in group["studies"] if row["ESTIMABLE"] == "YES"]
    names = ("MEAN_1", "SD_1", "TOTAL_1", "MEAN_2", "SD_2", "TOTAL_2")
    found = revman_smd(
        {ours: [row[name] for row in rows] for ours, name in zip(OUR_COLUMNS, names, strict=True)}
    )
    assert len(rows) == STORED_ROWS
    np.testing.assert_allclose(found.effect, [row["EFFECT_SIZE"] for row in rows], rtol=REVMAN_RTOL)
    np.testing.assert_allclose(
        np.sqrt(found.variance), [row["SE"] for row in rows], rtol=REVMAN_RTOL
    )


def test_the_bias_correction_is_off_on_request():
    columns = dict(zip(OUR_COLUMNS, ([5], [2], [10], [3], [2], [10]), strict=True))
    arrays = {name: np.array(values, float) for name, values in columns.items()}
    found = MEASURES["SMD"].formula(arrays, Effect(measure="SMD", bias_correction=False))
    assert found.effect.item() == pytest.approx(1.0, rel=CLOSED_FORM_RTOL)


@pytest.mark.parametrize(
    ("df", "factor"),
    [(2, 1 / np.sqrt(np.pi)), (3, np.sqrt(np.pi / 6)), (4, np.sqrt(2 / np.pi))],
)
def test_the_small_sample_factor_at_small_numbers(df, factor):
    # Hedges 1981, equation 6e, where the gamma functions are known by heart.
    assert small_sample_factor(np.array(df)) == pytest.approx(factor, rel=CLOSED_FORM_RTOL)
