"""The names of the numbers that a study table may hold, and what values are possible."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["COLUMNS", "Column", "guess_columns"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One number that a study may report.

    Attributes
    ----------
    name : str
        The name in specs, tables and error messages.
    meaning : str
        What it is, for messages and for `bayesmeta init`.
    lower, upper : float
        Smallest and largest possible value.
    synonyms : str
        Regular expression of the names by which other programs know it.
    """

    name: str
    meaning: str
    lower: float = float("-inf")
    upper: float = float("inf")
    synonyms: str = ""


_ARMS = (
    (
        "treatment",
        "in the treatment arm",
        r"(t|e|1|trt|treat(ed|ment)?|int(ervention)?|exp(erimental)?|msc|active)",
    ),
    ("control", "in the control arm", r"(c|0|2|ctl|ctrl|ctr|con|cont|control|placebo|pbo)"),
    ("", "", ""),
)


def _of_arm(arm: str, where: str, tag: str) -> Iterable[Column]:
    """The columns of one arm; of the only group where `arm` is empty."""

    def name(base: str) -> str:
        return f"{base}_{arm}" if arm else base

    def also(bases: str) -> str:
        return rf"{bases}_?{tag}i?|{tag}_?{bases}" if arm else rf"{bases}i?"

    yield Column(
        name=name("mean"), meaning=f"mean {where}".strip(), synonyms=also("(mean|m|avg|xbar)")
    )
    yield Column(
        name=name("sd"),
        meaning=f"standard deviation {where}".strip(),
        lower=0,
        synonyms=also("(sd|stdev|std)"),
    )
    yield Column(
        name=name("events"),
        meaning=f"events {where}".strip(),
        lower=0,
        synonyms=also("(events?|cases|count|x|responders|deaths)"),
    )
    yield Column(
        name=name("total"),
        meaning=f"patients {where}".strip() if arm else "patients",
        lower=1,
        synonyms=also("(total|n|(sample_)?size|(n_)?patients|(n_)?participants)"),
    )
    yield Column(
        name=name("time"),
        meaning=f"person-time {where}".strip(),
        lower=0,
        synonyms=also("(time|person_?time|exposure)"),
    )


_OTHER = (
    Column(name="year", meaning="year of publication", synonyms="((study|pub(lication)?)_?)?year"),
    Column(
        name="effect",
        meaning="effect estimate",
        synonyms="yi|te|estimate|es|effect_?size|giv_mean|w?md|smd|rd|((log|ln)_?)?(or|rr)"
        "|(odds|risk)_?ratio",
    ),
    Column(
        name="std_error",
        meaning="standard error of the effect",
        lower=0,
        synonyms="sei?|sete|giv_se|std_?err|standard_?error|w?s?md_se",
    ),
    Column(
        name="lower",
        meaning="lower end of the interval",
        synonyms="((w?s?md_)?ci_?)?(low|lower|lb|ll|lcl|start)",
    ),
    Column(
        name="upper",
        meaning="upper end of the interval",
        synonyms="((w?s?md_)?ci_?)?(high|upper|up|ub|ul|ucl|end)",
    ),
    Column(
        name="p_value", meaning="two-sided p-value", lower=0, upper=1, synonyms="p|pval|p_?value"
    ),
    Column(
        name="mean_before", meaning="mean before", synonyms="mean_?(pre|baseline)|m_pre|pre_mean"
    ),
    Column(
        name="sd_before",
        meaning="standard deviation before",
        lower=0,
        synonyms="sd_?(pre|baseline)|pre_sd",
    ),
    Column(
        name="mean_after",
        meaning="mean after",
        synonyms="mean_?(post|end|followup)|m_post|post_mean",
    ),
    Column(
        name="sd_after",
        meaning="standard deviation after",
        lower=0,
        synonyms="sd_?(post|end|followup)|post_sd",
    ),
    Column(
        name="r",
        meaning="correlation of before and after",
        lower=-1,
        upper=1,
        synonyms="ri|cor_?pre_?post",
    ),
    Column(
        name="correlation",
        meaning="correlation that is the result",
        lower=-1,
        upper=1,
        synonyms="cor|corr",
    ),
)

COLUMNS: Mapping[str, Column] = MappingProxyType(
    {column.name: column for column in (*(c for arm in _ARMS for c in _of_arm(*arm)), *_OTHER)}
)
"""Every column that a measure can use, by name."""

_STUDY = re.compile(r"study|trial|authors?|slab|studlab|(study|trial)_?(id|name|label)", re.I)
_SEPARATORS = re.compile(r"[\s.\-]+")


def guess_columns(names: Iterable[str]) -> dict[str, str]:
    """Recognise the columns of a table: our name = its name.

    Our own names come first, then names that are common in other programs and in spreadsheets.
    """
    free = {name: _SEPARATORS.sub("_", name.casefold()).strip("_") for name in names}
    found: dict[str, str] = {}
    patterns = {
        "study": _STUDY,
        **{own: re.compile(column.synonyms) for own, column in COLUMNS.items() if column.synonyms},
    }
    for own in ("study", *COLUMNS):
        _take(own, next((name for name in free if free[name] == own), None), found, free)
    for own, pattern in patterns.items():
        match = next((name for name in free if pattern.fullmatch(free[name])), None)
        _take(own, None if own in found else match, found, free)
    return found


def _take(own: str, name: str | None, found: dict[str, str], free: dict[str, str]) -> None:
    if name is not None:
        found[own] = name
        del free[name]
