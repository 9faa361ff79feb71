"""Estimates as files for programs: JSON and CSV."""

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmeta import __version__
from bayesmeta.results.absolute import control_level

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = [
    "plain_value",
    "summary_to_csv",
    "summary_to_dict",
    "summary_to_json",
    "without_formulas",
]

_FORMULA = tuple("=+-@\t\r")
"""A cell that begins so is a formula to a spreadsheet."""


def summary_to_dict(fit: "Fit") -> dict[str, Any]:
    """The summary as plain values: the layout of the JSON file."""
    spec, measure, record = fit.spec, fit.measure, fit.record
    return {
        "bayesmeta": __version__,
        "title": spec.title,
        "engine": spec.engine.name,
        "likelihood": spec.model.likelihood,
        "heterogeneity": spec.model.heterogeneity,
        "model": spec.model.model_dump(),
        "control": _control(fit),
        "new_total": fit.new_total if "events_new" in set(fit.estimates["name"]) else None,
        "measure": measure.code,
        "scale": measure.analysis_label,
        "display": measure.label,
        "k": fit.table.sizes["study"],
        "n_participants": fit.n_participants,
        "interval": spec.interval.model_dump(),
        "priors": record["priors"],
        "estimates": [_estimate(row) for row in fit.estimates.to_dict("records")],
        "diagnostics": fit.diagnostics.to_dict(),
        "cross_check": record["cross_check"],
        "evidence": record["evidence"],
        "ranks": _ranks(fit),
        "subgroup_test": record["subgroup_test"],
        "excluded": record["excluded"],
        "corrections": record["corrections"],
        "warnings": list(fit.warnings[len(fit.diagnostics.messages) :]),
        "provenance": record["provenance"],
    }


def _ranks(fit: "Fit") -> dict[str, list[float]] | None:
    """Probability of each rank, the best first, by subgroup."""
    ranks = fit.ranks
    if ranks is None:
        return None
    return {
        str(name): own.tolist()
        for name, own in zip(ranks["subgroup"].to_numpy(), ranks.to_numpy(), strict=True)
    }


def _control(fit: "Fit") -> dict[str, Any] | None:
    """The risk or rate at which absolute effects are derived."""
    level = control_level(fit)
    return None if level is None else asdict(level)


def _estimate(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    plain = {str(key): None if value == "" else plain_value(value) for key, value in row.items()}
    shown = {end: plain.pop(f"display_{end}") for end in ("median", "lower", "upper")}
    return {**plain, "display": shown if shown["median"] is not None else None}


def plain_value(value: Any) -> Any:
    """A value as JSON has it: None for NaN, a word for infinity, Python's own numbers."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None if math.isnan(plain) else str(plain).replace("inf", "Infinity")
    return plain


def summary_to_json(fit: "Fit") -> str:
    """The summary as JSON text."""
    return json.dumps(summary_to_dict(fit), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def summary_to_csv(fit: "Fit") -> str:
    """The estimates as CSV text; a name that a spreadsheet would run as a formula is quoted."""
    table = fit.estimates.copy()
    table["study"] = table["study"].map(without_formulas)
    return table.to_csv(index=False, lineterminator="\n")


def without_formulas(name: str) -> str:
    """A name as a cell of a spreadsheet: quoted where it would be run as a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name
