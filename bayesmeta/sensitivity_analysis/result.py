"""What a sensitivity analysis found, and how it is shown and kept."""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta import __version__
from bayesmeta.densities.search import Floats
from bayesmeta.files import write_whole
from bayesmeta.measures import Measure, find_measure
from bayesmeta.results import worst
from bayesmeta.results.export import plain_value
from bayesmeta.results.numbers import (
    decimals,
    effect_decimals,
    format_number,
    format_probability,
    interval_name,
)
from bayesmeta.sensitivity_analysis.tipping import TippingPoint
from bayesmeta.sensitivity_analysis.variations import HEADINGS
from bayesmeta.spec import Spec

if TYPE_CHECKING:
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

    def plot(self, *, title: bool = True) -> "Figure":
        """All fits against the base one; the title of the analysis above where it is wanted."""
        from bayesmeta.plots.sensitivity import sensitivity_plot  # for cost

        return sensitivity_plot(
            self.table,
            measure=self.measure,
            interval_label=interval_name(self.spec.interval),
            title=self.spec.title if title else "",
            size=self.size,
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
            write_whole(path, partial(Path.write_text, data=content, encoding="utf-8"))
            for path, content in zip(paths, (rows, text), strict=True)
        ]

    def to_text(self, *, every: bool = False) -> RenderableType:
        """For a terminal.

        Parameters
        ----------
        every
            Show all pairs of priors, not only those in which one is changed, or that change the
            conclusion.
        """
        changed = int((self.table["changed"] != "").sum())
        others = len(self.table) - 1
        if changed:
            summary = f"The conclusion changes in {changed} of {others} other analyses (marked *)."
        else:
            summary = f"The conclusion is the same in all {others} other analyses."
        notes = [Text(_note(self.spec, self.measure)), Text(summary, style="bold")]
        notes += [Text(line) for line in self._ranges()]
        notes += [Text(f"tipping point: {point.sentence()}") for point in self.tipping]
        if self.power_scaling is not None:
            notes.append(Text(_power_scaling(self.power_scaling)))
        notes += [Text(f"left out: {label}: {reason}") for label, reason in self.left_out]
        shown = self.table if every else self.table[_apart(self.table)]
        hidden = len(self.table) - len(shown)
        if hidden:
            notes.insert(
                2, Text(f"{hidden} more pairs of priors, which change nothing, are not shown.")
            )
        return Group(Text(self.spec.title, style="bold"), self._rows(shown), *notes)

    def _ranges(self) -> list[str]:
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

    def _rows(self, shown: pd.DataFrame) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        probabilities = {
            name: header
            for name, header in (("prob_benefit", "P(benefit)"), ("prob_important", "P(important)"))
            if self.table[name].notna().any()
        }
        table.add_column("analysis", overflow="fold")
        headers = ["k", "pooled effect", "tau", "effect in new study", *probabilities.values()]
        for header in (*headers, "distance", "shift"):
            table.add_column(header, justify="right", no_wrap=True)
        table.add_column("conclusion")
        kind = "base"
        for row in shown.to_dict("records"):
            if row["kind"] != kind:
                kind = row["kind"]
                table.add_row(Text(HEADINGS.get(kind, kind), style="bold"))
            cells = [str(row["k"])]
            cells += [_estimate(row, name, self.measure, self.size) for name in _LABELS]
            cells += [format_probability(row[name]) for name in probabilities]
            cells += [f"{row['hellinger']:.2f}", format_number(row["shift"], 2)]
            changed = f"* {row['changed']}" if row["changed"] else ""
            if row["verdict"] != "ok":
                changed = f"{changed} convergence: {row['verdict']}".strip()
            style = "yellow" if changed else ""
            table.add_row(Text(row["label"]), *cells, Text(changed), style=style)
        return table


def _apart(table: pd.DataFrame) -> pd.Series:
    """Rows in which one prior at most differs from the base analysis, or that change something."""
    base = table.iloc[0]
    other_mu = table["mu_prior"] != base["mu_prior"]
    other_tau = table["tau_prior"] != base["tau_prior"]
    both = (table["kind"] == "prior") & other_mu & other_tau
    shown: pd.Series = ~both | (table["changed"] != "")
    return shown


def _power_scaling(found: pd.DataFrame) -> str:
    parts = [
        f"{row['name']} prior {row['prior']:.2f}, likelihood {row['likelihood']:.2f}"
        + (f" ({row['diagnosis']})" if row["diagnosis"] not in ("", "✓") else "")
        for row in found.to_dict("records")
    ]
    return f"power-scaling (sensitive above 0.05): {'; '.join(parts)}"


def _note(spec: Spec, measure: Measure) -> str:
    scale = "" if measure.scale.name == "identity" else f"; tau is of the {measure.analysis_label}"
    return (
        f"{measure.label[:1].upper()}{measure.label[1:]}: medians with "
        f"{interval_name(spec.interval)}s, "
        f"for a new study the {interval_name(spec.interval, prediction=True)}{scale}. "
        "distance: of the posterior of mu from that of the base analysis (Hellinger, 0 the same, 1 "
        "nothing in common); shift: of its median, in posterior sds."
    )


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
    return (
        f"{format_number(middle, places)} ({format_number(lower, places)} to "
        f"{format_number(upper, places)})"
    )
