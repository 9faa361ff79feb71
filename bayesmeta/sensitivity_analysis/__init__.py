"""Many fits from one: how far the answer depends on priors, studies and formulas."""

from bayesmeta.sensitivity_analysis.means import MeansUnderPrior, means_under_priors
from bayesmeta.sensitivity_analysis.numbers import Benefit, Numbers, hellinger, numbers_of_draws
from bayesmeta.sensitivity_analysis.result import Sensitivity
from bayesmeta.sensitivity_analysis.run import numbers_of, prior_variations, sensitivity

__all__ = [
    "Benefit",
    "MeansUnderPrior",
    "Numbers",
    "Sensitivity",
    "hellinger",
    "means_under_priors",
    "numbers_of",
    "numbers_of_draws",
    "prior_variations",
    "sensitivity",
]
