"""Whether the model fits the studies."""

from bayesmeta.report.document import Block, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures

__all__ = ["checks"]


def checks(findings: Findings) -> Section:
    """Posterior predictive checks, and how well each study is predicted from the others."""
    fit = findings.fit
    blocks: list[Block] = []
    evidence = fit.record["evidence"]
    misfit = None if evidence is None else evidence["posterior_predictive_p"]
    if misfit is not None:
        blocks.append(
            Paragraph(
                text=f"The posterior predictive p-value of the misfit is {misfit:.2f}: near 0 the "
                "studies scatter more than the model allows for, near 1 less."
            )
        )
    blocks += pictures(
        fit,
        (
            "posterior-predictive",
            "What the model would have each study show, and what it showed.",
            "Each study's observed result beside the interval that the model predicts for it.",
        ),
        (
            "loo-pit",
            "Where each study stands in its prediction from the others: inside the band the model "
            "is calibrated.",
            "The place of each study in its prediction from the others, beside what chance does.",
        ),
    )
    return Section(name="checks", title="Does the model fit?", blocks=blocks)
