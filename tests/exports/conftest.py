"""Fits to export, and R where it is installed."""

import shutil
import subprocess
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

HOSTILE = (
    'a"; system("touch owned"); "',
    "b\\",
    "=1+1",
    "Sjögren 日本 𝒳 ‮",
    "O'Neil",
    'c")); q("no"); #',
    "%d %s {x}",
    "\\u0041 \\n",
)
"""Names that would be code, formulas or formats where they are not written with care."""


@pytest.fixture(scope="session")
def hostile() -> bm.Fit:
    """Two-arm counts of studies with hostile names, and a hostile title."""
    k = len(HOSTILE)
    frame = pd.DataFrame(
        {
            "study": HOSTILE,
            "events_treatment": [0, 1, 2, 3, 4, 5, 6, 7],
            "total_treatment": [20 + i for i in range(k)],
            "events_control": [3, 3, 4, 5, 8, 6, 9, 11],
            "total_control": [21 + i for i in range(k)],
        }
    )
    title = '=a\nsystem("touch owned")\rquit() Sjögren'
    return bm.fit(frame, measure="OR", engine="quadrature", title=title)


@pytest.fixture(scope="session")
def estimates() -> bm.Fit:
    """Three studies that gave a hazard ratio, with a flat prior of mu and Jeffreys' of tau."""
    frame = pd.DataFrame(
        {
            "study": ["Ada", "Bo", "Cy"],
            "year": [2001.0, np.nan, 2003.0],
            "effect": [-0.3, 0.1, -0.6],
            "std_error": [0.2, 0.3, 0.25],
            "total_treatment": [40.0, 50.0, np.nan],
        }
    )
    return bm.fit(
        frame, measure="HR", scale="analysis", engine="quadrature", mu="Flat()", tau="Jeffreys()"
    )


@pytest.fixture(scope="session")
def run_r(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Runs R code and gives what it prints; skips where R is not installed."""
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    path = tmp_path_factory.mktemp("r") / "code.R"

    def run(code: str) -> str:
        path.write_text(code, encoding="utf-8")
        command = [program, "--no-init-file", "--encoding=UTF-8", path]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def run_with(run_r: Callable[[str], str]) -> Callable[..., str]:
    """Runs R code that uses packages; skips where one is not installed."""
    installed = set(run_r("cat(rownames(installed.packages()), sep = '\\n')").split())

    def run(code: str, *packages: str) -> str:
        if lacking := set(packages) - installed:
            pytest.skip(f"R lacks {', '.join(sorted(lacking))}")
        return run_r(code)

    return run
