"""Draws against exact densities: each engine checks the other."""

from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.densities import NormalMixture, Tabulated, TabulatedEffects
from bayesmeta.engines.quadrature import refusal, solve
from bayesmeta.model import Problem, moments_of

__all__ = ["cross_check"]

_ENDS = (0.025, 0.5, 0.975)


def cross_check(problem: Problem, posterior: xr.Dataset) -> dict[str, Any] | None:
    """How far draws are from the exact posterior, in Monte Carlo standard errors.

    Means (where a variance exists), medians and ends of 95 % intervals of mu, tau and theta_new are
    compared; of so many numbers the largest is often above 2 by chance alone.

    Parameters
    ----------
    problem
        The numbers and priors.
    posterior
        Draws (dimensions ``chain``, ``draw``).

    Returns
    -------
    dict or None
        ``engine``, ``max_difference_in_mcse`` and ``quantity``, where it is largest; None where
        quadrature cannot do the problem.
    """
    if refusal(problem) is not None:
        return None
    import arviz_stats as azs

    exact = solve(problem)
    moments = moments_of(problem)
    densities: dict[str, NormalMixture | Tabulated | TabulatedEffects] = {"mu": exact.mu}
    if exact.tau is not None:
        densities |= {"tau": exact.tau, "theta_new": exact.theta_new}
    found: dict[str, float] = {}
    for name, density in densities.items():
        draws = posterior[[name]]
        if moments[name] == 2:
            error = float(azs.mcse(draws, method="mean")[name])
            found[f"mean of {name}"] = (float(draws[name].mean()) - density.mean().item()) / error
        for prob, right in zip(_ENDS, density.ppf(np.array(_ENDS)).ravel(), strict=True):
            error = float(azs.mcse(draws, method="quantile", prob=prob)[name])
            value = float(draws[name].quantile(prob))
            found[f"{100 * prob:g} % point of {name}"] = (value - float(right)) / error
    quantity = max(found, key=lambda name: abs(found[name]))
    return {
        "engine": "quadrature",
        "max_difference_in_mcse": round(abs(found[quantity]), 3),
        "quantity": quantity,
    }
