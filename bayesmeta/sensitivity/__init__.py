"""Many fits from one: how far the answer depends on priors, studies and formulas."""

from bayesmeta.sensitivity.result import Sensitivity
from bayesmeta.sensitivity.run import sensitivity

__all__ = ["Sensitivity", "sensitivity"]
