"""Exact posteriors of any likelihood of the true effects, on a grid of mu and tau.

What a study says of its true effect, its baseline integrated out, is tabulated once; given mu and
tau its average over the true effects is a sum. Nothing of this depends on the priors of mu and tau,
so that many of them share it.
"""

from bayesmeta.engines.quadrature.tabulated.posterior import TabulatedPosterior
from bayesmeta.engines.quadrature.tabulated.solve import kind_of, solve_alike

__all__ = ["TabulatedPosterior", "kind_of", "solve_alike"]
