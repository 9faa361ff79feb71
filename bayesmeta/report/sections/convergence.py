"""Whether the numbers may be used."""

import math

from bayesmeta.report.document import Block, Items, Paragraph, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results import Fit
from bayesmeta.results.tables import convergence_basis, cross_check_line

__all__ = ["convergence"]


def convergence(findings: Findings) -> Section:
    """The verdict, what it rests on, and the chains."""
    fit = findings.fit
    found = fit.diagnostics
    blocks: list[Block] = [
        Paragraph(
            text=f"Verdict: {found.verdict} ({convergence_basis(fit)}).",
            tone="plain" if found.verdict == "ok" else "warning",
        )
    ]
    check = cross_check_line(fit)
    if check:
        blocks.append(Paragraph(text=f"A second engine was asked the same: {check}."))
    if found.messages:
        blocks.append(Items(items=found.messages, tone="warning"))
    if fit.exact is not None:
        blocks.append(Paragraph(text=_EXACT, tone="soft"))
    else:
        blocks.append(_parameters(fit))
        blocks.append(Paragraph(text=_LIMITS, tone="soft"))
    blocks += pictures(
        fit,
        ("trace", "The chains of each parameter.", "Trace plots."),
        ("chain-ranks", "Ranks of the draws by chain: even where chains mix.", "Rank plots."),
        ("ess", "Effective sample size for quantiles of each parameter.", "ESS by quantile."),
    )
    return Section(name="convergence", title="Convergence", blocks=blocks)


_EXACT = (
    "The posterior was integrated, not sampled: there are no chains. The nodes of the integral "
    "were doubled until nothing changed, or no more could be, and the last change is its error. "
    "Draws in the file of the fit are independent draws from the exact posterior."
)
_LIMITS = (
    "R-hat is to be at most 1.01, the effective sample sizes at least 400 (Vehtari et al. 2021, "
    "Bayesian Analysis 16:667), with no divergent draws and an energy fraction of at least 0.3."
)


def _parameters(fit: Fit) -> Table:
    """R-hat, effective sample sizes and Monte Carlo errors, but of the studies."""
    rows = fit.estimates[fit.estimates["rhat"].notna() & (fit.estimates["study"] == "")]
    return Table(
        caption="Diagnostics of each parameter",
        header=["parameter", "R-hat", "bulk ESS", "tail ESS", "Monte Carlo error of the mean"],
        rows=[
            [
                " ".join(filter(None, (row["name"], row["subgroup"], row["term"]))),
                f"{row['rhat']:.3f}",
                f"{row['ess_bulk']:.0f}",
                f"{row['ess_tail']:.0f}",
                "" if math.isnan(row["mcse_mean"]) else f"{row['mcse_mean']:.2g}",
            ]
            for row in rows.to_dict("records")
        ],
    )
