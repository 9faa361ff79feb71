"""How much the true effects differ."""

from bayesmeta.report.document import Block, Items, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results.numbers import decimals, format_number, format_span, interval_name
from bayesmeta.results.tables import evidence_lines

__all__ = ["heterogeneity"]

_NAMES = {
    "tau": "The standard deviation of the true effects (tau)",
    "tau_within": "The standard deviation inside studies (tau_within)",
    "omega": "The standard deviation between means (omega)",
    "I2": "The share of variation that is not chance (I², of a study of typical size)",
}


def heterogeneity(findings: Findings) -> Section | None:
    """Tau and I², the plots of them, and the evidence for a common effect."""
    fit = findings.fit
    level, rows = interval_name(fit.spec.interval), fit.estimates
    items = []
    for name, label in _NAMES.items():
        own = rows[(rows["name"] == name) & (rows["subgroup"] == "")]
        if own.empty or own["median"].isna().any():
            continue
        unit, sign = (100, " %") if name == "I2" else (1, "")
        median, lower, upper = (unit * own.iloc[0][end] for end in ("median", "lower", "upper"))
        places = decimals(lower, upper)
        ends = format_span(lower, upper, places)
        items.append(f"{label} is {format_number(median, places)}{sign} ({level} {ends}{sign}).")
    if not items:
        return None
    blocks: list[Block] = [Items(items=items)]
    if fit.measure.scale.name != "identity":
        text = f"tau is on the scale of the {fit.measure.analysis_label}."
        blocks.append(Paragraph(text=text, tone="soft"))
    blocks.append(Items(items=[f"{line[:1].upper()}{line[1:]}." for line in evidence_lines(fit)]))
    blocks += pictures(
        fit,
        (
            "joint",
            "Joint posterior of the pooled effect and tau: regions of highest density.",
            "Contours of the joint posterior density of mu and tau.",
        ),
        (
            "shrinkage",
            "Each study's own estimate, and how far the model draws it towards the mean.",
            "Shrinkage of each study towards the pooled effect.",
        ),
    )
    return Section(name="heterogeneity", title="Heterogeneity", blocks=blocks)
