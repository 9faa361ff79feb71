"""What a fit leaves behind: its files."""

from pathlib import Path

from bayesmeta.files import write_text
from bayesmeta.plots import save_figure
from bayesmeta.report.formats import write_report
from bayesmeta.results import Fit
from bayesmeta.results.export import summary_to_json

__all__ = ["write_fit"]


def write_fit(fit: Fit, folder: Path, name: str, *, report: bool = True) -> list[Path]:
    """Write a fit, its summary, its forest plot and its report; each file whole or not at all.

    Parameters
    ----------
    fit
        The fit.
    folder
        Made if it is missing.
    name
        The files are ``name.nc``, ``name.json``, ``name-forest.svg`` and ``name.html``.
    report
        Write the report, which takes a few seconds.
    """
    written = [
        fit.save(folder / f"{name}.nc"),
        write_text(folder / f"{name}.json", summary_to_json(fit)),
        save_figure(fit.plot("forest"), folder / f"{name}-forest.svg"),
    ]
    return [*written, *write_report(fit, folder, name)] if report else written
