"""An R script that repeats an analysis by the packages metafor and bayesmeta, and by sums.

Viechtbauer 2010, J Stat Softw 36(3), and Röver 2020, J Stat Softw 93(6).
"""

import math

from bayesmeta.errors import SpecError
from bayesmeta.exports.escalc import effects_again
from bayesmeta.exports.r_code import (
    comment,
    exactly,
    functions,
    header,
    number,
    ours,
    studies_frame,
    text,
)
from bayesmeta.exports.r_densities import r_function, r_name
from bayesmeta.priors import Prior
from bayesmeta.results import Fit

__all__ = ["metafor_script"]

_KINDS = {"eti": "central", "hdi": "shortest"}
"""What R's bayesmeta calls the kinds of intervals."""

_FREQUENTIST = """\
cat("\\n2. Frequentist: REML with Knapp-Hartung intervals, and DerSimonian-Laird\\n")
frequentist <- function(method, test) {
  found <- metafor::rma(yi = studies$effect, sei = studies$std_error, method = method,
                        test = test, level = 100 * prob)
  next_study <- predict(found)
  c(mu = as.numeric(found$b), lower = found$ci.lb, upper = found$ci.ub, tau = sqrt(found$tau2),
    next_lower = next_study$pi.lb, next_upper = next_study$pi.ub)
}
posterior <- c(mu = ours["mu", "median"], lower = ours["mu", "lower"],
               upper = ours["mu", "upper"], tau = ours["tau", "median"],
               next_lower = ours["theta_new", "lower"], next_upper = ours["theta_new", "upper"])
print(rbind(
  posterior = posterior,
  "REML, Knapp-Hartung" = attempt("REML", frequentist("REML", "knha")),
  "DerSimonian-Laird" = attempt("DerSimonian-Laird", frequentist("DL", "z"))
), digits = 5)"""

_BAYESIAN = """\
cat("\\n3. Bayesian: R's bayesmeta\\n")
repeated <- attempt("R's bayesmeta", bayesmeta::bayesmeta(
  y = studies$effect, sigma = studies$std_error, labels = studies$study,
  tau.prior = {tau_prior},
  mu.prior.mean = mu_prior$mean, mu.prior.sd = mu_prior$sd,
  delta = {delta}, epsilon = {epsilon}
))
if (!is.null(repeated)) {{
  ends <- rbind(mu = repeated$post.interval(mu.level = prob, method = kind),
                tau = repeated$post.interval(tau.level = prob, method = kind),
                theta_new = repeated$post.interval(theta.level = prob, predict = TRUE,
                                                   method = kind))
  colnames(ends) <- c("lower", "upper")
  theirs <- t(repeated$summary[c("median", "mean", "sd"), c("mu", "tau", "theta")])
  rownames(theirs) <- rownames(ends)
  beside(ours, cbind(theirs, ends), "R")
}}"""

_SUMS = """\
cat("\\n4. Bayesian: sums over tau\\n")
beside(ours, by_sums(tau_density, breaks, mu_prior, prob, kind), "sums")"""

_DELTA, _EPSILON = 1e-4, 1e-6
"""Closer than the defaults of R's bayesmeta, 1e-2 and 1e-4 (Röver & Friede 2017, J Comput Graph
Stat 26:217), and a matter of seconds for a dozen studies."""

_GRID = (
    "R's bayesmeta sums over a grid of tau, so that its mu and theta_new are inexact: with its own",
    "defaults by 0.003 posterior sd in the middle of many fits, and by up to 0.09 with three or",
    "four studies and a heavy-tailed prior; the grid here is finer. Its tau is nearly exact.",
)

_CLOSED_FORM = """\
cat("\\n3. Bayesian: a common effect has a normal posterior in closed form\\n")
flat <- is.na(mu_prior$sd)
precision <- c(1 / studies$std_error^2, if (!flat) 1 / mu_prior$sd^2)
centre <- sum(precision * c(studies$effect, if (!flat) mu_prior$mean)) / sum(precision)
spread <- sqrt(1 / sum(precision))
ends <- qnorm(c((1 - prob) / 2, (1 + prob) / 2), centre, spread)
beside(ours, data.frame(median = centre, mean = centre, sd = spread, lower = ends[1],
                        upper = ends[2], row.names = "mu"), "exact")"""

