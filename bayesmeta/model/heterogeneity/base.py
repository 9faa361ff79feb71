"""What every heterogeneity has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.notation import Symbol
from bayesmeta.model.problem import Problem

__all__ = ["Components", "Floats", "Heterogeneity", "Parameters"]

Parameters = Mapping[str, Any]
"""Values of the parameters by name: PyTensor variables, or NumPy arrays of draws."""

Components = Sequence[tuple[Any, Any]]
"""Shares and variances of normal distributions around the mean, likewise."""


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """A distribution of the true effects around their mean.

    Attributes
    ----------
    label : str
        What it says, for lists and reports.
    parameters : callable
        Names of its own parameters, each with a prior; none where all studies with the same mean
        share one effect.
    components : callable
        The distribution of theta around its mean, given the parameters, as a mixture of normal
        ones.
    closed : bool
        Whether these are few, so that theta can be integrated out where the likelihood is normal.
    effects : callable
        The PyMC variable ``theta`` (dimension ``study``), non-centred, from the problem, the means
        and the parameters.
    deviations : callable
        Draws of how far the true effects of new studies are from their mean: from the problem, a
        random generator, the parameters and the shape.
    latex : callable
        Its distribution as LaTeX: from the problem, the mean, the symbols of the parameters, and a
        variance that is added ("" for none; a distribution that is not `closed` gets none).
    tau : str
        What its parameter tau is.
    outlying : int or None
        The component of outlying studies; None where there is none.
    clustered : bool
        Whether results of one study share an effect of their own, with standard deviation tau.
    likelihoods : tuple of str
        Those it goes with; empty for all.
    """

    label: str
    parameters: Callable[[Problem], tuple[str, ...]]
    components: Callable[[Problem, Parameters], Components]
    closed: bool = True
    effects: Callable[[Problem, Any, Parameters], Any]
    deviations: Callable[[Problem, np.random.Generator, Parameters, tuple[int, ...]], Floats]
    latex: Callable[[Problem, str, Symbol, str], str]
    tau: str = "the standard deviation of the true effects"
    outlying: int | None = None
    clustered: bool = False
    likelihoods: tuple[str, ...] = ()
