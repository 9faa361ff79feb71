"""Priors of tau that the standard errors of the studies determine: the reference set.

As R's bayesmeta has them (Röver 2020, J Stat Softw 93(6)). With ``s`` the standard errors of k
studies, ``s0**2`` is the harmonic mean of their squares.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesmeta.errors import PriorError
from bayesmeta.priors.base import Family, Floats
from bayesmeta.priors.conventional import conventional_cdf, conventional_ppf, log_normaliser
from bayesmeta.priors.positive import positive
from bayesmeta.typical_variance import typical_variance

__all__ = ["REFERENCE"]


def _errors(std_error: Floats) -> Mapping[str, Floats]:
    return {"std_error": std_error}


def _harmonic(std_error: Floats) -> Mapping[str, float]:
    return {"s0": float(np.mean(std_error**-2.0) ** -0.5)}


def _typical(std_error: Floats) -> Mapping[str, float]:
    if std_error.size < 2:
        raise PriorError(
            "UniformI2() needs at least 2 studies, and there is 1: I² compares tau with the "
            "typical variance, which one study does not have",
            hint="Take DuMouchel() or a half-normal prior.",
        )
    return {"s": math.sqrt(typical_variance(std_error**2))}


def _conventional_data(std_error: Floats) -> Mapping[str, float | Floats]:
    return {"std_error": std_error, "log_normaliser": log_normaliser(std_error)}


def _variances(xp: Any, x: Any, std_error: Any) -> tuple[Any, Any]:
    """The least of ``s**2 + x**2`` over the studies, and the ratios of it to each."""
    squares = std_error**2
    least = xp.min(squares, axis=-1) + x**2
    return least, xp.expand_dims(least, -1) / (squares + xp.expand_dims(x**2, -1))


def _jeffreys(xp: Any, x: Any, std_error: Any) -> Any:
    """``sqrt(sum((x / (s**2 + x**2))**2))``; ratios keep its squares from vanishing."""
    least, ratio = _variances(xp, x, std_error)
    return xp.log(x) - xp.log(least) + 0.5 * xp.log(xp.sum(ratio**2, axis=-1))


def _overall_jeffreys(xp: Any, x: Any, std_error: Any) -> Any:
    """The same times ``sqrt(sum(1 / (s**2 + x**2)))``: mu and tau together, mu flat."""
    least, ratio = _variances(xp, x, std_error)
    of_mu = 0.5 * (xp.log(xp.sum(ratio, axis=-1)) - xp.log(least))
    return _jeffreys(xp, x, std_error) + of_mu


def _berger_deely(xp: Any, x: Any, std_error: Any) -> Any:
    variances = std_error**2 + xp.expand_dims(x**2, -1)
    return xp.log(x) - xp.mean(xp.log(variances), axis=-1)


def _conventional(xp: Any, x: Any, std_error: Any, log_normaliser: Any) -> Any:
    variances = std_error**2 + xp.expand_dims(x**2, -1)
    return xp.log(x) - 1.5 * xp.mean(xp.log(variances), axis=-1) - log_normaliser


def _dumouchel(xp: Any, x: Any, s0: Any) -> Any:
    return xp.log(s0) - 2 * xp.log(s0 + x)


def _uniform_share(xp: Any, x: Any, s: Any) -> Any:
    """``s**2 / (s**2 + x**2)`` is uniform."""
    return math.log(2) + 2 * xp.log(s) + xp.log(x) - 2 * xp.log(s**2 + x**2)


def _uniform_sqrt(xp: Any, x: Any) -> Any:
    return -0.5 * xp.log(x)


REFERENCE = (
    Family(
        name="Jeffreys",
        arguments={},
        logpdf=positive(_jeffreys),
        lower=0.0,
        proper=False,
        tail=lambda _: 1.0,
        from_data=_errors,
        native=False,
    ),
    Family(
        name="OverallJeffreys",
        arguments={},
        logpdf=positive(_overall_jeffreys),
        lower=0.0,
        proper=False,
        tail=lambda _: 2.0,
        from_data=_errors,
        native=False,
    ),
    Family(
        name="BergerDeely",
        arguments={},
        logpdf=positive(_berger_deely),
        lower=0.0,
        proper=False,
        tail=lambda _: 1.0,
        from_data=_errors,
        native=False,
    ),
    Family(
        name="Conventional",
        arguments={},
        logpdf=positive(_conventional),
        cdf=conventional_cdf,
        ppf=conventional_ppf,
        lower=0.0,
        tail=lambda _: 2.0,
        from_data=_conventional_data,
        native=False,
    ),
    Family(
        name="DuMouchel",
        arguments={},
        logpdf=positive(_dumouchel),
        cdf=lambda x, s0: 1 - s0 / (s0 + x),
        ppf=lambda q, s0: s0 * q / (1 - q),
        lower=0.0,
        tail=lambda _: 2.0,
        from_data=_harmonic,
        native=False,
    ),
    Family(
        name="UniformShrinkage",
        arguments={},
        logpdf=positive(lambda xp, x, s0: _uniform_share(xp, x, s0)),
        cdf=lambda x, s0: 1 - s0**2 / (s0**2 + x**2),
        ppf=lambda q, s0: s0 * np.sqrt(q / (1 - q)),
        lower=0.0,
        tail=lambda _: 3.0,
        from_data=_harmonic,
        native=False,
    ),
    Family(
        name="UniformI2",
        arguments={},
        logpdf=positive(_uniform_share),
        cdf=lambda x, s: 1 - s**2 / (s**2 + x**2),
        ppf=lambda q, s: s * np.sqrt(q / (1 - q)),
        lower=0.0,
        tail=lambda _: 3.0,
        from_data=_typical,
        native=False,
    ),
    Family(
        name="UniformSqrt",
        arguments={},
        logpdf=positive(_uniform_sqrt),
        lower=0.0,
        proper=False,
        tail=lambda _: 0.5,
        native=False,
    ),
)
"""Every prior of the reference set that is not a family of PyMC (a uniform one is `HalfFlat`)."""
