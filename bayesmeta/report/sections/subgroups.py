"""Subgroups, times and moderators: what differs, with the contrast's own interval."""

from bayesmeta.report.document import Block, Paragraph, Section, Table
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results import Fit
from bayesmeta.results.numbers import format_probability
from bayesmeta.results.tables import describe_model, subgroup_test_line

__all__ = ["subgroups"]


def subgroups(findings: Findings) -> Section | None:
    """What the means are, how they rank, and the frequentist test; None for one pooled effect."""
    fit = findings.fit
    design = fit.problem.design
    if design.is_pooled:
        return None
    model = describe_model(fit.spec)
    blocks: list[Block] = [Paragraph(text=f"{model[:1].upper()}{model[1:]}.")]
    if design.subgroups is not None:
        blocks.append(Paragraph(text=_CONTRASTS, tone="soft"))
    test = subgroup_test_line(fit)
    if test:
        blocks.append(Paragraph(text=f"{test[:1].upper()}{test[1:]}."))
    if fit.ranks is not None:
        blocks.append(_ranks(fit))
    if not design.times:
        blocks += pictures(fit, _RIDGE, _RANKS)
    blocks += pictures(
        fit,
        ("bubble", "Effects against the moderator, with the line of the means.", "Bubble plot."),
        ("time-course", "The mean over time.", "Effects over time."),
    )
    title = "Subgroups" if design.subgroups else "Moderators"
    if fit.spec.model.time is not None:
        title = "Times"
    return Section(name="subgroups", title=title, blocks=blocks)


_RIDGE = ("ridge", "The posterior of each mean.", "Posterior densities of the means.")
_RANKS = ("ranks", "How probably each mean has each rank; 1 is best.", "Probabilities of ranks.")

_CONTRASTS = (
    "A claim that two means differ rests on the interval of their difference, which is in the "
    "table of estimates: that one interval excludes no effect and another does not says "
    "nothing of it."
)


def _ranks(fit: Fit) -> Table:
    ranks = fit.ranks
    assert ranks is not None  # who calls has asked
    return Table(
        caption="Probability of each rank, 1 the best",
        header=["", *(f"{rank}" for rank in ranks["rank"].to_numpy())],
        rows=[
            [str(name), *(format_probability(float(share)) for share in own)]
            for name, own in zip(ranks["subgroup"].to_numpy(), ranks.to_numpy(), strict=True)
        ],
    )
