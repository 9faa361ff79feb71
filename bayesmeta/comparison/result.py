"""A comparison of methods, and how it is shown and kept."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.comparison.rows import Row, tidy
from bayesmeta.comparison.text import displayed, estimate_text, prediction_text, row_cells, tau_text
from bayesmeta.comparison.writing import heading, write_both
from bayesmeta.measures import Measure, find_measure
from bayesmeta.results.export import plain_value
from bayesmeta.results.numbers import format_number, format_probability
from bayesmeta.results.tables import remarks
from bayesmeta.spec import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Comparison"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One outcome by several methods.

    Attributes
    ----------
    spec : Spec
        The analysis.
    rows : tuple of Row
        The published result where there is one, RevMan's fixed and random effects, restricted
        maximum likelihood, the Bayesian fits.
    sentences : tuple of str
        Whether the published result is reproduced, and why the others differ.
    warnings : tuple of str
        What the reader must know of the Bayesian fit and its data.
    priors : mapping of str to mapping
        Of each parameter its ``expression`` and ``source``.
    excluded, corrections : tuple of mapping
        Studies left out, and those to whose cells something was added.
    reproduced : str or None
        The method that reproduces the published result; None where none does, or none is given.
    verdict : {"ok", "warn", "fail"}
        Whether the Bayesian fits may be trusted.
    k : int
        Studies of the Bayesian fits.
    size : float
        Participants of a typical study, for the Freeman-Tukey transformation.
    """

    spec: Spec
    rows: tuple[Row, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    priors: Mapping[str, Mapping[str, str]]
    excluded: tuple[Mapping[str, str], ...]
    corrections: tuple[Mapping[str, str], ...]
    reproduced: str | None
    verdict: str
    k: int
    size: float

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return find_measure(self.spec.effect.measure)

    @property
    def table(self) -> pd.DataFrame:
        """One row a method, with the attributes of `Row`: on the analysis scale."""
        return pd.DataFrame([asdict(row) for row in self.rows])

    @property
    def estimates(self) -> pd.DataFrame:
        """One row an estimate and method, in the shape of `Fit.summary` (see `tidy`)."""
        return tidy(self.rows, self.measure, self.size)

    def plot(self, *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
        """The methods, one under the other: see `bayesmeta.plots.comparison.comparison_plot`."""
        from bayesmeta.plots.comparison import NEW_STUDY, comparison_plot  # for cost

        measure, size = self.measure, self.size
        effect = f"{measure.code} ({100 * self.spec.interval.prob:g} % interval)"
        return comparison_plot(
            self.rows,
            cells=[
                {
                    effect: estimate_text(row, measure, size),
                    NEW_STUDY: prediction_text(row, measure, size),
                    "tau": tau_text(row, interval=False),
                    "I² %": format_number(100 * row.i2, 0),
                }
                for row in self.rows
            ],
            measure=measure,
            title=self.spec.title if title else "",
            size=size,
            ax=ax,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            **heading(self.spec),
            "k": self.k,
            "reproduced_by": self.reproduced,
            "methods": [
                {name: plain_value(value) for name, value in asdict(row).items()}
                | {"display": self._shown(row)}
                for row in self.rows
            ],
            "explanations": list(self.sentences),
            "priors": {name: dict(prior) for name, prior in self.priors.items()},
            "excluded": [dict(item) for item in self.excluded],
            "corrections": [dict(item) for item in self.corrections],
            "warnings": list(self.warnings),
            "verdict": self.verdict,
        }

    def save(self, folder: Path, name: str) -> list[Path]:
        """Write ``name-comparison.csv`` and ``.json``, each whole or not at all."""
        return write_both(folder, f"{name}-comparison", self.estimates, self.to_dict())

    def to_text(self) -> RenderableType:
        """For a terminal."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("method", overflow="fold")
        level = f"{100 * self.spec.interval.prob:g} %"
        headers = [f"{self.measure.label} ({level} interval)", "tau", "I² %", "prediction interval"]
        chances = [name for name in ("prob_benefit", "prob_important") if self._known(name)]
        headers += [{"prob_benefit": "P(benefit)"}.get(name, "P(important)") for name in chances]
        for header in headers:
            table.add_column(header, justify="right", no_wrap=True)
        for row in self.rows:
            cells = row_cells(row, self.measure, self.size)
            cells += [format_probability(getattr(row, name)) for name in chances]
            style = "bold" if row.kind == "bayesian" else ""
            table.add_row(Text(row.label), *cells, style=style)
        return Group(
            Text(self.spec.title, style="bold"),
            table,
            Text(self.note),
            *(Text(f"• {sentence}") for sentence in self.sentences),
            *remarks(self.priors, self.excluded, self.corrections, self.warnings),
        )

    @property
    def note(self) -> str:
        """What the columns hold."""
        scale = self.measure
        tau = "" if scale.scale.name == "identity" else f" tau is of the {scale.analysis_label}."
        if self.spec.engine.name == "nuts":
            tau += (
                " The Bayesian rows are sampled, their last digit has Monte Carlo error; with the "
                "engine quadrature it has none."
            )
        return (
            "Intervals of the Bayesian rows are credible, those of the others confidence "
            "intervals (REML with HKSJ: t with k − 1 degrees of freedom); the estimate of the "
            "Bayesian rows is the posterior median. The prediction interval of REML is t with "
            f"k − 1 degrees of freedom (Cochrane Handbook 10.10.4).{tau}"
        )

    def _known(self, name: str) -> bool:
        return any(not math.isnan(getattr(row, name)) for row in self.rows)

    def _shown(self, row: Row) -> dict[str, Any]:
        """Estimate and intervals on the display scale."""
        names = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")
        shown = displayed([getattr(row, name) for name in names], self.measure, self.size)
        return {name: plain_value(value) for name, value in zip(names, shown, strict=True)}
