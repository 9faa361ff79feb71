"""A study table to effects and standard errors on the analysis scale."""

from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr

from bayesmeta.errors import DataError, SpecError, did_you_mean
from bayesmeta.measures.base import Floats, Measure, StudyEffects
from bayesmeta.measures.generic import effects_from_estimates
from bayesmeta.measures.shared_control import check_shared_control, with_own_controls
from bayesmeta.measures.shared_covariance import with_covariance
from bayesmeta.spec import Effect
from bayesmeta.studies import COLUMNS, place

__all__ = ["cells_corrected", "study_effects"]

_ADDED = "added to every cell"

_NO_RESULT = "its effect or standard error cannot be computed from its numbers"


def study_effects(
    table: xr.Dataset, effect: Effect, measure: Measure, *, counts: bool = False
) -> xr.Dataset:
    """Add the effect and the standard error of each study to its table.

    The raw numbers are used where the table has all that the measure needs, else the estimates
    that it holds (``effect`` with ``std_error``, ``lower`` and ``upper``, or ``p_value``).

    Parameters
    ----------
    table
        What `study_table` gives.
    effect
        The ``[effect]`` section of the spec.
    measure
        The measure it names.
    counts
        The likelihood is of the counts: they have to be there, and whole numbers, and a study stays
        in whose counts give no effect. Its effect is then NaN.

    Returns
    -------
    xarray.Dataset
        The table of the studies that have an effect, or counts, with ``effect`` and
        ``std_error`` on the analysis scale, and ``covariance`` where effects share a control arm
        and the spec says so. The attribute ``excluded`` lists the other studies with the reason,
        ``corrections`` what was added to empty cells and which arms were split or combined,
        ``warnings`` what the reader must know.

    Raises
    ------
    SpecError
        A column that the measure needs is missing, or the correlation of paired data, or what is
        asked of shared control arms cannot be done.
    DataError
        Numbers that contradict each other, or no study with an effect.
    """
    messages: list[str] = []
    notes: list[dict[str, str]] = []
    if effect.shared_control is not None:
        check_shared_control(table, effect.shared_control, measure, counts=counts)
    if measure.formula is not None and _has_raw(table, measure):
        columns = {name: _numbers(table, name, effect) for name in measure.columns}
        _check(table, columns, measure)
        if counts:
            _check_whole(table, columns)
        if effect.shared_control is not None:
            table, notes = with_own_controls(table, effect.shared_control, measure)
            columns = {name: _numbers(table, name, effect) for name in measure.columns}
        missing = {name: np.isnan(values) for name, values in columns.items()}
        with np.errstate(all="ignore"):  # what is not finite is left out below, with a reason
            result = measure.formula(columns, effect)
    elif "effect" in table and not counts:
        result, messages = effects_from_estimates(table, effect, measure)
        missing = {
            "effect": np.isnan(result.effect),
            "std_error (or lower and upper, or p_value)": np.isnan(result.variance),
        }
    else:
        raise _no_columns(table, measure)
    reasons = _reasons(table, result, missing, counts=counts)
    keep = np.array([not reason for reason in reasons])
    labels = [str(name) for name in table["study"].to_numpy()]
    excluded = [
        {"study": label, "reason": reason}
        for label, reason in zip(labels, reasons, strict=True)
        if reason
    ]
    if not keep.any():
        raise DataError(
            "no study has an effect",
            file=table.attrs["file"] or None,
            hint=f"{excluded[0]['study']}: {excluded[0]['reason']}",
        )
    with np.errstate(invalid="ignore"):
        std_error = np.sqrt(result.variance)
    known = np.isfinite(result.effect) & np.isfinite(std_error) & (std_error > 0)
    if result.dropped is not None:
        known &= ~result.dropped
    complete = table.assign(
        effect=("study", np.where(known, result.effect, np.nan)),
        std_error=("study", np.where(known, std_error, np.nan)),
    )
    complete = complete.isel(study=keep)
    complete.attrs = {
        **table.attrs,
        "excluded": tuple(excluded),
        "corrections": (*notes, *(() if counts else _corrections(labels, keep, result, effect))),
        "warnings": (*table.attrs["warnings"], *messages),
    }
    corrected = None if result.corrected is None else result.corrected[keep]
    return with_covariance(complete, effect, measure, corrected)


def _has_raw(table: xr.Dataset, measure: Measure) -> bool:
    return all(name in table or name == "r" for name in measure.columns)


