"""What a sensitivity plot says: its rows under headings, its columns of text, its notes."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bayesmeta.measures import Measure, Scale
from bayesmeta.measures.base import IDENTITY
from bayesmeta.plots.layout import Column
from bayesmeta.plots.panels import effect_label
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import format_probability
from bayesmeta.sensitivity_analysis.variations import HEADINGS

__all__ = [
    "Panel",
    "left_columns",
    "notes",
    "places",
    "possible_panels",
    "right_columns",
    "with_headings",
]

_MARK = "◆"
_FOLD = {"label": 44, "changed": 34}
_SMALLER = 1.35
"""So many times more characters go on a line where there are two: they are set smaller."""

_TIE = "\u00a0"
_BOLD = 0.09
"""Inches: a bold character."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One quantity in all rows.

    Attributes
    ----------
    name : str
        The prefix of its columns.
    heading, interval, label : str
        Above it, below that, and of its axis.
    colour : str
    scale : Scale
        Of its ticks.
    null : float or None
        No effect.
    least : float
        The least value it can have.
    width : float
        In inches.
    """

    name: str
    heading: str
    interval: str
    label: str
    colour: str
    scale: Scale
    null: float | None
    least: float = -math.inf
    width: float


def with_headings(table: pd.DataFrame) -> pd.DataFrame:
    """The rows in groups, each below a row that has a ``heading`` and nothing else.

    The base analysis has its heading in its own row.
    """
    parts = []
    for kind, group in table.groupby("kind", sort=False):
        if kind == "base":
            parts.append(group.assign(heading="Base analysis", label=""))
            continue
        heading = HEADINGS.get(str(kind), str(kind)[:1].upper() + str(kind)[1:])
        parts += [pd.DataFrame([{"heading": heading}]), group.assign(heading="")]
    rows = pd.concat(parts, ignore_index=True)
    texts = {column: rows[column].fillna("").astype(str) for column in ("label", "changed")}
    return rows.assign(**texts)


def possible_panels(measure: Measure, interval: str) -> list[Panel]:
    """What can be shown; the interval of a new study is a prediction interval, and says so."""
    effect = effect_label(measure)
    prediction = interval.replace("credible", "prediction")
    return [
        Panel(
            name="mu",
            heading="Pooled effect",
            interval=interval,
            label=effect,
            colour=COLOURS["model"],
            scale=measure.scale,
            null=measure.null,
            width=math.nan,
        ),
        Panel(
            name="tau",
            heading="Heterogeneity τ",
            interval=interval,
            label="τ",
            colour=COLOURS["model"],
            scale=IDENTITY,
            null=None,
            least=0.0,
            width=1.75,
        ),
        Panel(
            name="theta_new",
            heading="Effect in a new study",
            interval=prediction,
            label=effect,
            colour=COLOURS["prediction"],
            scale=measure.scale,
            null=measure.null,
            width=2.6,
        ),
    ]


def left_columns(rows: pd.DataFrame) -> list[Column]:
    """The analyses and how many studies each has."""
    labels = [_folded(label, _FOLD["label"]) for label in rows["label"]]
    counts = ["" if math.isnan(k) else f"{k:.0f}" for k in rows["k"].astype(float)]
    widest = max(rows["heading"], key=len)
    return [
        Column(
            header="Analysis", cells=labels, summary=[], align="left", min_width=_BOLD * len(widest)
        ),
        Column(header="k", cells=counts, summary=[]),
    ]


def places(panels: Sequence[Panel], rows: int) -> list[Column]:
    """Empty columns where the further panels will stand."""
    return [
        Column(
            header=panel.interval,
            cells=[""] * rows,
            summary=[],
            align="left",
            colour=panel.colour,
            min_width=panel.width,
        )
        for panel in panels
    ]


def right_columns(rows: pd.DataFrame) -> list[Column]:
    """Probabilities of benefit, and other conclusions; each where there are any."""
    columns = []
    chances = rows["prob_benefit"].astype(float)
    if chances.notna().any():
        cells = [format_probability(chance) for chance in chances]
        columns.append(Column(header="P(benefit)", cells=cells, summary=[]))
    if rows["changed"].any():
        cells = [
            _folded(f"{_MARK} {text}", _FOLD["changed"]) if text else "" for text in rows["changed"]
        ]
        columns.append(
            Column(
                header="Conclusion",
                cells=cells,
                summary=[],
                align="left",
                colour=COLOURS["changed"],
            )
        )
    return columns


def _folded(text: str, width: int) -> str:
    """At most two lines; of the priors that a "·" parts, each on its own where it fits."""
    parts = [part.replace(" ", _TIE) if len(part) < width else part for part in text.split(" · ")]
    whole = f"{_TIE}· ".join(parts)
    if len(textwrap.wrap(whole, width)) > 2:
        width = int(width * _SMALLER)
    lines = textwrap.wrap(whole, width, max_lines=2, placeholder=" …")
    return "\n".join(lines).replace(_TIE, " ")


def notes(panels: Sequence[Panel], rows: pd.DataFrame, measure: Measure) -> list[str]:
    """How to read it, and how often the conclusion is another."""
    lines = [
        "Dots are medians. The bands and dashed lines are the intervals and medians of the base "
        "analysis. An arrow: the interval goes on."
    ]
    if measure.scale.name != "identity" and any(panel.name == "tau" for panel in panels):
        lines[0] += f" τ is on the scale of the {measure.analysis_label}."
    changed = int((rows["changed"] != "").sum())
    if changed:
        others = int(((rows["heading"] == "") & (rows["kind"] != "base")).sum())
        lines.append(
            f"{_MARK} The conclusion is not that of the base analysis: in {changed} of "
            f"{others} other analyses."
        )
    return lines
