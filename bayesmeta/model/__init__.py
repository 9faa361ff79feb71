"""Spec and study table to a `Problem`, and a problem to a PyMC model."""

from bayesmeta.model.build import build_model, changeable_data, integrates_theta
from bayesmeta.model.correlated import sampling_covariance, units_of
from bayesmeta.model.design import CONTRAST, MOST_PAIRED, Design, Groups, Readout
from bayesmeta.model.heterogeneity import HETEROGENEITIES
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.mathematics import Equation, equations
from bayesmeta.model.means import study_means
from bayesmeta.model.moments import existing_moments, moments_of, tail_exponent
from bayesmeta.model.nodes import effect_nodes, unresolved
from bayesmeta.model.pose import (
    check_model,
    own_heterogeneity,
    pose,
    problem_of,
    read_prior,
    uses_counts,
)
from bayesmeta.model.predict import complete_posterior, observed_data, predictive_groups
from bayesmeta.model.problem import Problem
from bayesmeta.model.suitability import check_one_mean, check_plain, check_priors

__all__ = [
    "CONTRAST",
    "HETEROGENEITIES",
    "LIKELIHOODS",
    "MOST_PAIRED",
    "Design",
    "Equation",
    "Groups",
    "Problem",
    "Readout",
    "build_model",
    "changeable_data",
    "check_model",
    "check_one_mean",
    "check_plain",
    "check_priors",
    "complete_posterior",
    "effect_nodes",
    "equations",
    "existing_moments",
    "integrates_theta",
    "moments_of",
    "observed_data",
    "own_heterogeneity",
    "pose",
    "predictive_groups",
    "problem_of",
    "read_prior",
    "sampling_covariance",
    "study_means",
    "tail_exponent",
    "units_of",
    "unresolved",
    "uses_counts",
]
