"""How far the answer depends on single studies, and on the way effects were computed."""

from bayesmeta.report.answer_text import studies_text
from bayesmeta.report.document import Block, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.report.sections.variations import variation_blocks

__all__ = ["influence"]


def influence(findings: Findings) -> Section:
    """Without each study in turn, as of each year, other formulas; Baujat and funnel plots."""
    found, fit = findings.sensitivity, findings.fit
    blocks: list[Block] = []
    if findings.no_sensitivity:
        blocks.append(Paragraph(text=findings.no_sensitivity, tone="soft"))
    if found is not None:
        kinds = [kind for kind in found.table["kind"].unique() if kind not in ("base", "prior")]
        chosen = found.select("base", *kinds)
        if kinds:
            blocks += variation_blocks(
                chosen,
                table="With fewer studies, or effects computed in other ways",
                plot="Each row is a fit with fewer studies, or other effects.",
            )
    blocks += pictures(
        fit,
        (
            "baujat",
            "What each study adds to the heterogeneity, and to the pooled result.",
            f"Baujat plot of {studies_text(fit)}.",
        ),
        (
            "funnel",
            _FUNNEL + (_SHADED if fit.measure.null is not None else ""),
            f"Funnel plot of {studies_text(fit)}.",
        ),
    )
    return Section(name="influence", title="How much single studies matter", blocks=blocks)


_FUNNEL = (
    "Effects against their standard errors: solid lines around the pooled effect for sampling "
    "error alone, dashed ones for a new study."
)
_SHADED = " In the shaded regions a study differs from no effect by its own P value."
