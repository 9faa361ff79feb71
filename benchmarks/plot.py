"""Results as a plot: one line a tool, one dot a time, on a logarithmic scale."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from analyses import ANALYSES
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tables import BATCH_TITLES, in_words
from timings import TOOLS, Results, Timing

from bayesmeta.plots.style import COLOURS, RC, save_figure

__all__ = ["draw"]

_TITLES = {
    "One fit in a process that runs already": "fit",
    "A whole process, from the shell to the printed table": "process",
}
_BATCHES_TITLE = "Many fits (hollow: a few were measured)"

_TICKS = {
    1e-4: "0.1 ms",
    1e-3: "1 ms",
    1e-2: "10 ms",
    1e-1: "0.1 s",
    1: "1 s",
    10: "10 s",
    60: "1 min",
    600: "10 min",
    3600: "1 h",
    36000: "10 h",
}

_COLOURS = {"quadrature": COLOURS["model"], "NUTS": COLOURS["prediction"], "R": COLOURS["data"]}
"""By the first word of the tool."""

_MARKERS = ("o", "s", "D")
_WIDTH, _ROW, _PANEL = 9, 0.22, 0.55
"""Inches: of the figure, of a tool, of what is around the tools of a panel."""

Row = tuple[str, list[Timing | None]]
"""What a tool is called, and its times."""


def draw(results: Results, path: Path) -> None:
    """Draw a panel a job and save the figure."""
    studies = [f"k = {case.k}" for case in ANALYSES.values()]
    panels = [
        (title, studies, _rows(results, [(job, name) for name in ANALYSES]))
        for title, job in _TITLES.items()
    ]
    batches = _rows(results, [(job, "") for job in BATCH_TITLES])
    panels.append((_BATCHES_TITLE, list(BATCH_TITLES.values()), batches))
    panels = [panel for panel in panels if panel[2]]
    heights = [len(rows) + 0.2 for _, _, rows in panels]
    with mpl.rc_context(RC):
        figure = Figure(
            figsize=(_WIDTH, _PANEL * len(panels) + _ROW * sum(heights)), layout="constrained"
        )
        axes = figure.subplots(
            len(panels), 1, squeeze=False, sharex=True, height_ratios=heights
        ).ravel()
        for axis, (title, series, rows) in zip(axes, panels, strict=True):
            _panel(axis, title, series, rows)
        _scale(axes[-1], [one.seconds for one in results.timings])
    save_figure(figure, path)


def _rows(results: Results, places: Sequence[tuple[str, str]]) -> list[Row]:
    """The times of each tool for some jobs and analyses, without tools that have none."""
    rows = [
        (label, [results.find(job, name, tool) for job, name in places])
        for tool, label in TOOLS.items()
    ]
    return [row for row in rows if any(row[1])]


def _panel(axis: Axes, title: str, series: Sequence[str], rows: Sequence[Row]) -> None:
    """One job: a row a tool, a marker an analysis or batch; hollow where it was scaled up."""
    for height, (label, timings) in enumerate(rows):
        colour = _COLOURS[label.replace(",", "").split()[0]]
        there = [(marker, one) for marker, one in zip(_MARKERS, timings, strict=False) if one]
        seconds = [one.seconds for _, one in there]
        axis.plot([min(seconds), max(seconds)], [height] * 2, color=colour, linewidth=0.8)
        for marker, one in there:
            scaled = one.fits > one.measured
            axis.plot(
                one.seconds,
                height,
                marker,
                color=colour,
                markerfacecolor="white" if scaled else colour,
                markersize=5,
            )
        axis.annotate(
            " · ".join(in_words(value) for value in seconds),
            (max(seconds), height),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=RC["font.size"] - 2,
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    for marker, name in zip(_MARKERS, series, strict=False):
        axis.plot([], [], marker, color=COLOURS["null"], markersize=5, label=name)
    axis.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1.0),
        ncols=3,
        frameon=False,
        handletextpad=0.1,
        borderaxespad=0,
        fontsize=RC["font.size"] - 1,
    )
    axis.annotate(
        title,
        (0.01, 1),
        xycoords=("figure fraction", "axes fraction"),
        xytext=(0, 5),
        textcoords="offset points",
        fontweight="bold",
    )
    axis.set_yticks(range(len(rows)), [label.replace("`", "") for label, _ in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(length=0, which="both", labelbottom=True)
    axis.grid(axis="x", color=COLOURS["rule"], linewidth=0.5)
    axis.set_axisbelow(True)
    axis.spines[["left", "right", "top"]].set_visible(False)


def _scale(axis: Axes, seconds: Sequence[float]) -> None:
    """The axis of time that all panels share, with room for the labels on the right."""
    axis.set_xscale("log")
    limits = min(seconds) / 2, max(seconds) * 30
    ticks = {at: label for at, label in _TICKS.items() if limits[0] < at < limits[1]}
    axis.set_xticks(list(ticks), list(ticks.values()))
    axis.set_xlim(limits)
    axis.minorticks_off()
