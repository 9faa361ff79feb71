"""Treatment arms of a trial that are combined into one, and the row that this makes."""

import re

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Measure
from bayesmeta.measures.moments import combine_arms
from bayesmeta.studies import judgements_in
from bayesmeta.studies.risk_of_bias import worst_judgement
from bayesmeta.studies.text import unique

__all__ = ["combine_rows"]

_SUMMED = ("events_treatment", "total_treatment", "time_treatment")
_MOMENTS = ("total_treatment", "mean_treatment", "sd_treatment")
_QUALIFIED = re.compile(r"(?P<stem>.+?)(?: \((?P<arm>[^()]*)\))?")
"""A name with or without the arm in brackets behind it."""


def combine_rows(
    table: xr.Dataset, groups: list[list[int]], measure: Measure
) -> tuple[xr.Dataset, list[dict[str, str]]]:
    """Combine the treatment arms of rows that share a control arm.

    Events, participants and person-time are summed; means and standard deviations are those of all
    participants together (Cochrane Handbook, table 6.5.a). Of any other column the value is kept on
    which the rows agree; else texts are joined, and a number is missing. Of judgements of the risk
    of bias the worst is kept.

    Parameters
    ----------
    table
        The studies, with all columns of the measure.
    groups
        The rows of each trial, as positions.
    measure
        The measure, which says whether there are means.

    Returns
    -------
    xarray.Dataset, list of dict
        The table with one row a trial, where its first row was, and which rows it is made of.
    """
    rows = {group[0]: group for group in groups}
    gone = {i for group in groups for i in group[1:]}
    kept = [i for i in range(table.sizes["study"]) if i not in gone]
    labels = [str(name) for name in table["study"].to_numpy()]
    names = unique([_name([labels[j] for j in rows[i]]) if i in rows else labels[i] for i in kept])
    combined = {
        name: ("study", np.array([_value(table, name, rows.get(i, [i]), measure) for i in kept]))
        if table[name].dtype.kind in "fiu"
        else ("study", np.array([_text(table, name, rows.get(i, [i])) for i in kept], dtype=object))
        for name in map(str, table.data_vars)
        if table[name].dims == ("study",)
    }
    notes = [
        {
            "study": name,
            "correction": f"{', '.join(labels[j] for j in rows[i])} combined, as they share a "
            "control arm",
        }
        for name, i in zip(names, kept, strict=True)
        if i in rows
    ]
    merged = xr.Dataset(combined, coords={"study": names}, attrs=table.attrs)
    judged = judgements_in(table)
    if judged is not None:
        worst = [_worst(judged.to_numpy()[rows.get(i, [i])]) for i in kept]
        merged[str(judged.name)] = (judged.dims, np.array(worst, dtype=object))
        merged = merged.assign_coords(domain=judged["domain"].to_numpy())
    return merged, notes


def _worst(words: np.ndarray) -> list[str]:
    """Of each domain the worst judgement of several rows."""
    return [worst_judgement(domain) for domain in words.T]


def _value(table: xr.Dataset, name: str, rows: list[int], measure: Measure) -> float | int:
    """The number of a row; where the file has it, that of the first."""
    values = table[name].to_numpy()[rows]
    if len(rows) == 1 or name == "row":
        number: float | int = values[0].item()
        return number
    if name in _SUMMED:
        return float(values.sum())
    if name in _MOMENTS and name in measure.columns:
        total, mean, sd = (table[column].to_numpy()[rows] for column in _MOMENTS)
        moments = combine_arms(total=total, mean=mean, sd=sd)
        return float(moments.mean if name == "mean_treatment" else moments.sd)
    return float(values[0]) if (values == values[0]).all() else float("nan")


def _text(table: xr.Dataset, name: str, rows: list[int]) -> str:
    values = [str(value) for value in table[name].to_numpy()[rows]]
    return " + ".join(dict.fromkeys(value for value in values if value))


def _name(names: list[str]) -> str:
    """``Smith 2010 (low + high)`` where only the arms differ, else ``A + B``."""
    parts = [match for name in names if (match := _QUALIFIED.fullmatch(name))]
    stems = {match["stem"] for match in parts}
    if len(stems) > 1:
        return " + ".join(names)
    arms = [match["arm"] for match in parts]
    return f"{stems.pop()} ({' + '.join(arms)})" if all(arms) else stems.pop()
