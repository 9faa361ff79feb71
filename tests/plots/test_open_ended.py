"""Numbers that never look like an end of their scale."""

import math

import pytest

from bayesmeta.plots.open_ended import format_open


@pytest.mark.parametrize(
    ("value", "places", "end", "expected"),
    [
        (1.234, 2, math.inf, "1.23"),
        (0.0049, 2, math.inf, "0.005"),
        (0.00012, 2, math.inf, "0.0001"),
        (0.00001, 2, math.inf, "<0.0001"),
        (0.0, 2, math.inf, "<0.0001"),
        (0.00001, 6, math.inf, "0.000010"),
        (0.998, 2, 1.0, "0.998"),
        (1.0, 2, 1.0, ">0.9999"),
        (99.97, 1, 100.0, "99.97"),
        (math.inf, 2, math.inf, "∞"),
        (math.nan, 2, math.inf, ""),
    ],
)
def test_numbers(value: float, places: int, end: float, expected: str) -> None:
    assert format_open(value, places, end=end) == expected
