"""The same counts under every likelihood."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import SpecError
from bayesmeta.measures import ZERO_CELL_RULES

COUNTS = pd.DataFrame(
    {
        "study": list("ABCDE"),
        "events_treatment": [0, 3, 6, 0, 1],
        "total_treatment": [20, 25, 40, 12, 30],
        "events_control": [4, 5, 9, 0, 0],
        "total_control": [22, 24, 38, 11, 30],
    }
)
QUICK = {"chains": 2, "draws": 400, "tune": 400}


@pytest.fixture(scope="module")
def found() -> object:
    return bm.likelihoods(COUNTS, measure="OR", better="lower", **QUICK)


def test_every_way_has_a_row(found: object) -> None:
    methods = [row.method for row in found.rows]
    assert methods[:4] == ["fixed", "random", "reml", "peto"]
    normal = [method for method in methods if method.startswith("normal")]
    assert len(normal) == len(ZERO_CELL_RULES)
    assert methods[-4:] == ["binomial", "binomial, common", "binomial, events", "beta-binomial"]
    labels = {row.method: row.label for row in found.rows}
    assert labels["binomial"] == "binomial, random effects (k = 5)"
    assert labels["binomial, events"].endswith("(k = 4)")


def test_rows_are_those_of_fits_and_of_peto(found: object) -> None:
    rows = {row.method: row for row in found.rows}
    fit = bm.fit(COUNTS, measure="OR", likelihood="binomial", engine="quadrature")
    assert rows["binomial"].estimate == pytest.approx(fit.estimate("mu")["median"], rel=1e-12)
    without = bm.fit(
        COUNTS[COUNTS.study != "D"], measure="OR", likelihood="binomial", engine="quadrature"
    )
    found_without = rows["binomial, events"]
    assert found_without.upper == pytest.approx(without.estimate("mu")["upper"], rel=1e-9)
    a, n1, c, n2 = COUNTS.iloc[[0, 1, 2, 4], 1:].to_numpy(float).T
    n, m = n1 + n2, a + c
    expected, variance = n1 * m / n, n1 * n2 * m * (n - m) / (n**2 * (n - 1))
    peto = (a - expected).sum() / variance.sum()  # Yusuf et al. 1985
    assert rows["peto"].estimate == pytest.approx(peto, rel=1e-12)
    assert rows["peto"].sd == pytest.approx(variance.sum() ** -0.5, rel=1e-12)


def test_the_sentences_say_what_the_corrections_did(found: object) -> None:
    said = "\n".join(found.sentences)
    assert "Studies with an empty cell: 3 of 5; without events: 1." in said
    assert "By the rule for empty cells the normal approximation gives from" in said
    assert "Without the studies that have no events at all" in said
    assert "nan" not in said


def test_priors_are_the_same_in_all_rows_and_their_reasons_stay(found: object) -> None:
    assert found.priors["mu"]["source"].startswith("default: unit-information")


def test_one_arm_has_its_own_rows() -> None:
    one = pd.DataFrame({"study": list("ABC"), "events": [0, 2, 5], "total": [20, 31, 40]})
    found = bm.likelihoods(one, measure="PLO", **QUICK)
    methods = [row.method for row in found.rows]
    assert "peto" not in methods
    assert {"binomial", "binomial, common", "beta-binomial"} <= set(methods)
    assert np.isfinite([row.estimate for row in found.rows]).all()


def test_a_measure_without_an_exact_likelihood_is_refused() -> None:
    with pytest.raises(SpecError, match="no exact likelihood") as raised:
        bm.likelihoods(COUNTS, measure="RR")
    assert "Take OR" in raised.value.hint


def test_compare_has_a_row_of_the_counts() -> None:
    found = bm.compare(COUNTS, measure="OR", engine="quadrature")
    assert [row.method for row in found.rows if row.kind == "bayesian"] == ["normal", "binomial"]
    assert any("takes the counts as they are" in line for line in found.sentences)
    other = bm.compare(COUNTS, measure="OR", likelihood="binomial", engine="quadrature")
    assert [row.method for row in other.rows if row.kind == "bayesian"] == ["binomial", "normal"]
