"""The words and codes of RevMan for effect measures, as codes of our measures."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from bayesmeta.studies.review import Kind, StudyRows

__all__ = ["measure_code"]

_CODES = {
    "or": "OR",
    "rr": "RR",
    "rd": "RD",
    "md": "MD",
    "smd": "SMD",
    "hr": "HR",
    "irr": "IRR",
    "rom": "ROM",
}
_WORDS = (
    (r"hazards?", "HR"),
    (r"peto", "PETO"),
    (r"odds ratios?", "OR"),
    (r"rate ratios?", "IRR"),
    (r"risk ratios?|relative risks?", "RR"),
    (r"ratios? of (geometric )?means?|(response|means?) ratios?", "ROM"),
    (r"risk differences?", "RD"),
    (r"(std|standardi[sz]ed) mean differences?", "SMD"),
    (r"mean differences?", "MD"),
)
"""In order: the first that is found decides, as "Peto odds ratio" is no odds ratio."""

_COMPUTED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {"dichotomous": ("OR", "RR", "RD", "PETO"), "continuous": ("MD", "SMD")}
)
"""The measures that RevMan computes itself; those of estimates are free text."""

_RATIOS = ("HR", "PETO", "OR", "IRR", "RR", "ROM")
_DIFFERENCES = ("MD", "SMD", "RD")

_LONGEST = 200
"""Characters of a text that are looked at: names of measures are short."""


def measure_code(text: str, kind: Kind, rows: StudyRows, *, log_data: bool) -> str | None:
    """The code of a measure, as in `bayesmeta.measures.MEASURES`.

    Estimates with their standard errors may be of any measure. They are taken for ratios where
    they were entered as logarithms, or where RevMan's intervals say that it took logarithms; else
    RevMan analysed the numbers as they are, whatever they are called. O-E and variance are
    always logarithms of ratios: of Peto's odds ratio unless the text says otherwise.

    Parameters
    ----------
    text
        What the file calls it: a code of RevMan such as ``PETO_OR``, or words.
    kind
        The type of the outcome.
    rows
        The studies.
    log_data
        Whether estimates were entered as logarithms.

    Returns
    -------
    str or None
        None where RevMan does not compute such a measure of such an outcome.
    """
    found = _named(text)
    if kind in _COMPUTED:
        return found if found in _COMPUTED[kind] else None
    if kind == "O-E and variance":
        return found if found in _RATIOS else "PETO"
    if log_data or _intervals_of_ratios(rows):
        return found if found in _RATIOS else "RATIO"
    return found if found in _DIFFERENCES else "GEN"


def _named(text: str) -> str | None:
    words = " ".join(re.findall(r"[a-z]+", text[:_LONGEST].casefold()))
    if words in _CODES:
        return _CODES[words]
    found = (code for pattern, code in _WORDS if re.search(rf"\b({pattern})\b", words))
    return next(found, None)


def _intervals_of_ratios(rows: StudyRows) -> bool:
    """Whether intervals lie more evenly about their estimates as logarithms than as they are."""
    if not {"effect", "lower", "upper"} <= rows.stored.keys():
        return False
    ends = np.array([rows.stored[name] for name in ("lower", "effect", "upper")])
    lower, effect, upper = ends[:, np.isfinite(ends).all(axis=0) & (ends > 0).all(axis=0)]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        uneven = np.abs(upper + lower - 2 * effect) / (upper - lower)
        as_logarithms = np.abs(np.log(upper * lower / effect**2)) / np.log(upper / lower)
    known = np.isfinite(uneven) & np.isfinite(as_logarithms)
    return bool(known.any() and as_logarithms[known].sum() < uneven[known].sum())
