"""A prior as a PyMC variable."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable

    from bayesmeta.priors.base import Prior

__all__ = ["add_to_model"]


def add_to_model(
    prior: "Prior", name: str, values: Mapping[str, Any], dims: str | None = None
) -> "TensorVariable":
    """The PyMC variable `name` with this prior, in the model of the current context.

    Numbers become 64-bit constants: PyTensor would read a Python number such as 10 as an 8-bit
    integer and compute its logarithm in single precision.

    Parameters
    ----------
    prior, name
        The prior, and what the variable is called.
    values
        Numbers or PyTensor variables, one for each of the `parameters` of the prior.
    dims
        Dimension of the variable, where it has one; only for PyMC's own families.
    """
    import pymc as pm

    exact = {key: _exact(value) for key, value in values.items()}
    if prior.family.native:
        return getattr(pm, prior.family.name)(name, **exact, dims=dims)
    variable, density = _uniform(prior, name)
    pm.Potential(f"{name}_prior", _log_density(prior, variable, exact) - density)
    return variable


def _exact(value: Any) -> Any:
    if isinstance(value, int | float):
        return np.float64(value)
    return value


def _uniform(prior: "Prior", name: str) -> "tuple[TensorVariable, float]":
    """A variable that is uniform on the support, and its log density.

    It has no density of its own where that is unbounded.
    """
    import pymc as pm

    lower, upper = np.float64(prior.lower), np.float64(prior.upper)
    if np.isfinite(lower) and np.isfinite(upper):
        return pm.Uniform(name, lower, upper), -float(np.log(upper - lower))
    return (pm.HalfFlat(name) if lower == 0 else pm.Flat(name)), 0.0


def _log_density(prior: "Prior", variable: Any, values: Mapping[str, Any]) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    if prior.components:
        parts = []
        for i, (_, part) in enumerate(prior.components):
            own = {
                key.removeprefix(f"{i}."): value
                for key, value in values.items()
                if key.startswith(f"{i}.")
            }
            weight = own.pop("weight")
            parts.append(pt.log(weight) + _log_density(part, variable, own))
        return pm.math.logsumexp(pt.stack(parts), axis=0, keepdims=False)
    if prior.family.native:
        return pm.logp(getattr(pm, prior.family.name).dist(**values), variable)
    return prior.family.logpdf(variable, **values, xp=pt)
