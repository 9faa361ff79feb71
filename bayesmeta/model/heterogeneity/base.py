"""What every heterogeneity has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats

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
    variance : callable
        Variance of theta around mu given the parameters.
    effects : callable
        The PyMC variable ``theta`` (dimension ``study``), non-centred, from the pooled effect
        and the parameters.
    new_effect : callable
        Draws of the true effect of a new study from a random generator, draws of mu and of the
        parameters.
    """

    label: str
    parameters: tuple[str, ...]
    variance: Callable[[Parameters], Any]
    effects: Callable[[Any, Parameters], Any]
    new_effect: Callable[[np.random.Generator, Floats, Parameters], Floats]
