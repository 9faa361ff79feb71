"""Draw every plot into ``docs/gallery/`` and write ``docs/gallery.md``.

Run as ``.venv/bin/python docs/make_gallery.py``. A plot that is new gets its section by itself:
it is drawn from the first model that has what it needs.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import bayesmeta as bm
from bayesmeta.errors import EngineError, SpecError
from bayesmeta.plots import PLOTS, figure_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "gallery"

MOST_BYTES = 120_000
"""An SVG that is larger becomes a PNG, where this is smaller."""

DPI = 110

INTRODUCTION = """# Gallery

Every plot of `bayesmeta list plots`, drawn from the models in `models/`; where
judgements of the risk of bias are needed, which no data here have, from invented studies. This page
is made by `docs/make_gallery.py`. The commands of a section draw its picture; `fit.plot("forest")`
does the same in Python, and `save_figure` or `--out` write SVG, PNG or PDF.
"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A model, its folder, and the engine that fits it."""

    model: str
    engine: str = "quadrature"
    home: str = "models"

    @property
    def spec(self) -> str:
        """The path of its spec."""
        return f"{self.home}/{self.model}.toml"

    @property
    def folder(self) -> str:
        """Where its fit goes: those of two engines would have one name."""
        return "reports" if self.engine == "quadrature" else f"reports/{self.engine}"

    @property
    def command(self) -> str:
        """What fits it on the command line."""
        out = "" if self.folder == "reports" else f" --out {self.folder}"
        return f"bayesmeta fit {self.spec} --engine {self.engine} --no-report{out}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """One picture, or why there is none.

    Attributes
    ----------
    name : str
        Of the picture's file, without suffix.
    heading, sentence : str
    kind : str
    options : mapping
        Of the plot.
    source : Source or None
        None where no model has what the plot needs.
    lacking : str
        What the first model lacks then.
    """

    name: str
    heading: str
    sentence: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None
    lacking: str = ""

    @property
    def commands(self) -> str:
        """What fits the model and draws the plot, as a block of the page."""
        assert self.source is not None  # asked only of what is drawn
        saved = f"{self.source.folder}/{self.source.model}.nc"
        if set(self.options) <= {"layout"}:
            layout = "".join(f" --{key} {value}" for key, value in self.options.items())
            draw = f"bayesmeta plot {saved} {self.kind}{layout}"
            return f"```sh\n{self.source.command}\n{draw}\n```"
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        call = f'fit = bm.fit("{self.source.spec}", engine="{self.source.engine}")'
        options = options.replace("'", '"')
        return f'```python\nimport bayesmeta as bm\n\n{call}\nfit.plot("{self.kind}"{options})\n```'

    def draw(self) -> "Figure":
        """The plot."""
        assert self.source is not None  # asked only of what is drawn
        return fitted(self.source).plot(self.kind, **self.options)


INVENTED = Source(model="invented", home="docs")
"""Studies that are nobody's, for what no data of the project have."""

PREFERRED: Mapping[str, Source] = MappingProxyType(
    {
        "ridge": Source(model="oa-pain-by-source"),
        "labbe": Source(model="oa-serious-adverse-events"),
        "traffic-light": INVENTED,
        "absolute-risk": Source(model="oa-serious-adverse-events"),
    }
)
"""Models that show more of a plot than the first that it can be drawn from."""

FIRST = (
    Source(model="oa-pain"),
    Source(model="oa-pain-by-source"),
    Source(model="oa-pain-by-year"),
    Source(model="oa-pain-over-time"),
    Source(model="oa-serious-adverse-events"),
    Source(model="oa-pain", engine="nuts"),
)
"""Models that are tried first, in this order, before all others."""

