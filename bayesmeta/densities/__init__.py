"""Distributions that are known exactly, many at once: no draws, no error of sampling."""

from bayesmeta.densities.normal_mixture import NormalMixture
from bayesmeta.densities.tabulated import Panels, Tabulated

__all__ = ["NormalMixture", "Panels", "Tabulated"]
