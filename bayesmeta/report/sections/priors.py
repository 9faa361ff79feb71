"""The priors, and why."""

from bayesmeta.report.document import Block, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results.numbers import format_number

__all__ = ["priors"]


def priors(findings: Findings) -> Section:
    """Each prior with its source, and what it says before any data."""
    fit = findings.fit
    rows = []
    for name, prior in fit.priors.items():
        points = ("", "", "")
        if prior.proper:
            low, middle, high = (format_number(float(x), 2) for x in prior.ppf([0.025, 0.5, 0.975]))
            points = (middle, low, high)
        rows.append([name, prior.expression, *points, prior.source])
    blocks: list[Block] = [
        Table(
            caption=f"Priors; of effects on the scale of the {fit.measure.analysis_label}",
            header=["parameter", "prior", "median", "2.5 % point", "97.5 % point", "why"],
            rows=rows,
            words=["prior", "why"],
        )
    ]
    blocks += pictures(
        fit,
        (
            "prior-predictive",
            "What the priors say of studies before any is seen.",
            "Prior predictive distribution of the effects.",
        ),
    )
    return Section(name="priors", title="Priors", blocks=blocks)
