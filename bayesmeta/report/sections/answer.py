"""The answer: what was found, how sure, how far the priors drive it, what RevMan says."""

from bayesmeta.report.answer_text import (
    caveats,
    lead,
    new_study,
    said_by_others,
    weight_of_priors,
)
from bayesmeta.report.document import Block, Items, Paragraph, Section
from bayesmeta.report.findings import Findings

__all__ = ["answer"]

_VERDICTS = {
    "fail": "The chains have not converged: the numbers below may not be used.",
    "warn": "There are doubts about convergence: see that section before the numbers are used.",
}


def answer(findings: Findings) -> Section:
    """In plain words, with everything that the reader must know."""
    fit = findings.fit
    verdict = fit.diagnostics.verdict
    blocks: list[Block] = []
    if verdict in _VERDICTS:
        blocks.append(Paragraph(text=_VERDICTS[verdict], tone="warning"))
    blocks += [Paragraph(text=text, tone="lead") for text in lead(fit)]
    blocks += [Paragraph(text=text) for text in new_study(fit)]
    blocks += [Paragraph(text=text) for text in said_by_others(findings)]
    priors = weight_of_priors(findings)
    if priors:
        blocks.append(Paragraph(text=" ".join(priors)))
    warnings = [*caveats(fit), *fit.warnings]
    if warnings:
        blocks.append(Items(items=warnings, tone="warning"))
    return Section(name="answer", title="The answer", blocks=blocks)
