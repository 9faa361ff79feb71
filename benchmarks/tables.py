"""Results as Markdown."""

from analyses import ANALYSES, BATCHES, DATASET_K, MANY_PRIORS
from timings import REFERENCE, TOOLS, Results, Timing

__all__ = ["BATCH_TITLES", "in_words", "to_markdown"]

BATCH_TITLES = {
    "priors": f"{BATCHES['priors']:,} priors of tau, {ANALYSES[MANY_PRIORS].k} studies",
    "datasets": f"{BATCHES['datasets']:,} data sets of {DATASET_K} studies",
}
"""What each batch is called."""

_UNITS = ((86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def to_markdown(results: Results, *, plot: str) -> str:
    """The page of results.

    Parameters
    ----------
    results
        What a run gave.
    plot
        The file of the plot, relative to the page.
    """
    parts = [
        "# How long a fit takes",
        "Written by `benchmarks/run.py`; `benchmarks/README.md` says what is measured. "
        "All times are of one run on one machine:",
        "\n".join(f"- {name}: {value}" for name, value in results.machine.items()),
        "\n\n".join(results.notes),
        f"![Seconds of each tool, on a logarithmic scale]({plot})",
        f"× is how many times as long {TOOLS[REFERENCE]} took for the same in this run; below 1 "
        "it was faster. R's bayesmeta cannot leave out the intervals or the effects of the "
        "studies; the other rows give these too, but for `rma()` alone, which gives only mu.",
        "## One fit in a process that runs already",
        "Median of repeats.",
        _by_analysis(results, "fit"),
        "## A whole process, from the shell to the printed table",
        "Median of repeats. From `models/oa-pain.toml` bayesmeta computes the effects too; R reads "
        "effects and standard errors. The files are the fit, its summary and a forest plot.",
        _by_analysis(results, "process"),
        "## Many fits",
        "Means, standard deviations and 95 % intervals of mu, tau, a new study and, where not said "
        "otherwise, all studies.",
        _batches(results),
        "## Same answers",
        "Largest difference of a bound of a 95 % interval of mu, tau, a new study or any study "
        f"from that of {TOOLS[REFERENCE]}, in posterior standard deviations. NUTS has Monte Carlo "
        "error; R's bayesmeta sums over a grid of tau whose coarseness is an argument (delta, here "
        "its default). metafor fits another model and is not compared.",
        _differences(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def in_words(seconds: float) -> str:
    """A time in three digits with its unit, as 2.34 ms."""
    rounded = float(f"{seconds:.3g}")
    size, unit = next((pair for pair in _UNITS if rounded >= pair[0]), _UNITS[-1])
    return f"{float(f'{rounded / size:.3g}'):g} {unit}"


def in_times(ratio: float | None) -> str:
    """A ratio, as 1,200×."""
    if ratio is None:
        return "–"
    return f"{float(f'{ratio:.2g}'):,.10g}×"


def _cells(results: Results, timing: Timing | None) -> list[str]:
    if timing is None:
        return ["–", "–"]
    return [in_words(timing.seconds), in_times(results.ratio(timing))]


def _by_analysis(results: Results, job: str) -> str:
    """Rows are tools, columns the analyses."""
    rows = []
    for tool, label in TOOLS.items():
        timings = [results.find(job, name, tool) for name in ANALYSES]
        if any(timings):
            rows.append([label, *(cell for one in timings for cell in _cells(results, one))])
    heads = [f"{case.title}, k = {case.k}" for case in ANALYSES.values()]
    return _table(["tool", *(head for title in heads for head in (title, "×"))], rows)


def _batches(results: Results) -> str:
    """Rows are tools, columns the batches; says how many fits a time is computed from."""
    rows = []
    for tool, label in TOOLS.items():
        timings = [results.find(job, "", tool) for job in BATCH_TITLES]
        if any(timings):
            rows.append([label, *(cell for one in timings for cell in _batch_cells(results, one))])
    heads = [head for title in BATCH_TITLES.values() for head in (title, "×", "fits measured")]
    return _table(["tool", *heads], rows)


def _batch_cells(results: Results, timing: Timing | None) -> list[str]:
    if timing is None:
        return ["–", "–", "–"]
    measured = "all" if timing.measured == timing.fits else f"{timing.measured:,}, scaled"
    return [*_cells(results, timing), measured]


def _differences(results: Results) -> str:
    tools = sorted({tool for row in results.differences.values() for tool in row})
    rows = [
        [
            f"{case.title}, k = {case.k}",
            *(
                f"{results.differences[name][tool]:.1g}"
                if tool in results.differences[name]
                else "–"
                for tool in tools
            ),
        ]
        for name, case in ANALYSES.items()
    ]
    return _table(["analysis", *(TOOLS[tool] for tool in tools)], rows) if tools else ""


def _table(heads: list[str], rows: list[list[str]]) -> str:
    rules = ["---", *["--:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rules, *rows))
