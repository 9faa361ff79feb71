"""A prior as a line of LaTeX: its distribution in the terms of PyMC, or its density."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from bayesmeta.model.notation import normal, number
from bayesmeta.priors import Prior

__all__ = ["DENSITIES", "prior_line"]

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "mu": r"\mu",
        "sigma": r"\sigma",
        "nu": r"\nu",
        "alpha": r"\alpha",
        "beta": r"\beta",
        "lam": r"\lambda",
        "s": "s",
        "scale": r"\mathrm{scale}",
    }
)
"""Arguments of PyMC's distributions."""

_SHARE = r"p({x}) = \frac{{2 \cdot {s}^2 \, {x}}}{{({s}^2 + {x}^2)^2}}"

DENSITIES: Mapping[str, str] = MappingProxyType(
    {
        "Flat": r"p({x}) \propto 1",
        "HalfFlat": r"p({x}) \propto 1, \; {x} \geq 0",
        "Jeffreys": r"p({x}) \propto \sqrt{{\sum_i \left(\frac{{{x}}}{{s_i^2 + {x}^2}}\right)^2}}",
        "OverallJeffreys": r"p({x}) \propto \sqrt{{\sum_i \left(\frac{{{x}}}{{s_i^2 + {x}^2}}"
        r"\right)^2 \cdot \sum_i \frac{{1}}{{s_i^2 + {x}^2}}}}",
        "BergerDeely": r"p({x}) \propto {x} \prod_{{i=1}}^k (s_i^2 + {x}^2)^{{-1/k}}",
        "Conventional": r"p({x}) \propto {x} \prod_{{i=1}}^k (s_i^2 + {x}^2)^{{-3/(2k)}}",
        "DuMouchel": r"p({x}) = \frac{{{s0}}}{{({s0} + {x})^2}}",
        "UniformShrinkage": _SHARE.replace("{s}", "{s0}"),
        "UniformI2": _SHARE,
        "UniformSqrt": r"p({x}) \propto \frac{{1}}{{\sqrt{{{x}}}}}",
    }
)
"""Priors that are known by their density at ``{x}``; s_i are the standard errors."""


def prior_line(prior: Prior, symbol: str) -> str:
    """The line of a prior.

    Parameters
    ----------
    prior
        The prior.
    symbol
        The LaTeX of what it is of.
    """
    density = DENSITIES.get(prior.family.name)
    if density is None:
        return rf"{symbol} \sim {_distribution(prior)}"
    given = {
        key: number(float(value))
        for key, value in prior.parameters.items()
        if not isinstance(value, np.ndarray)
    }
    return density.format(x=symbol, **given)


def _distribution(prior: Prior) -> str:
    if prior.components:
        return " + ".join(
            rf"{number(weight)} \, {_distribution(part)}" for weight, part in prior.components
        )
    name, given = prior.family.name, prior.arguments
    if name in DENSITIES:
        return rf"\mathrm{{{name}}}(s_1, \ldots, s_k)"
    if name == "Normal":
        return normal(number(given["mu"]), f"{number(given['sigma'])}^2")
    if name == "Uniform":
        return rf"\mathrm{{Uniform}}({number(given['lower'])}, {number(given['upper'])})"
    inside = ", ".join(f"{_NAMES[key]} = {number(value)}" for key, value in given.items())
    return rf"\mathrm{{{name}}}({inside})"
