"""What a sensitivity analysis found, and how it is shown and kept."""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta import __version__
from bayesmeta.densities.search import Floats
from bayesmeta.files import write_text
from bayesmeta.measures import Measure, find_measure
from bayesmeta.results import worst
from bayesmeta.results.export import plain_value
from bayesmeta.results.numbers import (
    decimals,
    effect_decimals,
    format_number,
    format_probability,
    format_span,
    interval_name,
)
from bayesmeta.sensitivity_analysis.tipping import TippingPoint
from bayesmeta.sensitivity_analysis.variations import HEADINGS
from bayesmeta.spec import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Sensitivity"]

_LABELS = {"mu": "pooled effect", "tau": "tau", "theta_new": "effect in new study"}


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Many fits beside a base one.

    Attributes
    ----------
    spec : Spec
        The base analysis.
    table : pandas.DataFrame
        One row a fit, the base one first, on the analysis scale: ``kind``, ``label``,
        ``mu_prior``, ``tau_prior``, ``k``; median, lower and upper of mu, tau and theta_new;
        ``prob_benefit``, ``prob_important``; ``hellinger``, the distance of the posterior of mu
        from the base one (0 to 1); ``shift`` of its median in sds of the base one; ``changed``,
        what a reader would conclude otherwise; ``verdict``, whether it may be trusted.
    left_out : tuple of (str, str)
        What could not be done, and why.
    tipping : tuple of TippingPoint
        How far the priors must be moved before the conclusion changes.
    power_scaling : pandas.DataFrame or None
        What `power_scaling` gives.
    engine : str
        Which engine did the base analysis.
    size : float
        Participants of a typical study, for the Freeman-Tukey transformation.
    """

    spec: Spec
    table: pd.DataFrame
    left_out: tuple[tuple[str, str], ...]
    tipping: tuple[TippingPoint, ...]
    power_scaling: pd.DataFrame | None
    engine: str
    size: float

    @property
    def verdict(self) -> str:
        """Whether all fits may be trusted: the worst of their verdicts."""
        return worst(self.table["verdict"])

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return find_measure(self.spec.effect.measure)

    @property
    def concludes(self) -> bool:
        """Whether there is a conclusion that others may change: on an effect, or on benefit."""
        chances = self.table[["prob_benefit", "prob_important"]]
        return self.measure.null is not None or bool(chances.notna().any(axis=None))

    def plot(self, *, title: bool = True, ax: "Sequence[Axes] | Axes | None" = None) -> "Figure":
        """All fits against the base one: see `bayesmeta.plots.sensitivity.sensitivity_plot`."""
        from bayesmeta.plots.sensitivity import sensitivity_plot  # for cost

        return sensitivity_plot(
            self.table,
            measure=self.measure,
            interval_label=interval_name(self.spec.interval),
            title=self.spec.title if title else "",
            size=self.size,
            ax=ax,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "bayesmeta": __version__,
            "title": self.spec.title,
            "measure": self.measure.code,
            "scale": self.measure.analysis_label,
            "engine": self.engine,
            "interval": self.spec.interval.model_dump(),
            "fits": [
                {str(key): plain_value(value) for key, value in row.items()}
                for row in self.table.to_dict("records")
            ],
            "left_out": [{"label": label, "reason": reason} for label, reason in self.left_out],
            "power_scaling": None
            if self.power_scaling is None
            else self.power_scaling.to_dict("records"),
            "tipping_points": [
                {**vars(point), "sentence": point.sentence()} for point in self.tipping
            ],
        }

    def save(self, folder: Path, name: str) -> list[Path]:
        """Write ``name-sensitivity.csv`` and ``.json``, each whole or not at all."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        rows = self.table.to_csv(index=False, lineterminator="\n")
        paths = [folder / f"{name}-sensitivity{suffix}" for suffix in (".csv", ".json")]
        return [
            write_text(path, content) for path, content in zip(paths, (rows, text), strict=True)
        ]

    def select(self, *kinds: str, pairs: bool = True) -> Self:
        """Some kinds of variations alone, as in ``"base", "prior"``; what is of priors with these.

        Parameters
        ----------
        *kinds
            Of the column ``kind`` of `table`.
        pairs
            Keep fits in which the priors of mu and tau both are others.
        """
        kept = self.table[self.table["kind"].isin(kinds)]
        if not pairs:
            kept = kept[~_both(kept)]
        if "prior" in kinds:
            return replace(self, table=kept)
        return replace(self, table=kept, tipping=(), power_scaling=None)

    def to_text(self, *, every: bool = False) -> RenderableType:
        """For a terminal.

        Parameters
        ----------
        every
            Show all pairs of priors, not only those in which one is changed, or that change the
            conclusion.
        """
        verdict, *others = self.summary(every=every)
        notes = [Text(self.note), Text(verdict, style="bold"), *(Text(line) for line in others)]
        return Group(Text(self.spec.title, style="bold"), self._rows(every), *notes)

    def summary(self, *, every: bool = False) -> list[str]:
        """Sentences: whether the conclusion holds, how far estimates move, what could not be done.

        Parameters
        ----------
        every
            As `to_text` takes it.
        """
        changed = int((self.table["changed"] != "").sum())
        others = len(self.table) - 1
        if not self.concludes:
            label = self.measure.label
            lines = [f"No conclusion to compare: a {label} has no value that is no effect."]
        elif changed:
            lines = [f"The conclusion changes in {changed} of {others} other analyses (marked *)."]
        else:
            lines = [f"The conclusion is the same in all {others} other analyses."]
        hidden = 0 if every else len(self.table) - int(_apart(self.table).sum())
        if hidden:
            lines.append(f"{hidden} more pairs of priors, which change nothing, are not shown.")
        lines += self.ranges
        lines += [f"tipping point: {point.sentence()}" for point in self.tipping]
        if self.power_scaling is not None:
            lines.append(_power_scaling(self.power_scaling))
        return lines + [f"left out: {label}: {reason}" for label, reason in self.left_out]

    @property
    def ranges(self) -> list[str]:
        """How far estimates move over the priors, one line a parameter."""
        priors = self.table[self.table["kind"].isin(["base", "prior"])]
        if len(priors) < 2:
            return []
        lines = []
        for name, label in _LABELS.items():
            columns = [f"{name}_{end}" for end in ("median", "lower", "upper")]
            if priors[columns].isna().any(axis=None):
                continue
            numbers = _displayed(priors[columns].to_numpy(), name, self.measure, self.size)
            places = decimals(*numbers[0, 1:])
            spans = [
                f"{end} {format_number(least, places)} to {format_number(greatest, places)}"
                for end, least, greatest in zip(
                    ("median", "lower end", "upper end"),
                    numbers.min(0),
                    numbers.max(0),
                    strict=True,
                )
            ]
            lines.append(f"over all priors, {label}: {', '.join(spans)}")
        return lines

    def _rows(self, every: bool) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        header, rows, marked = self.cells(every=every)
        table.add_column(header[0], overflow="fold")
        for name in header[1:-1]:
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column(header[-1])
        for place, (label, *cells) in enumerate(rows):
            if not cells:
                table.add_row(Text(label, style="bold"))
                continue
            style = "yellow" if place in marked else ""
            table.add_row(Text(label), *cells[:-1], Text(cells[-1]), style=style)
        return table

    def cells(self, *, every: bool = False) -> tuple[list[str], list[list[str]], list[int]]:
        """The table as text: its header, its rows, and the rows whose conclusion is another.

        A row of one cell is the heading of those below it.

        Parameters
        ----------
        every
            As `to_text` takes it.
        """
        shown = self.table if every else self.table[_apart(self.table)]
        probabilities = {
            name: header
            for name, header in (("prob_benefit", "P(benefit)"), ("prob_important", "P(important)"))
            if self.table[name].notna().any()
        }
        header = ["analysis", "k", "pooled effect", "tau", "effect in new study"]
        header += [*probabilities.values(), "distance", "shift", "conclusion"]
        rows: list[list[str]] = []
        marked = []
        kind = "base"
        for row in shown.to_dict("records"):
            if row["kind"] != kind:
                kind = row["kind"]
                rows.append([HEADINGS.get(kind, kind)])
            changed = f"* {row['changed']}" if row["changed"] else ""
            if row["verdict"] != "ok":
                changed = f"{changed} convergence: {row['verdict']}".strip()
            if changed:
                marked.append(len(rows))
            rows.append(
                [
                    row["label"],
                    str(row["k"]),
                    *(_estimate(row, name, self.measure, self.size) for name in _LABELS),
                    *(format_probability(row[name]) for name in probabilities),
                    f"{row['hellinger']:.2f}",
                    format_number(row["shift"], 2),
                    changed,
                ]
            )
        return header, rows, marked

    @property
    def note(self) -> str:
        """What the columns hold."""
        measure = self.measure
        scale = ""
        if measure.scale.name != "identity":
            scale = f"; tau is of the {measure.analysis_label}"
        return (
            f"{measure.label[:1].upper()}{measure.label[1:]}: medians with "
            f"{interval_name(self.spec.interval)}s, "
            f"for a new study the {interval_name(self.spec.interval, prediction=True)}{scale}. "
            "distance: of the posterior of mu from that of the base analysis (Hellinger, 0 the "
            "same, 1 nothing in common); shift: of its median, in posterior sds."
        )


