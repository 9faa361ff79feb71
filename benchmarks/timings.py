"""What a run gives: how long each tool took for each job."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["REFERENCE", "TOOLS", "Results", "Timing", "load", "save"]

TOOLS = {
    "numbers": "quadrature, from arrays to numbers",
    "numbers-moments": "quadrature, means and sds without intervals",
    "numbers-pooled": "quadrature, the same without the effects of the studies",
    "numbers-shortest": "quadrature, the same with shortest intervals",
    "quadrature": "quadrature, from the file to the table",
    "quadrature-files": "quadrature, and the files of a fit",
    "quadrature-first": "quadrature, first fit of a process",
    "nuts": "NUTS, from the file to the table",
    "nuts-first": "NUTS, first fit of a process",
    "r": "R bayesmeta",
    "r-shortest": "R bayesmeta, shortest intervals (its default)",
    "metafor": "R metafor, REML",
    "metafor-alone": "R metafor, REML, only `rma()`",
}
"""What is printed for each tool, in the order of the tables."""

REFERENCE = "r"
"""The tool that the ratios are to: R's bayesmeta, which computes what quadrature computes."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a job took.

    Attributes
    ----------
    job
        ``fit`` in a process that runs already, whole ``process``, or the batches ``priors`` and
        ``datasets``.
    analysis
        The name of the analysis; "" for the batches.
    tool
        One of `TOOLS`.
    seconds
        Median of the repeats of one fit; of all fits for the batches.
    measured
        How many repeats or, for the batches, how many fits were run.
    fits
        How many fits the seconds are for. Where it is more than were measured, the seconds are
        their mean times this.
    """

    job: str
    analysis: str
    tool: str
    seconds: float
    measured: int
    fits: int = 1


@dataclass(kw_only=True)
class Results:
    """Everything a run gives.

    Attributes
    ----------
    machine
        What it ran on, by what it is called in the report.
    timings
        All times.
    differences
        By analysis and tool: the largest difference of an interval's bound from the reference, in
        posterior standard deviations.
    notes
        What was left out, and why.
    """

    machine: dict[str, str] = field(default_factory=dict)
    timings: list[Timing] = field(default_factory=list)
    differences: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def find(self, job: str, analysis: str, tool: str) -> Timing | None:
        """The time of a tool for a job, if it was taken."""
        wanted = (job, analysis, tool)
        return next((t for t in self.timings if (t.job, t.analysis, t.tool) == wanted), None)

    def ratio(self, timing: Timing) -> float | None:
        """How many times as long the reference took for the same job."""
        reference = self.find(timing.job, timing.analysis, REFERENCE)
        return reference.seconds / timing.seconds if reference else None


def save(results: Results, path: Path) -> None:
    """Write results as JSON."""
    path.write_text(json.dumps(dataclasses.asdict(results), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """Read what `save` wrote."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return Results(**{**read, "timings": [Timing(**timing) for timing in read["timings"]]})
