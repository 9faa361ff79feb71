"""Which moments a posterior has: with few studies and a heavy prior of tau, not all exist."""

import math

import numpy as np

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


def moments_of(problem: Problem) -> dict[str, np.ndarray]:
    """How many moments, at most 2, the posteriors of a problem have, by name.

    Those of ``mu``, ``tau`` and ``theta_new``, and of what else may have fewer than 2; one a
    subgroup where each has its own tau.
    """
    mu = problem.priors["mu"]
    counted = LIKELIHOODS[problem.likelihood].integrable(problem)
    if problem.is_plain:
        studies = int(counted.sum())
        found = existing_moments(problem.priors.get("tau"), mu, studies, flat=int(not mu.proper))
        if not studies:  # nothing but the prior holds mu
            of_prior = _count(mu.tail, mu.log_tail)
            found |= {name: min(found[name], of_prior) for name in ("mu", "theta_new")}
    elif problem.design.own_tau and problem.design.subgroups is not None:
        flat = int(not mu.proper)
        each = [
            existing_moments(problem.priors["tau"], mu, int(counted[rows].sum()), flat)
            for rows in problem.design.subgroups.rows
        ]
        return {name: np.array([row[name] for row in each]) for name in each[0]}
    else:
        found = _of_design(problem, int(counted.sum()))
    if problem.heterogeneity == "student-t":
        nu = problem.nu if problem.nu is not None else problem.priors["nu"].lower
        own = sum(nu > order for order in (1, 2))
        found["theta_new"] = min(found["theta_new"], own)
    return {name: np.array(count) for name, count in found.items()}


def _of_design(problem: Problem, studies: int) -> dict[str, int]:
    """Moments where there are several coefficients, or a second standard deviation."""
    mu, design, priors = problem.priors["mu"], problem.design, problem.priors
    means = design.count if design.subgroups is not None and not design.informs else 1
    flat = means * int(not mu.proper)
    flat += sum(not priors[f"beta[{term}]"].proper for term in design.terms)
    nested = "tau_within" in priors
    inner = "tau_within" if nested else "tau"
    found = existing_moments(priors.get(inner), mu, studies, flat)
    if nested:
        found["tau_within"] = found["tau"]
    groups = len(problem.clusters.names) if nested and problem.clusters else design.count
    if not nested and not design.informs:
        return {**found, "theta_new_at": found["theta_new"]}
    outer = existing_moments(
        priors["tau" if nested else "omega"], mu, groups, flat=int(not mu.proper)
    )
    if nested:
        found |= {name: min(found[name], outer[name]) for name in ("mu", "theta_new")}
        found["tau"] = outer["tau"]
    else:
        new = min(outer["mu"], outer["tau"])
        found |= {"omega": outer["tau"], "mu_overall": outer["mu"], "mu_new": new}
        found["theta_new_overall"] = min(new, found["theta_new"])
    return {**found, "theta_new_at": found["theta_new"]}


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
