"""How well the model stands: evidence, Bayes factors, and a posterior predictive check."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import chdtrc

from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.solve import refusal, solve
from bayesmeta.model import Problem

__all__ = ["evidence", "predictive_p"]

_LEAST = 1e-10
"""The least Bayes factor for no effect: below it the density at the null is of components that are
left out of the mixture."""

_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
"""Nodes and weights of Gauss-Hermite quadrature over the normal distribution of mu given tau."""


def evidence(problem: Problem, null: float | None) -> dict[str, Any] | None:
    """Evidence, Bayes factors and a posterior predictive p-value of a problem.

    Parameters
    ----------
    problem
        The numbers and priors.
    null
        No effect on the analysis scale; None where there is none.

    Returns
    -------
    dict or None
        ``log_evidence`` (None where a prior is improper); ``bf01_mu`` and ``bf01_tau``, the Bayes
        factors for no effect and for a common effect, against the model (None where the prior of
        the parameter is improper, or rules the null out: then they are not defined; for mu by the
        ratio of Savage and Dickey at the null, Dickey 1971, Ann Math Stat 42:204, and 1e-10 where
        it is less);
        ``posterior_predictive_p`` (see `predictive_p`; None where the likelihood is not normal).
        With subgroups, moderators or correlated results there is the evidence alone. None where
        quadrature cannot do the problem.
    """
    if refusal(problem) is not None:
        return None
    exact = solve(problem)
    if not problem.is_plain:
        known = all(prior.proper for prior in problem.priors.values())
        return {
            "log_evidence": float(exact.log_evidence[0]) if known else None,
            **dict.fromkeys(("bf01_mu", "bf01_tau", "posterior_predictive_p")),
        }
    assert not isinstance(exact, LinearPosterior)
    mu, tau = problem.priors["mu"], problem.priors.get("tau")
    log_evidence = float(exact.log_evidence[0])
    bf_mu = bf_tau = None
    prior_at_null = float(mu.pdf(null)) if null is not None and mu.proper else 0.0
    if null is not None and prior_at_null > 0:
        bf_mu = max(exact.mu.pdf(np.array([null])).item() / prior_at_null, _LEAST)
    if tau is not None and tau.proper:
        others = {name: prior for name, prior in problem.priors.items() if name != "tau"}
        common = replace(problem, heterogeneity="common", priors=others)
        bf_tau = float(np.exp(solve(common).log_evidence[0] - log_evidence))
    proper = all(prior.proper for prior in problem.priors.values())
    return {
        "log_evidence": log_evidence if proper else None,
        "bf01_mu": bf_mu,
        "bf01_tau": bf_tau,
        "posterior_predictive_p": (
            float(predictive_p(exact)[0]) if isinstance(exact, Posterior) else None
        ),
    }


def predictive_p(exact: Posterior) -> np.ndarray:
    """Probability that new data would misfit the model at least as much as these (batch,).

    Misfit is ``sum((effect - mu)**2 / (std_error**2 + tau**2))``, which is chi-squared with one
    degree of freedom a study given mu and tau; its tail probability is averaged over their
    posterior (Gelman, Meng & Stern 1996, Stat Sinica 6:733). Near 0 the studies are further apart
    than the model allows, near 1 closer. For a pooled effect alone.
    """
    studies = exact.studies
    effect = studies.effect + exact.shift[:, None]
    precision = studies.included[:, None] / (
        studies.std_error[:, None] ** 2 + exact.nodes[..., None] ** 2
    )
    sd = np.sqrt(exact.covariance[..., 0, 0])
    mu = exact.mean[..., 0, None] + sd[..., None] * _POINTS
    apart = (effect[:, None, None] - mu[..., None]) ** 2
    misfit = (apart * precision[:, :, None]).sum(-1)
    tail = chdtrc(studies.count[:, None, None], misfit) @ (_WEIGHTS / _WEIGHTS.sum())
    average: np.ndarray = (exact.weights * tail).sum(-1)
    return average
