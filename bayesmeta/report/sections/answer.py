"""The answer: what was found, how sure, how far the priors drive it, what RevMan says."""

from typing import Literal

from bayesmeta.report.answer_text import (
    caveats,
    changed_studies,
    lead,
    new_study,
    said_by_others,
)
from bayesmeta.report.document import Block, Items, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.robustness_text import (
    evidence_of_effect,
    fragility,
    weight_of_priors,
)

__all__ = ["answer"]

_VERDICTS = {
    "fail": "The computation has not converged: the numbers below may not be used.",
    "warn": "There are doubts about convergence: see that section before the numbers are used.",
}


def answer(findings: Findings) -> Section:
    """In plain words, with everything that the reader must know."""
    fit = findings.fit
    verdict = fit.diagnostics.verdict
    blocks: list[Block] = []
    if verdict in _VERDICTS:
        blocks.append(Paragraph(text=_VERDICTS[verdict], tone="warning"))
    if fit.spec.question:
        blocks.append(Paragraph(text=fit.spec.question))
    tone: Literal["plain", "lead"] = "plain" if verdict == "fail" else "lead"
    blocks += [Paragraph(text=text, tone=tone) for text in [*lead(fit), *fragility(findings)]]
    blocks += [Paragraph(text=text) for text in [*new_study(fit), *said_by_others(findings)]]
    priors = [*weight_of_priors(findings), *evidence_of_effect(fit)]
    if priors:
        blocks.append(Paragraph(text=" ".join(priors)))
    warnings = [*changed_studies(fit), *caveats(fit), *fit.warnings]
    if warnings:
        blocks.append(Items(items=warnings, tone="warning"))
    return Section(name="answer", title="The answer", blocks=blocks)
