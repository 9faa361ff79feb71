"""RevMan Web's data rows: one line a study of an analysis, in a package or a file of its own."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bayesmeta.errors import DataError
from bayesmeta.studies.records import Record, read_records
from bayesmeta.studies.review import Kind, Outcome, Review, StudyRows, Subgroup
from bayesmeta.studies.risk_of_bias import Judgement
from bayesmeta.studies.study_rows import (
    ENTERED,
    Place,
    RowText,
    number,
    study_rows,
    whole_number,
    year_of,
)
from bayesmeta.studies.text import unique

__all__ = [
    "DECIMALS",
    "ROW_COLUMNS",
    "SAME_NUMBER",
    "Key",
    "by_analysis",
    "calculated",
    "data_row_outcome",
    "entered_rows",
    "key_of",
    "label_of",
    "plain_judgement",
    "read_data_rows",
    "several_analyses",
]

DECIMALS = 6
"""To which RevMan Web writes what it computed."""

ROW_COLUMNS = ("Analysis group", "Analysis number", "Study", "GIV Mean", "Experimental N")
"""Columns by which a table of data rows is known."""

SAME_NUMBER = "two analyses have the same number"
"""Why neither is analysed."""

_MOST_ANALYSES = 30_000
"""The largest collection known, of 397 reviews, has 13,977."""

Key = tuple[str, int, int]
"""Review, comparison, outcome."""

_ENTERED = MappingProxyType(
    {
        "effect": "GIV Mean",
        "std_error": "GIV SE",
        "mean_treatment": "Experimental mean",
        "sd_treatment": "Experimental SD",
        "events_treatment": "Experimental cases",
        "total_treatment": "Experimental N",
        "mean_control": "Control mean",
        "sd_control": "Control SD",
        "events_control": "Control cases",
        "total_control": "Control N",
        "o_e": "O-E",
        "variance": "Variance",
    }
)
_STORED = {"effect": "Mean", "lower": "CI start", "upper": "CI end", "weight": "Weight"}
_INTERVAL = ("effect", "lower", "upper")

_JUDGEMENTS = {"low risk": "low", "high risk": "high", "unclear risk": "unclear"}


def read_data_rows(content: bytes, path: Path, sha256: str) -> Review:
    """The outcomes in a table of data rows alone.

    Such a table says neither of which kind an outcome is nor how it was analysed: the kind
    follows from the columns that hold numbers, and the settings are None. Collections of several
    reviews have a column ``review``.

    Raises
    ------
    DataError
        It is no such table, or a number in it is none or is not possible.
    """
    records = read_records(content, path, ROW_COLUMNS)
    if not records:
        raise DataError("the table has no rows", file=path)
    outcomes: list[Outcome] = []
    left_out: list[tuple[str, str]] = []
    for key, found in by_analysis(records, path).items():
        name = f"{label_of(key)} {found[0].name('Analysis name')}".strip()
        if several_analyses(found):
            left_out.append((name, SAME_NUMBER))
        elif (outcome := data_row_outcome(key, found, path)) is not None:
            outcomes.append(outcome)
        else:
            left_out.append((name, "its rows hold no numbers of an analysis"))
    return Review(
        file=path,
        title="",
        outcomes=tuple(outcomes),
        decimals=DECIMALS,
        left_out=tuple(left_out),
        risk_of_bias=tuple(
            Judgement(
                study=record.name("Study"),
                domain="Overall bias",
                judgement=plain_judgement(record.name("Overall bias")),
                outcome=label_of(key_of(record, path)),
            )
            for record in records
            if record.get("Overall bias")
        ),
        sha256=sha256,
    )


def data_row_outcome(key: Key, records: Sequence[Record], path: Path) -> Outcome | None:
    """An outcome whose settings are not known; None where its rows hold no numbers."""
    kind = _kind(records)
    if kind is None:
        return None
    groups = list(dict.fromkeys(_group(record) for record in records if record.get("Subgroup")))
    if all(place for _, place in groups):
        groups.sort(key=lambda group: (len(group[1]), group[1]))
    return Outcome(
        review=key[0],
        comparison=key[1],
        number=key[2],
        comparison_name=records[0].name("Analysis group name"),
        name=records[0].name("Analysis name"),
        kind=kind,
        settings=None,
        rows=entered_rows(kind, records, [_group(record) for record in records], groups, key, path),
        subgroups=tuple(Subgroup(name=name) for name in unique([name for name, _ in groups])),
    )


def entered_rows(
    kind: Kind,
    records: Sequence[Record],
    groups_of: Sequence[object],
    groups: Sequence[object],
    key: Key,
    path: Path,
) -> StudyRows:
    """The studies of an outcome.

    Parameters
    ----------
    kind
        Its type: unused numbers are 0 in these files, and are no data.
    records
        Its rows.
    groups_of, groups
        The subgroup of each row, and the subgroups in order.
    key, path
        Where it is, for messages.
    """
    place = Place(file=path, analysis=label_of(key), columns=_ENTERED | _STORED)
    places = {group: i for i, group in enumerate(groups)}
    return study_rows(
        kind,
        [
            _row(kind, record, places.get(group, -1), place)
            for record, group in zip(records, groups_of, strict=True)
        ],
        place,
    )


def by_analysis(records: Iterable[Record], path: Path) -> dict[Key, list[Record]]:
    """The records of each analysis, in the order of the file.

    Raises
    ------
    DataError
        The number of an analysis is not whole, or there are more analyses than reviews have.
    """
    found: dict[Key, list[Record]] = {}
    for record in records:
        found.setdefault(key_of(record, path), []).append(record)
        if len(found) > _MOST_ANALYSES:
            raise DataError(f"the table has over {_MOST_ANALYSES:,} analyses", file=path)
    return found


def several_analyses(records: Sequence[Record]) -> bool:
    """Whether rows with the number of one analysis bear the names of several."""
    return len({record.name("Analysis name") for record in records}) > 1


def key_of(record: Record, path: Path) -> Key:
    """Which analysis a record belongs to.

    Raises
    ------
    DataError
        Its numbers are not whole.
    """
    comparison, outcome = (
        whole_number(record.get(column), path, record.row, column)
        for column in ("Analysis group", "Analysis number")
    )
    return record.name("review"), comparison, outcome


def label_of(key: Key) -> str:
    """As `Outcome.analysis` writes it."""
    review, comparison, outcome = key
    return f"{review}:{comparison}.{outcome}" if review else f"{comparison}.{outcome}"


def calculated(texts: Mapping[str, str]) -> bool:
    """Whether RevMan Web has computed a result: an interval has a width.

    Where it has not, the file says 0 for the estimate and for both ends of its interval.
    """
    interval = [texts[name] for name in _INTERVAL]
    return any(_holds(text) for text in interval) or not all(interval)


def plain_judgement(text: str) -> str:
    """A judgement of the risk of bias in a word."""
    return _JUDGEMENTS.get(text.casefold(), text if text[:4] != "Some" else text.casefold())


def _row(kind: Kind, record: Record, subgroup: int, place: Place) -> RowText:
    study = record.name("Study")
    if not study:
        raise DataError("the study has no name", file=place.file, row=record.row, column="Study")
    stored = record.texts(_STORED)
    applicability = record.get("Applicability").upper()
    return RowText(
        study=study,
        year=year_of(record.get("Study year")),
        subgroup=-1 if applicability == "OVERALL_ONLY" else subgroup,
        in_total=applicability != "SUBGROUP_ONLY",
        numbers=record.texts({name: _ENTERED[name] for name in ENTERED[kind]}),
        stored=stored if calculated(stored) else dict.fromkeys(stored, ""),
        # RevMan Web leaves out what it cannot estimate
        estimable=stored["effect"] != "",
        row=record.row,
    )


def _group(record: Record) -> tuple[str, str]:
    """The name and, where the file has it, the number of the subgroup of a row."""
    return record.name("Subgroup"), record.get("Subgroup number")


def _kind(records: Sequence[Record]) -> Kind | None:
    """The type of an outcome by the numbers that it holds.

    RevMan Web fills some columns with what it computed: ``GIV SE`` and ``Variance`` beside counts
    and means, counts of events beside O-E, means beside estimates. ``GIV Mean`` it never fills.
    Without events RevMan computes no ratio; an estimate of exactly 0 it computes.
    """

    def any_of(*columns: str) -> bool:
        return any(_holds(record.get(column)) for column in columns for record in records)

    if any_of("O-E"):
        return "O-E and variance"
    if any_of("GIV Mean"):
        return "inverse variance"
    if any_of("Experimental mean", "Control mean", "Experimental SD", "Control SD"):
        return "continuous"
    if any_of("Experimental cases", "Control cases"):
        return "dichotomous"
    if any_of("GIV SE") and any(record.get("Mean") for record in records):
        return "inverse variance"
    return "dichotomous" if any_of("Experimental N", "Control N") else None


def _holds(text: str) -> bool:
    """Whether a cell holds anything but nothing: what is no number is refused later."""
    if text in ("", "0.0", "0"):
        return False
    try:
        return abs(number(text)) > 0
    except ValueError:
        return True
