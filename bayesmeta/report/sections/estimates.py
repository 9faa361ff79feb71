"""The table of estimates."""

from bayesmeta.report.document import Block, Items, Paragraph, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results import Fit
from bayesmeta.results.absolute import control_level
from bayesmeta.results.absolute_text import derived_rows
from bayesmeta.results.estimates_text import estimate_rows, notes_of_estimates
from bayesmeta.results.tables import interval_note, study_rows

__all__ = ["estimates"]


def estimates(findings: Findings) -> Section:
    """Everything that was estimated: pooled, absolute, of each study."""
    fit = findings.fit
    found = estimate_rows(fit)
    blocks: list[Block] = [
        Table(
            caption=f"Estimates, on the scale of the {fit.measure.analysis_label}",
            header=["", *found.headers],
            rows=[[label, *cells] for label, cells in found.rows],
            strong=[0] if found.rows[0][1] else [],
        ),
        Items(items=[interval_note(fit), *notes_of_estimates(fit), *_highest(fit)]),
    ]
    for caption, header, rows in derived_rows(fit):
        words = [""] if not header[-1] else []  # sentences, of one arm
        blocks.append(Table(caption=caption, header=header, rows=rows, words=words))
    if control_level(fit) is not None:
        blocks += pictures(
            fit,
            (
                "absolute-risk",
                "The risk with treatment at every risk with control, pooled and in a new study.",
                "Absolute risk with treatment against that with control.",
            ),
        )
    if "theta" in fit.posterior:
        header, rows = study_rows(fit)
        blocks.append(
            Table(
                caption="Studies: their own effect, and the posterior of their true effect (theta)",
                header=header,
                rows=rows,
            )
        )
        if fit.has_weights:
            blocks.append(Paragraph(text=_WEIGHTS, tone="soft"))
    return Section(name="estimates", title="Estimates", blocks=blocks)


def _highest(fit: Fit) -> list[str]:
    """What an interval of highest density becomes on the display scale."""
    transformed = fit.measure.scale.name != "identity"
    if fit.spec.interval.kind != "hdi" or not transformed:
        return []
    return [_HIGHEST.format(fit.measure.analysis_label)]


_WEIGHTS = (
    "Weights are those of the studies' own effects, by inverse variance with tau averaged over its "
    "posterior."
)
_HIGHEST = (
    "The intervals are of highest density on the scale of the {}; on the other scale they have the "
    "same ends, transformed."
)
