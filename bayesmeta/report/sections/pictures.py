"""Plots as blocks of a report."""

from bayesmeta.errors import SpecError
from bayesmeta.report.document import Picture
from bayesmeta.results import Fit

__all__ = ["pictures"]


def pictures(fit: Fit, *wanted: tuple[str, str, str]) -> list[Picture]:
    """Those of these plots that are there for the model of a fit.

    Parameters
    ----------
    fit
        The fit.
    *wanted
        Of each plot its name, its caption, and what it says.
    """
    found = []
    for name, caption, alt in wanted:
        try:
            figure = fit.plot(name, title=False)
        except SpecError:  # it is of other models
            continue
        found.append(Picture(name=name, figure=figure, caption=caption, alt=alt))
    return found
