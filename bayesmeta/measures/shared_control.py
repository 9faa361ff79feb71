"""Multi-arm trials: which comparisons share a control arm, and splitting it.

The ways out are those of the Cochrane Handbook, section 23.3.4: to account for the covariance of
the effects (`bayesmeta.measures.shared_covariance`), to split the control arm, or to combine the
treatment arms (`bayesmeta.measures.combined_arms`).
"""

import numpy as np
import xarray as xr

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean
from bayesmeta.measures.base import Floats, Measure
from bayesmeta.measures.combined_arms import combine_rows
from bayesmeta.spec import SharedControl
from bayesmeta.studies import place

__all__ = ["check_shared_control", "rows_that_share", "with_own_controls"]

_DIVIDED = ("events_control", "total_control", "time_control")
"""What is divided where a control arm is split; its mean and standard deviation stay."""

_PARTS = "control_split"
"""The column that says in how many parts a control arm was split."""


def check_shared_control(
    table: xr.Dataset, shared: SharedControl, measure: Measure, *, counts: bool
) -> None:
    """Check that a spec asks for something that can be done.

    Raises
    ------
    SpecError
        There is no such column; the measure has no control arm; the method does not go with the
        likelihood; the studies give estimates without the numbers of their arms.
    """
    if shared.column not in table.data_vars:
        raise _no_column(table, shared.column)
    if measure.columns and not _of_control(measure):
        raise SpecError(
            f"{measure.code} ({measure.label}) has no control arm that could be shared",
            key="effect.shared_control",
            hint="Leave shared_control out, or take a measure of two arms. Several results of one "
            "study are a matter of [model] cluster.",
        )
    raw = measure.formula is not None and all(name in table for name in measure.columns)
    if not raw and "effect" in table and not counts:
        needed = ", ".join(measure.columns)
        raise SpecError(
            "the studies give estimates without the numbers of their arms, from which what a "
            "shared control arm does to them cannot be computed",
            key="effect.shared_control",
            hint=(f"Give the columns {needed}, or leave" if needed else "Leave")
            + " shared_control out and give [model] a cluster and the correlation rho.",
        )
    if counts and shared.method != "combine":
        why = {
            "covariance": "the likelihood of counts has no sampling covariance",
            "split": "a control arm that is split has no whole numbers, and the likelihood is of "
            "counts",
        }
        raise SpecError(
            why[shared.method],
            key="effect.shared_control.method",
            hint='With counts, method = "combine".',
        )


def with_own_controls(
    table: xr.Dataset, shared: SharedControl, measure: Measure
) -> tuple[xr.Dataset, list[dict[str, str]]]:
    """Split shared control arms, or combine the treatment arms that share one.

    Rows in which a number of the measure is missing share with nobody, as they are left out. Under
    the method ``"covariance"`` the rows stay as they are. A table that is split is not split again.

    Parameters
    ----------
    table
        What `study_table` gives, with all columns of the measure, checked.
    shared, measure
        The ``[effect.shared_control]`` section and the measure.

    Returns
    -------
    xarray.Dataset, list of dict
        The table, and what was done to which study.

    Raises
    ------
    DataError
        Rows that should share their control arm have other numbers of it, or a control arm is too
        small to be split.
    """
    table = table.drop_dims("other_study", errors="ignore")  # of a fit that is done again
    groups = rows_that_share(table, shared, measure)
    _check_same_control(table, groups, shared, measure)
    if shared.method == "split":
        return _split(table, groups, measure)
    if shared.method == "combine":
        return combine_rows(table, groups, measure)
    return table, []


def rows_that_share(table: xr.Dataset, shared: SharedControl, measure: Measure) -> list[list[int]]:
    """The rows, as positions, of each control arm that several complete rows share."""
    complete = np.logical_and.reduce([table[name].notnull().to_numpy() for name in measure.columns])
    rows: dict[object, list[int]] = {}
    for i, label in enumerate(table[shared.column].to_numpy().tolist()):
        empty = label == "" or label != label  # a missing number does not equal itself
        if complete[i] and not empty:
            rows.setdefault(label, []).append(i)
    return [group for group in rows.values() if len(group) > 1]


def _of_control(measure: Measure) -> list[str]:
    return [name for name in measure.columns if name.endswith("_control")]


def _no_column(table: xr.Dataset, column: str) -> SpecError:
    names = [str(name) for name in table.data_vars if name != "row" and table[name].ndim == 1]
    unique = "Names of studies are made unique: control arms need a column of their own. "
    return SpecError(
        f"the table has no column {brief(column)}",
        file=table.attrs["file"] or None,
        key="effect.shared_control.column",
        hint=(unique if column == "study" else "") + did_you_mean(column, names),
    )


def _check_same_control(
    table: xr.Dataset, groups: list[list[int]], shared: SharedControl, measure: Measure
) -> None:
    for name in _of_control(measure):
        values = table[name].to_numpy()
        for first, *others in groups:
            for i in others:
                if values[i] != values[first]:
                    label = table[shared.column].to_numpy()[i]
                    raise DataError(
                        f"{values[i]:g} is not that of {str(table['study'].to_numpy()[first])!r}, "
                        f"{values[first]:g}, with which it should share its control arm",
                        **place(table, i, name),
                        hint=f"Both have {brief(label)} in the column {brief(shared.column)}: "
                        "correct the numbers, or give each control arm a label of its own.",
                    )


def _split(
    table: xr.Dataset, groups: list[list[int]], measure: Measure
) -> tuple[xr.Dataset, list[dict[str, str]]]:
    """Divide each control arm by the number of comparisons that share it."""
    if _PARTS not in table:
        parts = np.ones(table.sizes["study"])
        for group in groups:
            parts[group] = len(group)
        _check_size(table, parts, measure)
        divided = {
            name: ("study", table[name].to_numpy() / parts) for name in _DIVIDED if name in table
        }
        table = table.assign({**divided, _PARTS: ("study", parts)})
    labels = [str(name) for name in table["study"].to_numpy()]
    notes = [
        {
            "study": labels[i],
            "correction": "its control arm, shared with "
            f"{', '.join(labels[j] for j in group if j != i)}, was split in "
            f"{table[_PARTS].to_numpy()[i]:g}",
        }
        for group in groups
        for i in group
    ]
    return table, notes


def _check_size(table: xr.Dataset, parts: Floats, measure: Measure) -> None:
    if "total_control" not in measure.columns:
        return
    totals = table["total_control"].to_numpy()
    small = np.flatnonzero((parts > 1) & (totals / parts < measure.minimum_total))
    if small.size:
        i = int(small[0])
        raise DataError(
            f"a control arm of {totals[i]:g} is too small to be split in {parts[i]:g}: "
            f"{measure.code} needs at least {measure.minimum_total}",
            **place(table, i, "total_control"),
            hint='Take method = "combine" or "covariance".',
        )
