"""Problems of counts from the reference files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior

REFERENCE = Path(__file__).parents[1] / "reference"
_ENDS = ("events_treatment", "events_control", "total_treatment", "total_control")
COLUMNS = (*_ENDS, "time_treatment", "time_control", "events", "total", "time")


def reference(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


def problem(
    data: Mapping[str, Any],
    priors: Mapping[str, str],
    *,
    likelihood: str = "binomial",
    contrast: str | None = "half",
    **changed: Any,
) -> Problem:
    counts = {name: np.array(data[name], float) for name in COLUMNS if name in data}
    k = len(next(iter(counts.values())))
    return Problem(
        study=tuple(f"study {i}" for i in range(k)),
        effect=np.full(k, np.nan),
        std_error=np.full(k, np.nan),
        likelihood=likelihood,
        priors={name: parse_prior(text) for name, text in priors.items() if text},
        counts=counts,
        contrast=contrast or "half",
        **({"heterogeneity": "normal" if priors.get("tau") else "common"} | changed),
    )


def dataset(name: str) -> dict[str, Any]:
    """The counts of a published data set."""
    for block in reference("binomial.json")["data"].values():
        if name in block:
            return block[name]
    raise KeyError(name)