_COMMON = """\
cat("\\n2. Frequentist: a common effect\\n")
common <- metafor::rma(yi = studies$effect, sei = studies$std_error, method = "FE",
                       level = 100 * prob)
print(rbind(
  posterior = unlist(ours["mu", c("median", "lower", "upper")]),
  "inverse variance" = c(as.numeric(common$b), common$ci.lb, common$ci.ub)
), digits = 5)"""


def metafor_script(fit: Fit) -> str:
    """An R script that checks a fit: effects, frequentist results, the posterior.

    It needs the R package metafor, and bayesmeta where that has the priors, and says which are
    missing. Its data are in it.

    Raises
    ------
    SpecError
        The model is none that these packages have.
    """
    model = fit.spec.model
    if model.likelihood != "normal" or model.heterogeneity not in ("normal", "common"):
        raise SpecError(
            f"no metafor script is written for the likelihood {model.likelihood} and the "
            f"heterogeneity {model.heterogeneity}",
            key="model",
            hint="One is for a normal likelihood and normal or common effects; brms has counts.",
        )
    common = model.heterogeneity == "common"
    bayesian = _common_effect(fit.priors["mu"]) if common else _random_effects(fit.priors)
    packages = '"metafor", "bayesmeta"' if "bayesmeta::" in bayesian else '"metafor"'
    interval = fit.spec.interval
    parts = [
        header(fit, "It repeats the analysis by the R packages metafor and bayesmeta."),
        functions("beside"),
        f"need({packages})",
        studies_frame(fit),
        ours(fit),
        f"prob <- {number(interval.prob)}\nkind <- {text(_KINDS[interval.kind])}",
        effects_again(fit),
        _COMMON if common else _FREQUENTIST,
        bayesian,
    ]
    return "\n\n".join(parts) + "\n"


def _normals(mu: Prior) -> list[tuple[float, float, float]]:
    """Weight, mean and sd of each part of a mixture of normals; one without sd for a flat prior.

    Empty for every other prior.
    """
    if mu.family.name == "Flat":
        return [(1.0, math.nan, math.nan)]
    parts = mu.components or ((1.0, mu),)
    if any(part.family.name != "Normal" for _, part in parts):
        return []
    return [(weight, part.arguments["mu"], part.arguments["sigma"]) for weight, part in parts]


def _mu_prior(normals: list[tuple[float, float, float]]) -> str:
    columns = zip(("weight", "mean", "sd"), zip(*normals, strict=True), strict=True)
    inside = ", ".join(f"{name} = {exactly(values)}" for name, values in columns)
    return f"mu_prior <- data.frame({inside})"


def _random_effects(priors: dict[str, Prior]) -> str:
    normals, tau = _normals(priors["mu"]), priors["tau"]
    if not normals:
        return comment(
            "3. R's bayesmeta takes a normal or a flat prior of mu, and sums over tau need a",
            f"mixture of these, not {priors['mu'].expression}: brms can check this fit.",
        )
    name = r_name(tau)
    call = _BAYESIAN.format(
        tau_prior="tau_density" if name is None else text(name),
        delta=number(_DELTA),
        epsilon=number(_EPSILON),
    )
    mixed = comment("3. R's bayesmeta takes a normal or a flat prior of mu, not a mixture.")
    theirs = mixed if len(normals) > 1 else "\n".join([comment(*_GRID), call])
    breaks = [end for end in tau.breaks if 0 < end < math.inf]
    densities = "\n".join(
        [
            _mu_prior(normals),
            f"tau_density <- {r_function(tau)}",
            f"breaks <- {exactly(breaks)}  # of the density of tau",
        ]
    )
    return "\n\n".join([densities, theirs, functions("sums"), _SUMS])


def _common_effect(mu: Prior) -> str:
    normals = _normals(mu)
    if len(normals) != 1:
        return comment(
            "3. The posterior has a closed form for a normal or a flat prior of mu, not for "
            f"{mu.expression}: brms can check this fit.",
        )
    return f"{_mu_prior(normals)}\n\n{_CLOSED_FORM}"
