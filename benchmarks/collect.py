"""Every measurement of a run, one after the other."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from analyses import ANALYSES, BATCHES, DATASET_MODEL, MANY_PRIORS, datasets, tau_priors
from processes import command_of, python_fits, r_script, r_versions, seconds_in_shell
from tables import BATCH_TITLES
from timings import REFERENCE, Results, Timing

import bayesmeta as bm

__all__ = ["FULL", "QUICK", "Effort", "collect"]

_KINDS = {"eti": "numbers", "none": "numbers-moments", "hdi": "numbers-shortest"}
"""Kinds of intervals, and the tools that they are called."""

Intervals = dict[str, list[float]]
"""Lower, upper and standard deviation by the name of the estimate."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How often each thing is measured.

    Attributes
    ----------
    quadrature, nuts, metafor
        Repeats of a fit, at least.
    r
        Repeats of a fit by R's bayesmeta, by number of studies: the time grows with its square.
    processes
        Repeats of a whole process; of R's bayesmeta as many as ``r``, at most.
    batch
        Fits of R's bayesmeta and of NUTS that stand for a batch.
    """

    quadrature: int
    nuts: int
    metafor: int
    r: Mapping[str, int]
    processes: int
    batch: int


FULL = Effort(
    quadrature=20,
    nuts=3,
    metafor=30,
    r={"eight-schools": 5, "oa-pain": 3, "writing-to-learn": 1},
    processes=3,
    batch=4,
)
QUICK = Effort(
    quadrature=5,
    nuts=2,
    metafor=10,
    r={"eight-schools": 2, "oa-pain": 1, "writing-to-learn": 0},
    processes=2,
    batch=2,
)


@dataclass(frozen=True, kw_only=True)
class Collector:
    """The results so far, how often to measure, and where files go between the tools."""

    effort: Effort
    folder: Path
    results: Results = field(default_factory=Results)

    def add(self, job: str, analysis: str, tool: str, seconds: Sequence[float]) -> None:
        """Keep the median of repeats of one fit."""
        self._keep(
            Timing(
                job=job,
                analysis=analysis,
                tool=tool,
                seconds=statistics.median(seconds),
                measured=len(seconds),
            )
        )

    def add_batch(
        self, job: str, tool: str, seconds: Sequence[float], *, measured: int, fits: int
    ) -> None:
        """Keep the time of a batch, from that of so many of its fits."""
        self._keep(
            Timing(
                job=job,
                analysis="",
                tool=tool,
                seconds=sum(seconds) * fits / measured,
                measured=measured,
                fits=fits,
            )
        )

    def studies(self, name: str) -> Path:
        """The file of effects and standard errors that the R scripts read."""
        path = self.folder / f"{name}.csv"
        case = ANALYSES[name]
        table = bm.check(case.source, **case.model.options).table
        table[["effect", "std_error"]].to_dataframe().to_csv(path)
        return path

    def _keep(self, timing: Timing) -> None:
        self.results.timings.append(timing)
        print(
            f"{timing.job:9} {timing.analysis:17} {timing.tool:17} {timing.seconds:12.6g} s",
            file=sys.stderr,
        )


def collect(effort: Effort, folder: Path) -> Results:
    """Measure everything; what is absent is left out and noted.

    Parameters
    ----------
    effort
        How often.
    folder
        For files that go between the tools.
    """
    collector = Collector(effort=effort, folder=folder)
    packages = _r_packages(collector.results)
    for name in ANALYSES:
        intervals = _fits_of_python(collector, name)
        if "bayesmeta" in packages:
            intervals |= _fits_of_bayesmeta(collector, name)
        if "metafor" in packages:
            _fits_of_metafor(collector, name)
        collector.results.differences[name] = _differences(intervals)
    _batches_of_python(collector)
    if "bayesmeta" in packages:
        _batches_of_bayesmeta(collector)
    if "metafor" in packages:
        _batches_of_metafor(collector)
    return collector.results


def _r_packages(results: Results) -> set[str]:
    """The R packages that are there; notes say which are not."""
    present = set()
    for package in ("bayesmeta", "metafor"):
        try:
            versions = r_versions(package)
        except RuntimeError as problem:
            results.notes.append(f"R's {package} was not measured: {problem}.")
            print(results.notes[-1], file=sys.stderr)
            continue
        results.machine["R"] = versions.pop("R")
        results.machine[f"R {package}"] = versions[package]
        present.add(package)
    return present


def _fits_of_python(collector: Collector, name: str) -> dict[str, Intervals]:
    """Quadrature and NUTS; gives their intervals."""
    effort, case = collector.effort, ANALYSES[name]
    intervals = {}
    for kind, tool in _KINDS.items():
        output = python_fits("numbers", name, kind, effort.quadrature)
        collector.add("fit", name, tool, output["seconds"])
    for engine, repeats in (("quadrature", effort.quadrature), ("nuts", effort.nuts)):
        python_fits("fit", name, engine, 1)  # fills the caches of compiled code
        output = python_fits("fit", name, engine, repeats)
        collector.add("fit", name, engine, output["seconds"])
        collector.add("fit", name, f"{engine}-first", [output["first"]])
        intervals[engine] = output["intervals"]
        priors = [
            f"--prior={parameter}={case.model.options[parameter]}" for parameter in ("mu", "tau")
        ]
        command = [
            str(Path(sys.executable).with_name("bayesmeta")),
            *("fit", str(case.source), "--measure", case.model.measure, *priors),
            *("--engine", engine),
        ]
        table = [*command, "--no-files"]
        collector.add("process", name, engine, seconds_in_shell(table, effort.processes))
        if engine == "quadrature":
            files = [*command, "--out", str(collector.folder)]
            seconds = seconds_in_shell(files, effort.processes)
            collector.add("process", name, "quadrature-files", seconds)
    return intervals


def _fits_of_bayesmeta(collector: Collector, name: str) -> dict[str, Intervals]:
    """R's bayesmeta with central intervals as ours are, and with its default; its intervals."""
    repeats = collector.effort.r[name]
    if not repeats:
        case = ANALYSES[name]
        collector.results.notes.append(
            f"R's bayesmeta was left out for {case.title} ({case.k} studies), to be quick."
        )
        return {}
    case = ANALYSES[name]
    arguments = (collector.studies(name), case.model.mu_sd, case.model.tau_scale)
    central = r_script("bayesmeta", "fit", *arguments, "central", repeats)
    collector.add("fit", name, "r", central.numbers["seconds"])
    shortest = r_script("bayesmeta", "fit", *arguments, "shortest", repeats)
    collector.add("fit", name, "r-shortest", shortest.numbers["seconds"])
    command = command_of("bayesmeta", "print", *arguments)
    processes = seconds_in_shell(command, min(repeats, collector.effort.processes))
    collector.add("process", name, "r", processes)
    return {"r": central.intervals}


