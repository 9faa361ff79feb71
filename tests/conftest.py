"""Fits that many tests look at: real sampling, done once."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def oa_pain() -> bm.Fit:
    """Fifteen trials, standardised mean differences: the main example."""
    return bm.fit(ROOT / "models" / "oa-pain.toml")


@pytest.fixture(scope="session")
def zero_cells() -> pd.DataFrame:
    """Counts with one empty cell, one study without events and one without totals."""
    return pd.DataFrame(
        {
            "study": ["Ada 2001", "Bo 2002", "<b>Cy</b> $2003$", "None 2004", "Gap 2005"],
            "events_treatment": [4, 0, 7, 0, 3],
            "total_treatment": [40, 25, 60, 30, None],
            "events_control": [9, 3, 12, 0, 5],
            "total_control": [41, 24, 58, 30, 50],
        }
    )


@pytest.fixture(scope="session")
def odds_ratios(zero_cells: pd.DataFrame) -> bm.Fit:
    """Three studies, odds ratios, one corrected, two left out."""
    return bm.fit(
        zero_cells, measure="OR", better="lower", important=0.8, title="Zero cells", draws=1000
    )


@pytest.fixture(scope="session")
def common_effect(zero_cells: pd.DataFrame) -> bm.Fit:
    """The same under a common effect."""
    return bm.fit(zero_cells, measure="OR", heterogeneity="common", draws=1000)
