"""A prior expression to a `Prior`."""

from bayesmeta.priors.base import Family, Prior
from bayesmeta.priors.default import (
    flat_mu,
    unit_information_mu,
    unit_information_tau,
    weakly_informative_tau,
)
from bayesmeta.priors.named import FAMILIES, parse_prior

__all__ = [
    "FAMILIES",
    "Family",
    "Prior",
    "flat_mu",
    "parse_prior",
    "unit_information_mu",
    "unit_information_tau",
    "weakly_informative_tau",
]
