"""A fit to a report, which is then written as HTML, Markdown or Word."""

from bayesmeta import __version__
from bayesmeta.report.answer_text import arms, studies_text
from bayesmeta.report.document import Report
from bayesmeta.report.findings import gather
from bayesmeta.report.sections import sections_of
from bayesmeta.results import Fit
from bayesmeta.results.numbers import plain_number
from bayesmeta.results.tables import describe_model
from bayesmeta.studies.text import one_line

__all__ = ["compose"]


def compose(fit: Fit, *, refit: bool = False) -> Report:
    """Everything that is to be said of a fit.

    Parameters
    ----------
    fit
        The fit.
    refit
        Vary it also where each variation has to be sampled: see `gather`.
    """
    findings = gather(fit, refit=refit)
    return Report(
        title=one_line(fit.spec.title) or "Meta-analysis",
        facts=[(name, one_line(value)) for name, value in _facts(fit)],
        sections=sections_of(findings),
        verdict=fit.diagnostics.verdict,
        made=f"bayesmeta {__version__}",
    )


def _facts(fit: Fit) -> list[tuple[str, str]]:
    """What was asked, of what, and how."""
    spec, measure = fit.spec, fit.measure
    effect, compared = spec.effect, arms(fit)
    facts = []
    if compared is not None:
        facts.append(("Question", f"{compared[0]} against {compared[1]}"))
    facts.append(("Effect", f"{measure.label} ({measure.code})"))
    if effect.better is not None:
        facts.append(("Benefit", f"{effect.better} is better"))
    if effect.important is not None:
        facts.append(("Smallest important effect", plain_number(effect.important)))
    facts.append(("Studies", studies_text(fit)))
    model = describe_model(spec)
    facts.append(("Model", f"{model}, {spec.model.likelihood} likelihood"))
    engine = "quadrature (exact)" if fit.exact is not None else f"NUTS ({spec.engine.sampler})"
    facts.append(("Engine", engine))
    return facts
