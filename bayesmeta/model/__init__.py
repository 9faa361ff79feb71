"""Spec and study table to a `Problem`, and a problem to a PyMC model."""

from bayesmeta.model.build import build_model
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.pose import pose
from bayesmeta.model.predict import complete_posterior, predictive_groups
from bayesmeta.model.problem import Problem

__all__ = [
    "HETEROGENEITIES",
    "LIKELIHOODS",
    "Problem",
    "build_model",
    "complete_posterior",
    "pose",
    "predictive_groups",
]
