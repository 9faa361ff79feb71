"""Which item of the reporting guidelines is where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bayesmeta.report.document import Link, Paragraph, Picture, Section, Table
from bayesmeta.report.findings import Findings

__all__ = ["ITEMS", "Item", "checklist"]


Holds = Callable[[Findings], bool]


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item of a guideline.

    Attributes
    ----------
    guideline : str
    text : str
        What is to be reported.
    section : str
        The name of the section that reports it; "" where the authors have to.
    picture : str
        The plot of that section without which it does not; "" for none.
    holds : callable
        Whether an analysis has it.
    """

    guideline: str
    text: str
    section: str
    picture: str = ""
    holds: Holds = lambda findings: True


def _varied(findings: Findings) -> bool:
    return findings.sensitivity is not None or bool(findings.means)


def _weighed(findings: Findings) -> bool:
    """Whether a Bayes factor is known."""
    known = findings.fit.record["evidence"]
    return known is not None and None not in (known["bf01_mu"], known["bf01_tau"])


def _sampled(findings: Findings) -> bool:
    return findings.fit.exact is None


def _predicts(findings: Findings) -> bool:
    return "theta_new" in findings.fit.posterior


def _has_important(findings: Findings) -> bool:
    return findings.fit.spec.effect.important is not None


def _grouped(findings: Findings) -> bool:
    return findings.fit.problem.design.subgroups is not None


_BARG = "BARG"
_ROBUST = "ROBUST"
_HANDBOOK = "Cochrane Handbook"


def _always(guideline: str, section: str, *texts: str) -> list[Item]:
    return [Item(guideline=guideline, text=text, section=section) for text in texts]


ITEMS: tuple[Item, ...] = (
    *_always(_BARG, "", "Preamble A. Why Bayesian"),
    *_always(_BARG, "answer", "Preamble B. Goals of the analysis"),
    *_always(_BARG, "data", "1A. Data variables"),
    *_always(_BARG, "model", "1B. Likelihood function and parameters"),
    *_always(_BARG, "priors", "1C. Prior distribution"),
    *_always(_BARG, "model", "1D. Formal specification"),
    Item(
        guideline=_BARG,
        text="1E. Prior predictive check",
        section="priors",
        picture="prior-predictive",
    ),
    *_always(_BARG, "reproduce", "2A. Software"),
    Item(guideline=_BARG, text="2B. Convergence", section="convergence", holds=_sampled),
    Item(guideline=_BARG, text="2C. Resolution: ESS", section="convergence", holds=_sampled),
    Item(
        guideline=_BARG,
        text="2D. If not by MCMC: how",
        section="convergence",
        holds=lambda findings: not _sampled(findings),
    ),
    Item(
        guideline=_BARG,
        text="3A. Posterior predictive check",
        section="checks",
        picture="posterior-predictive",
    ),
    *_always(_BARG, "estimates", "3B. Summary of the posterior"),
    Item(guideline=_BARG, text="3C. Bayes factors", section="heterogeneity", holds=_weighed),
    *_always(_BARG, "", "4A. Why decisions are made", "4B. Loss function"),
    Item(guideline=_BARG, text="4C. Limits of importance", section="answer", holds=_has_important),
    *_always(_BARG, "estimates", "4E. Estimates as well as decisions"),
    Item(guideline=_BARG, text="5A. Broad priors varied", section="sensitivity", holds=_varied),
    Item(guideline=_BARG, text="5B. Informed priors varied", section="sensitivity", holds=_varied),
    Item(guideline=_BARG, text="5C. Default priors varied", section="sensitivity", holds=_varied),
    Item(guideline=_BARG, text="5E. Decisions varied", section="sensitivity", holds=_varied),
    *_always(_BARG, "reproduce", "6A. Software and installation", "6B. Script and data"),
    *_always(_ROBUST, "priors", "Prior: specified", "Prior: justified"),
    Item(
        guideline=_ROBUST,
        text="Prior: sensitivity analysis",
        section="sensitivity",
        holds=_varied,
    ),
    *_always(_ROBUST, "model", "Analysis: statistical model"),
    *_always(_ROBUST, "convergence", "Analysis: analytical technique"),
    *_always(
        _ROBUST,
        "estimates",
        "Results: central tendency",
        "Results: standard deviation or credible interval",
    ),
    Item(
        guideline=_HANDBOOK,
        text="Chapter 7: risk of bias beside results",
        section="forest",
        picture="traffic-light",
    ),
    *_always(_HANDBOOK, "heterogeneity", "10.10.2 Heterogeneity measured"),
    Item(
        guideline=_HANDBOOK,
        text="10.10.4.3 Prediction interval",
        section="estimates",
        holds=_predicts,
    ),
    Item(
        guideline=_HANDBOOK,
        text="10.11.3 Subgroups: differences, not significances",
        section="subgroups",
        holds=_grouped,
    ),
    *_always(_HANDBOOK, "data", "10.12 Missing and excluded data"),
    *_always(_HANDBOOK, "priors", "10.13 Bayesian methods: the priors"),
    Item(
        guideline=_HANDBOOK,
        text="10.14 Sensitivity analyses",
        section="influence",
        holds=lambda findings: findings.sensitivity is not None,
    ),
    Item(guideline=_HANDBOOK, text="13.3.5 Funnel plot", section="influence", picture="funnel"),
    Item(
        guideline=_HANDBOOK,
        text="15.4 Absolute effects",
        section="estimates",
        picture="absolute-risk",
    ),
)
"""BARG: Kruschke 2021, Nature Human Behaviour 5:1282; ROBUST: Sung et al. 2005, J Clin Epidemiol
58:261; the Cochrane Handbook for Systematic Reviews of Interventions."""

_INTRODUCTION = (
    "BARG are the Bayesian analysis reporting guidelines (Kruschke 2021, Nature Human Behaviour "
    "5:1282), ROBUST is the reporting of Bayes used in clinical studies (Sung et al. 2005, J Clin "
    "Epidemiol 58:261); numbers of the Cochrane Handbook are those of its sections."
)
_AUTHORS = "the authors' to write"
_NOT_HERE = "not in this report"


def checklist(findings: Findings, sections: Sequence[Section]) -> Section:
    """The table, with links to the sections of this report.

    Parameters
    ----------
    findings
        What is reported.
    sections
        The other sections.
    """
    titles = {section.name: section.title for section in sections}
    drawn = {
        (section.name, block.name)
        for section in sections
        for block in section.blocks
        if isinstance(block, Picture)
    }
    rows = []
    for item in ITEMS:
        there = not item.picture or (item.section, item.picture) in drawn
        here = item.section in titles and there and item.holds(findings)
        where: str | Link = _NOT_HERE if item.section else _AUTHORS
        if here:
            where = Link(section=item.section, text=titles[item.section])
        rows.append([item.guideline, item.text, where])
    return Section(
        name="checklist",
        title="Reporting guidelines",
        blocks=[
            Paragraph(text=_INTRODUCTION, tone="soft"),
            Table(
                caption="Items of the guidelines, and where this report has them",
                header=["guideline", "item", "where"],
                rows=rows,
                words=["item", "where"],
            ),
        ],
    )
