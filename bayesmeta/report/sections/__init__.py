"""The sections of a report, in the order in which a reader needs them: one a file.

To add a section is one file of this folder and one line in `SECTIONS`.
"""

from collections.abc import Callable

from bayesmeta.report.document import Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.answer import answer
from bayesmeta.report.sections.checklist import checklist
from bayesmeta.report.sections.checks import checks
from bayesmeta.report.sections.comparison import comparison
from bayesmeta.report.sections.convergence import convergence
from bayesmeta.report.sections.data import data
from bayesmeta.report.sections.estimates import estimates
from bayesmeta.report.sections.forest import forest
from bayesmeta.report.sections.heterogeneity import heterogeneity
from bayesmeta.report.sections.influence import influence
from bayesmeta.report.sections.manuscript import manuscript
from bayesmeta.report.sections.model import model
from bayesmeta.report.sections.priors import priors
from bayesmeta.report.sections.reproduce import reproduce
from bayesmeta.report.sections.sensitivity import sensitivity
from bayesmeta.report.sections.subgroups import subgroups

__all__ = ["SECTIONS", "sections_of"]

SECTIONS: tuple[Callable[[Findings], Section | None], ...] = (
    answer,
    forest,
    estimates,
    comparison,
    heterogeneity,
    subgroups,
    sensitivity,
    influence,
    checks,
    convergence,
    model,
    priors,
    data,
    reproduce,
    manuscript,
)
"""Each gives its section, or None where the fit has nothing for it."""


def sections_of(findings: Findings) -> list[Section]:
    """The sections of a report, the guidelines that say which item is where last."""
    made = [section for make in SECTIONS if (section := make(findings)) is not None]
    return [*made, checklist(findings, made)]
