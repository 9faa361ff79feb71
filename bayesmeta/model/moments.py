"""Which moments a posterior has: with few studies and a heavy prior of tau, not all exist."""

import math
from itertools import combinations

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
    subgroup, or a pair, where each has its own tau.
    """
    mu = problem.priors["mu"]
    counted = LIKELIHOODS[problem.likelihood].integrable(problem)
    found: dict[str, np.ndarray]
    if problem.is_plain:
        studies = int(counted.sum())
        plain = existing_moments(problem.priors.get("tau"), mu, studies, flat=int(not mu.proper))
        if not studies:  # nothing but the prior holds mu
            of_prior = _count(mu.tail, mu.log_tail)
            plain |= {name: min(plain[name], of_prior) for name in ("mu", "theta_new")}
        found = {name: np.array(count) for name, count in plain.items()}
    elif problem.design.own_tau:
        found = _of_subgroups(problem, counted)
    else:
        whole = _of_design(problem, int(counted.sum()))
        found = {name: np.array(count) for name, count in whole.items()}
    if problem.heterogeneity == "student-t":
        nu = problem.nu if problem.nu is not None else problem.priors["nu"].lower
        own = sum(nu > order for order in (1, 2))
        found |= {name: np.minimum(found[name], own) for name in found if "theta_new" in name}
    return found


def _of_subgroups(problem: Problem, counted: np.ndarray) -> dict[str, np.ndarray]:
    """Moments where each subgroup has its own tau."""
    mu, groups = problem.priors["mu"], problem.design.subgroups
    assert groups is not None  # which have their own tau
    flat = int(not mu.proper)
    each = [
        existing_moments(problem.priors["tau"], mu, int(counted[rows].sum()), flat)
        for rows in groups.rows
    ]
    found = {name: np.array([row[name] for row in each]) for name in each[0]}
    pairs = [min(a, b) for a, b in combinations(found["mu"], 2)]
    return {**found, "contrast": np.array(pairs)}


def _of_design(problem: Problem, studies: int) -> dict[str, int]:
    """Moments where there are several coefficients, or a second standard deviation."""
    mu, design, priors = problem.priors["mu"], problem.design, problem.priors
    means = design.count if design.subgroups is not None and not design.informs else 1
    terms = sum(not priors[f"beta[{term}]"].proper for term in design.terms)
    flat = means * int(not mu.proper) + terms
    nested = "tau_within" in priors
    inner = "tau_within" if nested else "tau"
    found = existing_moments(priors.get(inner), mu, studies, flat)
    of_flat = found["tau"]
    if nested:
        found["tau_within"] = found["tau"]
    if nested or design.informs:
        prior = priors["tau" if nested else "omega"]
        outer = existing_moments(prior, mu, _held(problem, nested), flat=0)
        of_flat = min(of_flat, outer["tau"])
    if nested:
        found |= {name: min(found[name], outer[name]) for name in ("mu", "theta_new")}
        found["tau"] = outer["tau"]
    elif design.informs:
        overall = min(found["mu"], outer["mu"])  # wide where tau or omega is
        new = min(overall, outer["tau"])
        found |= {"omega": outer["tau"], "mu_overall": overall, "mu_new": new}
        found["theta_new_overall"] = min(new, found["theta_new"])
    beta = of_flat if terms else 2
    at = min(found["mu"], beta)
    found |= {"contrast": found["mu"], "beta": beta, "beta_rescaled": beta, "mu_at": at}
    return {**found, "theta_new_at": min(at, found["theta_new"])}


def _held(problem: Problem, nested: bool) -> int:
    """How many deviates of studies or subgroups the data hold, however large these are.

    The likelihood falls as this power of their standard deviation: coefficients with flat priors
    can take the place of deviates.
    """
    design, priors = problem.design, problem.priors
    members = np.eye(design.count)[design.member]
    if nested and problem.clusters is not None:
        deviates = problem.clusters.indicators
    elif design.means == "random-walk":
        deviates = design.steps_of_walk[design.member]
    else:
        deviates = members
    own = design.subgroups is not None and not design.informs
    of_means = members if own else np.ones((len(problem.study), 1))
    terms = [not priors[f"beta[{term}]"].proper for term in design.terms]
    flat = np.concatenate(
        [of_means[:, : 0 if priors["mu"].proper else None], design.matrix[:, terms]], 1
    )
    both = np.concatenate([flat, deviates], 1)
    size = np.maximum(np.abs(both).max(0), np.finfo(float).tiny)
    rank = np.linalg.matrix_rank
    free = int(rank(flat / size[: flat.shape[1]])) if flat.size else 0
    return int(rank(both / size)) - free


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
