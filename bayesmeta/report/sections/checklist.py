"""Which item of the reporting guidelines is where."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayesmeta.report.document import Link, Paragraph, Picture, Section, Table
from bayesmeta.report.findings import Findings

__all__ = ["ITEMS", "Item", "checklist"]


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
    """

    guideline: str
    text: str
    section: str
    picture: str = ""


_BARG = "BARG"
_ROBUST = "ROBUST"
_HANDBOOK = "Cochrane Handbook"

ITEMS: tuple[Item, ...] = tuple(
    Item(guideline=guideline, text=text, section=section, picture=picture)
    for guideline, text, section, picture in (
        (_BARG, "Preamble A. Why Bayesian", "", ""),
        (_BARG, "Preamble B. Goals of the analysis", "answer", ""),
        (_BARG, "1A. Data variables", "data", ""),
        (_BARG, "1B. Likelihood function and parameters", "model", ""),
        (_BARG, "1C. Prior distribution", "priors", ""),
        (_BARG, "1D. Formal specification", "model", ""),
        (_BARG, "1E. Prior predictive check", "priors", "prior-predictive"),
        (_BARG, "2A. Software", "reproduce", ""),
        (_BARG, "2B. Convergence of the chains", "convergence", ""),
        (_BARG, "2C. Resolution: effective sample size", "convergence", ""),
        (_BARG, "3A. Posterior predictive check", "checks", "posterior-predictive"),
        (_BARG, "3B. Summary of the posterior", "estimates", ""),
        (_BARG, "3C. Bayes factors and posterior model probabilities", "heterogeneity", ""),
        (_BARG, "4A. Decisions and their criteria", "answer", ""),
        (_BARG, "5A. Sensitivity to broader and to informed priors", "sensitivity", ""),
        (_BARG, "5B. Sensitivity of decisions", "sensitivity", ""),
        (_BARG, "6A. Software and installation, versions", "reproduce", ""),
        (_BARG, "6B. Script, data and all that is needed to do it again", "reproduce", ""),
        (_ROBUST, "Prior: specified", "priors", ""),
        (_ROBUST, "Prior: justified", "priors", ""),
        (_ROBUST, "Prior: sensitivity analysis", "sensitivity", ""),
        (_ROBUST, "Analysis: statistical model", "model", ""),
        (_ROBUST, "Analysis: analytical technique", "convergence", ""),
        (_ROBUST, "Results: central tendency", "estimates", ""),
        (_ROBUST, "Results: standard deviation or credible interval", "estimates", ""),
        (_HANDBOOK, "7.6 Risk of bias shown beside results", "forest", "traffic-light"),
        (_HANDBOOK, "10.10.2 Heterogeneity measured", "heterogeneity", ""),
        (_HANDBOOK, "10.10.4.3 Prediction interval", "estimates", ""),
        (_HANDBOOK, "10.11.3 Subgroups: differences, not significances", "subgroups", ""),
        (_HANDBOOK, "10.12 Missing and excluded data", "data", ""),
        (_HANDBOOK, "10.13 Bayesian methods: priors given and varied", "priors", ""),
        (_HANDBOOK, "10.14 Sensitivity analyses", "influence", ""),
        (_HANDBOOK, "13.3.5 Funnel plot", "influence", "funnel"),
        (_HANDBOOK, "15.4 Absolute effects", "estimates", "absolute-risk"),
    )
)
"""BARG: Kruschke 2021, Nature Human Behaviour 5:1282; ROBUST: Sung et al. 2005, J Clin Epidemiol
58:261; the Cochrane Handbook for Systematic Reviews of Interventions."""

_INTRODUCTION = (
    "BARG are the Bayesian analysis reporting guidelines (Kruschke 2021, Nature Human Behaviour "
    "5:1282), ROBUST is the reporting of Bayes used in clinical studies (Sung et al. 2005, J Clin "
    "Epidemiol 58:261); numbers of the Cochrane Handbook are those of its sections."
)
_AUTHORS = "the authors' to write"
_NOT_HERE = "not of this analysis"


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
        here = item.section in titles and (
            not item.picture or (item.section, item.picture) in drawn
        )
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
