"""The fit beside RevMan's methods and the published result."""

from collections.abc import Mapping
from typing import Any

from bayesmeta.classical import quantile
from bayesmeta.comparison.text import row_cells, span_text
from bayesmeta.measures import display_size
from bayesmeta.report.document import Block, Items, Paragraph, Picture, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.results import Fit
from bayesmeta.results.estimates_text import effect_text
from bayesmeta.results.numbers import format_number, format_probability
from bayesmeta.results.tables import subgroup_test_line

__all__ = ["comparison"]

_TITLE = "Beside RevMan and the published result"


def comparison(findings: Findings) -> Section:
    """The same studies by every method, and why the answers differ."""
    found = findings.comparison
    if found is None:
        return _not_compared(findings)
    level = f"{100 * found.spec.interval.prob:g} %"
    header = ["method", f"{found.measure.label} ({level} interval)", "tau", "I² %"]
    header += ["prediction interval", "P(benefit)"]
    rows = [
        [
            row.label,
            *row_cells(row, found.measure, found.size),
            format_probability(row.prob_benefit),
        ]
        for row in found.rows
    ]
    if not any(row[-1] for row in rows):  # what is benefit is not known
        header, rows = header[:-1], [row[:-1] for row in rows]
    blocks: list[Block] = [
        Table(
            caption="The same studies by every method",
            header=header,
            rows=rows,
            strong=[i for i, row in enumerate(found.rows) if row.kind == "bayesian"],
        ),
        Paragraph(text=found.note, tone="soft"),
        Items(items=found.sentences),
        Picture(
            name="comparison",
            figure=found.plot(title=False),
            caption="The methods, each with its interval; prediction intervals are orange.",
            alt="; ".join(f"{row[0]}: {row[1]}" for row in rows),
        ),
    ]
    return Section(name="comparison", title=_TITLE, blocks=blocks)


def _not_compared(findings: Findings) -> Section:
    """Each subgroup alone, as RevMan has it, where there are subgroups; else why there is none."""
    fit = findings.fit
    test = fit.record["subgroup_test"]
    if test is None:
        blocks: list[Block] = [Paragraph(text=findings.no_comparison)]
        return Section(name="comparison", title=_TITLE, blocks=blocks)
    line = subgroup_test_line(fit)
    means = {
        row["subgroup"]: row
        for row in fit.estimates[fit.estimates["name"] == "mu"].to_dict("records")
    }
    level = f"{100 * fit.spec.interval.prob:g} %"
    return Section(
        name="comparison",
        title=_TITLE,
        blocks=[
            Table(
                caption="Each subgroup alone, by inverse variance, beside its posterior",
                header=[
                    "subgroup",
                    "studies",
                    f"inverse variance, {test['method']} ({level} confidence interval)",
                    "its tau",
                    f"posterior median ({level} credible interval)",
                ],
                rows=[
                    [
                        one["subgroup"],
                        str(one["k"]),
                        _alone(fit, one),
                        format_number(one["tau"], 2),
                        effect_text(means[one["subgroup"]], fit.measure),
                    ]
                    for one in test["subgroups"]
                ],
            ),
            Paragraph(text=f"{line[:1].upper()}{line[1:]}."),
            Paragraph(text=_ALONE, tone="soft"),
        ],
    )


_ALONE = (
    "Fitted alone, as in RevMan, a subgroup of a single study has no heterogeneity of its own, so "
    "that its interval is narrow and the test finds differences easily."
)


def _alone(fit: Fit, one: Mapping[str, Any]) -> str:
    """The pooled effect of a subgroup and its interval, on the display scale."""
    half = quantile(fit.spec.interval.prob) * one["std_error"]
    middle = one["estimate"]
    return span_text((middle, middle - half, middle + half), fit.measure, display_size(fit.table))
