"""Every family of priors. To add one is one `Family` in one of the lists that are joined here."""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.priors.base import Family
from bayesmeta.priors.mixture import MIXTURE
from bayesmeta.priors.named import NAMED
from bayesmeta.priors.positive import POSITIVE
from bayesmeta.priors.reference import REFERENCE

__all__ = ["FAMILIES", "find_family"]

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {family.name: family for family in (*NAMED, *POSITIVE, *REFERENCE, MIXTURE)}
)
"""Every family by its name."""


def find_family(name: str) -> Family:
    """The family of this name: what a pickled one is made again from."""
    return FAMILIES[name]
