"""What every likelihood has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.measures.base import Floats
from bayesmeta.model.problem import Problem

__all__ = ["Likelihood"]


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """A distribution of the data given the true effects.

    The callables take the mean and the variance of theta around it, so that theta is integrated
    out; a variance of 0 gives the data's own distribution. Arrays of draws have the dimension
    ``study`` last.

    Attributes
    ----------
    label : str
        What it says, for lists and reports.
    observe : callable
        Adds the observed PyMC variable ``effect``.
    log_density : callable
        Log density of each study's data, one array of draws.
    draw_data : callable
        Draws of each study's data.
    draw_theta : callable
        Draws of theta given the data: its conditional distribution.
    """

    label: str
    observe: Callable[[Problem, Any, Any], None]
    log_density: Callable[[Problem, Floats, Floats], Floats]
    draw_data: Callable[[Problem, np.random.Generator, Floats, Floats], Floats]
    draw_theta: Callable[[Problem, np.random.Generator, Floats, Floats], Floats]
