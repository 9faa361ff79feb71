"""Exact posteriors of the normal model by quadrature."""

from bayesmeta.engines.quadrature.engine import fit_quadrature
from bayesmeta.engines.quadrature.evidence import evidence
from bayesmeta.engines.quadrature.integrate import integrate
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.solve import refusal, solve, solve_many

__all__ = ["Posterior", "evidence", "fit_quadrature", "integrate", "refusal", "solve", "solve_many"]
