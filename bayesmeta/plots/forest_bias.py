"""The judgements of the risk of bias in a forest plot: a circle a domain, and what they are."""

from typing import TYPE_CHECKING

from bayesmeta.plots.columns import BADGE, Column
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.forest_text import by_row
from bayesmeta.plots.judgements import JUDGEMENT_COLOURS, SIGNS, domain_letters, domain_notes
from bayesmeta.studies import judgements_in

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["bias_columns", "bias_notes"]

_GAP = 0.045


def bias_columns(fit: "Fit", shown: Contents) -> list[Column]:
    """A column a domain; none where the fit has no judgements."""
    judged = judgements_in(fit.table)
    if judged is None:
        return []
    columns = []
    for letter, words in zip(
        domain_letters(judged.sizes["domain"]), judged.to_numpy().T, strict=True
    ):
        column = Column(
            group="Risk of bias",
            header=letter,
            cells=[SIGNS[str(word)] for word in words],
            summary=[],
            align="center",
            colour="black",
            min_width=BADGE,
            badges=[JUDGEMENT_COLOURS[str(word)] if word else "" for word in words],
            gap=_GAP,
        )
        columns.append(by_row(column, shown))
    return columns


def bias_notes(fit: "Fit", *, longest: int) -> list[str]:
    """What the letters and signs are, on lines of so many characters."""
    judged = judgements_in(fit.table)
    if judged is None:
        return []
    domains = [str(name) for name in judged["domain"].to_numpy()]
    return domain_notes(domains, judged.to_numpy().ravel().tolist(), longest=longest)
