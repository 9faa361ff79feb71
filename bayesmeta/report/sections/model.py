"""The model as mathematics and as code."""

from bayesmeta.errors import SpecError
from bayesmeta.exports import export_fit
from bayesmeta.model.mathematics import equations
from bayesmeta.report.document import Block, Code, Equations, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.results.tables import describe_analysis

__all__ = ["model"]


def model(findings: Findings) -> Section:
    """What was assumed: in words, in symbols, in PyMC."""
    fit = findings.fit
    text = describe_analysis(fit.spec, fit.table, fit.n_participants)
    blocks: list[Block] = [
        Paragraph(text=f"{text[:1].upper()}{text[1:]}."),
        Equations(lines=equations(fit.problem, fit.measure)),
    ]
    try:
        script = export_fit(fit, "pymc")
    except SpecError as error:
        blocks.append(Paragraph(text=f"There is no PyMC script: {error}.", tone="soft"))
    else:
        ran = "It was integrated by quadrature; this is" if fit.exact is not None else "This is"
        blocks.append(
            Paragraph(
                text=f"{ran} the same model as a script for PyMC, with its data: bayesmeta export "
                "--to pymc writes it.",
                tone="soft",
            )
        )
        blocks.append(Code(caption="The PyMC model", text=script, language="python", folded=True))
    return Section(name="model", title="The model", blocks=blocks)
