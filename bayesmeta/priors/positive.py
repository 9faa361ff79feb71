"""Families of positive numbers that PyMC lacks, each written once for NumPy and for PyTensor.

Formulas and names of parameters: Röver 2020, J Stat Softw 93(6), section 3.3, and the help pages of
R's bayesmeta.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import gammaincc, gammainccinv, gammaln, stdtr, stdtrit

from bayesmeta.priors.base import Family, Floats

__all__ = ["POSITIVE", "positive"]

_NUMPY = SimpleNamespace(
    **{
        name: getattr(np, name)
        for name in ("exp", "expand_dims", "log", "log1p", "mean", "min", "sqrt", "sum")
    },
    gammaln=gammaln,
)
"""NumPy's functions under the names of `pytensor.tensor`."""


def positive(density: Callable[..., Any], *, at_zero: float | None = None) -> Callable[..., Any]:
    """The log density of a family from a formula that holds above 0.

    Parameters
    ----------
    density
        The formula: a namespace of functions, the value, then the arguments by keyword.
    at_zero
        The log density at 0, where the formula has none.
    """

    def logpdf(x: Any, *, xp: Any = _NUMPY, **arguments: Any) -> Any:
        if xp is not _NUMPY:
            return density(xp, x, **arguments)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inside = density(xp, x, **arguments)
        if at_zero is not None:
            inside = np.where(x == 0, at_zero, inside)
        return np.where(x >= 0, inside, -np.inf)

    return logpdf


def _half_logistic(xp: Any, x: Any, scale: Any) -> Any:
    return math.log(2) - xp.log(scale) - x / scale - 2 * xp.log1p(xp.exp(-x / scale))


def _lomax(xp: Any, x: Any, alpha: Any, scale: Any) -> Any:
    return xp.log(alpha) - xp.log(scale) - (alpha + 1) * xp.log1p(x / scale)


def _rayleigh(xp: Any, x: Any, sigma: Any) -> Any:
    return xp.log(x) - 2 * xp.log(sigma) - 0.5 * (x / sigma) ** 2


def _inverse_chi(xp: Any, x: Any, nu: Any, scale: Any) -> Any:
    """The square is inverse-gamma with shape nu / 2 and scale ``scale**2 / 2``."""
    constant = math.log(2) + nu / 2 * xp.log(scale**2 / 2) - xp.gammaln(nu / 2)
    return constant - (nu + 1) * xp.log(x) - 0.5 * (scale / x) ** 2


def _log_t(xp: Any, x: Any, nu: Any, mu: Any, sigma: Any) -> Any:
    log = xp.log(x)
    constant = xp.gammaln((nu + 1) / 2) - xp.gammaln(nu / 2) - 0.5 * xp.log(nu * math.pi * sigma**2)
    return constant - (nu + 1) / 2 * xp.log1p(((log - mu) / sigma) ** 2 / nu) - log


def _log_t_quantile(q: Floats, nu: float, mu: float, sigma: float) -> Floats:
    quantile: Floats = np.exp(mu + sigma * stdtrit(nu, q))
    return quantile


POSITIVE = (
    Family(
        name="HalfLogistic",
        arguments={"scale": None},
        positive=("scale",),
        logpdf=positive(_half_logistic),
        cdf=lambda x, scale: np.tanh(x / (2 * scale)),
        ppf=lambda q, scale: 2 * scale * np.arctanh(q),
        lower=0.0,
        native=False,
    ),
    Family(
        name="Lomax",
        arguments={"alpha": None, "scale": None},
        positive=("alpha", "scale"),
        logpdf=positive(_lomax),
        cdf=lambda x, alpha, scale: -np.expm1(-alpha * np.log1p(x / scale)),
        ppf=lambda q, alpha, scale: scale * np.expm1(-np.log1p(-q) / alpha),
        lower=0.0,
        tail=lambda arguments: arguments["alpha"] + 1,
        native=False,
    ),
    Family(
        name="Rayleigh",
        arguments={"sigma": None},
        positive=("sigma",),
        logpdf=positive(_rayleigh),
        cdf=lambda x, sigma: -np.expm1(-0.5 * (x / sigma) ** 2),
        ppf=lambda q, sigma: sigma * np.sqrt(-2 * np.log1p(-q)),
        lower=0.0,
        native=False,
    ),
    Family(
        name="InverseChi",
        arguments={"nu": None, "scale": 1.0},
        positive=("nu", "scale"),
        logpdf=positive(_inverse_chi, at_zero=-math.inf),
        cdf=lambda x, nu, scale: gammaincc(nu / 2, 0.5 * (scale / x) ** 2),
        ppf=lambda q, nu, scale: scale / np.sqrt(2 * gammainccinv(nu / 2, q)),
        lower=0.0,
        tail=lambda arguments: arguments["nu"] + 1,
        native=False,
    ),
    Family(
        name="LogT",
        arguments={"nu": None, "mu": 0.0, "sigma": 1.0},
        positive=("nu", "sigma"),
        logpdf=positive(_log_t, at_zero=math.inf),
        cdf=lambda x, nu, mu, sigma: stdtr(nu, (np.log(x) - mu) / sigma),
        ppf=_log_t_quantile,
        lower=0.0,
        tail=lambda _: 1.0,
        log_tail=True,
        native=False,
    ),
)
"""Every family of positive numbers that PyMC lacks."""
