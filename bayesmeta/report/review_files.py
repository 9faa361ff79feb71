"""What the second opinion on a review leaves behind: pages, a table, JSON."""

import json
from pathlib import Path

from bayesmeta.files import write_text
from bayesmeta.report.review_index import index_page
from bayesmeta.report.review_pages import outcome_page, page_name
from bayesmeta.results.export import without_formulas
from bayesmeta.review_analysis import ReviewResult

__all__ = ["write_review"]


def write_review(found: ReviewResult, folder: Path) -> list[Path]:
    """Write ``index.html``, a page an outcome, ``review.csv`` and ``review.json``.

    Parameters
    ----------
    found
        The second opinion.
    folder
        Made if it is missing; pages of an earlier run are written over.

    Returns
    -------
    list of Path
        The index, the table and the JSON.
    """
    pages = {page_name(each): outcome_page(each, found) for each in found.outcomes}
    table = found.table
    for column in ("analysis", "subgroup", "comparison", "outcome"):
        if column in table:
            table[column] = table[column].map(without_formulas)
    text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    main = {
        "index.html": index_page(found),
        "review.csv": table.to_csv(index=False, lineterminator="\n"),
        "review.json": text,
    }
    written = [write_text(folder / name, content) for name, content in (pages | main).items()]
    return written[len(pages) :]
