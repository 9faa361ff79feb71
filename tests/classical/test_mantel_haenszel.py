"""Mantel-Haenszel and Peto pooling against metafor."""

import re

import numpy as np
import pytest

from bayesmeta.classical.cells import Cells
from bayesmeta.classical.mantel_haenszel import MANTEL_HAENSZEL, mantel_haenszel
from bayesmeta.classical.peto import peto, peto_statistics

CLOSED_FORM = 1e-9
"""Relative, against numbers of 13 digits."""

CANCELLED = 1e-12
"""Absolute: an effect near 0 is a difference of larger numbers."""

QUANTITIES = {
    "b": "estimate",
    "se": "std_error",
    "ci_lb": "lower",
    "ci_ub": "upper",
    "zval": "statistic",
    "pval": "p_value",
}
ONE = Cells(*(np.array([cell], float) for cell in (12, 88, 5, 95)))
TWO = Cells(*(np.array(cell, float) for cell in ([12, 7], [88, 43], [5, 9], [95, 41])))


def cells_of(found):
    a, n1, c, n2 = (np.array(found[name], float) for name in ("ai", "n1i", "ci", "n2i"))
    return Cells(a, n1 - a, c, n2 - c)


def study_effects(cells, measure):
    """Effects and variances of single studies; Deeks & Higgins 2010."""
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    if measure == "OR":
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return np.log(a * n2 / (c * n1)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def adjusted(cells, call):
    """The tables of single studies, and which of these have an effect, under the call's rule."""
    everywhere = 'to="all"' in call
    tables = Cells(*(cell + 0.5 for cell in cells)) if everywhere else cells.corrected()
    double = ((cells.a == 0) & (cells.c == 0)) | ((cells.b == 0) & (cells.d == 0))
    # metafor leaves out double-zero studies where drop00, for all measures.
    kept = ~double if "drop00=TRUE" in call else np.ones(double.shape, bool)
    return Cells(*(cell[kept] for cell in tables))


def fits(reference, function):
    for name, found in reference["tables"].items():
        for fit in found["fits"]:
            if fit["call"].startswith(function):
                yield name, cells_of(found), fit


def assert_same(pooled, fit, name):
    for theirs, ours in QUANTITIES.items():
        expected = pytest.approx(fit[theirs], rel=CLOSED_FORM, abs=CANCELLED)
        assert getattr(pooled, ours) == expected, (name, fit["call"], ours)
    spread = pooled.heterogeneity
    assert [spread.q, spread.p_value] == pytest.approx(
        [fit["QE"], fit["QEp"]], rel=CLOSED_FORM, abs=CANCELLED
    ), (name, fit["call"])


def test_mantel_haenszel_is_that_of_metafor(reference):
    compared = 0
    for name, cells, fit in fits(reference, "rma.mh"):
        measure = re.search('measure="(..)"', fit["call"]).group(1)
        effect, variance = study_effects(adjusted(cells, fit["call"]), measure)
        pooled = mantel_haenszel(
            cells, measure, effect=effect, variance=variance, rd_variance="Sato"
        )
        assert_same(pooled, fit, name)
        assert pooled.weights == pytest.approx(fit["weights"], rel=CLOSED_FORM)
        compared += 1
    assert compared == 8 * 9


def test_peto_is_that_of_metafor(reference):
    compared = 0
    for name, cells, fit in fits(reference, "rma.peto"):
        o_minus_e, variance = peto_statistics(cells)
        usable = variance > 0
        pooled = peto(o_minus_e[usable], variance[usable])
        assert_same(pooled, fit, name)
        compared += 1
    assert compared == 8 * 2


@pytest.mark.parametrize("measure", MANTEL_HAENSZEL)
def test_one_study_is_its_own_result(measure):
    effect, variance = study_effects(ONE, measure)
    pooled = mantel_haenszel(ONE, measure, effect=effect, variance=variance)
    assert pooled.estimate == effect[0]
    assert pooled.std_error == pytest.approx(np.sqrt(variance[0]), rel=CLOSED_FORM)
    assert pooled.weights == [100]


def test_other_tables_change_the_variance_of_a_risk_difference_alone():
    effect, variance = study_effects(TWO, "RD")
    other = Cells(*(cell + 0.5 for cell in TWO))
    plain, mixed = (
        mantel_haenszel(TWO, "RD", effect=effect, variance=variance, variance_cells=cells)
        for cells in (None, other)
    )
    assert mixed.estimate == plain.estimate
    assert mixed.std_error > plain.std_error


def test_no_events_in_any_treated_arm():
    cells = Cells(np.zeros(2), TWO.b, TWO.c, TWO.d)
    effect, variance = study_effects(cells.corrected(), "OR")
    pooled = mantel_haenszel(cells, "OR", effect=effect, variance=variance)
    assert pooled.estimate == -np.inf
    assert np.isnan([pooled.lower, pooled.upper, pooled.p_value]).all()


def test_an_unknown_measure_or_variance_is_refused_by_name():
    pool = {"effect": np.zeros(2), "variance": np.ones(2)}
    with pytest.raises(ValueError, match="Mantel-Haenszel estimate of the measure 'ROM'"):
        mantel_haenszel(TWO, "ROM", **pool)
    with pytest.raises(ValueError, match="risk difference named 'sato'"):
        mantel_haenszel(TWO, "RD", **pool, rd_variance="sato")


def test_only_tables_with_an_empty_cell_are_corrected():
    found = Cells(np.array([0.0, 3.0]), np.array([9.0, 6.0]), np.ones(2), np.ones(2)).corrected()
    assert np.array_equal(found, [[0.5, 3], [9.5, 6], [1.5, 1], [1.5, 1]])
