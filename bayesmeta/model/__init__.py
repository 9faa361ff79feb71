"""Spec and study table to a `Problem`, and a problem to a PyMC model."""

from bayesmeta.model.build import build_model, changeable_data
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.moments import existing_moments, tail_exponent
from bayesmeta.model.pose import pose, read_prior
from bayesmeta.model.predict import complete_posterior, predictive_groups
from bayesmeta.model.problem import Problem
from bayesmeta.model.suitability import check_priors

__all__ = [
    "HETEROGENEITIES",
    "LIKELIHOODS",
    "Problem",
    "build_model",
    "changeable_data",
    "check_priors",
    "complete_posterior",
    "existing_moments",
    "pose",
    "predictive_groups",
    "read_prior",
    "tail_exponent",
]
