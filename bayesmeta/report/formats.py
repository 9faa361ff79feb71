"""The formats of a report.

To add a format is one file of this folder and one line in `FORMATS`.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.report.compose import compose
from bayesmeta.report.document import Report
from bayesmeta.report.html import write_html
from bayesmeta.report.markdown import write_markdown
from bayesmeta.report.word import find_pandoc, write_word
from bayesmeta.results import Fit

__all__ = ["FORMATS", "check_formats", "write_report"]

FORMATS: Mapping[str, Callable[[Report, Path, str], Path]] = MappingProxyType(
    {
        "html": write_html,
        "md": write_markdown,
        "docx": write_word,
    }
)
"""What writes a report into a folder under a name, by the suffix of its file."""


def write_report(
    fit: Fit, folder: Path, name: str, *, formats: Iterable[str] = ("html",), refit: bool = False
) -> list[Path]:
    """Write the report of a fit.

    Parameters
    ----------
    fit
        The fit.
    folder
        Made if it is missing.
    name
        The files are ``name.html``, ``name.md`` with its pictures, ``name.docx``.
    formats
        Names of `FORMATS`.
    refit
        Vary the fit also where each variation has to be sampled, which takes minutes.

    Raises
    ------
    SpecError
        There is no such format; the hint names the nearest.
    """
    chosen = check_formats(formats)
    report = compose(fit, refit=refit)
    return [FORMATS[each](report, folder, name) for each in chosen]


def check_formats(formats: Iterable[str]) -> list[str]:
    """Formats, each once.

    Raises
    ------
    SpecError
        There is no such format; the hint names the nearest.
    EngineError
        Pandoc, which one needs, is not installed.
    """
    chosen = list(dict.fromkeys(formats))
    for each in chosen:
        if each not in FORMATS:
            raise SpecError(f"reports are not written as {each}", hint=did_you_mean(each, FORMATS))
    if "docx" in chosen:
        find_pandoc()  # before a long run
    return chosen
