"""Exact posteriors by quadrature: the normal model in closed form but for tau, others tabulated."""

from bayesmeta.engines.quadrature.engine import densities, fit_quadrature
from bayesmeta.engines.quadrature.evidence import evidence
from bayesmeta.engines.quadrature.integrate import integrate
from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.solve import Exact, refusal, solve, solve_many
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior

__all__ = [
    "Exact",
    "LinearPosterior",
    "Posterior",
    "TabulatedPosterior",
    "densities",
    "evidence",
    "fit_quadrature",
    "integrate",
    "refusal",
    "solve",
    "solve_many",
]
