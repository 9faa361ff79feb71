"""Draws to a `Fit`: estimates, diagnostics, files."""

from bayesmeta.results.diagnostics import Diagnostics, diagnose, worst
from bayesmeta.results.fit import Fit
from bayesmeta.results.load import load_fit

__all__ = ["Diagnostics", "Fit", "diagnose", "load_fit", "worst"]
