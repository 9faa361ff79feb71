"""The studies of a fit in the layout of ``data-rows.csv``, a file of RevMan Web's data package.

Source of the layout: Cochrane, RevMan Knowledge Base, Data package specification.
"""

import numpy as np
import pandas as pd

from bayesmeta.classical import quantile
from bayesmeta.exports.r_code import study_numbers
from bayesmeta.measures import participants
from bayesmeta.results import Fit
from bayesmeta.results.export import without_formulas

__all__ = ["revman_rows"]

_COLUMNS = (
    "Analysis group",
    "Analysis number",
    "Analysis name",
    "Subgroup",
    "Applicability",
    "Study",
    "Study year",
    "GIV Mean",
    "GIV SE",
    "Experimental mean",
    "Experimental SD",
    "Experimental cases",
    "Experimental N",
    "Control mean",
    "Control SD",
    "Control cases",
    "Control N",
    "O-E",
    "Variance",
    "Weight",
    "Mean",
    "CI start",
    "CI end",
    "Footnotes",
)
"""The columns, in the order of RevMan."""

_ARMS = {"Experimental": "treatment", "Control": "control"}
_NUMBERS = {"mean": "mean", "SD": "sd", "cases": "events"}

_TYPES = {
    "dichotomous": ("OR", "RR", "RD", "PETO"),
    "continuous": ("MD", "SMD"),
}
"""RevMan's types of outcome that have raw numbers, and the measures that are computed from them.
Whatever else is inverse variance: the effect and its standard error."""

_LEVEL = 0.95
"""The intervals of single studies in RevMan, unless an author changes that."""

_BYTE_ORDER_MARK = "\ufeff"
"""Begins the file, as RevMan writes it, so that spreadsheets read names rightly."""


def revman_rows(fit: Fit) -> str:
    """The studies of a fit as CSV text that RevMan and its users know.

    The numbers are those from which the effects were computed, or ``GIV Mean`` and ``GIV SE`` on
    the analysis scale where these are what there is, or where RevMan has no such measure. ``Mean``
    and its 95 % interval are the effect of each study on the display scale; the weight is left to
    RevMan. Cells that RevMan does not use for the type of outcome are empty. A name that a
    spreadsheet would run as a formula is quoted.
    """
    table, k = fit.table, fit.table.sizes["study"]
    columns: dict[str, object] = dict.fromkeys(_COLUMNS, [""] * k)
    name = " ".join(fit.spec.title.split()) or fit.measure.label
    columns |= {
        "Analysis group": 1,
        "Analysis number": 1,
        "Analysis name": without_formulas(name),
        "Applicability": "SUBGROUP_AND_OVERALL",
        "Study": [without_formulas(str(name)) for name in table["study"].to_numpy()],
    }
    if "year" in table:
        columns["Study year"] = _cells(table["year"].to_numpy())
    columns |= _entered(fit)
    columns |= _results(fit)
    frame = pd.DataFrame(columns, index=range(k))[list(_COLUMNS)]
    return _BYTE_ORDER_MARK + frame.to_csv(index=False, lineterminator="\n")


def _entered(fit: Fit) -> dict[str, object]:
    """The numbers that an author enters in RevMan."""
    table, raw = fit.table, study_numbers(fit)
    known = {code for codes in _TYPES.values() for code in codes}
    found: dict[str, object] = {}
    for theirs, arm in _ARMS.items():
        if f"total_{arm}" in table:
            found[f"{theirs} N"] = _cells(table[f"total_{arm}"].to_numpy())
    if not raw or fit.measure.code not in known:
        giv = {"GIV Mean": table["effect"], "GIV SE": table["std_error"]}
        return found | {name: _cells(values.to_numpy()) for name, values in giv.items()}
    for theirs, arm in _ARMS.items():
        for label, ours in _NUMBERS.items():
            if f"{ours}_{arm}" in raw:
                found[f"{theirs} {label}"] = _cells(raw[f"{ours}_{arm}"].to_numpy())
    return found


def _results(fit: Fit) -> dict[str, object]:
    """Each study's effect and interval, on the display scale."""
    effect, std_error = (fit.table[name].to_numpy() for name in ("effect", "std_error"))
    reach = quantile(_LEVEL) * std_error
    ends = {"Mean": effect, "CI start": effect - reach, "CI end": effect + reach}
    sizes = participants(fit.table)
    shown = {name: fit.measure.scale.to_display(values, sizes) for name, values in ends.items()}
    return {name: _cells(values) for name, values in shown.items()}


def _cells(values: np.ndarray) -> list[str]:
    """Each number in full; empty where it is not known."""
    return [repr(float(value)).removesuffix(".0") if np.isfinite(value) else "" for value in values]
