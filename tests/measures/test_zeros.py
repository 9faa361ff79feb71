"""Which cells the rule for empty cells changes, and which studies it leaves out."""

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.measures.zeros import adjust_cells
from bayesmeta.spec import Effect, ZeroCells

FULL, ONE_ZERO, DOUBLE_ZERO = (3.0, 47.0, 6.0, 44.0), (0.0, 40.0, 4.0, 38.0), (0.0, 9.0, 0.0, 7.0)


def adjust(*studies, by_measure, **rule):
    """Apply a rule to studies of four cells, of a measure that does or does not leave out."""
    cells = tuple(np.array(cell) for cell in zip(*studies, strict=True))
    double = (cells[0] == 0) & (cells[2] == 0)
    return adjust_cells(cells, ZeroCells(**rule), drop00=by_measure, double_zero=double)


@pytest.mark.parametrize(
    ("to", "corrected"),
    [
        ("only0", [False, True, True]),
        ("all", [True, True, True]),
        ("if0all", [True, True, True]),
        ("none", [False, False, False]),
    ],
)
def test_the_rule_says_which_studies_are_corrected(to, corrected):
    adjusted = adjust(FULL, ONE_ZERO, DOUBLE_ZERO, by_measure=False, to=to)
    np.testing.assert_array_equal(adjusted.corrected, corrected)
    added = np.array(adjusted.cells) - np.array([FULL, ONE_ZERO, DOUBLE_ZERO]).T
    np.testing.assert_array_equal(added, 0.5 * np.tile(corrected, (4, 1)))
    assert not adjusted.dropped.any()


@pytest.mark.parametrize("to", ["only0", "if0all"])
def test_without_an_empty_cell_nothing_is_added(to):
    assert not adjust(FULL, FULL, by_measure=False, to=to).corrected.any()


def test_adding_nothing_is_no_correction():
    assert not adjust(FULL, ONE_ZERO, by_measure=False, to="all", add=0).corrected.any()


@pytest.mark.parametrize(
    ("by_measure", "by_rule", "dropped"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_the_rule_goes_before_the_measure(by_measure, by_rule, dropped):
    adjusted = adjust(FULL, DOUBLE_ZERO, by_measure=by_measure, drop00=by_rule)
    np.testing.assert_array_equal(adjusted.dropped, [False, dropped])


def test_a_study_that_is_left_out_makes_no_other_study_corrected():
    # `escalc` leaves such studies out first, then looks for empty cells.
    adjusted = adjust(FULL, DOUBLE_ZERO, by_measure=True, to="if0all")
    np.testing.assert_array_equal(adjusted.corrected, [False, False])
    np.testing.assert_array_equal(adjusted.dropped, [False, True])


def test_peto_is_not_corrected_unless_asked_for() -> None:
    columns = {
        "events_treatment": np.array([0.0, 0.0]),
        "total_treatment": np.array([20.0, 20.0]),
        "events_control": np.array([3.0, 0.0]),
        "total_control": np.array([20.0, 20.0]),
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = MEASURES["PETO"].formula(columns, Effect(measure="PETO"))
        asked = MEASURES["PETO"].formula(
            columns, Effect(measure="PETO", zero_cells=ZeroCells(to="only0"))
        )
    assert plain.effect[0] == pytest.approx(-1.5 / (20 * 20 * 3 * 37 / (40**2 * 39)))
    assert plain.corrected.tolist() == [False, False]
    assert plain.dropped.tolist() == [False, True]
    assert asked.corrected.tolist() == [True, False]
