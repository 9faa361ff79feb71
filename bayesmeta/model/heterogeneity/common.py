"""Common effect: all studies have the same true effect, so tau is 0."""

from bayesmeta.model.heterogeneity.base import Heterogeneity

__all__ = ["COMMON"]

COMMON = Heterogeneity(
    label="common effect: all studies have the same true effect",
    parameters=(),
    variance=lambda parameters: 0.0,
    effects=lambda mu, parameters: mu,
    new_effect=lambda rng, mu, parameters: mu,
)
