"""How far the answer depends on the priors."""

from bayesmeta.comparison.text import span_text
from bayesmeta.measures import display_size
from bayesmeta.report.document import Block, Paragraph, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.report.sections.variations import variation_blocks
from bayesmeta.sensitivity_analysis import Sensitivity

__all__ = ["sensitivity"]

_TITLE = "How much the priors matter"


def sensitivity(findings: Findings) -> Section:
    """Other priors, tipping points, power-scaling; prior and posterior."""
    found, fit = findings.sensitivity, findings.fit
    blocks: list[Block] = []
    if found is None:
        blocks += [*_means(findings), Paragraph(text=findings.no_sensitivity, tone="soft")]
    else:
        chosen = found.select("base", "prior", pairs=False)
        blocks += variation_blocks(
            chosen,
            table="Under other priors",
            plot="Each row is a fit under other priors; the band is the fit of this report.",
            more=_pairs(found, chosen),
            note=_explained(findings, chosen),
        )
    blocks += pictures(
        fit,
        (
            "prior-posterior",
            "What the data added to the priors.",
            "Densities of prior and posterior of each parameter.",
        ),
    )
    return Section(name="sensitivity", title=_TITLE, blocks=blocks)


def _pairs(found: Sensitivity, single: Sensitivity) -> list[str]:
    """What becomes of the conclusion where both priors are others."""
    every = found.select("base", "prior").table
    both = every[~every["label"].isin(single.table["label"])]
    if both.empty:
        return []
    changed = int((both["changed"] != "").sum())
    return [
        f"with both priors changed, in {len(both)} pairs that are not shown, the conclusion is "
        f"another in {changed}"
    ]


def _means(findings: Findings) -> list[Block]:
    """Several means, each under other priors of the standard deviations."""
    found, fit = findings.means, findings.fit
    if not found:
        return []
    size = display_size(fit.table)
    groups = fit.problem.design.subgroups
    names = groups.names if groups is not None else (fit.measure.label,)
    most = int((fit.estimates["name"] == "contrast").sum())
    rows = [
        [
            each.label,
            *(
                span_text((float(middle), float(low), float(high)), fit.measure, size)
                for middle, low, high in zip(each.median, each.lower, each.upper, strict=True)
            ),
            *([f"{each.apart} of {most}"] if most else []),
        ]
        for each in found
    ]
    apart = [each.apart for each in found]
    least, greatest = min(apart), max(apart)
    span = f"{least}" if least == greatest else f"between {least} and {greatest}"
    counted = (
        f"Under these priors {span} of {most} intervals of differences exclude no difference. "
        if most
        else ""
    )
    return [
        Paragraph(
            text=f"{counted}The priors of the standard deviations were replaced in turn by "
            "half-normal ones with half, or twice, the median."
        ),
        Table(
            caption="The mean, or means, under other priors of the standard deviations",
            header=["prior", *names, *(["exclude no difference"] if most else [])],
            rows=rows,
            strong=[0],
            marked=[i for i, each in enumerate(found) if each.apart != found[0].apart],
        ),
    ]


_CONCLUSION = (
    "The conclusion of an analysis is whether its interval excludes no effect, between which of "
    "0.025, 0.05, 0.95 and 0.975 its probability of benefit lies, and on which side of 0.5 that of "
    "an important benefit."
)


def _explained(findings: Findings, chosen: Sensitivity) -> str:
    """What the columns hold, what a conclusion is, what is not here."""
    parts = [chosen.note]
    if chosen.concludes:
        parts.append(_CONCLUSION)
    if findings.fit.exact is None and chosen.engine == "quadrature":
        parts.append(
            "These rows are by quadrature, and have no Monte Carlo error; the fit was sampled."
        )
    return " ".join(filter(None, [*parts, findings.no_sensitivity]))
