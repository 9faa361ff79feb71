"""A fit as files by which others can check it: one a file, each from a `Fit` to text.

To add an export is one file of this folder and one line in `EXPORTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.exports.brms import brms_script
from bayesmeta.exports.metafor import metafor_script
from bayesmeta.exports.pymc_code import pymc_script
from bayesmeta.exports.revman_csv import revman_rows
from bayesmeta.model import check_plain

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["EXPORTS", "Export", "export_fit", "find_export"]


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file that other software reads.

    Attributes
    ----------
    write : callable
        From a `Fit` to the text of the file.
    suffix : str
        What is put behind the name of the fit to make that of the file.
    plain : bool
        Whether it is for models with one mean and independent studies alone.
    """

    write: "Callable[[Fit], str]"
    suffix: str
    plain: bool = False


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "metafor": Export(write=metafor_script, suffix="-metafor.R", plain=True),
        "brms": Export(write=brms_script, suffix="-brms.R", plain=True),
        "pymc": Export(write=pymc_script, suffix="-pymc.py"),
        "revman-csv": Export(write=revman_rows, suffix="-data-rows.csv"),
    }
)
"""Every export by its name."""


def find_export(kind: str) -> Export:
    """The export with this name.

    Raises
    ------
    SpecError
        There is none; the hint names the nearest.
    """
    if kind not in EXPORTS:
        raise SpecError(f"unknown export {kind!r}", hint=did_you_mean(kind, EXPORTS))
    return EXPORTS[kind]


def export_fit(fit: "Fit", kind: str) -> str:
    """The text of a file by which other software can check a fit.

    Parameters
    ----------
    fit
        The fit.
    kind
        A name of `EXPORTS`: ``metafor``, an R script that repeats the analysis by the packages
        metafor and bayesmeta; ``brms``, one that repeats it by brms; ``pymc``, a Python script
        of the model itself; ``revman-csv``, the studies in the layout of RevMan Web's
        ``data-rows.csv``.

    Raises
    ------
    SpecError
        There is no such export, or the model is none that the other software has.
    """
    export = find_export(kind)
    if export.plain:
        check_plain(fit.problem, f"export --to {kind}")
    return export.write(fit)
