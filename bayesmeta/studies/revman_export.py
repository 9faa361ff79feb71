"""The CSV that RevMan 5 exports of its data and analyses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bayesmeta.errors import DataError
from bayesmeta.studies.records import Record, read_records
from bayesmeta.studies.review import Kind, Outcome, Review, Settings, StudyRows, Subgroup
from bayesmeta.studies.settings import (
    MODELS,
    UnknownSettingError,
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
from bayesmeta.studies.text import unique

__all__ = ["EXPORT_COLUMNS", "read_revman_export"]

EXPORT_COLUMNS = ("Comparison Number", "Outcome Number", "Subgroup Number", "Name", "Data Type")
"""Columns by which such a table is known."""

_DECIMALS = 8
"""To which RevMan 5 exports what it computed."""

_KINDS: Mapping[str, Kind] = {
    "DI": "dichotomous",
    "CO": "continuous",
    "IV": "inverse variance",
    "OE": "O-E and variance",
}
"""By the first letters of the type: DIC, CON, IV, OEV; OTH is text."""

_SUMS = {
    "events_treatment": "Events 1",
    "total_treatment": "Total 1",
    "events_control": "Events 2",
    "total_control": "Total 2",
}
_ENTERED = _SUMS | {
    "mean_treatment": "Mean 1",
    "sd_treatment": "SD 1",
    "mean_control": "Mean 2",
    "sd_control": "SD 2",
    "effect": "Effect Estimate",
    "std_error": "SE",
    "o_e": "O-E",
    "variance": "Variance",
}
_RESULT = {
    "effect": "Effect Estimate",
    "lower": "CI Start",
    "upper": "CI End",
    "weight": "Weight",
}
_POOLED = _RESULT | {
    "chi2": "Q",
    "p_chi2": "P(Q)",
    "i2": "I²(Q)",
    "tau2": "Tau²",
    "df": "df",
    "z": "Z",
    "p_effect": "P(Z)",
    "subgroup_chi2": "Qint",
    "subgroup_p": "P(Qint)",
    "subgroup_i2": "I²(Qint)",
}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """An outcome's own line, the lines of its subgroups by their number, and its studies."""

    record: Record
    comparison_name: str
    groups: dict[int, Record] = field(default_factory=dict)
    rows: list[tuple[int, Record]] = field(default_factory=list)


def read_revman_export(content: bytes, path: Path, sha256: str) -> Review:
    """The review in a CSV of RevMan 5's data and analyses.

    The levels of intervals are not in the file and are taken to be 95 %; which results RevMan
    showed is not in it either.

    Raises
    ------
    DataError
        It is no such table, or a number in it is none or is not possible.
    """
    outcomes: list[Outcome] = []
    left_out: list[tuple[str, str]] = []
    for (comparison, number), part in _parts(content, path).items():
        outcome = _outcome(comparison, number, part, path)
        if isinstance(outcome, str):
            left_out.append((f"{comparison}.{number} {part.record.name('Name')}".strip(), outcome))
        else:
            outcomes.append(outcome)
    return Review(
        file=path,
        title="",
        outcomes=tuple(outcomes),
        decimals=_DECIMALS,
        left_out=tuple(left_out),
        sha256=sha256,
    )


def _parts(content: bytes, path: Path) -> dict[tuple[int, int], _Part]:
    """The lines of each outcome; what a line is follows from its zeros and its place."""
    comparisons: dict[int, str] = {}
    found: dict[tuple[int, int], _Part] = {}
    for record in read_records(content, path, EXPORT_COLUMNS):
        comparison, outcome, group = (
            whole_number(record.get(column), path, record.row, column)
            for column in EXPORT_COLUMNS[:3]
        )
        if outcome == 0:
            comparisons[comparison] = record.name("Name")
            continue
        part = found.get((comparison, outcome))
        if part is None:
            name = comparisons.get(comparison, "")
            found[comparison, outcome] = _Part(record=record, comparison_name=name)
        elif group and group not in part.groups:
            part.groups[group] = record
        else:
            part.rows.append((group, record))
    return found


