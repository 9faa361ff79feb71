"""A report as one file of HTML: no network, no script, readable on paper."""

import base64
from dataclasses import dataclass
from pathlib import Path

import markupsafe
from latex2mathml.converter import convert

from bayesmeta.files import write_text
from bayesmeta.plots import figure_bytes
from bayesmeta.report.document import Picture, Report
from bayesmeta.report.page import render

__all__ = ["to_html", "write_html"]

_PIXELS = 96
"""CSS pixels of an inch."""

_LARGEST = 250_000
"""Bytes of a drawing above which it is put in as dots: of chains, whose every draw is a line."""

_DOTS = 150

_TILDE, _DISTRIBUTED = "<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"
"""The converter takes the sign for a variable, which has no space around it."""

_ENTITIES = {"<": "&lt;", ">": "&gt;"}
"""The converter takes texts over as they are: no name can become a tag."""


@dataclass(frozen=True, kw_only=True)
class _Image:
    """A picture as the page has it: its address, which holds it all, and its size in pixels."""

    address: str
    width: int
    height: int


def write_html(report: Report, folder: Path, name: str) -> Path:
    """Write ``name.html``."""
    return write_text(folder / f"{name}.html", to_html(report))


def to_html(report: Report) -> str:
    """The page. Whatever comes from a file is escaped, and its policy lets nothing run or load."""
    return render(
        "report.html.jinja",
        styles=("base.css", "report.css"),
        report=report,
        image=_image,
        formula=_formula,
    )


def _formula(latex: str) -> markupsafe.Markup:
    """LaTeX as MathML, which browsers draw without a script; names in it stay text."""
    safe = latex
    for sign, entity in _ENTITIES.items():
        safe = safe.replace(sign, entity)
    found = convert(safe).replace(_TILDE, _DISTRIBUTED)
    return markupsafe.Markup(found)  # noqa: S704  # what could be a tag is escaped


def _image(picture: Picture) -> _Image:
    content, kind = figure_bytes(picture.figure, "svg"), "image/svg+xml"
    if len(content) > _LARGEST:
        content, kind = figure_bytes(picture.figure, "png", dpi=_DOTS), "image/png"
    width, height = picture.figure.get_size_inches()
    return _Image(
        address=f"data:{kind};base64,{base64.b64encode(content).decode()}",
        width=round(width * _PIXELS),
        height=round(height * _PIXELS),
    )
