"""Files of RevMan 5 (``.rm5``): a whole review as XML."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element

from bayesmeta.errors import DataError, brief
from bayesmeta.studies.markup import parse_xml
from bayesmeta.studies.review import Kind, Outcome, Review, Settings, StudyRows, Subgroup
from bayesmeta.studies.risk_of_bias import Judgement
from bayesmeta.studies.settings import (
    CHOICES,
    UnknownSettingError,
    level_of,
    measure_of,
    method_of,
    setting_of,
)
from bayesmeta.studies.study_rows import (
    ENTERED,
    Place,
    RowText,
    numbers_of,
    study_rows,
    whole_number,
    year_of,
)
from bayesmeta.studies.text import one_line, unique

__all__ = ["read_revman5"]

_KINDS: Mapping[str, Kind] = {
    "DICH": "dichotomous",
    "CONT": "continuous",
    "IV": "inverse variance",
    "IPD": "O-E and variance",
}
_RESULT = {
    "effect": "EFFECT_SIZE",
    "lower": "CI_START",
    "upper": "CI_END",
    "log10_effect": "LOG_EFFECT_SIZE",
    "log10_lower": "LOG_CI_START",
    "log10_upper": "LOG_CI_END",
    "weight": "WEIGHT",
}
_POOLED = _RESULT | {
    "z": "Z",
    "p_effect": "P_Z",
    "chi2": "CHI2",  # heterogeneity; Q is the test between subgroups, whatever others read
    "df": "DF",
    "p_chi2": "P_CHI2",
    "i2": "I2",
    "tau2": "TAU2",
    "subgroup_chi2": "Q",
    "subgroup_df": "DF_Q",
    "subgroup_p": "P_Q",
    "subgroup_i2": "I2_Q",
    "events_treatment": "EVENTS_1",
    "total_treatment": "TOTAL_1",
    "events_control": "EVENTS_2",
    "total_control": "TOTAL_2",
    "studies": "STUDIES",
}
_ENTERED = {
    "events_treatment": "EVENTS_1",
    "total_treatment": "TOTAL_1",
    "events_control": "EVENTS_2",
    "total_control": "TOTAL_2",
    "mean_treatment": "MEAN_1",
    "sd_treatment": "SD_1",
    "mean_control": "MEAN_2",
    "sd_control": "SD_2",
    "effect": "ESTIMATE",
    "std_error": "SE",
    "o_e": "O_E",
    "variance": "VAR",
}
_TOTALS: Mapping[str, tuple[bool, bool]] = {
    "YES": (True, True),
    "SUB": (False, True),
    "NO": (False, False),
}
"""Whether there are pooled results of all studies, and of each subgroup."""

_MOST_OUTCOMES = 5_000
"""The largest reviews have some hundred."""

_JUDGEMENTS = {"YES": "low", "NO": "high", "UNKNOWN": "unclear"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""How names of XML hide a character, as ``_x002d_`` a dash."""


@dataclass(frozen=True, kw_only=True)
class _Study:
    name: str
    year: float


def read_revman5(content: bytes, path: Path, sha256: str) -> Review:
    """The review in a file of RevMan 5.

    Names, addresses and notes of people are not read.

    Raises
    ------
    DataError
        The file is not XML or not a review, or a number in it is none or is not possible.
    """
    root = parse_xml(content, path)
    if root.tag != "COCHRANE_REVIEW":
        raise DataError(
            f"this is not a file of RevMan 5: its outermost element is {brief(root.tag)}",
            file=path,
            hint="It would be COCHRANE_REVIEW.",
        )
    if root.get("TYPE", "").upper().startswith("DIAG"):
        raise DataError(
            "this is a review of diagnostic accuracy",
            file=path,
            hint="bayesmeta analyses reviews of interventions.",
        )
    studies = {study.get("ID", ""): _study(study) for study in root.iter("STUDY")}
    outcomes, left_out = _outcomes(root, studies, path)
    return Review(
        file=path,
        title=_text(root.find("COVER_SHEET"), "TITLE"),
        outcomes=tuple(outcomes),
        decimals=None,
        left_out=tuple(left_out),
        risk_of_bias=tuple(_judgements(root, studies)),
        sha256=sha256,
    )


def _outcomes(
    root: Element, studies: Mapping[str, _Study], path: Path
) -> tuple[list[Outcome], list[tuple[str, str]]]:
    """The outcomes; and the names of those that cannot be analysed, and why."""
    outcomes: list[Outcome] = []
    left_out: list[tuple[str, str]] = []
    seen: set[tuple[int, int]] = set()
    for comparison in root.iter("COMPARISON"):
        comparison_name = _text(comparison, "NAME")
        for element in comparison:
            if not element.tag.endswith("_OUTCOME"):
                continue
            numbered = _number(comparison, path), _number(element, path)
            outcome: Outcome | str = "another outcome has the same number"
            if numbered not in seen:
                outcome = _outcome(element, numbered, comparison_name, studies, path)
            seen.add(numbered)
            if isinstance(outcome, Outcome):
                outcomes.append(outcome)
            else:
                label = f"{numbered[0]}.{numbered[1]} {_text(element, 'NAME')}".strip()
                left_out.append((label, outcome))
            if len(outcomes) + len(left_out) > _MOST_OUTCOMES:
                raise DataError(f"the file has over {_MOST_OUTCOMES:,} outcomes", file=path)
    return outcomes, left_out