def _fits_of_metafor(collector: Collector, name: str) -> None:
    """R's metafor, which fits another model: no intervals to compare."""
    studies = collector.studies(name)
    output = r_script("metafor", "fit", studies, collector.effort.metafor)
    collector.add("fit", name, "metafor", output.numbers["seconds"])
    collector.add("fit", name, "metafor-alone", output.numbers["alone"])
    processes = seconds_in_shell(
        command_of("metafor", "print", studies), collector.effort.processes
    )
    collector.add("process", name, "metafor", processes)


def _batches_of_python(collector: Collector) -> None:
    sample = collector.effort.batch
    for job, fits in BATCHES.items():
        output = python_fits(job, "quadrature", fits)
        collector.add_batch(job, "numbers", output["seconds"], measured=fits, fits=fits)
        busy = output["processor_seconds"] / output["seconds"][0]
        collector.results.notes.append(
            f"Quadrature kept {busy:.1f} processors busy in the batch of {BATCH_TITLES[job]}."
        )
        output = python_fits(job, "pooled", fits)
        collector.add_batch(job, "numbers-pooled", output["seconds"], measured=fits, fits=fits)
        output = python_fits(job, "nuts", sample)
        collector.add_batch(job, "nuts", output["seconds"], measured=sample, fits=fits)


def _batches_of_bayesmeta(collector: Collector) -> None:
    """A few fits stand for the batch, which would take hours."""
    sample = collector.effort.batch
    case = ANALYSES[MANY_PRIORS]
    priors = _written(tau_priors(sample), collector.folder / "priors.csv")
    studies = collector.studies(MANY_PRIORS)
    output = r_script("bayesmeta", "priors", studies, case.model.mu_sd, priors)
    seconds = output.numbers["seconds"]
    collector.add_batch("priors", "r", seconds, measured=sample, fits=BATCHES["priors"])
    frame = _written(datasets(sample), collector.folder / "datasets.csv")
    output = r_script("bayesmeta", "datasets", frame, DATASET_MODEL.mu_sd, DATASET_MODEL.tau_scale)
    seconds = output.numbers["seconds"]
    collector.add_batch("datasets", "r", seconds, measured=sample, fits=BATCHES["datasets"])


def _batches_of_metafor(collector: Collector) -> None:
    """Data sets alone: there is no prior."""
    sample = 10 * collector.effort.metafor
    frame = _written(datasets(sample), collector.folder / "datasets.csv")
    numbers = r_script("metafor", "datasets", frame).numbers
    fits = BATCHES["datasets"]
    for word, tool in (("seconds", "metafor"), ("alone", "metafor-alone")):
        seconds = numbers[word] + numbers.get(f"{word}-failed", [])
        collector.add_batch("datasets", tool, seconds, measured=sample, fits=fits)
    failed = len(numbers.get("seconds-failed", []))
    if failed:
        collector.results.notes.append(
            f"R's metafor did not converge in {failed} of {sample:,} simulated data sets."
        )


def _written(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path


def _differences(intervals: Mapping[str, Intervals]) -> dict[str, float]:
    """Largest difference of a bound from that of the reference, in its standard deviations."""
    reference = intervals.get(REFERENCE, {})
    differences = {}
    for tool in intervals.keys() - {REFERENCE}:
        if reference:
            differences[tool] = max(
                abs(ours - theirs) / sd
                for name, (*bounds, sd) in reference.items()
                for ours, theirs in zip(intervals[tool][name], bounds, strict=False)
            )
    return differences
