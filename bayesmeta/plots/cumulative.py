"""Cumulative forest plot: what was known after each year."""

from typing import TYPE_CHECKING, Any

from bayesmeta.measures import display_size
from bayesmeta.plots.columns import Column, Line
from bayesmeta.plots.cumulative_steps import Step, steps_of
from bayesmeta.plots.fold import fold_name, fold_notes
from bayesmeta.plots.forest_text import directions, estimate_text
from bayesmeta.plots.given_axes import check_axes, write_key
from bayesmeta.plots.layout import Sheet
from bayesmeta.plots.marks import Estimate, mark_limits
from bayesmeta.plots.panels import effect_label, fitting_ticks, strip
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.results.numbers import effect_decimals, interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["cumulative"]

_POOLED: Any = {"color": COLOURS["model"], "linewidth": 2.6, "solid_capstyle": "butt"}
_NEW: Any = {"color": COLOURS["prediction"], "linewidth": 1.0, "solid_capstyle": "butt"}
_CAP = 0.16
"""Half the height of the ends of prediction intervals, in rows."""

_KEY = 0.16
"""Room for the key in axes that are given, as a share of the rows."""

_DOT: Any = {"marker": "o", "markersize": 5.5, "markerfacecolor": "white", "markeredgewidth": 1.1}


def cumulative(fit: "Fit", *, title: bool = True, ax: "Axes | None" = None) -> "Figure":
    """The pooled effect and that in a new study as the studies of each year were added.

    One row a year that has studies, the oldest first: the posterior median of the pooled effect in
    its credible interval, in the prediction interval of a new study, with the same priors in every
    row. The last row is the fit itself. Quadrature does what it can; the rest is sampled, which
    takes as long as that many fits.

    Parameters
    ----------
    fit
        A fit with one pooled effect, whose studies have a ``year``. Studies without one are added
        last.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: the years stand at the y axis then, the
        key is their legend, and title, numbers and notes are left out.

    Raises
    ------
    SpecError
        There is no column ``year``, or it holds no numbers; there is more than one mean, or there
        are moderators.
    """
    import matplotlib as mpl

    steps = steps_of(fit)
    with mpl.rc_context(RC), without_glyph_warnings():
        if ax is None:
            sheet = _sheet(fit, steps, fit.spec.title if title else "")
            figure, axes = sheet.figure, sheet.axes
        else:
            figure, (axes,) = check_axes(ax, 1)
            _set_rows(axes, fit, steps)
            write_key(axes, _key(fit, steps))
        _draw(axes, fit, steps)
        return figure


def _sheet(fit: "Fit", steps: list[Step], title: str) -> Sheet:
    """A figure with the numbers in columns."""
    prob = f"{100 * fit.spec.interval.prob:g} %"
    columns = [
        Column(
            header=f"[{prob} CrI]",
            group="Pooled effect",
            cells=[_text(fit, step.pooled) for step in steps],
            summary=[],
            colour=COLOURS["model"],
        ),
        Column(
            header=f"[{prob} PrI]",
            group="Effect in a new study",
            cells=[_text(fit, step.new, centre=False) for step in steps],
            summary=[],
            colour=COLOURS["prediction"],
        ),
    ]
    rows = len(steps)
    return Sheet(
        left=[
            Column(
                header="Studies added",
                cells=[fold_name(step.label) for step in steps],
                summary=[],
                align="left",
            )
        ],
        right=[
            Column(header=_count(fit), cells=[str(step.k) for step in steps], summary=[]),
            *(columns if _has_new(steps) else columns[:1]),
        ],
        rows=rows,
        title=title,
        notes=fold_notes(_notes(fit, steps)),
        summary_rows=[],
        directions=directions(fit),
        null=fit.measure.null,
        lines=[Line(place=row, bold=row == rows - 1) for row in range(rows)],
    )


def _text(fit: "Fit", estimate: Estimate | None, *, centre: bool = True) -> str:
    """An estimate on the display scale, as exact as that of all studies deserves."""
    if estimate is None:
        return "–"
    whole = fit.estimate("mu")
    places = effect_decimals(whole["display_lower"], whole["display_upper"], fit.measure)
    size = display_size(fit.table)
    text = estimate_text(estimate, scale=fit.measure.scale, places=places, size=size)
    return text if centre else text[text.index("[") :]


