"""Which moments a posterior has: with few studies and a heavy prior of tau, not all exist."""

import math

from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem
from bayesmeta.priors import Prior

__all__ = ["existing_moments", "moments_of", "tail_exponent"]


def tail_exponent(tau: Prior, studies: int, flat: int) -> float:
    """The power with which the posterior density of tau falls: ``density ~ tau**-exponent``.

    Where tau is large the likelihood falls as ``tau**-studies``, and each coefficient with a flat
    prior that is integrated out gives one power back.

    Parameters
    ----------
    tau
        Its prior.
    studies, flat
        Counts of the studies, and of the coefficients with a flat prior.
    """
    return tau.tail + studies - flat


def moments_of(problem: Problem) -> dict[str, int]:
    """How many moments, at most 2, the posteriors of mu, tau and theta_new of a problem have."""
    mu = problem.priors["mu"]
    studies = int(LIKELIHOODS[problem.likelihood].integrable(problem).sum())
    found = existing_moments(problem.priors.get("tau"), mu, studies, flat=int(not mu.proper))
    if not studies:  # nothing but the prior holds mu
        of_prior = _count(mu.tail, mu.log_tail)
        found |= {name: min(found[name], of_prior) for name in ("mu", "theta_new")}
    if problem.heterogeneity == "student-t":
        own = sum(problem.nu > order for order in (1, 2))
        found["theta_new"] = min(found["theta_new"], own)
    return found


def existing_moments(tau: Prior | None, mu: Prior, studies: int, flat: int) -> dict[str, int]:
    """How many moments, at most 2, the posteriors of mu, tau and theta_new have.

    Parameters
    ----------
    tau, mu
        Their priors; tau None for a common effect.
    studies, flat
        Counts of the studies, and of the coefficients with a flat prior, mu among them.
    """
    if tau is None:
        return {"mu": 2, "tau": 2, "theta_new": 2}
    falls = tail_exponent(tau, studies, flat)
    of_tau = _count(falls, tau.log_tail)
    of_mu = _count(falls - 1 + mu.tail, tau.log_tail) if mu.proper else of_tau
    return {"mu": of_mu, "tau": of_tau, "theta_new": min(of_mu, of_tau)}


def _count(exponent: float, log_tail: bool) -> int:
    """Moments, at most 2, of a density that falls with this exponent."""
    if math.isinf(exponent):
        return 2
    return sum(exponent > order + 1 or (log_tail and exponent == order + 1) for order in (1, 2))
