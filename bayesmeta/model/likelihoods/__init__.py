"""How the data of a study arise from its true effect.

To add one is one file of this folder and one line in `LIKELIHOODS`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.model.likelihoods.base import Likelihood
from bayesmeta.model.likelihoods.normal import NORMAL

__all__ = ["LIKELIHOODS", "Likelihood"]

LIKELIHOODS: Mapping[str, Likelihood] = MappingProxyType({"normal": NORMAL})
"""Every likelihood by its name in a spec."""