def _count(fit: "Fit") -> str:
    """What is counted: studies, or results where a study has several."""
    return "k" if fit.problem.clusters is None else "Results"


def _has_new(steps: list[Step]) -> bool:
    return any(step.new is not None for step in steps)


def _set_rows(axes: "Axes", fit: "Fit", steps: list[Step]) -> None:
    """The rows at the y axis of axes that are given, the first on top, below room for the key."""
    strip(axes)
    axes.set_ylim(len(steps) - 0.5, -0.5 - max(1.0, _KEY * len(steps)))
    labels = [f"{fold_name(step.label)}, {_count(fit)} = {step.k}" for step in steps]
    axes.set_yticks(range(len(steps)), labels)
    axes.tick_params(axis="y", labelsize=FONT_SIZE - 1, length=0)


def _draw(axes: "Axes", fit: "Fit", steps: list[Step]) -> None:
    """Each row, and what all studies say, through all rows."""
    axes.set_xlim(*_limits(fit, steps))
    null, middle = fit.measure.null, fit.estimate("mu")["median"]
    if null is not None:
        axes.axvline(null, color=COLOURS["null"], linewidth=0.9, zorder=0)
    guide: Any = {"linewidth": 0.7, "linestyle": (0, (4, 3)), "zorder": 0}
    axes.plot([middle] * 2, [-0.5, len(steps) - 1], color=COLOURS["model"], **guide)
    for y, step in enumerate(steps):
        if step.new is not None:
            inside = _line(axes, y, step.new, zorder=2, **_NEW)
            for x in inside:
                axes.plot([x, x], [y - _CAP, y + _CAP], zorder=2, **_NEW)
        if step.pooled is not None:
            _line(axes, y, step.pooled, zorder=3, **_POOLED)
            x = step.pooled.centre
            axes.plot([x], [y], color=COLOURS["model"], zorder=4, **_DOT)
    fitting_ticks(axes, fit.measure.scale, display_size(fit.table))
    axes.set_xlabel(effect_label(fit.measure), labelpad=4)


def _line(axes: "Axes", y: float, estimate: Estimate, **style: Any) -> list[float]:
    """An interval, with an arrow where an end lies outside the axis; the ends that do not."""
    low, high = axes.get_xlim()
    axes.plot([max(estimate.lower, low), min(estimate.upper, high)], [y, y], **style)
    colour = style["color"]
    for outside, edge, arrow in (
        (estimate.lower < low, low, "<"),
        (estimate.upper > high, high, ">"),
    ):
        if outside:
            axes.plot([edge], [y], arrow, color=colour, markersize=4.5, clip_on=False, zorder=3)
    return [end for end in (estimate.lower, estimate.upper) if low <= end <= high]


def _limits(fit: "Fit", steps: list[Step]) -> tuple[float, float]:
    """All that the last row says, and as much of the first ones as is legible beside it."""
    null = fit.measure.null
    pooled = [step.pooled for step in steps if step.pooled is not None]
    new = [step.new for step in steps if step.new is not None]
    return mark_limits([*pooled[-1:], *new[-1:]], [*pooled, *new], [] if null is None else [null])


def _key(fit: "Fit", steps: list[Step]) -> "list[Artist]":
    from matplotlib.lines import Line2D

    interval = fit.spec.interval
    label = f"pooled effect, median and {interval_name(interval)}"
    key: list[Artist] = [Line2D([], [], label=label, **_POOLED, **_DOT)]
    if _has_new(steps):
        label = f"new study, {interval_name(interval, prediction=True)}"
        key.append(Line2D([], [], label=label, **_NEW))
    return key


def _notes(fit: "Fit", steps: list[Step]) -> list[str]:
    """What is drawn, and which rows are not, or not to be trusted."""
    interval = fit.spec.interval
    text = f"Dot and thick line: median and {interval_name(interval)} of the pooled effect."
    if _has_new(steps):
        text += f" Thin line: {interval_name(interval, prediction=True)}."
    priors = "; ".join(f"{n} ~ {p['expression']}" for n, p in fit.record["priors"].items())
    notes = [text, f"Priors, the same in each row: {priors}"]
    notes += [f"k = {step.k}, not done: {step.reason}." for step in steps if step.reason]
    bad = [str(step.k) for step in steps if step.verdict == "fail"]
    if bad:
        notes.append(f"CONVERGENCE FAIL: of the rows with k = {', '.join(bad)}.")
    return notes
