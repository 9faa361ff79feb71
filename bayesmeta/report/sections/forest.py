"""The forest plot."""

from bayesmeta.report.answer_text import lead, studies_text
from bayesmeta.report.document import Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures

__all__ = ["forest"]

_CAPTION = (
    "Squares are the studies' own estimates with confidence intervals, their area by weight; open "
    "circles the posterior of each study's true effect; the diamond is the pooled effect with its "
    "credible interval, the open bar the prediction interval of the true effect in a new study."
)


def forest(findings: Findings) -> Section:
    """Studies, pooled effect, prediction; and, of counts, the risks in both arms."""
    fit = findings.fit
    alt = f"Forest plot of {studies_text(fit)}. {' '.join(lead(fit))}"
    blocks = pictures(
        fit,
        ("forest", _CAPTION, alt),
        (
            "traffic-light",
            "Risk of bias: the judgements of the review's authors, by study and domain.",
            f"Risk-of-bias judgements of {studies_text(fit)}.",
        ),
    )
    return Section(name="forest", title="Forest plot", blocks=blocks)
