"""Priors of mu as mixtures of normal distributions, which are integrated out analytically.

A t distribution is a mixture of normal distributions whose variance is inverse-gamma; its integral
over the logarithm of the variance is summed at equal steps, which converges geometrically. So is a
logistic one, whose standard deviations have twice the Kolmogorov distribution (Andrews & Mallows
1974, J R Stat Soc B 36:99; Stefanski 1991, Stat Prob Lett 11:69).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.special import expit, gammaln

from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import Coefficients
from bayesmeta.errors import EngineError
from bayesmeta.priors import Prior

__all__ = ["as_coefficients", "unsuitable"]

_NEGLIGIBLE = 34.0
"""Log of the smallest share of a component that counts: 2e-15."""

_STEP = (8.0, 0.85)
"""Steps of the log variance are ``1 / sqrt(8 + 0.85 * nu)``: with many degrees of freedom its
density is narrow, and the step follows its width. The error is at most 6e-12 for nu from 0.3 to
1,000."""

_KOLMOGOROV_STEP = 0.14
"""Steps of u, where ``v = log(1 + exp(u))`` is half the standard deviation of a component: steps of
log(v) where v is small, of v where it is large, as the widths of the integrand are. The error is at
most 3e-14 of the density to 100 scales; from there to twice the furthest effect, what rounding its
logarithm gives."""

_LEAST = 0.17
"""Below is 1e-16 of the Kolmogorov distribution, and of the logistic density at its centre."""

_FURTHEST = 1e4
"""Scales of a logistic prior beyond which no component is made for the data: their number, 7 times
the root of that, would have no end. The density there is below exp(-1e4), which matters only where
no tau brings the data within 140 standard deviations of the centre."""

_Parts = list[tuple[float, float, float]]
"""Log weight, mean and precision of each component."""


def as_coefficients(
    mu: Sequence[Prior], beta: Sequence[Prior], furthest: Sequence[float]
) -> Coefficients:
    """The priors of mu and of other coefficients as mixtures of normal distributions.

    Parameters
    ----------
    mu
        The prior of mu, one a batch row.
    beta
        Priors of the other coefficients, normal or flat, the same in all rows.
    furthest
        Largest absolute effect of each row, so that the mixture holds what matters there.

    Raises
    ------
    EngineError
        A prior is no such mixture.
    """
    others = [_single(prior) for prior in beta]
    rows = [_parts(prior, far) for prior, far in zip(mu, furthest, strict=True)]
    most = max(len(parts) for parts in rows)
    blank = (-math.inf, 0.0, 1.0)
    array = np.array([parts + [blank] * (most - len(parts)) for parts in rows])
    rest = np.broadcast_to(np.array(others).reshape(-1, 3), (len(rows), most, len(others), 3))
    return Coefficients(
        log_weight=array[..., 0],
        mean=np.concatenate([array[..., 1:2], rest[..., 1]], -1),
        precision=np.concatenate([array[..., 2:3], rest[..., 2]], -1),
    )


def unsuitable(prior: Prior) -> str | None:
    """Why a prior of mu is no mixture of normal distributions; None where it is one."""
    for part in _leaves(prior):
        if part.family.name not in _FAMILIES:
            return (
                f"quadrature cannot integrate {part.expression} on mu: it takes "
                f"{', '.join(_FAMILIES)} and mixtures of them"
            )
    return None


def _leaves(prior: Prior) -> Iterator[Prior]:
    if not prior.components:
        yield prior
    for _, part in prior.components:
        yield from _leaves(part)


def _single(prior: Prior) -> tuple[float, float, float]:
    if prior.family.name not in ("Normal", "Flat"):
        raise EngineError(
            f"quadrature takes normal or flat priors on moderators, not {prior.expression}"
        )
    return _parts(prior, 0.0)[0]


def _parts(prior: Prior, furthest: float) -> _Parts:
    if prior.components:
        return [
            (math.log(weight) + log, mean, precision)
            for weight, part in prior.components
            for log, mean, precision in _parts(part, furthest)
        ]
    return _FAMILIES[prior.family.name](furthest, **prior.arguments)


def _flat(furthest: float) -> _Parts:
    return [(0.0, 0.0, 0.0)]


def _normal(furthest: float, mu: float, sigma: float) -> _Parts:
    return [(0.0, mu, sigma**-2)]


def _cauchy(furthest: float, alpha: float, beta: float) -> _Parts:
    return _student(furthest, 1.0, alpha, beta)


def _student(furthest: float, nu: float, mu: float, sigma: float) -> _Parts:
    step = (_STEP[0] + _STEP[1] * nu) ** -0.5
    conflict = ((furthest + abs(mu)) / sigma) ** 2
    high = math.log(max(1.0, conflict)) + 2 * _NEGLIGIBLE / (nu + 1)
    low = -math.log(2 * (_NEGLIGIBLE + nu) / nu)
    log_variance = np.arange(low, high + step, step)
    log_weight = (
        nu / 2 * math.log(nu / 2)
        - gammaln(nu / 2)
        - nu / 2 * (log_variance + np.exp(-log_variance))
        + math.log(step)
    )
    precision: Floats = np.exp(-log_variance) / sigma**2
    counts = log_weight > log_weight.max() - _NEGLIGIBLE - math.log(max(1.0, conflict)) * (nu + 1)
    return [
        (float(log), mu, float(each))
        for log, each in zip(log_weight[counts], precision[counts], strict=True)
    ]


def _logistic(furthest: float, mu: float, s: float) -> _Parts:
    conflict = min((furthest + abs(mu)) / s, _FURTHEST)
    high = math.sqrt(_NEGLIGIBLE / 2 + conflict)
    u = np.arange(math.log(math.expm1(_LEAST)), high + _KOLMOGOROV_STEP, _KOLMOGOROV_STEP)
    half = np.logaddexp(0.0, u)
    log_weight = _log_kolmogorov(half) + np.log(expit(u)) + math.log(_KOLMOGOROV_STEP)
    precision: Floats = (2 * half * s) ** -2.0
    return [(float(log), mu, float(each)) for log, each in zip(log_weight, precision, strict=True)]


def _log_kolmogorov(v: Floats) -> Floats:
    """Log density of the Kolmogorov distribution, by that of its two series which is short.

    They are the derivatives of those of the distribution function (Feller 1948, Ann Math Stat
    19:177); terms left out are below 1e-19 of the first.
    """
    k, odd = np.arange(1, 5), np.arange(1, 7, 2)
    square = np.maximum(v, 1.0)[:, None] ** 2
    falling = (-1.0) ** (k + 1) * k**2 * np.exp(-2 * (k**2 - 1) * square)
    above = np.log(8 * v) - 2 * v**2 + np.log(falling.sum(-1))
    inverse = math.pi**2 / 8 / np.minimum(v, 1.0)[:, None] ** 2
    rising = (2 * odd**2 * inverse - 1) * np.exp(-(odd**2 - 1) * inverse)
    below = 0.5 * math.log(2 * math.pi) - 2 * np.log(v) - inverse[:, 0] + np.log(rising.sum(-1))
    return np.where(v < 1, below, above)


_FAMILIES: Mapping[str, Callable[..., _Parts]] = MappingProxyType(
    {
        "Normal": _normal,
        "StudentT": _student,
        "Cauchy": _cauchy,
        "Logistic": _logistic,
        "Flat": _flat,
    }
)