def _numbers(table: xr.Dataset, name: str, effect: Effect) -> Floats:
    if name != "r":
        values: Floats = table[name].to_numpy()
        return values
    given: Floats = table["r"].to_numpy() if "r" in table else np.full(table.sizes["study"], np.nan)
    if effect.r is None and np.isnan(given).any():
        raise SpecError(
            "before-after data need the correlation of the two measurements",
            key="effect.r",
            hint="Give r under [effect], or a column r; it has no default, so try several.",
        )
    return given if effect.r is None else np.where(np.isnan(given), effect.r, given)


def _check(table: xr.Dataset, columns: Mapping[str, Floats], measure: Measure) -> None:
    """No more events than patients, and arms large enough for the formula.

    How the file was read may be why a number is impossible, so the hint repeats its warnings.
    """
    read_as = "\n  ".join(table.attrs["warnings"]) or None
    for name, values in columns.items():
        total = name.replace("events", "total")
        if name.startswith("events") and total in columns:
            above = np.flatnonzero(values > columns[total])
            if above.size:
                i = int(above[0])
                raise DataError(
                    f"{values[i]:g} events are more than the {columns[total][i]:g} patients",
                    **place(table, i, name),
                    hint=read_as,
                )
        if name.startswith("total"):
            small = np.flatnonzero(values < measure.minimum_total)
            if small.size:
                i = int(small[0])
                raise DataError(
                    f"an arm of {values[i]:g} is too small: {measure.code} needs at least "
                    f"{measure.minimum_total}",
                    **place(table, i, name),
                    hint=read_as,
                )


def _check_whole(table: xr.Dataset, columns: Mapping[str, Floats]) -> None:
    """Counts are whole numbers; person-time need not be."""
    for name, values in columns.items():
        broken = np.flatnonzero(np.isfinite(values) & (values != np.round(values)))
        if broken.size and not name.startswith("time"):
            i = int(broken[0])
            raise DataError(
                f"{values[i]:g} is not a whole number, and the likelihood is of counts",
                **place(table, i, name),
            )


def _no_columns(table: xr.Dataset, measure: Measure) -> SpecError:
    present = [str(name) for name in table.data_vars if name != "row" and table[name].ndim == 1]
    needed = [name for name in measure.columns if name not in table and name != "r"]
    if not needed:
        needed = ["effect"]
    others = [name for name in present if name not in COLUMNS]
    meanings = ", ".join(f"{name} ({COLUMNS[name].meaning})" for name in needed)
    return SpecError(
        f"no column for {meanings}",
        file=table.attrs["file"] or None,
        key="data.columns",
        hint=f'Name it under [data.columns], as in {needed[0]} = "…", or by '
        f"--column {needed[0]}=…. The table has: "
        f"{', '.join(others or present)}. {did_you_mean(needed[0], others)}",
    )


def _reasons(
    table: xr.Dataset,
    result: StudyEffects,
    missing: Mapping[str, np.ndarray],
    *,
    counts: bool,
) -> list[str]:
    """Why each study is left out, or ""; counts need only be there."""
    reasons = []
    for i in range(table.sizes["study"]):
        lacking = [name for name, gone in missing.items() if gone[i]]
        if lacking:
            reasons.append(f"missing: {', '.join(lacking)}")
        elif counts:
            reasons.append("")
        elif result.dropped is not None and result.dropped[i]:
            reasons.append("no events, or only events, in both arms: not estimable")
        elif not np.isfinite(result.effect[i]) or not np.isfinite(result.variance[i]):
            reasons.append(_NO_RESULT)
        elif result.variance[i] <= 0:
            reasons.append("its standard error is 0")
        else:
            reasons.append("")
    return reasons


def cells_corrected(corrections: Iterable[Mapping[str, str]]) -> int:
    """How many studies had something added to empty cells, of all that were corrected."""
    return sum(_ADDED in item["correction"] for item in corrections)


def _corrections(
    labels: list[str], keep: np.ndarray, result: StudyEffects, effect: Effect
) -> tuple[dict[str, str], ...]:
    if result.corrected is None:
        return ()
    what = f"{effect.zero_cells.add:g} {_ADDED}"
    if effect.measure == "RD" and effect.zero_cells.revman:
        what += " for the standard error"
    return tuple(
        {"study": labels[i], "correction": what} for i in np.flatnonzero(result.corrected & keep)
    )
