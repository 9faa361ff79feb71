"""Judgements of the risk of bias: the words that mean the same, and those of each study."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta.errors import DataError, SpecError, brief, did_you_mean
from bayesmeta.studies.text import one_line, unique

__all__ = [
    "JUDGEMENTS",
    "RISK_OF_BIAS",
    "Judgement",
    "judgement_of",
    "judgements_in",
    "judgements_of_outcome",
    "risk_of_bias_variable",
    "worst_judgement",
]

RISK_OF_BIAS = "risk_of_bias"
"""The variable of a study table that holds the judgements (dimensions ``study``, ``domain``)."""

JUDGEMENTS = ("low", "unclear", "some concerns", "high")
"""The judgements, from the best to the worst; "" stands for none.

``unclear`` is of the first tool of Cochrane, ``some concerns`` of the second.
"""

_SIGNS = {"+": "low", "-": "high", "−": "high", "?": "unclear"}
_WORDS = {
    **{word: word for word in JUDGEMENTS},
    "l": "low",
    "h": "high",
    "u": "unclear",
    "some": "some concerns",
    "some concern": "some concerns",
    **dict.fromkeys(("", "nan", "na", "n/a", "not applicable", "not judged"), ""),
}
_RISK = re.compile(r"\b(risk( of bias)?|bias)\b")
_EVERY = ("", "all", "all outcomes", "all outcome measures")
"""Groups of outcomes that are all outcomes."""

_HINT = (
    "It would be low, some concerns, unclear or high, or one of the signs + ? −. Leave the cell "
    "empty where there is none."
)

_Judged = dict[str, dict[str, str]]
"""Judgement by study, by domain."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A judgement of the risk of bias of a study in a domain.

    Attributes
    ----------
    study, domain : str
    judgement : {"low", "some concerns", "unclear", "high"} or str
        In the words of the tool that was used; others as the file writes them.
    outcome : str
        The outcome or group of outcomes that it concerns; "" for all.
    """

    study: str
    domain: str
    judgement: str
    outcome: str = ""


def judgement_of(text: str) -> str:
    """A judgement in the words of `JUDGEMENTS`, from words such as ``High risk`` and from signs.

    Raises
    ------
    ValueError
        It is none of them.
    """
    folded = one_line(text).casefold()
    if folded in _SIGNS:
        return _SIGNS[folded]
    word = one_line(_RISK.sub(" ", folded)).strip(" .:;,()")
    if word not in _WORDS:
        raise ValueError(text)
    return _WORDS[word]


def judgements_of_outcome(
    judgements: Iterable[Judgement], *, analysis: str, name: str, studies: Iterable[str]
) -> tuple[_Judged, list[str]]:
    """The judgements of the studies of an outcome.

    A judgement of this outcome goes before one of all outcomes; those of other outcomes, or of
    groups of outcomes of which the file does not say which they are, are left out.

    Parameters
    ----------
    judgements
        Those of a review.
    analysis, name
        The number of the outcome, as in ``1.2``, and its name.
    studies
        Names of its studies.

    Returns
    -------
    dict, list of str
        Judgement by study, by domain, without domains that have none; and the words that are no
        judgement.
    """
    own = {name.casefold(), analysis.casefold(), f"{analysis} {name}".casefold()} - {""}
    known = {one_line(study) for study in studies}
    found: dict[bool, _Judged] = {False: {}, True: {}}
    unknown: dict[str, None] = {}
    for each in judgements:
        concerns, study = each.outcome.casefold(), one_line(each.study)
        if study not in known or concerns not in {*own, *_EVERY}:
            continue
        domain = found[True].setdefault(each.domain, {})
        general = found[False].setdefault(each.domain, {})
        try:
            word = judgement_of(each.judgement)
        except ValueError:
            unknown[each.judgement] = None
            continue
        if word:
            (domain if concerns in own else general)[study] = word
    both = {domain: found[False][domain] | special for domain, special in found[True].items()}
    return {domain: judged for domain, judged in both.items() if judged}, list(unknown)


def risk_of_bias_variable(
    cells: pd.DataFrame, labels: Sequence[str], columns: Mapping[str, str], judged: _Judged
) -> xr.DataArray | None:
    """The variable of a study table; None where there are no domains.

    Parameters
    ----------
    cells
        The rows of the table.
    labels
        Their names.
    columns
        Domain = the column that holds its judgements.
    judged
        Judgement by study, by domain, as a file of RevMan gives them.

    Raises
    ------
    SpecError
        There is no such column.
    DataError
        A cell is no judgement.
    """
    names = [one_line(str(name)) for name in cells["study"]] if judged else []
    found = {domain: [of.get(name, "") for name in names] for domain, of in judged.items()}
    for domain, column in columns.items():
        key = f"data.{RISK_OF_BIAS}.{domain}"
        if not one_line(domain):
            raise SpecError("a domain has no name", key=f"data.{RISK_OF_BIAS}")
        if column not in cells:
            hint = did_you_mean(column, [str(name) for name in cells.columns])
            raise SpecError(f"the table has no column {brief(column)}", key=key, hint=hint)
        found[domain] = _read(cells[column], labels)
    if not found:
        return None
    _check_free(cells)
    return xr.DataArray(
        np.array(list(found.values()), dtype=object).T.reshape(len(labels), len(found)),
        dims=("study", "domain"),
        coords={"domain": unique([one_line(domain) or "domain" for domain in found])},
    )


def _read(column: pd.Series, labels: Sequence[str]) -> list[str]:
    words = []
    rows = zip(column.index, column, column.isna(), labels, strict=True)
    for row, cell, missing, label in rows:
        try:
            words.append("" if missing else judgement_of(str(cell)))
        except ValueError:
            raise DataError(
                f"{brief(cell)} is no judgement of the risk of bias",
                row=int(row),
                study=label,
                column=str(column.name),
                hint=_HINT,
            ) from None
    return words


def _check_free(cells: pd.DataFrame) -> None:
    """Two names are taken where a table has judgements."""
    for name in (RISK_OF_BIAS, "domain"):
        if name in cells:
            raise SpecError(
                f"a column of the table is named {name!r}, which is the name of what the "
                "judgements become",
                key=f"data.{RISK_OF_BIAS}",
                hint=f"Rename the column, as in {'bias' if name == RISK_OF_BIAS else 'area'}.",
            )


def judgements_in(table: xr.Dataset) -> xr.DataArray | None:
    """The judgements of a study table (dimensions ``study``, ``domain``); None where it has none.

    A table may have a column ``risk_of_bias`` of its own, with one value a study.
    """
    found = table.get(RISK_OF_BIAS)
    if found is None or found.dims != ("study", "domain") or not (found != "").any():
        return None
    return found


def worst_judgement(words: Iterable[str]) -> str:
    """The worst of several judgements, which is that of all together; "" where there is none."""
    return max(words, key=lambda word: JUDGEMENTS.index(word) if word else -1, default="")
