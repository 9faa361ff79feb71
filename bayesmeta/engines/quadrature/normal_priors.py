"""Priors of mu as mixtures of normal distributions, which are integrated out analytically.

A t distribution is a mixture of normal distributions whose variance is inverse-gamma; its integral
over the logarithm of the variance is summed at equal steps, which converges geometrically.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.special import gammaln

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


_FAMILIES: Mapping[str, Callable[..., _Parts]] = MappingProxyType(
    {"Normal": _normal, "StudentT": _student, "Cauchy": _cauchy, "Flat": _flat}
)
