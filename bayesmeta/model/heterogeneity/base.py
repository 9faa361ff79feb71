"""What every heterogeneity has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.densities import Scales
from bayesmeta.measures.base import Floats
from bayesmeta.model.problem import Problem

__all__ = ["Floats", "Heterogeneity", "Parameters"]

Parameters = Mapping[str, Any]
"""Values of the parameters by name: PyTensor variables, or NumPy arrays of draws."""


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """A distribution of the true effects around the pooled effect.

    Attributes
    ----------
    label : str
        What it says, for lists and reports.
    parameters : tuple of str
        Its own parameters, each with a prior; empty where all studies share one effect.
    variance : callable or None
        Variance of theta around mu given the parameters, where it is normal; None where it is not.
    effects : callable
        The PyMC variable ``theta`` (dimension ``study``), non-centred, from the problem, the pooled
        effect and the parameters.
    standard : callable
        Standardised draws of true effects: ``theta = mu + tau * standard``.
    scales : callable
        The same distribution as a mixture of normal ones.
    """

    label: str
    parameters: tuple[str, ...]
    variance: Callable[[Parameters], Any] | None
    effects: Callable[[Problem, Any, Parameters], Any]
    standard: Callable[[Problem, np.random.Generator, tuple[int, ...]], Floats]
    scales: Callable[[Problem], Scales]

    def new_effect(
        self, problem: Problem, rng: np.random.Generator, mu: Floats, parameters: Parameters
    ) -> Floats:
        """Draws of the true effect of a new study from draws of mu and of the parameters."""
        if not self.parameters:
            return mu
        new: Floats = mu + parameters["tau"] * self.standard(problem, rng, mu.shape)
        return new