def _outcome(comparison: int, number: int, part: _Part, path: Path) -> Outcome | str:
    """An outcome; or why it cannot be analysed."""
    record = part.record
    kind = _KINDS.get(record.get("Data Type")[:2].upper())
    if kind is None:
        return "it has no numbers, or its type is not known"
    if not part.rows:
        return "it has no studies"
    place = Place(file=path, analysis=f"{comparison}.{number}", columns=_ENTERED | _POOLED)
    if not _in_order(part, place):
        return "its lines are not in RevMan's order, or two outcomes have the same number"
    places = {group: i for i, group in enumerate(part.groups)}
    rows = study_rows(
        kind, [_row(kind, row, places.get(group, -1), place) for group, row in part.rows], place
    )
    try:
        settings = _settings(record, kind, rows)
    except UnknownSettingError as unknown:
        return str(unknown)
    names = unique([group.name("Name") for group in part.groups.values()])
    return Outcome(
        comparison=comparison,
        number=number,
        comparison_name=part.comparison_name,
        name=record.name("Name"),
        kind=kind,
        settings=settings,
        rows=rows,
        subgroups=tuple(
            Subgroup(name=name, stored=_pooled(group, kind, place))
            for name, group in zip(names, part.groups.values(), strict=True)
        ),
        stored=_pooled(record, kind, place),
        treatment=record.name("Group Label 1"),
        control=record.name("Group Label 2"),
        favours=(record.name("Left Graph Label"), record.name("Right Graph Label")),
    )


def _in_order(part: _Part, place: Place) -> bool:
    """Whether the first line of an outcome is its own: it says how many people there are in all.

    Where it does not, as of estimates, it alone has a type of data.
    """
    lines = [line for _, line in part.rows]
    columns = {name: column for name, column in _SUMS.items() if name.startswith("total")}
    first, *found = (
        numbers_of(line.texts(columns), place, row=line.row) for line in (part.record, *lines)
    )
    sums = {name: sum(numbers.get(name, 0) for numbers in found) for name in columns}
    known = [name for name in columns if first.get(name) and sums[name]]
    if known:
        return all(math.isclose(first[name], sums[name]) for name in known)
    return not any(line.get("Data Type") for line in (*part.groups.values(), *lines))


def _settings(record: Record, kind: Kind, rows: StudyRows) -> Settings:
    """How the outcome was analysed; UnknownSettingError where a word for that is not RevMan's."""
    text = record.name("Effect Measure")
    measure = measure_of(text, kind, rows)
    model = record.get("Analysis Model")
    return Settings(
        measure=measure,
        measure_text=text,
        method=method_of(kind, measure, record.get("Statistical Method")),
        random=setting_of("analysis model", model, MODELS, default=False),
    )


def _row(kind: Kind, record: Record, subgroup: int, place: Place) -> RowText:
    study = record.name("Name")
    if not study:
        raise DataError("the study has no name", file=place.file, row=record.row, column="Name")
    stored = _RESULT if kind == "inverse variance" else _RESULT | {"std_error": "SE"}
    texts = record.texts(stored)
    return RowText(
        study=study,
        year=year_of(record.get("Year of study")),
        subgroup=subgroup,
        numbers=record.texts({name: _ENTERED[name] for name in ENTERED[kind]}),
        stored=texts,
        # as in files of RevMan 5, what cannot be estimated has zeros for all that is computed
        estimable=bool(numbers_of({"se": record.get("SE")}, place, row=record.row).get("se", 1)),
        row=record.row,
    )


def _pooled(record: Record, kind: Kind, place: Place) -> Mapping[str, float]:
    sums: Sequence[str] = tuple(_SUMS)
    if kind in ("continuous", "inverse variance"):
        sums = [name for name in _SUMS if name.startswith("total")]
    texts = record.texts(_POOLED | {name: _SUMS[name] for name in sums})
    return MappingProxyType(numbers_of(texts, place, row=record.row))
