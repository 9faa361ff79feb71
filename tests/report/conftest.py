"""Reports that many tests look at."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.report.compose import compose
from bayesmeta.report.document import Report

ROOT = Path(__file__).parents[2]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def remission() -> Report:
    """The report of risk ratios of remission, six trials, beside a published result."""
    return compose(bm.fit(ROOT / "models" / "ibd-remission-normal.toml", engine="quadrature"))


@pytest.fixture(scope="session")
def by_source() -> Report:
    """The report of four subgroups."""
    return compose(bm.fit(ROOT / "models" / "oa-pain-by-source.toml", engine="quadrature"))


@pytest.fixture(scope="session")
def sampled(oa_pain: bm.Fit) -> Report:
    """The report of a fit by NUTS."""
    return compose(oa_pain)


@pytest.fixture(scope="session")
def hostile() -> Report:
    """The report of studies, a title, arms and a subgroup whose names are code."""
    frame = pd.DataFrame(
        {
            "study": [SCRIPT, "$x$ 2001", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"],
            "effect": [0.1, 0.4, -0.2, 0.3],
            "std_error": [0.1, 0.2, 0.2, 0.3],
            "kind": [SCRIPT, SCRIPT, "b & c", "b & c"],
            "source": ["</td><script>alert(2)</script>"] * 4,
        }
    )
    fit = bm.fit(
        frame,
        measure="SMD",
        better="lower",
        engine="quadrature",
        title=SCRIPT,
        subgroup="kind",
    )
    return compose(fit)
