"""A prior expression to a `Prior`."""

from bayesmeta.priors.base import Family, Prior
from bayesmeta.priors.default import default_mu, default_tau
from bayesmeta.priors.named import FAMILIES, parse_prior

__all__ = ["FAMILIES", "Family", "Prior", "default_mu", "default_tau", "parse_prior"]
