"""How the analysis is done again."""

import json
from collections.abc import Mapping

from bayesmeta.report.document import Block, Code, Paragraph, Section, Table
from bayesmeta.report.findings import Findings

__all__ = ["reproduce"]


def reproduce(findings: Findings) -> Section:
    """Hashes, versions, seed, command and spec."""
    fit = findings.fit
    found = fit.record["provenance"]
    facts: Mapping[str, object] = {
        "command": found["command"] or "called from Python",
        "data file": fit.spec.data.file.name if fit.spec.data.file else "a data frame",
        "SHA-256 of the data": found["data_sha256"],
        "SHA-256 of the spec": found["spec_sha256"] or "there was no spec file",
        "seed": found["seed"],
        "engine": fit.spec.engine.name,
        "versions": ", ".join(f"{name} {text}" for name, text in found["versions"].items()),
    }
    blocks: list[Block] = [
        Table(
            caption="What the analysis was made with",
            header=["", ""],
            rows=[[name, str(value)] for name, value in facts.items()],
            words=[""],
        ),
        Paragraph(text=_HOW),
    ]
    text = fit.tree.attrs["spec_text"]
    if text:
        blocks.append(Code(caption="The spec", text=text, language="toml"))
    else:
        filled = json.dumps(fit.spec.model_dump(mode="json", exclude_defaults=True), indent=2)
        blocks.append(Code(caption="The settings that are not defaults", text=filled))
    return Section(name="reproduce", title="Doing it again", blocks=blocks)


_HOW = (
    "With the data file whose hash is above, the command or the settings here and the same "
    "versions, bayesmeta fit does the same analysis; with quadrature it gives the same numbers, "
    "with NUTS the same within Monte Carlo error. The file of the fit (.nc) holds the draws, the "
    "data, the spec and all of this; bayesmeta show, bayesmeta plot and ArviZ open it."
)
