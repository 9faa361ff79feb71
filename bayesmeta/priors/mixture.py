"""Mixtures of priors, and robust mixtures for mu."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from bayesmeta.errors import PriorError
from bayesmeta.priors.base import Family, Floats, Prior
from bayesmeta.priors.quantile import invert

__all__ = ["MIXTURE", "centre", "mixture", "robust"]

_SUM_TOLERANCE = 1e-9
"""Weights are written with a few digits: their sum is 1 but for rounding."""

Components = tuple[tuple[float, Prior], ...]


def _logpdf(x: Floats, components: Components) -> Floats:
    parts = np.stack([math.log(weight) + part.logpdf(x) for weight, part in components])
    total: Floats = logsumexp(parts, axis=0)
    return total


def _cdf(x: Floats, components: Components) -> Floats:
    return np.sum([weight * part.cdf(x) for weight, part in components], axis=0)


def _ppf(q: Floats, components: Components) -> Floats:
    """The quantile lies between those of the components."""
    inside = np.where((q > 0) & (q < 1), q, 0.5)
    each = np.stack([part.ppf(inside) for _, part in components])
    return invert(lambda x: _cdf(x, components), inside, low=each.min(0), high=each.max(0))


MIXTURE = Family(
    name="Mixture",
    arguments={"w": None, "comp_dists": None},
    logpdf=_logpdf,
    cdf=_cdf,
    ppf=_ppf,
    native=False,
)
"""The family of every mixture: its functions take the components."""


def mixture(weights: Sequence[float], parts: Sequence[Prior], *, source: str) -> Prior:
    """A mixture of priors; mixtures among them are taken apart.

    Parameters
    ----------
    weights, parts
        One weight for each prior; they sum to 1.
    source
        Why this prior.

    Raises
    ------
    PriorError
        The weights do not fit, or the priors are improper or were made for different measures.
    """
    if len(weights) != len(parts) or not parts:
        raise PriorError(f"a mixture has {len(parts)} distributions and {len(weights)} weights")
    if min(weights) <= 0 or abs(sum(weights) - 1) > _SUM_TOLERANCE:
        raise PriorError(
            f"the weights of a mixture are above 0 and sum to 1, not {', '.join(map(str, weights))}"
        )
    for part in parts:
        if not part.proper:
            raise PriorError(f"{part.expression} is improper and cannot be part of a mixture")
    return Prior(
        family=MIXTURE,
        arguments={},
        components=tuple(
            (weight * share, leaf)
            for weight, part in zip(weights, parts, strict=True)
            for share, leaf in part.components or ((1.0, part),)
        ),
        source=source,
        made_for=_common_measures(parts),
        warnings=tuple(dict.fromkeys(text for part in parts for text in part.warnings)),
    )


def robust(prior: Prior, vague: Prior, *, weight: float, source: str) -> Prior:
    """A prior of mu with a vague normal one around the same centre mixed in.

    So that data that contradict it overrule it (Schmidli, Gsteiger, Roychoudhury, O'Hagan,
    Spiegelhalter & Neuenschwander 2014, Biometrics 70:1023).

    Parameters
    ----------
    prior, vague
        The prior, and the vague one around `centre` of it.
    weight
        That of the vague one.
    source
        Why this prior.
    """
    if not 0 < weight < 1:
        raise PriorError(f"the weight of the vague part is between 0 and 1, not {weight:g}")
    return mixture([1 - weight, weight], [prior, vague], source=source)


def centre(prior: Prior) -> float:
    """The mean of a prior of mu; the centre where it has none, as a Cauchy.

    Raises
    ------
    PriorError
        It is no prior of mu.
    """
    if not prior.proper or math.isfinite(prior.lower):
        raise PriorError(f"{prior.expression} is no proper prior of mu, which Robust is for")
    parts = prior.components or ((1.0, prior),)
    return sum(
        weight * part.arguments.get("mu", part.arguments.get("alpha", 0.0))
        for weight, part in parts
    )


def _common_measures(parts: Sequence[Prior]) -> tuple[str, ...]:
    """The measures that all parts were made for."""
    given = [part.made_for for part in parts if part.made_for]
    if not given:
        return ()
    common = tuple(code for code in given[0] if all(code in codes for codes in given))
    if not common:
        made = " and ".join(", ".join(codes) for codes in given)
        raise PriorError(f"the parts of a mixture were made for different measures: {made}")
    return common
