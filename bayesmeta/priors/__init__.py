"""A prior expression to a `Prior`."""

from bayesmeta.priors.base import Family, Prior
from bayesmeta.priors.default import (
    as_wide_as,
    baseline,
    flat_mu,
    of_counts,
    of_moderator,
    unit_information_mu,
    unit_information_tau,
    weakly_informative_tau,
)
from bayesmeta.priors.empirical import Setting, usable_settings
from bayesmeta.priors.families import FAMILIES
from bayesmeta.priors.parse import SOURCES, Source, parse_prior
from bayesmeta.priors.stacked import stack

__all__ = [
    "FAMILIES",
    "SOURCES",
    "Family",
    "Prior",
    "Setting",
    "Source",
    "as_wide_as",
    "baseline",
    "flat_mu",
    "of_counts",
    "of_moderator",
    "parse_prior",
    "stack",
    "unit_information_mu",
    "unit_information_tau",
    "usable_settings",
    "weakly_informative_tau",
]
