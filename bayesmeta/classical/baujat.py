"""How far each study adds to the heterogeneity, and how far it moves the common effect."""

from dataclasses import dataclass

import numpy as np

from bayesmeta.measures.base import Floats

__all__ = ["BaujatCoordinates", "baujat_coordinates"]


@dataclass(frozen=True, kw_only=True)
class BaujatCoordinates:
    """Where the studies stand in a Baujat plot.

    Attributes
    ----------
    contribution : array, one a study
        To Cochran's Q, of which they are the parts.
    influence : array, one a study
        The squared shift of the common effect on leaving the study out, in variances of the common
        effect of the others; NaN where there are no others.
    """

    contribution: Floats
    influence: Floats


def baujat_coordinates(effect: Floats, variance: Floats) -> BaujatCoordinates:
    """Contribution to heterogeneity and influence on the common effect of each study.

    Baujat, Mahé, Pignon & Hill 2002, Stat Med 21:2641; metafor's ``baujat(rma(method="EE"))``.
    Both follow from the common effect of the others. The residual from the common effect of all is
    that from the others' times their share of the weights, and the shift is the study's own share
    of it.

    Parameters
    ----------
    effect, variance : array, one a study
        On the analysis scale.
    """
    weights = 1 / variance
    # The others are added up: what is left of all without one is rounding where it has all weight.
    others = np.where(np.eye(effect.size, dtype=bool), 0.0, weights)
    rest, total = others.sum(1), weights.sum()
    with np.errstate(invalid="ignore"):  # one study has no others
        residual = effect - (others * effect).sum(1) / rest
    influence = rest * (residual * weights / total) ** 2
    contribution = np.where(rest > 0, weights * (residual * rest / total) ** 2, 0.0)
    return BaujatCoordinates(contribution=contribution, influence=influence)
