"""What a reader must know of how far the priors drive the result."""

from collections.abc import Sequence

import numpy as np

from bayesmeta.model import LIKELIHOODS, Problem, moments_of
from bayesmeta.priors import Prior

__all__ = ["TAU_POINTS", "prior_warnings"]

TAU_POINTS = (0.5, 0.95)
"""Where prior and posterior of tau are compared: their medians and 95 % points."""

_FEW_STUDIES = 4
_CONFLICT = 2.0
"""Standard deviations of the prior predictive distribution between the prior of mu and what the
data say (Box 1980, J R Stat Soc A 143:383): beyond them the two disagree."""

_EXTREME = 0.99
"""A posterior median of tau above this point of the prior means that the prior held it down."""


def prior_warnings(problem: Problem, tau: Sequence[float]) -> tuple[str, ...]:
    """Sentences on priors: doubts about them, conflicts with the data, tau where studies are few.

    Parameters
    ----------
    problem
        The numbers and priors.
    tau
        Its posterior at `TAU_POINTS`; zeros for a common effect.
    """
    prior_mu, prior_tau = problem.priors["mu"], problem.priors.get("tau")
    warnings = [text for prior in problem.priors.values() for text in prior.warnings]
    warnings.append(_no_events(problem))
    warnings.append(_missing_moments(problem))
    warnings.append(_conflict_of_mu(problem, prior_mu, tau[0]))
    if prior_tau is not None:
        warnings += [_conflict_of_tau(prior_tau, tau[0]), _few(problem, prior_tau, tau)]
    return tuple(filter(None, warnings))


def _no_events(problem: Problem) -> str:
    """That no events were seen, or nothing else."""
    events = [values for name, values in problem.counts.items() if name.startswith("events")]
    if not events or any(values.any() for values in events):
        return ""
    if problem.two_arms:
        return (
            "No events were seen in either arm of any study: the data say next to nothing of the "
            "effect. Its posterior is hardly more than its prior "
            f"({problem.priors['mu'].expression}), and the prior of the baselines decides how rare "
            "events are."
        )
    return (
        "No events were seen in any study: the data give an upper bound alone, and the prior "
        f"({problem.priors['mu'].expression}) decides how far below it the pooled effect is."
    )


def _missing_moments(problem: Problem) -> str:
    """That moments do not exist, and why."""
    tau = problem.priors.get("tau")
    k = len(problem.study)
    counts = moments_of(problem)
    missing = [
        f"{moment} of {name}"
        for name, count in counts.items()
        if tau is not None or name == "mu"
        for order, moment in ((1, "mean"), (2, "sd"))
        if count < order
    ]
    if not missing:
        return ""
    causes = [] if tau is None else [f"the prior {tau.expression} of tau"]
    if problem.counts:
        causes.append(f"{problem.priors['mu'].expression} of mu")
    if problem.heterogeneity == "student-t":
        causes.append(f"{problem.nu:g} degrees of freedom")
    return (
        f"With {k} {'study' if k == 1 else 'studies'} and {', '.join(causes)} the "
        f"{', the '.join(missing)} do not exist, as their integrals diverge; medians and "
        "intervals do."
    )


def _conflict_of_mu(problem: Problem, prior: Prior, tau: float) -> str:
    if not prior.proper:
        return ""
    effect, std_error = LIKELIHOODS[problem.likelihood].rough(problem)
    weights = 1 / (std_error**2 + tau**2)
    estimate = float(np.average(effect, weights=weights))
    centre, low, high = prior.ppf([0.5, 0.025, 0.975])
    spread = np.hypot((high - low) / (2 * 1.96), weights.sum() ** -0.5)
    if abs(estimate - centre) <= _CONFLICT * spread:
        return ""
    return (
        f"The prior of mu ({prior.expression}) and the data disagree: without it the pooled effect "
        f"would be about {estimate:.2g}. Try a wider prior."
    )


def _conflict_of_tau(prior: Prior, median: float) -> str:
    if not prior.proper or median <= prior.ppf(_EXTREME):
        return ""
    return (
        f"The studies differ more than the prior of tau ({prior.expression}) allows for: it holds "
        "tau down and makes the intervals too narrow. Try a wider prior."
    )


def _few(problem: Problem, prior: Prior, after: Sequence[float]) -> str:
    k = len(problem.study)
    if k > _FEW_STUDIES:
        return ""
    if k == 1 and not problem.priors["mu"].proper:
        return "With one study the posterior of tau is its prior: the data say nothing of it."
    before = (
        "had median {:.3g} and 95 % point {:.3g}".format(*prior.ppf(TAU_POINTS))
        if prior.proper
        else "is improper"
    )
    return (
        f"With {k} {'study' if k == 1 else 'studies'} the prior of tau matters: it {before}; the "
        f"posterior has {after[0]:.3g} and {after[1]:.3g}. Try other priors."
    )
