"""The rows of a plot of judgements: studies, their judgements, and how much each counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.fold import fold_name, in_two_lines
from bayesmeta.plots.judgements import domain_letters
from bayesmeta.studies import judgements_in

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Judged", "judged_rows"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Judgements, and the rows in which they stand.

    Attributes
    ----------
    names, domains : list of str
    words : array of str
        One row a study, one column a domain; "" for none.
    weights : array of float
        How much a row counts; they sum to 1.
    weighted : bool
        Whether that is its weight in the meta-analysis; else all count alike.
    """

    names: Sequence[str]
    domains: Sequence[str]
    words: np.ndarray
    weights: Floats
    weighted: bool

    @property
    def letters(self) -> list[str]:
        """One a domain."""
        return domain_letters(len(self.domains))

    @property
    def labels(self) -> list[str]:
        """Letter and name of each domain, long names on two lines."""
        named = zip(self.letters, self.domains, strict=True)
        labels = [fold_name(f"{letter} {domain}") for letter, domain in named]
        return [in_two_lines(label) if "\n" in label else label for label in labels]

    def shares(self, word: str) -> Floats:
        """The share of the studies with a judgement, by domain."""
        shares: Floats = self.weights @ (self.words == word)
        return shares


def judged_rows(fit: "Fit") -> Judged:
    """The judgements of a fit.

    Raises
    ------
    SpecError
        It has none.
    """
    judged = judgements_in(fit.table)
    if judged is None:
        raise SpecError(
            "the fit has no judgements of the risk of bias",
            key="data.risk_of_bias",
            hint="A file of RevMan brings its own. Of a table, name the columns: "
            '[data.risk_of_bias] in the spec with lines as in "Randomisation" = "column", '
            'risk_of_bias={"Randomisation": "column"} in Python, or --risk-of-bias '
            '"Randomisation=column". Then fit it again.',
        )
    words = judged.to_numpy().astype(object)
    names = [str(name) for name in fit.table["study"].to_numpy()]
    kept, clusters = list(range(len(names))), fit.problem.clusters
    if clusters is not None:
        for name, rows in zip(clusters.names, clusters.rows, strict=True):
            if all((words[row] == words[rows[0]]).all() for row in rows):
                names[rows[0]] = name
                kept = [row for row in kept if row == rows[0] or row not in rows]
    weights = np.ones(len(names))
    if fit.has_weights:
        weights = np.nan_to_num(fit.weights.to_numpy().astype(float))
    weights = weights[kept] / weights[kept].sum()
    return Judged(
        names=[fold_name(names[row]) for row in kept],
        domains=[str(domain) for domain in judged["domain"].to_numpy()],
        words=words[kept],
        weights=weights,
        weighted=fit.has_weights,
    )
