"""Distributions that are known exactly, many at once: no draws, no error of sampling."""

from bayesmeta.densities.line import Line
from bayesmeta.densities.normal_mixture import NormalMixture
from bayesmeta.densities.smoothing import log_averages
from bayesmeta.densities.tabulated import Panels, Tabulated
from bayesmeta.densities.tabulated_effects import TabulatedEffects

__all__ = [
    "Line",
    "NormalMixture",
    "Panels",
    "Tabulated",
    "TabulatedEffects",
    "log_averages",
]
