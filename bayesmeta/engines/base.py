"""What every engine does."""

from typing import Protocol

import xarray as xr

from bayesmeta.model import Problem
from bayesmeta.spec.schema import Engine as Settings

__all__ = ["Engine"]


class Engine(Protocol):
    """Computes the posterior of a problem."""

    def __call__(
        self, problem: Problem, settings: Settings, *, progress: bool = False
    ) -> xr.DataTree:
        """Compute the posterior.

        Parameters
        ----------
        problem
            The numbers and priors.
        settings
            The ``[engine]`` section of the spec.
        progress
            Show how far it is, on a terminal.

        Returns
        -------
        xarray.DataTree
            The groups ``posterior``, ``sample_stats``, ``log_likelihood``, ``log_prior``,
            ``posterior_predictive``, ``prior`` (where all priors are proper) and
            ``observed_data``. The attribute ``messages`` lists what the reader must know of the
            run.

        Raises
        ------
        EngineError
            The engine cannot do this.
        """
        ...
