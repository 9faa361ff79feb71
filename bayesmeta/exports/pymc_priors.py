"""A prior as PyMC code: its distribution, or a flat variable and its log density.

As `Prior.to_pymc` makes it; formulas of the densities: `bayesmeta.priors`.
"""

import math
from collections.abc import Mapping

import numpy as np

from bayesmeta.exports.python_code import LINE, block, call, number
from bayesmeta.priors import Prior

__all__ = ["DENSITIES", "declare", "distribution"]

_VARIANCES = "std_error**2 + {x}**2"
_SHARE = ("np.log(2 * {s}**2)", "+ pm.math.log({x})", "- 2 * pm.math.log({s}**2 + {x}**2)")
_JEFFREYS = (
    "pm.math.log({x})",
    f"+ 0.5 * pm.math.log(pm.math.sum(({_VARIANCES}) ** -2.0))",
)

DENSITIES: Mapping[str, tuple[str, ...]] = {
    "HalfLogistic": (
        "np.log(2 / {scale})",
        "- {x} / {scale}",
        "- 2 * pm.math.log1p(pm.math.exp(-{x} / {scale}))",
    ),
    "Lomax": (
        "np.log({alpha} / {scale})",
        "- ({alpha} + 1) * pm.math.log1p({x} / {scale})",
    ),
    "Rayleigh": ("pm.math.log({x})", "- 2 * np.log({sigma})", "- 0.5 * ({x} / {sigma}) ** 2"),
    "InverseChi": (
        "pm.logp(pm.InverseGamma.dist(alpha={nu} / 2, beta={scale}**2 / 2), {x}**2)",
        "+ pm.math.log(2 * {x})",
    ),
    "LogT": (
        "pm.logp(pm.StudentT.dist(nu={nu}, mu={mu}, sigma={sigma}), pm.math.log({x}))",
        "- pm.math.log({x})",
    ),
    "Jeffreys": _JEFFREYS,
    "OverallJeffreys": (
        *_JEFFREYS,
        f"+ 0.5 * pm.math.log(pm.math.sum(1 / ({_VARIANCES})))",
    ),
    "BergerDeely": ("pm.math.log({x})", f"- pm.math.mean(pm.math.log({_VARIANCES}))"),
    "Conventional": (
        "pm.math.log({x})",
        f"- 1.5 * pm.math.mean(pm.math.log({_VARIANCES}))",
        "- {log_normaliser}",
    ),
    "DuMouchel": ("np.log({s0})", "- 2 * pm.math.log({s0} + {x})"),
    "UniformShrinkage": tuple(term.replace("{s}", "{s0}") for term in _SHARE),
    "UniformI2": _SHARE,
    "UniformSqrt": ("-0.5 * pm.math.log({x})",),
}
"""By family that PyMC lacks, the terms of its log density at ``{x}``."""


def distribution(
    prior: Prior, name: str, *, dims: str = "", depth: int = 1, before: str = ""
) -> str:
    """The expression of a variable whose prior PyMC has.

    Parameters
    ----------
    prior
        The prior.
    name
        Code of the name of the variable.
    dims
        Its dimension, where it has one.
    depth, before
        See `call`.
    """
    ends = [f'dims="{dims}"'] if dims else []
    function = f"pm.{prior.family.name}"
    return call(function, name, *_arguments(prior), *ends, depth=depth, before=before)


def declare(variable: str, prior: Prior, name: str, *, dims: str = "", depth: int = 1) -> str:
    """The statements that make a variable.

    Parameters
    ----------
    variable
        What it is called in the code.
    prior, name, dims, depth
        See `distribution`.
    """
    if prior.family.native:
        return distribution(prior, name, dims=dims, depth=depth, before=f"{variable} = ")
    lower, upper = prior.lower, prior.upper
    density = _log_density(prior, variable, depth)
    if math.isfinite(lower) and math.isfinite(upper):
        flat = f"pm.Uniform({name}, {number(lower)}, {number(upper)})"
        density += f"\nlog_density += np.log({number(upper - lower)})  # the uniform has a density"
    else:
        flat = f"pm.HalfFlat({name})" if lower == 0 else f"pm.Flat({name})"
    potential = call("pm.Potential", f"{name[:-1]}_prior{name[-1]}", "log_density", depth=depth)
    return "\n".join([f"{variable} = {flat}", density, potential])


def _arguments(prior: Prior) -> list[str]:
    return [f"{key}={number(value)}" for key, value in prior.arguments.items()]


def _log_density(prior: Prior, x: str, depth: int) -> str:
    """The statement that makes ``log_density``."""
    before = "log_density = "
    if not prior.components:
        terms = _terms(prior, x)
        single = before + " ".join(terms)
        if len(single) + 4 * depth <= LINE:
            return single
        return f"{before}(\n{block('\n'.join(terms), 1)}\n)"
    parts = []
    for weight, part in prior.components:
        parts.append(_part(part, x, before=f"np.log({number(weight)}) + "))
    stacked = "pm.math.stack(\n    [\n" + block(",\n".join(parts) + ",", 2) + "\n    ]\n)"
    return call("pm.math.logsumexp", stacked, "keepdims=False", before=before)


def _part(prior: Prior, x: str, *, before: str) -> str:
    """The log density of one part of a mixture."""
    if prior.family.native:
        made = call(f"pm.{prior.family.name}.dist", *_arguments(prior))
        return call("pm.logp", made, x, depth=5, before=before)
    return f"{before}(\n{block('\n'.join(_terms(prior, x)), 1)}\n)"


def _terms(prior: Prior, x: str) -> list[str]:
    given = {
        key: number(float(value))
        for key, value in prior.parameters.items()
        if not isinstance(value, np.ndarray)
    }
    return [term.format(x=x, **given) for term in DENSITIES[prior.family.name]]