def _apart(table: pd.DataFrame) -> pd.Series:
    """Rows in which one prior at most differs from the base analysis, or that change something."""
    shown: pd.Series = ~_both(table) | (table["changed"] != "")
    return shown


def _both(table: pd.DataFrame) -> pd.Series:
    """Rows in which the priors of mu and tau both differ from those of the base analysis."""
    base = table.iloc[0]
    other_mu = table["mu_prior"] != base["mu_prior"]
    other_tau = table["tau_prior"] != base["tau_prior"]
    both: pd.Series = (table["kind"] == "prior") & other_mu & other_tau
    return both


def _power_scaling(found: pd.DataFrame) -> str:
    parts = [
        f"{row['name']} prior {row['prior']:.2f}, likelihood {row['likelihood']:.2f}"
        + (f" ({row['diagnosis']})" if row["diagnosis"] not in ("", "✓") else "")
        for row in found.to_dict("records")
    ]
    return f"power-scaling (sensitive above 0.05): {'; '.join(parts)}"


def _displayed(values: Floats, name: str, measure: Measure, size: float) -> Floats:
    """On the display scale, where they are effects."""
    if name == "tau":
        return values
    return measure.scale.to_display(values, np.full(values.shape, size))


def _estimate(row: dict[Hashable, Any], name: str, measure: Measure, size: float) -> str:
    values = np.array([row[f"{name}_{end}"] for end in ("median", "lower", "upper")])
    if np.isnan(values).all():
        return ""
    middle, lower, upper = _displayed(values, name, measure, size)
    places = decimals(lower, upper)
    if name != "tau":
        places = effect_decimals(lower, upper, measure)
    return f"{format_number(middle, places)} ({format_span(lower, upper, places)})"
