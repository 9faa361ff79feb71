"""Traffic lights: the judgements of the risk of bias, study by study, and their shares."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayesmeta.plots.columns import line_width
from bayesmeta.plots.fold import fold_notes
from bayesmeta.plots.given_axes import check_axes
from bayesmeta.plots.judgements import domain_notes, sign_key
from bayesmeta.plots.style import COLOURS, FONT_SIZE, RC, without_glyph_warnings
from bayesmeta.plots.traffic_light_axes import draw_grid, draw_shares
from bayesmeta.plots.traffic_light_rows import Judged, judged_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["traffic_light"]

_CELL = 0.3
_ROW = 0.235
_BAR = 0.33
_SHARES = 3.6
"""Inches across the bars."""

_MARGIN = 0.15
_HEAD = 0.3
"""Inches for the letters over the grid."""

_AXIS = 0.6
_BETWEEN = 0.3
_LINE = 0.185
_LONGEST = 95


def traffic_light(
    fit: "Fit",
    *,
    summary: bool = True,
    title: bool = True,
    ax: "Axes | Sequence[Axes] | None" = None,
) -> "Figure":
    """The judgements of the risk of bias of each study in each domain.

    Each has a sign and a colour. Below, bars show the shares of the judgements in each domain,
    where studies count by their weight in the meta-analysis, or alike where they have none of
    their own. Results of one study that are judged alike stand in one row.

    Parameters
    ----------
    fit
        A fit with judgements.
    summary
        Show the bars below.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of their own: one for the grid, or two, the second
        for the bars. Title and notes are left out then.

    Raises
    ------
    SpecError
        The fit has no judgements, or `ax` holds more than two axes.

    References
    ----------
    McGuinness & Higgins 2021, Research Synthesis Methods 12:55 (robvis).
    """
    import matplotlib as mpl
    from matplotlib.axes import Axes

    judged = judged_rows(fit)
    if isinstance(ax, Axes) or (ax is not None and not summary):
        figure, (grid,) = check_axes(ax, 1)
        with mpl.rc_context({"text.parse_math": False}):
            draw_grid(grid, judged, named=True)
        return figure
    if ax is not None:
        figure, (grid, shares) = check_axes(ax, 2, panels=("the studies", "the shares"))
        with mpl.rc_context({"text.parse_math": False}):
            draw_grid(grid, judged)
            draw_shares(shares, judged)
        return figure
    with mpl.rc_context(RC), without_glyph_warnings():
        return _drawn(judged, fit.spec.title if title else "", summary=summary)


def _drawn(judged: Judged, title: str, *, summary: bool) -> "Figure":
    """A figure as wide and as high as its content needs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    rows, domains = judged.words.shape
    notes = _notes(judged, summary=summary)
    labels = [*judged.names, *(judged.labels if summary else [])]
    start = _MARGIN + max(line_width(figure, label) for label in labels) + 0.12
    across, down = domains * _CELL, rows * _ROW
    ends = [start + across, *([start + _SHARES + 0.2] if summary else [])]
    texts = [line_width(figure, note, size=FONT_SIZE - 1) for note in notes]
    inside = max(*ends, *(_MARGIN + text for text in texts))
    heading = _folded(figure, title, inside - _MARGIN)
    width = max(inside, _MARGIN + _title_width(figure, heading)) + _MARGIN
    top = _MARGIN + _HEAD + _LINE * (len(heading) + 0.6 * bool(heading))
    bars = _BETWEEN + domains * _BAR + _AXIS if summary else 0.15
    height = top + down + bars + _LINE * len(notes) + _MARGIN
    figure.set_size_inches(width, height)

    def add(below: float, wide: float, high: float) -> "Axes":
        """Axes whose upper end is so many inches below that of the figure."""
        bottom = height - below - high
        return figure.add_axes((start / width, bottom / height, wide / width, high / height))

    draw_grid(add(top, across, down), judged)
    if summary:
        draw_shares(add(top + down + _BETWEEN, _SHARES, domains * _BAR), judged)
    style: dict[str, Any] = {"va": "top", "ha": "left"}
    left = _MARGIN / width
    for i, line in enumerate(heading):
        y = 1 - (_MARGIN + i * _LINE) / height
        figure.text(left, y, line, weight="bold", fontsize=FONT_SIZE + 1, **style)
    for i, note in enumerate(notes):
        y = 1 - (top + down + bars + i * _LINE) / height
        figure.text(left, y, note, fontsize=FONT_SIZE - 1, color=COLOURS["data"], **style)
    return figure


def _folded(figure: "Figure", title: str, width: float) -> list[str]:
    """The title on as many lines as it needs to be hardly wider than this, in inches."""
    whole = _title_width(figure, [title])
    return textwrap.wrap(title, max(int(len(title) * width / whole), 20)) if whole > 0 else []


def _title_width(figure: "Figure", lines: Sequence[str]) -> float:
    return line_width(figure, "\n".join(lines), bold=True, size=FONT_SIZE + 1)


def _notes(judged: Judged, *, summary: bool) -> list[str]:
    """What the signs are, and the letters where no bar says it; what was counted."""
    words = judged.words.ravel().tolist()
    if not summary:
        return domain_notes(judged.domains, words, longest=_LONGEST)
    empty = "; empty: no judgement" if "" in words else ""
    counted = "by their weights in the meta-analysis" if judged.weighted else "alike"
    return fold_notes(
        [f"Risk of bias: {sign_key(words)}{empty}.", f"In the bars studies count {counted}."],
        _LONGEST,
    )
