"""Paragraphs for the methods and the results of a paper, made by rule, to be edited."""

import math

from bayesmeta.report.answer_text import lead, new_study, said_by_others
from bayesmeta.report.document import Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.robustness_text import fragility
from bayesmeta.results import Fit
from bayesmeta.results.numbers import interval_name, plain_number
from bayesmeta.results.tables import describe_model

__all__ = ["manuscript"]

_KINDS = {"eti": "equal-tailed", "hdi": "highest-density"}


def manuscript(findings: Findings) -> Section:
    """What a paper needs, in its order; nothing stands here that is not elsewhere in the report."""
    fit = findings.fit
    if fit.diagnostics.verdict == "fail":
        unusable = Paragraph(text=_UNUSABLE, tone="warning")
        return Section(name="manuscript", title="For the manuscript", blocks=[unusable])
    methods = " ".join(
        (_model(fit), _priors(fit), _computation(fit), _summaries(fit), _variations(findings))
    )
    results = " ".join(
        [*lead(fit), *fragility(findings), *new_study(fit), *said_by_others(findings)]
    )
    return Section(
        name="manuscript",
        title="For the manuscript",
        blocks=[
            Paragraph(text=_EDIT, tone="soft"),
            Paragraph(text=f"Methods. {methods}"),
            Paragraph(text=f"Results. {results}"),
        ],
    )


_UNUSABLE = "The computation has not converged: there is nothing to write before it has."
_EDIT = (
    "Two paragraphs to be edited. Why the question was asked, how studies were searched and "
    "chosen, and what follows for practice are the authors' to write."
)


def _model(fit: Fit) -> str:
    spec = fit.spec
    likelihood = spec.model.likelihood
    data = (
        "The studies' effects were taken as normally distributed with known standard errors"
        if likelihood == "normal"
        else f"The studies' counts were modelled directly by a {likelihood} likelihood"
    )
    article = "a " if describe_model(spec).startswith("common") else ""
    return (
        f"We pooled the studies in a Bayesian meta-analysis of the {fit.measure.label} "
        f"({fit.measure.code}) with {article}{describe_model(spec)}. {data}."
    )


def _priors(fit: Fit) -> str:
    parts = [f"{name} ~ {prior.expression} ({prior.source})" for name, prior in fit.priors.items()]
    scale = fit.measure.analysis_label
    return f"Priors, of effects on the scale of the {scale}, were {'; '.join(parts)}."


def _computation(fit: Fit) -> str:
    versions = fit.record["provenance"]["versions"]
    with_what = f"bayesmeta {versions['bayesmeta']} in Python {versions['python']}"
    if fit.exact is not None:
        return (
            "The posterior was integrated by adaptive quadrature"
            f"{_to(fit.diagnostics.last_change)}, with {with_what}."
        )
    engine, found = fit.spec.engine, fit.diagnostics
    ess = min(found.ess_bulk_min or 0.0, found.ess_tail_min or 0.0)
    text = (
        f"The posterior was sampled by the No-U-Turn sampler ({engine.sampler}; {engine.chains} "
        f"chains of {engine.draws} draws after {engine.tune} tuning steps, seed {engine.seed}) "
        f"with {with_what} and PyMC {versions['pymc']}; R-hat was at most {found.rhat_max:.3f}, "
    )
    return (
        f"{text}the smallest effective sample size {ess:.0f}; {found.divergences} draws diverged."
    )


def _to(change: float | None) -> str:
    """How fine: the power of ten that is not below the last change."""
    return f" to a relative change below 1e{math.ceil(math.log10(change))}" if change else ""


def _summaries(fit: Fit) -> str:
    interval, effect = fit.spec.interval, fit.spec.effect
    text = (
        f"We report posterior medians with {100 * interval.prob:g} % {_KINDS[interval.kind]} "
        "credible intervals"
    )
    if "theta_new" in fit.posterior:
        prediction = interval_name(interval, prediction=True)
        text += f", and for the true effect in a new study the {prediction}"
    text += "."
    if effect.better is not None:
        text += f" {effect.better.capitalize()} values are a benefit"
        least = "" if effect.important is None else plain_number(effect.important)
        text += f"; {least} was the smallest important effect." if least else "."
    return text


def _variations(findings: Findings) -> str:
    found = findings.sensitivity
    if found is None:
        return ""
    priors = int((found.table["kind"] == "prior").sum())
    others = len(found.table) - 1 - priors
    return (
        f"The analysis was repeated under {priors} other priors, and in {others} variants with "
        "fewer studies or effects computed otherwise."
    )
