"""The reports of all fits in a folder, and the page that lists them."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bayesmeta.errors import BayesmetaError, InputError
from bayesmeta.files import check_folder, read_bytes, write_text
from bayesmeta.report.fit_index import KIND, index_of_fits
from bayesmeta.report.fit_rows import ListedFit, list_fit
from bayesmeta.report.formats import check_formats, write_report
from bayesmeta.results import load_fit, worst

__all__ = ["FolderReports", "report_folder"]

_INDEX = "index.html"
_HEAD = 4096
"""Bytes of a page that hold the name of what made it."""

_OURS = re.compile(rf'<meta name="generator" content="bayesmeta [^"]*, index of {KIND}">'.encode())
_NAMED = 5
"""Folders that a message names."""


@dataclass(frozen=True, kw_only=True)
class FolderReports:
    """What was made of the fits in a folder.

    Attributes
    ----------
    index : Path
        The page that lists them.
    fits : tuple of ListedFit
        Those that it lists.
    written : tuple of Path
        Reports that were written now; others were there and are not older than their fits.
    left_out : tuple of (str, str)
        Files that are not shown, and why.
    verdict : {"ok", "warn", "fail"}
        Whether all results may be used: the worst of the verdicts.
    """

    index: Path
    fits: tuple[ListedFit, ...]
    written: tuple[Path, ...]
    left_out: tuple[tuple[str, str], ...]
    verdict: str

    @property
    def text(self) -> str:
        """What was done, in a few lines."""
        count, written = len(self.fits), len(self.written)
        lines = [f"not shown: {name}: {_on_one_line(reason)}" for name, reason in self.left_out]
        reports = f"{written} {'report' if written == 1 else 'reports'} written"
        lines.append(f"{count} {'fit' if count == 1 else 'fits'}, {reports}")
        return "\n".join([*lines, f"written: {self.index}"])


def report_folder(
    source: Path,
    *,
    out: Path | None = None,
    formats: Iterable[str] = ("html",),
    again: bool = False,
    refit: bool = False,
    progress: bool = False,
) -> FolderReports:
    """Write the report of every fit in a folder that has none, and the page that lists them all.

    Fits are loaded one at a time, as each may have many megabytes.

    Parameters
    ----------
    source
        The folder; those below it are not searched.
    out
        Where to write; the same folder where it is not given.
    formats
        Of the reports; html is always one, as the page leads to it.
    again
        Write also reports that are there and not older than their fits.
    refit
        As in `write_report`.
    progress
        Show how far it is.

    Raises
    ------
    InputError
        There is no fit in the folder, or none that can be read; or the folder has an
        ``index.html`` of something else. A file that is no fit is listed on the page, and so is
        one whose report cannot be made.
    """
    folder, chosen = out or source, check_formats(["html", *formats])
    files = _files(source)
    check_folder(folder)
    _check_index(folder / _INDEX)
    fits: list[ListedFit] = []
    written: list[Path] = []
    left_out: list[tuple[str, str]] = []
    failed: list[Exception] = []
    for path in _tracked(files, progress):
        try:
            fit, made = _one(path, folder, chosen, again=again, refit=refit)
            fits.append(fit)
            written += made
        except BayesmetaError as error:
            failed.append(error)
            left_out.append((_shown(path), _reason(error)))
        except Exception as error:  # whatever it is, the other fits are not lost for it
            failed.append(error)
            fault = "a fault of bayesmeta, please report it"
            left_out.append((_shown(path), f"{fault}: {type(error).__name__}: {error}"))
    if not fits:
        raise _nothing_shown(source, left_out, failed)
    page = index_of_fits(fits, folder=source, left_out=left_out)
    return FolderReports(
        index=write_text(folder / _INDEX, page),
        fits=tuple(fits),
        written=tuple(written),
        left_out=tuple(left_out),
        verdict=worst(fit.verdict for fit in fits),
    )


def _one(
    path: Path, folder: Path, formats: Sequence[str], *, again: bool, refit: bool
) -> tuple[ListedFit, list[Path]]:
    """What the page says of a fit, and the files of its report if they had to be written."""
    name = path.stem
    if f"{name}.html".casefold() == _INDEX:
        raise InputError(f"its report would be {_INDEX}, which is this page", hint="Rename it.")
    fit = load_fit(path)
    pages = [folder / f"{name}.{suffix}" for suffix in formats]
    made: list[Path] = []
    if again or any(_is_stale(page, path) for page in pages):
        made = write_report(fit, folder, name, formats=formats, refit=refit)
    return list_fit(fit, name=name, page=f"{name}.html"), made


def _is_stale(page: Path, fit: Path) -> bool:
    """Whether a page is missing or older than its fit."""
    return not page.is_file() or page.stat().st_mtime_ns < fit.stat().st_mtime_ns


def _files(source: Path) -> list[Path]:
    """The files in a folder that should be fits, by name; hidden ones are not yet whole."""
    files = sorted(path for path in source.glob("*.nc") if not path.name.startswith("."))
    if files:
        return files
    below = sorted({path.parent.name for path in source.glob("*/*.nc")})
    raise InputError(
        "there is no saved fit in this folder",
        file=source,
        hint=f"Fits are in folders below it: {', '.join(below[:_NAMED])}."
        if below
        else "bayesmeta fit writes NAME.nc; give the folder that was its --out.",
    )


def _nothing_shown(
    source: Path, left_out: Sequence[tuple[str, str]], failed: Sequence[Exception]
) -> Exception:
    """Why there is no page: the first fault of ours, else what is wrong with the files."""
    faults = [error for error in failed if not isinstance(error, BayesmetaError)]
    if faults:
        return faults[0]
    name, reason = left_out[0]
    which = "the one fit" if len(failed) == 1 else f"none of the {len(failed)} fits"
    verb = "cannot" if len(failed) == 1 else "can"
    return InputError(
        f"{which} in this folder {verb} be shown", file=source, hint=f"{name}: {reason}"
    )


def _check_index(path: Path) -> None:
    """Fail where a page is there that something else made."""
    if path.exists() and not _OURS.search(read_bytes(path, first=_HEAD)):
        raise InputError(
            "this page was not made from fits by bayesmeta report, and would be lost",
            file=path,
            hint="Move it, or give another folder by --out.",
        )


def _shown(path: Path) -> str:
    """The name of a file as text, whatever its bytes."""
    return os.fsencode(path.name).decode(errors="replace")


def _reason(error: BayesmetaError) -> str:
    """What is wrong, without the place, which stands before it."""
    if isinstance(error, InputError):
        return f"{error.message}. {error.hint}" if error.hint else error.message
    return str(error)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _tracked(files: Sequence[Path], progress: bool) -> Iterable[Path]:
    """The files, with a progress bar where a person watches."""
    if not progress:
        return files
    from rich.progress import track

    return track(files, description="reports", transient=True)
