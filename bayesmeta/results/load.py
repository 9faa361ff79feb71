"""Fits that were saved."""

from pathlib import Path

import xarray as xr

from bayesmeta.errors import DataError, InputError
from bayesmeta.files import read_bytes
from bayesmeta.results.fit import FORMAT, Fit

__all__ = ["load_fit"]


def load_fit(path: str | Path) -> Fit:
    """Open a fit that was saved.

    Raises
    ------
    InputError
        There is no such file, or it is not a fit of bayesmeta.
    """
    path = Path(path)
    if not read_bytes(path, first=4).startswith(b"\x89HDF"):
        raise DataError("this is not a saved fit", file=path, hint="Give a .nc file of a fit.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            fit = Fit(opened.load())
        found = fit.record["format"]
        if found == FORMAT:
            _check_complete(fit)
    except (InputError, OSError, LookupError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"this is not a saved fit: {reason}", file=path) from None
    if found != FORMAT:
        raise InputError(
            f"the fit has layout {found}, this version reads {FORMAT}",
            file=path,
            hint="Fit it again.",
        )
    return fit


def _check_complete(fit: Fit) -> None:
    """Fail where a part that every fit has is missing or damaged."""
    table, posterior, record = fit.table, fit.posterior, fit.record
    _ = fit.measure, fit.priors, fit.tree["sample_stats"]
    _ = table["effect"], table["std_error"], posterior["mu"]
    _ = [record[name] for name in ("excluded", "corrections", "warnings", "messages", "provenance")]
