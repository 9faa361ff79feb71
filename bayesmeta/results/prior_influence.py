"""What a reader must know of how far the priors drive the result."""

import numpy as np
import xarray as xr

from bayesmeta.model import Problem, existing_moments
from bayesmeta.priors import Prior

__all__ = ["prior_warnings"]

_FEW_STUDIES = 4
_CONFLICT = 2.0
"""Standard deviations of the prior predictive distribution between the prior of mu and what the
data say (Box 1980, J R Stat Soc A 143:383): beyond them the two disagree."""

_EXTREME = 0.99
"""A posterior median of tau above this point of the prior means that the prior held it down."""


def prior_warnings(problem: Problem, posterior: xr.Dataset) -> tuple[str, ...]:
    """Sentences on priors: doubts about them, conflicts with the data, tau where studies are few.

    Parameters
    ----------
    problem
        The numbers and priors.
    posterior
        Draws of mu and, where there is one, of tau.
    """
    prior_mu, prior_tau = problem.priors["mu"], problem.priors.get("tau")
    tau = np.median(posterior["tau"].to_numpy()) if prior_tau else 0.0
    warnings = [text for prior in problem.priors.values() for text in prior.warnings]
    warnings.append(_missing_moments(problem))
    warnings.append(_conflict_of_mu(problem, prior_mu, float(tau)))
    if prior_tau is not None:
        draws = posterior["tau"].to_numpy()
        warnings += [_conflict_of_tau(prior_tau, draws), _few(problem, prior_tau, draws)]
    return tuple(filter(None, warnings))


def _missing_moments(problem: Problem) -> str:
    """That moments do not exist, and why."""
    mu, tau = problem.priors["mu"], problem.priors.get("tau")
    k = len(problem.study)
    counts = existing_moments(tau, mu, k, flat=int(not mu.proper))
    missing = [
        f"{moment} of {name}"
        for name, count in counts.items()
        for order, moment in ((1, "mean"), (2, "sd"))
        if count < order
    ]
    if tau is None or not missing:
        return ""
    return (
        f"With {k} {'study' if k == 1 else 'studies'} and the prior {tau.expression} of tau the "
        f"{', the '.join(missing)} do not exist, as their integrals diverge; medians and "
        "intervals do."
    )


def _conflict_of_mu(problem: Problem, prior: Prior, tau: float) -> str:
    if not prior.proper:
        return ""
    weights = 1 / (problem.std_error**2 + tau**2)
    estimate = float(np.average(problem.effect, weights=weights))
    centre, low, high = prior.ppf([0.5, 0.025, 0.975])
    spread = np.hypot((high - low) / (2 * 1.96), weights.sum() ** -0.5)
    if abs(estimate - centre) <= _CONFLICT * spread:
        return ""
    return (
        f"The prior of mu ({prior.expression}) and the data disagree: without it the pooled effect "
        f"would be about {estimate:.2g}. Try a wider prior."
    )


def _conflict_of_tau(prior: Prior, draws: np.ndarray) -> str:
    if not prior.proper or np.median(draws) <= prior.ppf(_EXTREME):
        return ""
    return (
        f"The studies differ more than the prior of tau ({prior.expression}) allows for: it holds "
        "tau down and makes the intervals too narrow. Try a wider prior."
    )


def _few(problem: Problem, prior: Prior, draws: np.ndarray) -> str:
    k = len(problem.study)
    if k > _FEW_STUDIES:
        return ""
    if k == 1 and not problem.priors["mu"].proper:
        return "With one study the posterior of tau is its prior: the data say nothing of it."
    after = np.quantile(draws, [0.5, 0.95])
    before = (
        "had median {:.3g} and 95 % point {:.3g}".format(*prior.ppf([0.5, 0.95]))
        if prior.proper
        else "is improper"
    )
    return (
        f"With {k} {'study' if k == 1 else 'studies'} the prior of tau matters: it {before}; the "
        f"posterior has {after[0]:.3g} and {after[1]:.3g}. Try other priors."
    )
