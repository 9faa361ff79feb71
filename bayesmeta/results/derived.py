"""What follows from the posterior of tau: I², weights, shrinkage."""

import numpy as np
import xarray as xr

from bayesmeta import typical_variance as sampling
from bayesmeta.model import Problem, sampling_covariance

__all__ = ["i_squared", "shrinkage", "study_weights", "typical_variance", "typical_variances"]


def typical_variance(std_error: xr.DataArray) -> float:
    """The typical sampling variance of studies with these standard errors.

    NaN for one study, where it is not defined (see `bayesmeta.typical_variance`). Studies whose
    counts give no standard error do not count.
    """
    known = std_error.to_numpy()
    return sampling.typical_variance(known[np.isfinite(known)] ** 2)


def typical_variances(problem: Problem, std_error: xr.DataArray) -> xr.DataArray | None:
    """The typical sampling variance of the studies around their means; None where not defined.

    ``(k - p) / trace(P)`` with ``P = W - W X (X' W X)^-1 X' W``, where W is the inverse of the
    sampling covariance and X the design with p columns (Jackson, White & Riley 2012, Stat Med
    31:3805); for one mean it is that of `typical_variance`. One a subgroup where each has its own
    tau.
    """
    design = problem.design
    if problem.is_plain:
        found = typical_variance(std_error)
        return None if np.isnan(found) else xr.DataArray(found)
    if design.own_tau and design.terms:
        return None
    if design.own_tau and design.subgroups is not None:
        each = [typical_variance(std_error[rows]) for rows in design.subgroups.rows]
        return xr.DataArray(
            each, dims="subgroup", coords={"subgroup": list(design.subgroups.names)}
        )
    known = np.flatnonzero(np.isfinite(std_error.to_numpy()))
    means = np.eye(design.count)[design.member]
    matrix = np.concatenate([means, design.matrix], 1)[known]
    left = known.size - np.linalg.matrix_rank(matrix)
    if not left:
        return None
    covariance = np.diag(std_error.to_numpy()[known] ** 2)
    if problem.correlated and not problem.shared_errors:
        covariance = sampling_covariance(problem, known, problem.rho or 0.0)
    weights = np.linalg.inv(covariance)
    loads = weights @ matrix
    around = weights - loads @ np.linalg.pinv(matrix.T @ loads) @ loads.T
    return xr.DataArray(left / np.trace(around))


def i_squared(tau: xr.DataArray, typical: xr.DataArray) -> xr.DataArray:
    """Share of the variance between estimates that is between true effects, from 0 to 1.

    It is ``tau**2 / (tau**2 + s**2)`` with the typical variance ``s**2``, for each draw.
    """
    variance: xr.DataArray = tau**2
    return variance / (variance + typical)


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
