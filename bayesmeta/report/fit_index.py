"""The index of the fits in a folder."""

from collections.abc import Sequence
from pathlib import Path

from bayesmeta import __version__
from bayesmeta.report.fit_rows import FEW, ListedFit
from bayesmeta.report.index import Column, Index, index_to_html

__all__ = ["KIND", "index_of_fits"]

KIND = "fits"
"""Of what the page is an index."""

_INTRO = (
    "Every fit that is saved in this folder. A title leads to the report of its analysis; what a "
    "reader should know before a result is used stands under “to look at”, and the warnings unfold "
    "below the title."
)
_LEGEND = (
    "Estimates: posterior median with its credible interval, blue, and for a new study the "
    "prediction interval of its true effect, orange; the vertical line is no effect; each picture "
    "has an axis of its own. P(benefit): the probability that the effect is a benefit, where the "
    "spec says which direction is one. tau is of the logarithm for ratios. Few studies: at most "
    "{few}, so that the prior of tau matters. Sorted by a number, analyses without one come last."
)


def index_of_fits(
    fits: Sequence[ListedFit], *, folder: Path, left_out: Sequence[tuple[str, str]]
) -> str:
    """The page that lists the fits of a folder, by title.

    Parameters
    ----------
    fits
        What `list_fit` says of each.
    folder
        Where they are.
    left_out
        Files that are not shown, each with the reason.
    """
    fits = sorted(fits, key=lambda fit: fit.title.casefold())
    flagged = sum(fit.row.flagged > 0 for fit in fits)
    return index_to_html(
        Index(
            kind=KIND,
            title=f"Analyses in {folder.resolve().name or folder}",
            above="Bayesian meta-analyses",
            intro=_INTRO,
            counts=[
                ("analyses", str(len(fits))),
                ("with something to look at", str(flagged)),
                ("whose convergence is in doubt", str(sum(fit.verdict != "ok" for fit in fits))),
            ],
            findable="title, measure, subgroup",
            named="Analyses",
            columns=_columns(fits),
            rows=[fit.row for fit in fits],
            sorted_by="analysis",
            legend=_LEGEND.format(few=FEW),
            lists=[("Not shown", [": ".join(each) for each in left_out])] if left_out else [],
            foot=f"bayesmeta {__version__}.",
        )
    )


def _columns(fits: Sequence[ListedFit]) -> list[Column]:
    intervals = {fit.interval for fit in fits}
    interval = intervals.pop().replace(" credible", "") if len(intervals) == 1 else "interval"
    return [
        Column(name="analysis", kind="name", sort="text"),
        Column(name="to look at", kind="flags", sort="number"),
        Column(name="measure", kind="word", sort="text"),
        Column(name="k", kind="number", sort="number"),
        Column(name="participants", kind="number", sort="number"),
        Column(name="answer", kind="label"),
        Column(name=f"estimate and {interval}", kind="estimate", sort="number"),
        Column(name="picture", kind="picture"),
        Column(name="P(benefit)", kind="number", sort="number"),
        Column(name="tau", kind="number", sort="number"),
        Column(name="convergence", kind="word", sort="text"),
    ]
