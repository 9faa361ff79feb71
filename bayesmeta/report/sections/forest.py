"""The forest plot."""

from bayesmeta.report.answer_text import lead, studies_text
from bayesmeta.report.document import Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results import Fit

__all__ = ["forest"]


def forest(findings: Findings) -> Section:
    """Studies, pooled effect, prediction; and, of counts, the risks in both arms."""
    fit = findings.fit
    alt = f"Forest plot of {studies_text(fit)}. {' '.join(lead(fit))}"
    blocks = pictures(
        fit,
        ("forest", _caption(fit), alt),
        (
            "traffic-light",
            "Risk of bias: the judgements of the review's authors, by study and domain.",
            f"Risk-of-bias judgements of {studies_text(fit)}.",
        ),
    )
    return Section(name="forest", title="Forest plot", blocks=blocks)


def _caption(fit: Fit) -> str:
    """What is drawn, for this model."""
    squares = "Squares are the studies' own estimates with confidence intervals"
    squares += ", their area by weight" if fit.has_weights else ""
    if fit.problem.counts:
        squares += " by the normal approximation, which the model does not use"
    parts = [squares]
    if "theta" in fit.posterior:
        parts.append("open circles the posterior of each study's true effect")
    pooled = fit.problem.design.is_pooled
    parts.append(
        "the diamond is the pooled effect with its credible interval"
        if pooled
        else "diamonds are means with their credible intervals"
    )
    if "theta_new" in fit.posterior:
        parts.append(
            f"the open bar{'' if pooled else 's'} the prediction interval"
            f"{'' if pooled else 's'} of the true effect in a new study"
        )
    return f"{'; '.join(parts)}."
