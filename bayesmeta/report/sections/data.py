"""The data, with what was left out and corrected."""

from bayesmeta.report.document import Block, Items, Paragraph, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.results import Fit
from bayesmeta.results.absolute_text import without_events
from bayesmeta.results.tables import raw_rows

__all__ = ["data"]


def data(findings: Findings) -> Section:
    """The numbers of every study, exclusions, corrections, and where each row is from."""
    fit = findings.fit
    record = fit.record
    header, rows = raw_rows(fit.table, fit.measure)
    blocks: list[Block] = [
        Table(
            caption=f"The studies; effects are on the scale of the {fit.measure.analysis_label}",
            header=[name.replace("_", " ") for name in header],
            rows=rows,
        )
    ]
    notes = [f"Left out: {item['study']}: {item['reason']}." for item in record["excluded"]]
    notes += [
        f"Corrected: {item['study']}: {item['correction']}." for item in record["corrections"]
    ]
    if fit.problem.counts:
        notes += [f"{text}." for text in map(str, without_events(fit.table, fit.measure))]
    if notes:
        blocks.append(Items(items=notes))
    else:
        blocks.append(Paragraph(text="No study was left out, and no number corrected."))
    if fit.spec.data.where:
        blocks.append(Paragraph(text=f"Rows of the file that were kept: {fit.spec.data.where}."))
    blocks += _sources(fit)
    return Section(name="data", title="Data", blocks=blocks)


def _sources(fit: Fit) -> list[Table]:
    """Where each row is from, where the file says so."""
    if "source" not in fit.table:
        return []
    pairs = zip(fit.table["study"].to_numpy(), fit.table["source"].to_numpy(), strict=True)
    return [
        Table(
            caption="Where each row of the data is from",
            header=["study", "source"],
            rows=[[str(study), str(source)] for study, source in pairs],
            words=["source"],
        )
    ]
