"""Other analyses beside the fit: what they say in sentences, as a table, as a plot."""

from collections.abc import Sequence

from bayesmeta.report.document import Block, Items, Paragraph, Picture, Table
from bayesmeta.sensitivity_analysis import Sensitivity

__all__ = ["variation_blocks"]


def variation_blocks(
    found: Sensitivity, *, table: str, plot: str, more: Sequence[str] = (), note: str = ""
) -> list[Block]:
    """The blocks of a sensitivity analysis, or of some kinds of variations of it.

    Parameters
    ----------
    found
        The analyses.
    table, plot
        The captions of the table and of the plot.
    more
        Further sentences.
    note
        Below the table; "" for none.
    """
    header, rows, changed = found.cells()
    summary = found.summary()
    shown = Table(caption=table, header=header, rows=rows, words=["conclusion"], marked=changed)
    figure = found.plot(title=False)
    picture = Picture(name="sensitivity", figure=figure, caption=plot, alt=" ".join(summary))
    notes = [Paragraph(text=note, tone="soft")] if note else []
    return [Items(items=[*summary, *more]), shown, *notes, picture]
