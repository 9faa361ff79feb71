"""What every likelihood has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Floats
from bayesmeta.model.notation import Equation
from bayesmeta.model.problem import Problem

__all__ = ["Likelihood", "Profile", "Variable"]

Variable = Callable[..., Any]
"""Makes the PyMC variable of a parameter: its name, and its dimensions where it has any."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the data say of the true effects, all else integrated out.

    Attributes
    ----------
    log_likelihood : array (study, point)
        Log density of each study's data at values of its true effect.
    control : array (study, point) or None
        Mean risk, or rate, of the control arm given the true effect; None without such an arm.
    """

    log_likelihood: Floats
    control: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """A distribution of the data given the true effects.

    Arrays of draws have the dimensions chain, draw and, last, study.

    Attributes
    ----------
    label : str
        What it says, for lists and reports.
    measures : tuple of str
        Codes of the measures it is for; empty for all.
    heterogeneities : tuple of str
        Those it goes with; empty for all.
    parameters : callable
        Names of its own parameters that have a prior.
    observe : callable
        Adds its own parameters and the observed variables to the PyMC model of the current context,
        from the problem, the means of the true effects, their distribution around these (shares and
        variances of normal ones; a variance of 0 where they are sampled and not integrated out),
        and what makes the variables of parameters.
    equations : callable
        The lines that say how the data arise from the true effects ``theta_i``: from the problem
        and the label of the effects.
    profile : callable or None
        What the data say of true effects (point,); None where parameters that the studies share
        cannot be integrated out of each study alone.
    log_density : callable or None
        Where there is no profile, or baselines are exchangeable: log density of each study's data
        given draws of all parameters, what is its own integrated out.
    draw_data : callable
        Data of studies like these, by name, from draws of all variables and of true effects.
    rough : callable
        Rough estimates and standard errors of the effects, finite for every study.
    complete : callable
        Draws, with ``theta`` among them, and with those of its own variables that the engine
        left out.
    integrable : callable
        Which studies speak against large effects in both directions.
    marginal : callable or None
        Log density of each study's data with normal true effects integrated out, from their mean
        and variance; None where that has no closed form.
    draw_theta : callable or None
        Draws of the true effects given their mean, variance and the data; likewise.
        Neither knows of sampling errors that are correlated: see `bayesmeta.model.correlated`.
    """

    label: str
    measures: tuple[str, ...] = ()
    heterogeneities: tuple[str, ...] = ()
    parameters: Callable[[Problem], tuple[str, ...]]
    observe: Callable[[Problem, Any, Sequence[tuple[Any, Any]], Variable], None]
    equations: Callable[[Problem, str], tuple[Equation, ...]]
    profile: Callable[[Problem, Floats], Profile] | None
    log_density: Callable[[Problem, xr.Dataset], Floats] | None = None
    draw_data: Callable[[Problem, np.random.Generator, xr.Dataset, Floats], Mapping[str, Floats]]
    rough: Callable[[Problem], tuple[Floats, Floats]]
    complete: Callable[[Problem, np.random.Generator, xr.Dataset], xr.Dataset]
    integrable: Callable[[Problem], np.ndarray]
    marginal: Callable[[Problem, Floats, Floats], Floats] | None = None
    draw_theta: Callable[[Problem, np.random.Generator, Floats, Floats], Floats] | None = None
