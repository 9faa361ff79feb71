"""The observed variables as PyMC code, by likelihood."""

from collections.abc import Callable, Mapping

from bayesmeta.exports.pymc_effects import COMPONENTS
from bayesmeta.exports.pymc_priors import declare
from bayesmeta.exports.python_code import call, number
from bayesmeta.model import Problem

__all__ = ["OBSERVED"]


def _normal(problem: Problem, mean: str, tau: str | None) -> str:
    """`tau` is None where the true effects are sampled, and `mean` is theta."""
    kind = "common" if tau is None else problem.heterogeneity
    around = [(share, variance.format(tau=tau)) for share, variance in COMPONENTS[kind]]
    lines = []
    if around[0][1]:
        lines.append("# The true effects are integrated out: their variance is added.")
    if problem.covariance is not None:
        variance = around[0][1]
        lines.append(f"cov = covariance{f' + {variance} * np.eye(len(study))' if variance else ''}")
        lines.append(_observed("pm.MvNormal", "effect", mean, "cov=cov"))
        return "\n".join(lines)
    sampling, noise = "std_error**2", "std_error"
    if problem.clusters is not None and (problem.rho or problem.shared_errors):
        sampling, noise = "(1 - rho) * std_error**2", "std_error * np.sqrt(1 - rho)"
        if problem.shared_errors:
            noise = "std_error * pm.math.sqrt(1 - rho)"
        lines = [_shared_errors(problem), "", *lines]
        mean = f"{mean} + shared_error"
    sds = [
        f"pm.math.sqrt({sampling} + {variance})" if variance else noise for _, variance in around
    ]
    if len(sds) == 1:
        if sds[0] != "std_error":
            lines.append(f"sd = {sds[0]}")
        sd = "sd" if sds[0] != "std_error" else sds[0]
        return "\n".join([*lines, _observed("pm.Normal", "effect", mean, sd)])
    shares = ", ".join(share for share, _ in around)
    each = mean if mean == "mu" else f"{mean}[:, None]"
    lines += [
        f"sd = {sds[0]}",
        f"sd_outlier = {sds[1]}",
        _observed(
            "pm.NormalMixture",
            "effect",
            f"w=pm.math.stack([{shares}])",
            f"mu={each}",
            "sigma=pm.math.stack([sd, sd_outlier], axis=-1)",
        ),
    ]
    return "\n".join(lines)


def _shared_errors(problem: Problem) -> str:
    """What the sampling errors of results of one study have in common."""
    lines = ["# Sampling errors of results of one study share a part: their correlation is rho."]
    known = not problem.shared_errors
    if known:
        lines.append(f"rho = {number(problem.rho or 0.0)}")
    else:
        lines.append(declare("rho", problem.priors["rho"], '"rho"'))
    lines += [
        'standard_error = pm.Normal("standard_error", 0.0, 1.0, dims="cluster")',
        f"shared_error = std_error * {'np' if known else 'pm.math'}.sqrt(rho)"
        " * standard_error[cluster_of]",
    ]
    return "\n".join(lines)


def _binomial(problem: Problem, theta: str, tau: str | None) -> str:
    return _arms(problem, theta, "pm.Binomial", "n={total}", "logit_p={eta}")


def _poisson(problem: Problem, theta: str, tau: str | None) -> str:
    return _arms(problem, theta, "pm.Poisson", "mu={time} * pm.math.exp({eta})")


def _arms(problem: Problem, theta: str, function: str, *arguments: str) -> str:
    """An observed variable for each arm."""
    lines = [_baselines(problem), ""] if problem.two_arms else []
    lines.append("# The events of each arm.")
    for end, eta in _linear_predictors(problem, theta):
        given = [part.format(total=f"total{end}", time=f"time{end}", eta=eta) for part in arguments]
        lines.append(_observed(function, f"events{end}", *given))
    return "\n".join(lines)


def _linear_predictors(problem: Problem, theta: str) -> list[tuple[str, str]]:
    """The end of the names of each arm, and its linear predictor."""
    if not problem.two_arms:
        return [("", theta)]
    if problem.contrast == "treatment":
        return [("_treatment", f"alpha + {theta}"), ("_control", "alpha")]
    return [("_treatment", f"alpha + {theta} / 2"), ("_control", f"alpha - {theta} / 2")]


def _baselines(problem: Problem) -> str:
    where = "midway between the arms" if problem.contrast == "half" else "of the control arm"
    scale = "log rates" if "time_control" in problem.counts else "log odds"
    note = f"# The baselines of the studies: {scale} {where}."
    if problem.baseline == "independent":
        return "\n".join([note, declare("alpha", problem.priors["alpha"], '"alpha"', dims="study")])
    return "\n".join(
        [
            note,
            *(declare(name, problem.priors[name], f'"{name}"') for name in _OF_BASELINES),
            'standard_baseline = pm.Normal("standard_baseline", 0.0, 1.0, dims="study")',
            'alpha = pm.Deterministic(\n    "alpha", alpha_mean + alpha_sd * standard_baseline, '
            'dims="study"\n)',
        ]
    )


_OF_BASELINES = ("alpha_mean", "alpha_sd")


def _beta_binomial(problem: Problem, theta: str, tau: str | None) -> str:
    """The risks of each kind of arm have a beta distribution."""
    lines = []
    if problem.two_arms:
        lines += [
            "# The log odds of all control arms, or midway.",
            declare("alpha", problem.priors["alpha"], '"alpha"'),
            "",
        ]
    lines += [
        "# Risks of arms vary between studies: rho is their intraclass correlation.",
        declare("rho", problem.priors["rho"], '"rho"'),
        "size = (1 - rho) / rho",
        "",
        "# The events of each arm.",
    ]
    for end, eta in _linear_predictors(problem, theta):
        lines += [
            f"risk{end} = pm.math.sigmoid({eta})",
            _observed(
                "pm.BetaBinomial",
                f"events{end}",
                f"n=total{end}",
                f"alpha=risk{end} * size",
                f"beta=(1 - risk{end}) * size",
            ),
        ]
    return "\n".join(lines)


def _observed(function: str, name: str, *arguments: str) -> str:
    return call(function, f'"{name}"', *arguments, f"observed={name}", 'dims="study"', depth=1)


OBSERVED: Mapping[str, Callable[[Problem, str, str | None], str]] = {
    "normal": _normal,
    "binomial": _binomial,
    "beta-binomial": _beta_binomial,
    "poisson": _poisson,
}
"""The statements that add the observed variables: from the problem, the code of the true effects
(their mean where they are integrated out), and that of tau (None where they are sampled)."""
