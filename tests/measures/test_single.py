"""The scales of proportions and correlations."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.measures import MEASURES

TRANSF_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

INVERSE_ATOL = 1e-11
"""Miller's inverse takes the root of a difference that vanishes at a proportion of one half, which
costs some digits of the 16 around it."""

TRANSF = json.loads(
    (Path(__file__).parents[1] / "reference" / "conversions.json").read_text(encoding="utf-8")
)["transf"]


@pytest.mark.parametrize(
    ("measure", "direction", "name"),
    [
        ("PLO", "to_display", "transf.ilogit"),
        ("PLO", "to_analysis", "transf.logit"),
        ("ZCOR", "to_display", "transf.ztor"),
        ("ZCOR", "to_analysis", "transf.rtoz"),
    ],
)
def test_scales_are_the_transformations_of_r(measure, direction, name):
    given = np.array(TRANSF[name]["x"])
    found = getattr(MEASURES[measure].scale, direction)(given, np.full(given.shape, 40.0))
    np.testing.assert_allclose(found, TRANSF[name]["y"], rtol=TRANSF_RTOL)


@pytest.mark.parametrize("n", [1, 2, 10, 173, 1_000_000])
def test_double_arcsine_is_undone_at_a_known_number_of_patients(n):
    events = sorted({0, 1, n // 3, n // 2, n - 1, n})
    # Freeman & Tukey 1950: the mean of two arcsines.
    double = [
        (math.asin(math.sqrt(x / (n + 1))) + math.asin(math.sqrt((x + 1) / (n + 1)))) / 2
        for x in events
    ]
    found = MEASURES["PFT"].scale.to_display(np.array(double), np.full(len(double), float(n)))
    np.testing.assert_allclose(found, np.array(events) / n, rtol=0, atol=INVERSE_ATOL)


def test_double_arcsine_beyond_its_range_is_0_or_1():
    size = np.full(2, 20.0)
    shown = MEASURES["PFT"].scale.to_display(np.array([-0.3, 1.7]), size)
    np.testing.assert_array_equal(shown, [0.0, 1.0])


def test_the_sizes_of_other_scales_do_not_matter():
    given, unknown = np.array([0.2, 0.4]), np.full(2, np.nan)
    for code in ("PLO", "ZCOR", "OR", "MD"):
        assert np.isfinite(MEASURES[code].scale.to_display(given, unknown)).all()
