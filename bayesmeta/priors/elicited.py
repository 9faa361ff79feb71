"""Priors from a statement such as "tau is below 1 with 95 %", through PreliZ."""

import importlib
import math
from collections.abc import Mapping
from typing import Any

from bayesmeta.errors import EngineError, PriorError, did_you_mean
from bayesmeta.priors.base import Family, Prior
from bayesmeta.priors.families import FAMILIES

__all__ = ["ELICITABLE", "elicit"]

ELICITABLE: Mapping[str, Family] = {
    name: FAMILIES[name]
    for name in (
        "Normal",
        "StudentT",
        "Cauchy",
        "Logistic",
        "HalfNormal",
        "HalfStudentT",
        "HalfCauchy",
        "Exponential",
        "LogNormal",
        "Gamma",
        "InverseGamma",
        "Beta",
    )
}
"""The families that PreliZ has under the same name and with the same arguments."""

_DIGITS = 4
_MASS_TOLERANCE = 1e-3
"""What is stated has two or three digits, and the arguments are rounded to four."""


def elicit(
    name: str,
    *,
    lower: float,
    upper: float,
    prob: float,
    fixed: Mapping[str, float],
    source: str | None,
) -> Prior:
    """The prior of a family with a probability between two bounds, and else the largest entropy.

    Parameters
    ----------
    name
        One of `ELICITABLE`.
    lower, upper
        The bounds; infinite where there is none.
    prob
        The probability between them.
    fixed
        Arguments of the family that are not to be found.
    source
        Why this prior; the statement where it is not given.

    Raises
    ------
    PriorError
        The family cannot be elicited, or none of its members fits the statement.
    EngineError
        PreliZ is not installed.
    """
    if name not in ELICITABLE:
        raise PriorError(f"{name!r} cannot be elicited", hint=did_you_mean(name, ELICITABLE))
    family = ELICITABLE[name]
    low, high = max(lower, family.lower), min(upper, family.upper)
    if not (math.isfinite(low) and math.isfinite(high) and low < high and 0 < prob < 1):
        raise PriorError(
            f"{name} with {_statement(lower, upper, prob)} says too little or is not possible",
            hint="Give prob and, for tau, upper; for mu, lower and upper: "
            "Elicited('HalfNormal', upper=1, prob=0.95).",
        )
    preliz = _preliz()
    distribution = getattr(preliz, name)(**fixed)
    try:
        preliz.maxent(distribution, low, high, prob, plot=False)
        found = {
            key: _rounded(distribution.params_dict[key], high - low) for key in family.arguments
        }
    except (ValueError, KeyError, RuntimeError) as error:
        raise PriorError(f"PreliZ finds no {name} for this statement: {error}") from None
    prior = Prior(
        family=family,
        arguments=found,
        source=source
        or f"elicited: {_statement(lower, upper, prob)} (PreliZ {preliz.__version__}, the largest "
        "entropy)",
    )
    mass = float(prior.cdf(high) - prior.cdf(low)) if _valid(family, found) else math.nan
    if not abs(mass - prob) <= _MASS_TOLERANCE:
        raise PriorError(
            f"no {name} was found for this statement: the nearest, {prior.expression}, has "
            f"{mass:.3g} there, not {prob:g}"
        )
    return prior


def _preliz() -> Any:
    """The library; it changes how matplotlib saves figures, which is undone."""
    try:
        matplotlib = importlib.import_module("matplotlib")
        with matplotlib.rc_context():
            return importlib.import_module("preliz")
    except ImportError as error:
        raise EngineError(
            f"Elicited(...) needs PreliZ, which cannot be loaded ({error})\n  "
            "Install it with: pip install 'bayesmeta[elicit]', or write the distribution itself."
        ) from None


def _valid(family: Family, arguments: Mapping[str, float]) -> bool:
    return all(arguments[key] > 0 for key in family.positive)


def _rounded(value: float, width: float) -> float:
    """To four significant digits; what is nothing beside the width of the interval is 0."""
    if abs(value) < 1e-6 * width:
        return 0.0
    return float(f"{float(value):.{_DIGITS}g}")


def _statement(lower: float, upper: float, prob: float) -> str:
    share = f"with {100 * prob:g} %"
    if math.isinf(lower):
        return f"below {upper:g} {share}"
    if math.isinf(upper):
        return f"above {lower:g} {share}"
    return f"between {lower:g} and {upper:g} {share}"