def _outcome(
    element: Element,
    numbered: tuple[int, int],
    comparison_name: str,
    studies: Mapping[str, _Study],
    path: Path,
) -> Outcome | str:
    """An outcome; or why it cannot be analysed."""
    prefix = element.tag.removesuffix("_OUTCOME")
    if prefix not in _KINDS:
        return "it is text without numbers" if prefix == "OTHER" else "its type is not known"
    kind = _KINDS[prefix]
    place = Place(file=path, analysis=f"{numbered[0]}.{numbered[1]}", columns=_POOLED | _ENTERED)
    groups = element.findall(f"{prefix}_SUBGROUP")
    found = [_row(data, kind, -1, studies) for data in element.findall(f"{prefix}_DATA")]
    for i, group in enumerate(groups):
        found += [_row(data, kind, i, studies) for data in group.findall(f"{prefix}_DATA")]
    if not found:
        return "it has no studies"
    rows = study_rows(kind, found, place)
    try:
        settings = _settings(element, kind, rows, place)
    except UnknownSettingError as unknown:
        return str(unknown)
    names = unique([_text(group, "NAME") for group in groups])
    return Outcome(
        comparison=numbered[0],
        number=numbered[1],
        comparison_name=comparison_name,
        name=_text(element, "NAME"),
        kind=kind,
        settings=settings,
        rows=rows,
        subgroups=tuple(
            Subgroup(name=name, stored=_pooled(group, place))
            for name, group in zip(names, groups, strict=True)
        ),
        stored=_pooled(element, place),
        treatment=_text(element, "GROUP_LABEL_1"),
        control=_text(element, "GROUP_LABEL_2"),
        favours=(_text(element, "GRAPH_LABEL_1"), _text(element, "GRAPH_LABEL_2")),
    )


def _row(data: Element, kind: Kind, subgroup: int, studies: Mapping[str, _Study]) -> RowText:
    identifier = data.get("STUDY_ID", "")
    study = studies.get(identifier) or _decoded_study(identifier)
    stored = dict(_RESULT)
    if kind != "inverse variance":
        stored["std_error"] = "SE"  # of estimates it was entered
    if kind == "dichotomous":
        stored |= {"o_e": "O_E", "variance": "VAR"}
    return RowText(
        study=study.name,
        year=study.year,
        subgroup=subgroup,
        numbers={name: data.get(_ENTERED[name], "") for name in ENTERED[kind]},
        stored={name: data.get(attribute, "") for name, attribute in stored.items()},
        estimable=data.get("ESTIMABLE") != "NO",
    )


def _study(element: Element) -> _Study:
    name = one_line(element.get("NAME", ""))
    decoded = _decoded_study(element.get("ID", ""))
    return _Study(name=name or decoded.name, year=year_of(element.get("YEAR", "")))


def _decoded_study(identifier: str) -> _Study:
    """The study of an identifier such as ``STD-Smith_x002c_-A-1999``, where it is not listed."""
    spaced = identifier.removeprefix("STD-").replace("-", " ")
    name = one_line(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), spaced))
    return _Study(name=name or "unnamed study", year=year_of(name))


def _settings(element: Element, kind: Kind, rows: StudyRows, place: Place) -> Settings:
    """How the outcome was analysed; UnknownSettingError where a word for that is not RevMan's."""
    text = one_line(element.get("EFFECT_MEASURE") or _text(element, "EFFECT_MEASURE"))
    estimates = kind in ("inverse variance", "O-E and variance")
    log_data = estimates and _chosen(element, "LOG_DATA", default=False)
    measure = measure_of(text, kind, rows, log_data=log_data)
    totals, subtotals = setting_of(
        "setting TOTALS", element.get("TOTALS", ""), _TOTALS, default=(True, True)
    )
    return Settings(
        measure=measure,
        measure_text=text,
        method=method_of(kind, measure, element.get("METHOD", "")),
        random=_chosen(element, "RANDOM", default=False),
        totals=totals,
        subtotals=subtotals,
        subgroup_test=_chosen(element, "SUBGROUP_TEST", default=True),
        swap_events=kind == "dichotomous" and _chosen(element, "SWAP_EVENTS", default=False),
        log_data=log_data,
        study_level=level_of(element.get("CI_STUDY", ""), place),
        level=level_of(element.get("CI_TOTAL", ""), place),
    )


def _pooled(element: Element, place: Place) -> Mapping[str, float]:
    texts = {name: element.get(attribute, "") for name, attribute in _POOLED.items()}
    return MappingProxyType(numbers_of(texts, place))


def _judgements(root: Element, studies: Mapping[str, _Study]) -> Iterator[Judgement]:
    """The judgements of the risk of bias; their reasons stay in the file."""
    for item in root.iter("QUALITY_ITEM"):
        domain = _text(item, "NAME")
        groups = {
            group.get("ID", ""): _text(group, "NAME")
            for group in item.iter("QUALITY_ITEM_DATA_ENTRY_GROUP")
        }
        for entry in item.iter("QUALITY_ITEM_DATA_ENTRY"):
            identifier, result = entry.get("STUDY_ID", ""), one_line(entry.get("RESULT", ""))
            if result:
                yield Judgement(
                    study=(studies.get(identifier) or _decoded_study(identifier)).name,
                    domain=domain,
                    judgement=_JUDGEMENTS.get(result, result),
                    outcome=groups.get(entry.get("GROUP_ID", ""), ""),
                )


def _number(element: Element, path: Path) -> int:
    """The number of a comparison or outcome: its own, or the last one of its identifier."""
    text = element.get("NO") or re.split(r"[-.]", element.get("ID", ""))[-1]
    return whole_number(text, path, 0, "NO")


def _text(parent: Element | None, tag: str) -> str:
    """All text of a child on one line, whatever markup it holds; "" where there is none."""
    child = None if parent is None else parent.find(tag)
    return "" if child is None else one_line("".join(child.itertext()))


def _chosen(element: Element, attribute: str, *, default: bool) -> bool:
    text = element.get(attribute, "")
    return setting_of(f"setting {attribute}", text, CHOICES, default=default)
