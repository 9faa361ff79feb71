"""What a fit leaves behind: its files."""

from pathlib import Path

from bayesmeta.files import write_whole
from bayesmeta.plots import save_figure
from bayesmeta.results import Fit
from bayesmeta.results.export import summary_to_json

__all__ = ["write_fit"]


def write_fit(fit: Fit, folder: Path, name: str) -> list[Path]:
    """Write a fit, its summary and its forest plot; each file whole or not at all.

    Parameters
    ----------
    fit
        The fit.
    folder
        Made if it is missing.
    name
        The files are ``name.nc``, ``name.json`` and ``name-forest.svg``.
    """
    summary = summary_to_json(fit)
    figure = fit.plot("forest")
    return [
        fit.save(folder / f"{name}.nc"),
        write_whole(
            folder / f"{name}.json", lambda part: part.write_text(summary, encoding="utf-8")
        ),
        save_figure(figure, folder / f"{name}-forest.svg"),
    ]
