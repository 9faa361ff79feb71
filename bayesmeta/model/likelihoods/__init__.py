"""How the data of a study arise from its true effect.

To add one is one file of this folder and one line in `LIKELIHOODS`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.model.likelihoods.base import Likelihood, Profile, Variable
from bayesmeta.model.likelihoods.beta_binomial import BETA_BINOMIAL
from bayesmeta.model.likelihoods.binomial import BINOMIAL
from bayesmeta.model.likelihoods.normal import NORMAL
from bayesmeta.model.likelihoods.poisson import POISSON

__all__ = ["LIKELIHOODS", "Likelihood", "Profile", "Variable"]

LIKELIHOODS: Mapping[str, Likelihood] = MappingProxyType(
    {
        "normal": NORMAL,
        "binomial": BINOMIAL,
        "beta-binomial": BETA_BINOMIAL,
        "poisson": POISSON,
    }
)
"""Every likelihood by its name in a spec."""
