"""Coordinates of Baujat plots against metafor, and against fits without each study."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.classical import baujat_coordinates, cochran_q, inverse_variance

FILE = Path(__file__).parents[1] / "reference" / "baujat.json"

CLOSED_FORM = 1e-9
"""Relative, against numbers of 13 digits."""

ROUNDING = 1e-12
"""Of Q: estimates that are all the same have residuals of rounding errors."""


@pytest.fixture(scope="module")
def found() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_coordinates_are_those_of_metafor(found, reference):
    several = {name for name, each in reference["sets"].items() if len(each["effect"]) > 1}
    assert set(found["sets"]) == several
    for name, expected in found["sets"].items():
        effect, variance = (
            np.array(reference["sets"][name][key], float) for key in ("effect", "variance")
        )
        ours = baujat_coordinates(effect, variance)
        # A residual is the difference of two larger numbers, and so are the squares as precise.
        near = ROUNDING * max(1.0, expected["QE"])
        assert ours.contribution == pytest.approx(expected["x"], rel=CLOSED_FORM, abs=near), name
        assert ours.influence == pytest.approx(expected["y"], rel=CLOSED_FORM, abs=near), name


def test_contributions_are_the_parts_of_q():
    effect, variance = np.array([0.2, -0.5, 1.1, 0.3]), np.array([0.04, 0.09, 0.25, 0.01])
    ours = baujat_coordinates(effect, variance)
    assert ours.contribution.sum() == pytest.approx(cochran_q(effect, variance))


def test_influence_is_that_of_a_fit_without_the_study():
    # The second has nearly all the weight.
    effect, variance = np.array([0.2, -0.5, 1.1]), np.array([0.04, 1e-14, 0.25])
    whole = inverse_variance(effect, variance).estimate
    expected = []
    for left_out in range(3):
        others = np.delete(np.arange(3), left_out)
        without = inverse_variance(effect[others], variance[others])
        expected.append(((without.estimate - whole) / without.std_error) ** 2)
    ours = baujat_coordinates(effect, variance).influence
    assert ours == pytest.approx(expected, rel=CLOSED_FORM)


def test_of_one_study_there_is_no_influence():
    ours = baujat_coordinates(np.array([0.3]), np.array([0.1]))
    assert ours.contribution.tolist() == [0.0]
    assert np.isnan(ours.influence).all()
