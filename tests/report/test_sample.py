"""The committed sample report is what the project makes today."""

import re
from html.parser import HTMLParser
from pathlib import Path

from bayesmeta.report.document import Report
from bayesmeta.report.html import to_html

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "reports" / "sample-report.html"

VERSION = re.compile(r"\b\d+\.\d+\.\d+\S*")
"""Versions of packages differ from machine to machine."""


class Content(HTMLParser):
    """What a page says: its texts, and what its pictures show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.quiet = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.quiet = tag == "style"
        found = dict(attrs)
        if tag == "img":
            self.found.append(f"picture {found['width']} x {found['height']}: {found['alt']}")

    def handle_endtag(self, tag: str) -> None:
        self.quiet = False

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self.quiet:
            self.found.append(VERSION.sub("x.y.z", text))


def content(text: str) -> list[str]:
    """What a page says, but for the command by which it was made."""
    found = Content(text).found
    at = found.index("command")
    return found[: at + 1] + found[at + 2 :]


def test_the_sample_is_up_to_date(remission: Report) -> None:
    """Else: bayesmeta report models/ibd-remission-normal.toml --engine quadrature."""
    assert content(SAMPLE.read_text(encoding="utf-8")) == content(to_html(remission))


def test_the_sample_answers_what_a_reader_asks() -> None:
    said = "\n".join(content(SAMPLE.read_text(encoding="utf-8")))
    assert "bayesmeta report models/ibd-remission-normal.toml" in SAMPLE.read_text(encoding="utf-8")
    for question in (
        "MSC against control",  # what was asked
        "In patients with Crohn's disease, most of them with perianal fistulas, do mesenchymal",
        "The pooled risk ratio is 1.56 (95 % credible interval 1.01 to 2.97)",  # what was found
        "the probability of benefit is 0.976",  # how sure
        "it is another under 26 of 39 other priors",  # how much by the prior
        "RevMan, random effects (Mantel-Haenszel, DL): 1.58 (1.05 to 2.38)",  # what RevMan said
        "The published risk ratio (Zeng 2025) is 2.02 (1.53 to 2.67)",
        "SHA-256 of the data",  # can I redo it
    ):
        assert question in said
