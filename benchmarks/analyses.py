"""What is fitted: three analyses, a grid of priors, and simulated data sets.

Every tool gets the same effects, standard errors and priors.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = [
    "ANALYSES",
    "BATCHES",
    "DATASET_K",
    "DATASET_MODEL",
    "MANY_PRIORS",
    "Analysis",
    "datasets",
    "tau_priors",
]

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Model:
    """A measure, a normal prior of mu around 0 and a half-normal prior of tau."""

    measure: str
    mu_sd: float
    tau_scale: float

    @property
    def options(self) -> dict[str, str]:
        """Keywords of `bayesmeta.fit`."""
        return {
            "measure": self.measure,
            "mu": f"Normal(0, {self.mu_sd:g})",
            "tau": f"HalfNormal({self.tau_scale:g})",
        }


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A model of the studies of a file."""

    title: str
    source: Path
    k: int
    model: Model


ANALYSES = {
    "eight-schools": Analysis(
        title="eight schools",
        source=_HERE / "data" / "eight-schools.csv",
        k=8,
        model=Model(measure="GEN", mu_sd=50, tau_scale=25),
    ),
    "oa-pain": Analysis(
        title="knee pain",
        source=_HERE.parent / "models" / "oa-pain.toml",
        k=15,
        model=Model(measure="SMD", mu_sd=2, tau_scale=0.5),
    ),
    "writing-to-learn": Analysis(
        title="writing to learn",
        source=_HERE / "data" / "bangertdrowns2004.csv",
        k=48,
        model=Model(measure="GEN", mu_sd=2, tau_scale=0.5),
    ),
}
"""By name, from few studies to many."""

MANY_PRIORS = "oa-pain"
"""The name of what is fitted under many priors of tau."""

BATCHES = {"priors": 1000, "datasets": 10_000}
"""How many fits are in each batch."""

DATASET_MODEL = Model(measure="GEN", mu_sd=2, tau_scale=0.5)
"""What is fitted to each simulated data set."""

DATASET_K = 8
"""Studies of each."""

_TRUE_TAU = 0.3
_STD_ERRORS = (0.1, 0.5)


def tau_priors(count: int) -> pd.DataFrame:
    """Priors of tau: half-normal and half-Cauchy in turn, with scales from 0.05 to 2."""
    scales = np.linspace(0.05, 2, (count + 1) // 2).round(6)
    rows = [(family, scale) for scale in scales for family in ("HalfNormal", "HalfCauchy")]
    return pd.DataFrame(rows[:count], columns=["family", "scale"])


def datasets(count: int) -> pd.DataFrame:
    """The first of 10,000 simulated data sets, one row a study; the true mu is 0."""
    rng = np.random.default_rng(1)
    shape = (BATCHES["datasets"], DATASET_K)
    std_error = rng.uniform(*_STD_ERRORS, shape)
    effect = rng.normal(0, np.hypot(_TRUE_TAU, std_error))
    frame = pd.DataFrame({"effect": effect.ravel(), "std_error": std_error.ravel()})
    frame.insert(0, "dataset", np.arange(shape[0]).repeat(DATASET_K))
    return frame[frame["dataset"] < count]
