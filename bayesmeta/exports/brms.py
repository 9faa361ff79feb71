"""An R script that repeats an analysis by brms, and so by Stan.

Bürkner 2017, J Stat Softw 80(1).
"""

import math

from bayesmeta.errors import SpecError
from bayesmeta.exports.r_code import comment, functions, header, number, ours, studies_frame, text
from bayesmeta.exports.stan_priors import brms_name, stan_log_density
from bayesmeta.priors import Prior
from bayesmeta.results import Fit

__all__ = ["brms_script"]

_LARGEST_SEED = 2**31 - 1
"""Integers of R and Stan have 32 bits with a sign."""

_RUN = """\
fit <- brms::brm(
  {formula},
  data = studies, family = gaussian(), prior = prior, stanvars = extra,
  chains = {chains}, iter = {iterations}, warmup = {tune}, seed = {seed},
  control = list(adapt_delta = {accept}), refresh = 0
)
print(summary(fit))

draws <- as.data.frame(fit)
mu <- draws$b_Intercept
{others}describe <- function(x) {{
  if (kind == "hdi") {{
    # The shortest interval of the draws.
    inside <- ceiling(prob * length(x))
    sorted <- sort(x)
    first <- which.min(diff(sorted, lag = inside))
    ends <- sorted[c(first, first + inside)]
  }} else {{
    ends <- unname(quantile(x, c((1 - prob) / 2, (1 + prob) / 2)))
  }}
  c(median = median(x), mean = mean(x), sd = sd(x), lower = ends[1], upper = ends[2])
}}
beside(ours, {table}, "brms")
uncertain <- function(x) {{
  ends <- posterior::mcse_quantile(matrix(x, ncol = {chains}), c((1 - prob) / 2, (1 + prob) / 2))
  max(ends) / sd(x)
}}
cat(sprintf("Monte Carlo error of the ends by brms: up to %.2g posterior sd\\n",
            max(vapply(list({names}), uncertain, numeric(1)))))"""

_RANDOM = """\
tau <- draws$sd_study__Intercept
set.seed({seed})
theta_new <- rnorm(length(mu), mu, tau)
"""


def brms_script(fit: Fit) -> str:
    """An R script that samples the posterior of a fit by brms and puts the estimates beside ours.

    It needs the R packages brms and rstan, and says which are missing. Its data are in it; chains,
    draws, acceptance rate and seed are those of the spec.

    Raises
    ------
    SpecError
        The model is none that the script can write.
    """
    model, interval = fit.spec.model, fit.spec.interval
    if model.likelihood != "normal" or model.heterogeneity not in ("normal", "common"):
        raise SpecError(
            f"no brms script is written for the likelihood {model.likelihood} and the "
            f"heterogeneity {model.heterogeneity}",
            key="model",
            hint="One is for a normal likelihood and normal or common effects.",
        )
    parts = [
        header(fit, "It repeats the analysis by the R package brms, which compiles a minute."),
        functions("beside"),
        'need("brms", "rstan", "posterior")',
        studies_frame(fit),
        ours(fit),
        f"prob <- {number(interval.prob)}\nkind <- {text(interval.kind)}",
        _priors(fit),
        _run(fit),
    ]
    return "\n\n".join(parts) + "\n"


def _bounded(prior: Prior) -> bool:
    """Whether the support ends where the density does not: Stan must know the ends."""
    return not prior.components and math.isfinite(prior.upper)


def _priors(fit: Fit) -> str:
    """The arguments ``prior`` and ``stanvars``."""
    given, written = [], []
    for name, prior in fit.priors.items():
        # An intercept cannot be bounded in brms, a coefficient can.
        kind = "sd" if name == "tau" else "b" if _bounded(prior) else "Intercept"
        known = brms_name(prior)
        ends = "".join(
            f", {end} = {number(getattr(prior, key))}"
            for end, key in (("lb", "lower"), ("ub", "upper"))
            if _bounded(prior)
        )
        given.append(f'brms::set_prior({text(known or "")}, class = "{kind}"{ends})')
        if known is None:
            written.append(stan_log_density(prior, "sd_1[1]" if name == "tau" else "Intercept"))
    joined = ",\n           ".join(given)
    lines = [f"prior <- c({joined})"]
    if not written:
        return "\n".join([*lines, "extra <- NULL"])
    code = "\n".join(f"  target += {density};" for density in written)
    note = "brms has no name for a prior: it is flat there, and its log density is added in Stan."
    return "\n".join(
        [*lines, comment(note), f'extra <- brms::stanvar(block = "model", scode = "\n{code}\n")']
    )


def _run(fit: Fit) -> str:
    engine = fit.spec.engine
    random = "tau" in fit.priors
    seed = str(engine.seed % _LARGEST_SEED)
    intercept = "0 + Intercept" if _bounded(fit.priors["mu"]) else "1"
    names = ["mu", "tau", "theta_new"] if random else ["mu"]
    rows = ", ".join(f"{name} = describe({name})" for name in names)
    return _RUN.format(
        formula=f"effect | se(std_error) ~ {intercept}{' + (1 | study)' if random else ''}",
        chains=engine.chains,
        iterations=engine.tune + engine.draws,
        tune=engine.tune,
        seed=seed,
        accept=number(engine.target_accept),
        others=_RANDOM.format(seed=seed) if random else "",
        table=f"rbind({rows})",
        names=", ".join(names),
    )
