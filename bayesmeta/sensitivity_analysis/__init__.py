"""Many fits from one: how far the answer depends on priors, studies and formulas."""

from bayesmeta.sensitivity_analysis.result import Sensitivity
from bayesmeta.sensitivity_analysis.run import sensitivity

__all__ = ["Sensitivity", "sensitivity"]
