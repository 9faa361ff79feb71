"""What follows from the posterior of tau: I², weights, shrinkage."""

import numpy as np
import xarray as xr

from bayesmeta import typical_variance as sampling

__all__ = ["i_squared", "shrinkage", "study_weights", "typical_variance"]


def typical_variance(std_error: xr.DataArray) -> float:
    """The typical sampling variance of studies with these standard errors.

    NaN for one study, where it is not defined (see `bayesmeta.typical_variance`). Studies whose
    counts give no standard error do not count.
    """
    known = std_error.to_numpy()
    return sampling.typical_variance(known[np.isfinite(known)] ** 2)


def i_squared(tau: xr.DataArray, std_error: xr.DataArray) -> xr.DataArray:
    """Share of the variance between estimates that is between true effects, from 0 to 1.

    It is ``tau**2 / (tau**2 + s**2)`` with the typical variance ``s**2``, for each draw.
    """
    variance: xr.DataArray = tau**2
    return variance / (variance + typical_variance(std_error))


def study_weights(tau: xr.DataArray, shares: xr.DataArray, std_error: xr.DataArray) -> xr.DataArray:
    """Weight of each study in the pooled effect, in percent.

    The weights given tau, ``1 / (std_error**2 + tau**2)``, averaged over the posterior (Röver
    2020, J Stat Softw 93(6)), the prior of mu left out, so that they sum to 100.

    Parameters
    ----------
    tau, shares
        Values of tau and their shares in the posterior.
    std_error
        Standard errors (dimension ``study``); NaN where counts give none: those weigh nothing.
    """
    weights: xr.DataArray = (1 / (std_error**2 + tau**2)).fillna(0.0)
    return (100 * weights / weights.sum("study") * shares).sum(shares.dims)


def shrinkage(tau: xr.DataArray, shares: xr.DataArray, std_error: xr.DataArray) -> xr.DataArray:
    """How far each study's true effect is drawn towards mu: 0 not at all, 1 all the way.

    The posterior mean of ``std_error**2 / (std_error**2 + tau**2)``; 1 for a common effect. Takes
    what `study_weights` takes.
    """
    pull: xr.DataArray = (std_error**2 / (std_error**2 + tau**2)).fillna(1.0)
    return (pull * shares).sum(shares.dims)
