"""The columns of a study table that a design is made of."""

import numpy as np
import xarray as xr

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean
from bayesmeta.studies import place

__all__ = ["column_of", "level_of"]

_OWN = ("row", "effect", "std_error")
"""What a table has besides the columns of the user, which have one value a study."""


def column_of(table: xr.Dataset, name: str, key: str, *, lacking: str) -> np.ndarray:
    """The values of a column, which every study has.

    Parameters
    ----------
    table
        The studies.
    name, key
        The column, and the key of the spec that names it.
    lacking
        What is said of a study without a value.

    Raises
    ------
    SpecError
        There is no such column.
    DataError
        A study has no value.
    """
    known = [str(own) for own in table.data_vars if own not in _OWN and table[own].ndim == 1]
    name = name.replace("/", "∕")  # as the table has it, which a saved fit can hold
    if name not in known:
        raise SpecError(
            f"the table has no column {brief(name)}", key=key, hint=did_you_mean(name, known)
        )
    values = table[name].to_numpy()
    gone = np.isnan(values) if values.dtype.kind == "f" else np.array([v == "" for v in values])
    if gone.any():
        raise DataError(
            lacking,
            **place(table, int(gone.argmax()), name),
            hint="Fill it in, or leave the study out by where.",
        )
    return values


def level_of(value: object) -> str:
    """A value of a column as the name of a category."""
    return f"{value:g}" if isinstance(value, float) else str(value)
