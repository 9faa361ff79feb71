"""A comparison of structures: their scores, how these are shown, and how they are kept."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.comparison.leave_one_out import LeaveOneOut
from bayesmeta.comparison.text import span_text
from bayesmeta.comparison.writing import heading, write_both
from bayesmeta.measures import Measure, find_measure
from bayesmeta.measures.base import Floats
from bayesmeta.results import worst
from bayesmeta.results.export import plain_value
from bayesmeta.results.numbers import decimals, format_number, format_probability, format_span
from bayesmeta.results.summary import DIFFERENCES
from bayesmeta.results.tables import remarks
from bayesmeta.spec import Spec

__all__ = ["StructureRow", "Structures"]

_NAN = float("nan")
_EFFECTS = ("mu", "mu_overall", *DIFFERENCES)
_NOTES = (
    "elpd: the sum over the units of the log density of the data of each, predicted from all the "
    "others with its true effects integrated out; by the ratio of evidences where it says exact, "
    "else by Pareto-smoothed importance sampling. Differences are from the best.",
    "With few studies a difference within two of its standard errors, which are themselves rough, "
    "says little, and none of this is a test. Weights are those of the best mixture of "
    "predictions, not probabilities of the structures.",
    "Probabilities are under equal prior odds and among the structures with an evidence. Unlike "
    "elpd, evidence depends on how wide the priors are.",
)


@dataclass(frozen=True, kw_only=True)
class StructureRow:
    """One structure.

    Attributes
    ----------
    names : tuple of str
        By which it is chosen.
    label : str
        The structure in words.
    own : bool
        Whether it is that of the spec.
    engine : str
        That fitted it; "" where none could.
    loo : LeaveOneOut or None
    log_evidence : float or None
        None where it is not known, or a prior is improper.
    estimates : tuple of mapping
        The rows of `Fit.estimates` of means, coefficients and deviations.
    verdict : {"ok", "warn", "fail"}
    warnings : tuple of str
    reason : str
        Why it was not fitted, or has no elpd; "" where it has.
    """

    names: tuple[str, ...]
    label: str
    own: bool
    engine: str = ""
    loo: LeaveOneOut | None = None
    log_evidence: float | None = None
    estimates: tuple[Mapping[str, Any], ...] = ()
    verdict: str = "ok"
    warnings: tuple[str, ...] = ()
    reason: str = ""

    def estimate(self, *names: str) -> Mapping[str, Any]:
        """The first estimate of these names that holds for all studies; empty where none does."""
        for name in names:
            for row in self.estimates:
                if row["name"] == name and not row["subgroup"]:
                    return row
        return {}


@dataclass(frozen=True, kw_only=True)
class Structures:
    """The structures of one analysis, compared.

    Attributes
    ----------
    spec : Spec
        The analysis.
    units : tuple of str
        What is left out in turn: studies, or rows that belong together.
    rows : tuple of StructureRow
        That of the spec first.
    priors : mapping of str to mapping
        Of each parameter of any of them its ``expression`` and ``source``.
    excluded, corrections : tuple of mapping
        Studies left out, and those to whose cells something was added.
    size : float
        Participants of a typical study, for the Freeman-Tukey transformation.
    """

    spec: Spec
    units: tuple[str, ...]
    rows: tuple[StructureRow, ...]
    priors: Mapping[str, Mapping[str, str]]
    excluded: tuple[Mapping[str, str], ...]
    corrections: tuple[Mapping[str, str], ...]
    size: float

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return find_measure(self.spec.effect.measure)

    @property
    def verdict(self) -> str:
        """Whether the fits may be trusted."""
        return worst(row.verdict for row in self.rows)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know; with the structures that it is of, where not of all fits."""
        fitted = [row for row in self.rows if row.engine]
        found: dict[str, list[str]] = {}
        for row in fitted:
            for warning in dict.fromkeys(row.warnings):
                found.setdefault(warning, []).append(row.label)
        return tuple(
            text if len(of) == len(fitted) else f"{'; '.join(of)}: {text}"
            for text, of in found.items()
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a structure, on the analysis scale; NaN for what is not known.

        Standard errors are ``sqrt(n)`` times the standard deviation over the n units (Vehtari,
        Gelman & Gabry 2017, Stat Comput 27:1413); weights are those of stacking (Yao, Vehtari,
        Simpson & Gelman 2018, Bayesian Analysis 13:917).
        """
        records = [_record(row, len(self.units)) for row in self.rows]
        scores = _compared({i: row.loo for i, row in enumerate(self.rows) if row.loo is not None})
        table = pd.DataFrame(records).join(scores.reindex(range(len(records))))
        known = table["log_evidence"].notna()
        log = table.loc[known, "log_evidence"].to_numpy(float)
        share = np.exp(log - np.logaddexp.reduce(log))
        table["probability"] = pd.Series(share, index=table.index[known], dtype=float)
        return table

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        table = self.table.to_dict("records")
        return {
            **heading(self.spec),
            "units": list(self.units),
            "structures": [
                {str(name): plain_value(value) for name, value in record.items()}
                | {
                    "names": list(row.names),
                    "pointwise": _values(None if row.loo is None else row.loo.pointwise),
                    "pareto_k": _values(None if row.loo is None else row.loo.pareto_k),
                    "estimates": [
                        {key: plain_value(value) for key, value in each.items()}
                        for each in row.estimates
                    ],
                    "warnings": list(row.warnings),
                }
                for record, row in zip(table, self.rows, strict=True)
            ],
            "notes": list(_NOTES),
            "priors": {name: dict(prior) for name, prior in self.priors.items()},
            "excluded": [dict(item) for item in self.excluded],
            "corrections": [dict(item) for item in self.corrections],
            "warnings": list(self.warnings),
            "verdict": self.verdict,
        }

    def save(self, folder: Path, name: str) -> list[Path]:
        """Write ``name-structures.csv`` and ``.json``, each whole or not at all."""
        return write_both(folder, f"{name}-structures", self.table, self.to_dict())

    def to_text(self) -> RenderableType:
        """For a terminal."""
        return Group(
            Text(self.spec.title, style="bold"),
            self._scores(),
            Text(""),
            self._moves(),
            *(Text(f"not compared: {row.label}: {row.reason}") for row in self.rows if row.reason),
            *(Text(note) for note in _NOTES),
            *remarks(self.priors, self.excluded, self.corrections, self.warnings),
        )

    def _scores(self) -> Table:
        table = _empty("structure (* that of the spec)")
        for header in ("k", "elpd (SE)", "difference (SE)", "p_loo", "Pareto k", "weight"):
            table.add_column(header, justify="right", no_wrap=True)
        table.add_column("log evidence", justify="right")
        table.add_column("probability", justify="right")
        for (_, row), each in zip(self.table.iterrows(), self.rows, strict=True):
            known, best = each.loo is not None, row["elpd_diff"] == 0
            high = f", {row['high_k']:g} high" if row["high_k"] > 0 else ""
            elpd, apart = (
                f"{format_number(row[value], 2)} ({format_number(row[error], 2)})" * known
                for value, error in (("elpd", "se"), ("elpd_diff", "dse"))
            )
            table.add_row(
                Text(f"{'* ' if each.own else ''}{each.label}"),
                str(row["k"]),
                elpd,
                "best" if best else apart,
                format_number(row["p_loo"], 1),
                "exact" if row["loo"] == "exact" else format_number(row["pareto_k"], 2) + high,
                format_number(row["weight"], 2),
                format_number(row["log_evidence"], 2),
                format_probability(row["probability"]),
                style="bold" if each.own else "",
            )
        return table

    def _moves(self) -> Table:
        """What the structures say: effects, and standard deviations beside them."""
        table = _empty("structure")
        level = f"({100 * self.spec.interval.prob:g} % interval)"
        table.add_column("effects")
        table.add_column(f"{self.measure.label} {level}", justify="right")
        table.add_column("deviations")
        table.add_column(level, justify="right")
        for each in self.rows:
            texts = [(row["name"] in _EFFECTS, self._cells(row)) for row in each.estimates]
            sides = [[cells for effect, cells in texts if effect is side] for side in (True, False)]
            lines = zip_longest(*sides, fillvalue=("", ""))
            for place, (effect, deviation) in enumerate(lines):
                name = f"{'* ' if each.own else ''}{each.label}" if place == 0 else ""
                cells = [Text(cell) for cell in (name, *effect, *deviation)]
                table.add_row(*cells, style="bold" if each.own else "")
        return table

    def _cells(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """What an estimate is of, and its median and interval."""
        ends = (row["median"], row["lower"], row["upper"])
        of = " ".join(filter(None, (row["name"], row["subgroup"], row["term"])))
        if row["name"] in ("mu", "mu_overall"):
            return of, span_text(ends, self.measure, self.size)
        places = decimals(row["lower"], row["upper"])
        return of, f"{format_number(ends[0], places)} ({format_span(*ends[1:], places)})"


def _empty(first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    return table


def _values(values: Floats | None) -> list[Any] | None:
    return None if values is None else [plain_value(value) for value in values]


def _record(row: StructureRow, units: int) -> dict[str, Any]:
    """What is known of a structure without the others."""
    loo, pareto_k = row.loo, None if row.loo is None else row.loo.pareto_k
    means, tau = row.estimate("mu", "mu_overall"), row.estimate("tau")
    ends = ("median", "lower", "upper")
    return {
        "structure": row.label,
        "own": row.own,
        "k": units,
        "engine": row.engine or None,
        "loo": None if loo is None else loo.method,
        "elpd": _NAN if loo is None else loo.pointwise.sum(),
        "se": _NAN if loo is None else math.sqrt(units) * loo.pointwise.std(),
        "p_loo": _NAN if loo is None else loo.p_loo,
        "pareto_k": _NAN if pareto_k is None else pareto_k.max(),
        "high_k": _NAN if pareto_k is None or loo is None else loo.high.size,
        "good_k": _NAN if loo is None else loo.good_k,
        "log_evidence": _NAN if row.log_evidence is None else row.log_evidence,
        **{f"mu_{end}": means.get(end, _NAN) for end in ends},
        **{f"tau_{end}": tau.get(end, _NAN) for end in ends},
        "verdict": row.verdict,
        "reason": row.reason,
    }


def _compared(found: Mapping[int, LeaveOneOut]) -> pd.DataFrame:
    """Differences from the best, their standard errors and the weights, by place, as ArviZ does."""
    columns = ["elpd_diff", "dse", "weight"]
    if not found:
        return pd.DataFrame(columns=columns, dtype=float)
    import arviz_stats as azs
    from arviz_stats.utils import ELPDDataLOO

    highest = np.max([loo.pointwise for loo in found.values()], axis=0)
    given = {
        str(place): ELPDDataLOO(
            elpd=float((loo.pointwise - highest).sum()),  # so that no density underflows
            se=float(math.sqrt(highest.size) * loo.pointwise.std()),
            p=loo.p_loo,
            n_samples=1,
            n_data_points=highest.size,
            scale="log",
            warning=False,
            good_k=loo.good_k,
            elpd_i=xr.DataArray(loo.pointwise - highest, dims="unit"),
            pareto_k=xr.DataArray(np.zeros(highest.size), dims="unit"),
        )
        for place, loo in found.items()
    }
    with warnings.catch_warnings(action="ignore"):  # that the differences may be due to chance
        table: pd.DataFrame = azs.compare(given, round_to="none")[columns].astype(float)
    table.index = pd.Index([int(place) for place in table.index])
    return table
