"""An R script that repeats an analysis by brms, and so by Stan.

Bürkner 2017, J Stat Softw 80(1).
"""

import math
from dataclasses import dataclass

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.exports.r_code import (
    comment,
    exactly,
    functions,
    header,
    number,
    ours,
    strings,
    studies_frame,
    text,
)
from bayesmeta.exports.stan_priors import brms_name, stan_log_density
from bayesmeta.priors import Prior
from bayesmeta.results import Fit

__all__ = ["brms_script"]

_LARGEST_SEED = 2**31 - 1
"""Integers of R and Stan have 32 bits with a sign."""

_RUN = """\
fit <- brms::brm(
  {formula},
  data = {data}, family = {family}, prior = prior, stanvars = extra,
  chains = {chains}, iter = {iterations}, warmup = {tune}, seed = {seed},
  control = list(adapt_delta = {accept}), refresh = 0
)
print(summary(fit))

draws <- as.data.frame(fit)
mu <- draws$b_{mu}
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
tau <- draws$sd_study__{mu}
set.seed({seed})
theta_new <- rnorm(length(mu), mu, tau)
"""


@dataclass(frozen=True, kw_only=True)
class _Model:
    """A model in brms's words.

    Attributes
    ----------
    data, frame : str
        The name of the data frame, and the R code that makes it.
    formula, family : str
        Of `brm`.
    mu : str
        The coefficient that is mu.
    """

    data: str
    frame: str
    formula: str
    family: str
    mu: str = "Intercept"


def brms_script(fit: Fit) -> str:
    """An R script that samples the posterior of a fit by brms and puts the estimates beside ours.

    It needs the R packages brms and rstan, and says which are missing. Its data are in it; chains,
    draws, acceptance rate and seed are those of the spec.

    Raises
    ------
    SpecError
        The model is none that the script can write.
    """
    interval, model = fit.spec.interval, _model(fit)
    parts = [
        header(fit, "It repeats the analysis by the R package brms, which compiles a minute."),
        functions("beside"),
        'need("brms", "rstan", "posterior")',
        model.frame,
        ours(fit),
        f"prob <- {number(interval.prob)}\nkind <- {text(interval.kind)}",
        _priors_of_counts(fit, model) if fit.problem.counts else _priors(fit),
        _run(fit, model),
    ]
    return "\n\n".join(parts) + "\n"


_FAMILIES = {"binomial": "binomial()", "poisson": "poisson()"}


def _model(fit: Fit) -> _Model:
    """The model of a fit.

    Raises
    ------
    SpecError
        brms has none, or no script is written for it.
    """
    model = fit.spec.model
    written = model.likelihood in ("normal", *_FAMILIES) and model.baseline == "independent"
    if not written or model.heterogeneity not in ("normal", "common"):
        raise SpecError(
            f"no brms script is written for the likelihood {model.likelihood}, the heterogeneity "
            f"{model.heterogeneity} and {model.baseline} baselines",
            key="model",
            hint="One is for a normal, binomial or Poisson likelihood, independent baselines, and "
            "normal or common effects.",
        )
    random = "tau" in fit.priors
    if model.likelihood == "normal":
        intercept = "0 + Intercept" if _bounded(fit.priors["mu"]) else "1"
        return _Model(
            data="studies",
            frame=studies_frame(fit),
            formula=f"effect | se(std_error) ~ {intercept}{' + (1 | study)' if random else ''}",
            family="gaussian()",
        )
    two = fit.problem.two_arms
    events = "events | trials(size)" if model.likelihood == "binomial" else "events"
    offset = "" if model.likelihood == "binomial" else " + offset(log(size))"
    terms = "0 + study + share" if two else "0 + Intercept"
    effects = ("(0 + share | study)" if two else "(1 | study)") if random else ""
    return _Model(
        data="arms",
        frame=_arms_frame(fit),
        formula=f"{events} ~ {terms}{offset}{' + ' if effects else ''}{effects}",
        family=_FAMILIES[model.likelihood],
        mu="share" if two else "Intercept",
    )


def _arms_frame(fit: Fit) -> str:
    """The data frame of the arms; share is what of theta is added to the baseline."""
    problem = fit.problem
    size = "time" if any(name.startswith("time") for name in problem.counts) else "total"
    ends = ("_treatment", "_control") if problem.two_arms else ("",)
    columns = {
        "study": strings(problem.study * len(ends)),
        "events": exactly(np.concatenate([problem.counts[f"events{end}"] for end in ends])),
        "size": exactly(np.concatenate([problem.counts[f"{size}{end}"] for end in ends])),
        "share": exactly(np.repeat(problem.shares, len(problem.study))),
    }
    inside = ",\n".join(f"  {name} = {values}" for name, values in columns.items())
    return f"arms <- data.frame(\n{inside}\n)\narms$study <- factor(arms$study)"


def _priors_of_counts(fit: Fit, model: _Model) -> str:
    """The arguments ``prior`` and ``stanvars`` of a model of counts.

    Raises
    ------
    SpecError
        brms has no name for a prior.
    """
    places = {"mu": f'class = "b", coef = "{model.mu}"', "tau": 'class = "sd"'}
    given = []
    for name, prior in fit.priors.items():
        known = brms_name(prior)
        if known is None or _bounded(prior):
            raise SpecError(
                f"no brms script is written for counts and the prior {prior.expression} of {name}",
                key=f"priors.{name}",
                hint="Take one that Stan has, without an upper end.",
            )
        place = places.get(name, 'class = "b"')
        given.append(f"brms::set_prior({text(known)}, {place})")
    joined = ",\n           ".join(given)
    return f"prior <- c({joined})\nextra <- NULL"


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


def _run(fit: Fit, model: _Model) -> str:
    engine = fit.spec.engine
    random = "tau" in fit.priors
    seed = str(engine.seed % _LARGEST_SEED)
    names = ["mu", "tau", "theta_new"] if random else ["mu"]
    rows = ", ".join(f"{name} = describe({name})" for name in names)
    return _RUN.format(
        formula=model.formula,
        data=model.data,
        family=model.family,
        mu=model.mu,
        chains=engine.chains,
        iterations=engine.tune + engine.draws,
        tune=engine.tune,
        seed=seed,
        accept=number(engine.target_accept),
        others=_RANDOM.format(seed=seed, mu=model.mu) if random else "",
        table=f"rbind({rows})",
        names=", ".join(names),
    )