VARIANTS: tuple[tuple[str, str, Source, Mapping[str, Any]], ...] = (
    (
        "forest",
        "In the house style of JAMA.",
        Source(model="oa-serious-adverse-events"),
        {"layout": "jama"},
    ),
    ("forest", "Names, plot and estimates alone.", Source(model="oa-pain"), {"layout": "plain"}),
    (
        "forest",
        "By subgroup, with the differences between the subgroups.",
        Source(model="oa-pain-by-source"),
        {},
    ),
    ("forest", "With judgements of the risk of bias, of invented studies.", INVENTED, {}),
    (
        "ridge",
        "The differences between the subgroups.",
        Source(model="oa-pain-by-source"),
        {"of": "contrast"},
    ),
    (
        "posterior-predictive",
        "Of counts: the risk in each arm.",
        Source(model="oa-serious-adverse-events"),
        {},
    ),
)
"""Further pictures of a plot: which, a sentence, from what, and its options."""


@cache
def fitted(source: Source) -> bm.Fit:
    """The fit of a model."""
    return bm.fit(ROOT / source.spec, engine=source.engine)


def sources() -> Iterator[Source]:
    """Every model, those that are tried first before the others."""
    yield from FIRST
    for path in sorted((ROOT / "models").glob("*.toml")):
        source = Source(model=path.stem)
        if source not in FIRST:
            yield source


def find_source(kind: str) -> tuple[Source | None, str]:
    """The first model that a plot can be drawn from; else None, and what the first lacks."""
    lacking = ""
    preferred = [PREFERRED[kind]] if kind in PREFERRED else []
    for source in (*preferred, *sources()):
        try:
            fitted(source).plot(kind)
        except (SpecError, EngineError) as error:
            lacking = lacking or f"{error}".splitlines()[0]
        else:
            return source, ""
    return None, lacking


def sections() -> list[Section]:
    """The sections of the page, each plot's variants after it."""
    found = []
    for kind, plot in PLOTS.items():
        source, lacking = find_source(kind)
        found.append(
            Section(
                name=kind,
                heading=kind,
                sentence=str(inspect.getdoc(plot)).splitlines()[0],
                kind=kind,
                source=source,
                lacking=lacking,
            )
        )
        found += [
            _variant(kind, sentence, of, options)
            for name, sentence, of, options in VARIANTS
            if name == kind
        ]
    return found


def _variant(kind: str, sentence: str, source: Source, options: Mapping[str, Any]) -> Section:
    what = " ".join(str(value) for value in options.values()) or source.model
    return Section(
        name=f"{kind}-{what}",
        heading=f"{kind}, {what}",
        sentence=sentence,
        kind=kind,
        options=options,
        source=source,
    )


def page(shown: list[Section]) -> str:
    """The text of the page, with the pictures that are there."""
    return "\n".join([INTRODUCTION, *(_text(section) for section in shown)])


def _text(section: Section) -> str:
    head = f"## {section.heading}\n\n{section.sentence}\n"
    if section.source is None:
        return f"{head}\nNo model in `models/` has what this plot needs: {section.lacking}\n"
    (picture,) = PICTURES.glob(f"{section.name}.[sp][vn]g")
    return f"{head}\n{section.commands}\n\n![{section.heading}](gallery/{picture.name})\n"


def write_picture(section: Section) -> Path:
    """Draw a section's picture, as SVG or as PNG, whichever suits."""
    figure = section.draw()
    content, layout = figure_bytes(figure, "svg"), "svg"
    if len(content) > MOST_BYTES:
        smaller = figure_bytes(figure, "png", dpi=DPI)
        if len(smaller) < len(content):
            content, layout = smaller, "png"
    path = PICTURES / f"{section.name}.{layout}"
    path.write_bytes(content)
    return path


def main() -> None:
    """Write the pictures and the page, and remove pictures of plots that are gone."""
    PICTURES.mkdir(exist_ok=True)
    shown = sections()
    written = {write_picture(section) for section in shown if section.source is not None}
    for path in set(PICTURES.iterdir()) - written:
        path.unlink()
    PAGE.write_text(page(shown), encoding="utf-8")
    for path in sorted(written):
        sys.stdout.write(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
