"""Draws against exact densities: each engine checks the other."""

from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.engines.quadrature import densities, refusal, solve
from bayesmeta.model import Problem, moments_of

__all__ = ["cross_check"]

_ENDS = (0.025, 0.5, 0.975)
_DIMS = ("chain", "draw")
_COMPARED = ("mu", "mu_overall", "beta", "theta_new")


def cross_check(problem: Problem, posterior: xr.Dataset) -> dict[str, Any] | None:
    """How far draws are from the exact posterior, in Monte Carlo standard errors.

    Means (where a variance exists), medians and ends of 95 % intervals of all means, coefficients,
    standard deviations and effects of new studies with these means are compared; of so many numbers
    the largest is often above 2 by chance alone.

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

    exact = densities(solve(problem), problem)
    moments = moments_of(problem)
    compared = {
        **{name: exact.effects[name] for name in _COMPARED if name in exact.effects},
        **exact.deviations,
    }
    found: dict[str, float] = {}
    for name, density in compared.items():
        draws = posterior[[name]]
        labels = exact.labels.get(name, ("", ("",)))[1]
        if moments.get(name, 2) == 2:
            error = np.ravel(azs.mcse(draws, method="mean")[name].to_numpy())
            value = np.ravel(draws[name].mean(_DIMS).to_numpy())
            apart = (value - density.mean().ravel()) / error
            found |= {f"mean of {_called(name, labels[i])}": z for i, z in enumerate(apart)}
        for prob in _ENDS:
            right = density.ppf(np.array([prob])).ravel()
            error = np.ravel(azs.mcse(draws, method="quantile", prob=prob)[name].to_numpy())
            value = np.ravel(draws[name].quantile(prob, _DIMS).to_numpy())
            apart = (value - right) / error
            point = f"{100 * prob:g} % point of"
            found |= {f"{point} {_called(name, labels[i])}": z for i, z in enumerate(apart)}
    quantity = max(found, key=lambda name: abs(found[name]))
    return {
        "engine": "quadrature",
        "max_difference_in_mcse": round(abs(float(found[quantity])), 3),
        "quantity": quantity,
    }


def _called(name: str, label: str) -> str:
    return f"{name} ({label})" if label else name
