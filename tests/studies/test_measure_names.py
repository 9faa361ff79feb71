"""RevMan's words and codes for measures become our codes."""

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.studies import Kind, StudyRows
from bayesmeta.studies.measure_names import measure_code


def rows(lower: float = np.nan, effect: float = np.nan, upper: float = np.nan) -> StudyRows:
    """One study and what RevMan computed of it."""
    stored = {"lower": lower, "effect": effect, "upper": upper}
    return StudyRows(
        study=("Ada 2001",),
        year=np.array([2001.0]),
        subgroup=np.array([-1]),
        in_total=np.array([True]),
        numbers={},
        stored={name: np.array([value]) for name, value in stored.items()},
        estimable=np.array([True]),
        row=np.array([0]),
    )


@pytest.mark.parametrize(
    ("text", "kind", "log_data", "code"),
    [
        ("OR", "dichotomous", False, "OR"),
        ("PETO_OR", "dichotomous", False, "PETO"),
        ("Peto Odds Ratio", "dichotomous", False, "PETO"),
        ("Odds Ratio", "dichotomous", False, "OR"),
        ("Risk Ratio", "dichotomous", True, "RR"),
        ("Risk Difference", "dichotomous", False, "RD"),
        ("MD", "dichotomous", False, None),
        ("", "dichotomous", False, None),
        ("Mean Difference", "continuous", False, "MD"),
        ("Std. Mean Difference", "continuous", False, "SMD"),
        ("Standardized Mean Difference", "continuous", False, "SMD"),
        ("OR", "continuous", False, None),
        ("Hazard Ratio", "inverse variance", True, "HR"),
        ("hazard ratio (adjusted)", "inverse variance", True, "HR"),
        ("Ratio of means", "inverse variance", True, "ROM"),
        ("Rate Ratio", "inverse variance", True, "IRR"),
        ("Risk or benefit", "inverse variance", True, "RATIO"),
        ("Mean difference", "inverse variance", True, "RATIO"),
        ("Mean difference", "inverse variance", False, "MD"),
        ("Hazard Ratio", "inverse variance", False, "GEN"),
        ("", "inverse variance", False, "GEN"),
        ("", "O-E and variance", False, "PETO"),
        ("Peto Odds Ratio", "O-E and variance", True, "PETO"),
        ("Hazard Ratio", "O-E and variance", True, "HR"),
    ],
)
def test_words_and_codes(text: str, kind: Kind, log_data: bool, code: str | None) -> None:
    assert measure_code(text, kind, rows(), log_data=log_data) == code
    assert code is None or code in MEASURES


@pytest.mark.parametrize(
    ("ends", "code"),
    [((0.5, 1.0, 2.0), "HR"), ((0.5, 1.0, 1.5), "GEN"), ((-0.5, 1.0, 2.5), "GEN")],
)
def test_intervals_tell_whether_estimates_are_ratios(
    ends: tuple[float, float, float], code: str
) -> None:
    found = measure_code("Hazard ratio", "inverse variance", rows(*ends), log_data=False)
    assert found == code
