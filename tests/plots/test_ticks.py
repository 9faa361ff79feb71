"""Round numbers on the axes of plots and reports."""

import math
import subprocess
import sys

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.plots.ticks import round_places

RATIO, DIFFERENCE = MEASURES["OR"].scale, MEASURES["MD"].scale
PROPORTION = MEASURES["PLO"].scale


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.8, 1.3, ["0.8", "0.9", "1", "1.1", "1.2", "1.3"]),
        (0.95, 1.12, ["0.95", "1", "1.05", "1.1"]),
        (0.4, 2.2, ["0.5", "0.7", "1", "1.5", "2"]),
        (0.04, 12, ["0.1", "0.3", "1", "3", "10"]),
    ],
)
def test_ratios(low: float, high: float, expected: list[str]) -> None:
    ends = math.log(low) - 1e-9, math.log(high) + 1e-9
    places, labels = round_places(*ends, scale=RATIO, gap=0.05)
    assert labels == expected
    assert np.exp(places) == pytest.approx([float(label) for label in labels])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1.2, 2.3, ["−1", "0", "1", "2"]),
        (-0.12, 0.21, ["−0.1", "0", "0.1", "0.2"]),
        (0.0, 2e-12, ["0", "5e−13", "1e−12", "1.5e−12", "2e−12"]),
        (-2e11, 3e11, ["−2e+11", "−1e+11", "0", "1e+11", "2e+11", "3e+11"]),
        (1e17, 1e17, ["1e+17"]),
    ],
)
def test_differences(low: float, high: float, expected: list[str]) -> None:
    assert round_places(low, high, scale=DIFFERENCE)[1] == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.004, 0.16, ["0.005", "0.01", "0.02", "0.05", "0.1"]),
        (0.08, 0.92, [f"0.{i}" for i in range(1, 10)]),
        (0.0001, 0.45, ["0.0001", "0.001", "0.01", "0.1"]),
        (0.0002, 0.04, ["0.0003", "0.001", "0.003", "0.01", "0.03"]),
        (0.6, 0.9999, ["0.9", "0.99", "0.999", "0.9999"]),
        (1e-40, 0.5, [f"1e−{i:02}" for i in range(40, 4, -4)] + ["0.0001", "0.5"]),
    ],
)
def test_proportions(low: float, high: float, expected: list[str]) -> None:
    ends = PROPORTION.to_analysis(np.array([low, high]), np.nan) + np.array([-1e-9, 1e-9])
    assert round_places(*ends, scale=PROPORTION)[1] == expected


@pytest.mark.parametrize(
    ("low", "high"),
    [(-20.7, 20.7), (698, 726), (720, 740), (-774, -746), (-760, 712), (386, 414), (0.1, 800)],
)
@pytest.mark.parametrize("gap", [0.08, 0.2])
def test_ticks_keep_their_distance_at_extreme_ratios(low: float, high: float, gap: float) -> None:
    places, labels = round_places(low, high, scale=RATIO, gap=gap)
    assert len(labels) == len(set(labels)) == places.size <= 1 / gap + 1
    assert np.all(np.isfinite(places))
    assert np.all((places >= low) & (places <= high))
    assert np.all(np.diff(places) >= gap * (high - low) * (1 - 1e-9))
    assert all(len(label) <= 12 for label in labels)


def test_reports_load_no_matplotlib() -> None:
    code = "import sys, bayesmeta.report; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
