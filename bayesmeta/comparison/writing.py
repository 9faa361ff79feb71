"""Comparisons as files, and what all of them begin with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmeta import __version__
from bayesmeta.files import write_text
from bayesmeta.measures import find_measure
from bayesmeta.spec import Spec

__all__ = ["heading", "write_both"]


def heading(spec: Spec) -> dict[str, Any]:
    """The first values of a JSON file: what is analysed."""
    measure = find_measure(spec.effect.measure)
    return {
        "bayesmeta": __version__,
        "title": spec.title,
        "measure": measure.code,
        "scale": measure.analysis_label,
        "display": measure.label,
        "interval": spec.interval.model_dump(),
    }


def write_both(
    folder: Path, stem: str, table: pd.DataFrame, values: Mapping[str, Any]
) -> list[Path]:
    """Write a table as ``stem.csv`` and values as ``stem.json``, each whole or not at all."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    rows = table.to_csv(index=False, lineterminator="\n")
    return [
        write_text(folder / f"{stem}{suffix}", content)
        for suffix, content in ((".csv", rows), (".json", text))
    ]
