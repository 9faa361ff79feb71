"""The test for subgroup differences against metafor, each subgroup with its own tau²."""

import numpy as np
import pytest

from bayesmeta.classical.subgroups import subgroup_differences

CLOSED_FORM = 1e-9
"""A closed form of numbers given in full."""


@pytest.mark.parametrize("method", ["EE", "DL", "REML"])
def test_differences_are_those_of_metafor(reference, method):
    expected = reference["subgroups"][f"dat.bcg {method}"]
    found = subgroup_differences(np.array(expected["est"]), np.sqrt(expected["se2"]))
    assert found.q == pytest.approx(expected["Qb"], rel=CLOSED_FORM)
    assert found.p_value == pytest.approx(expected["p"], rel=CLOSED_FORM)
    assert found.df == expected["df"]


def test_one_subgroup_has_no_differences():
    found = subgroup_differences(np.array([0.4]), np.array([0.1]))
    assert (found.q, found.df, found.p_value, found.i2) == (0, 0, 1, 0)
