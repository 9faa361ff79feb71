"""Data packages of RevMan Web (``.zip``), versions 1 and 2 (since September 2024)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from bayesmeta.errors import DataError, brief
from bayesmeta.studies.data_rows import (
    DECIMALS,
    ROW_COLUMNS,
    SAME_NUMBER,
    Key,
    by_analysis,
    calculated,
    data_row_outcome,
    entered_rows,
    label_of,
    plain_judgement,
    several_analyses,
)
from bayesmeta.studies.records import Record, read_records
from bayesmeta.studies.review import Kind, Outcome, Review, Settings, StudyRows, Subgroup
from bayesmeta.studies.risk_of_bias import Judgement
from bayesmeta.studies.settings import (
    CHOICES,
    MODELS,
    UnknownSettingError,
    level_of,
    measure_of,
    method_of,
    setting_of,
)
from bayesmeta.studies.study_rows import Place, numbers_of
from bayesmeta.studies.text import one_line, unique

__all__ = ["is_member", "read_revman_web"]

_ROWS = "-data-rows.csv"
_ANALYSES = "-overall-estimates-and-settings.csv"
_SUBGROUPS = "-subgroup-estimates.csv"
_BIAS = "-risk-of-bias.csv"
_ACCURACY = "-parameters.csv"
"""Only packages of diagnostic accuracy reviews hold it."""

_ANALYSIS_COLUMNS = ("Analysis group", "Analysis number", "Data type", "Effect measure")
_JUDGEMENT = "Domain (judgement):"

_SUMS = {
    "events_treatment": "Experimental cases",
    "total_treatment": "Experimental N",
    "events_control": "Control cases",
    "total_control": "Control N",
}
_POOLED = {
    "effect": "Mean",
    "lower": "CI start",
    "upper": "CI end",
    "weight": "Weight",
    "prediction_lower": "PI start",
    "prediction_upper": "PI end",
    "tau2": "Heterogeneity Tau²",
    "tau2_lower": "Tau² CI start",
    "tau2_upper": "Tau² CI end",
    "chi2": "Heterogeneity Chi²",
    "df": "Heterogeneity df",
    "p_chi2": "Heterogeneity P",
    "i2": "Heterogeneity I²",
    "z": "Effect Z",
    "t": "Effect T",
    "p_effect": "Effect P",
    "subgroup_chi2": "Subgroup Chi²",
    "subgroup_df": "Subgroup df",
    "subgroup_p": "Subgroup P",
    "subgroup_i2": "Subgroup I²",
}
_ESTIMATORS: Mapping[str, Literal["DL", "REML"]] = {
    "DL": "DL",
    "DerSimonian": "DL",
    "REML": "REML",
    "Restricted": "REML",
}
_INTERVALS: Mapping[str, Literal["Wald", "HKSJ"]] = {
    "Wald": "Wald",
    "HKSJ": "HKSJ",
    "Hartung": "HKSJ",
    "Knapp": "HKSJ",
}


@dataclass(frozen=True, kw_only=True)
class _Tables:
    """The tables of a package, by analysis."""

    path: Path
    rows: Mapping[Key, Sequence[Record]]
    analyses: Mapping[Key, Sequence[Record]]
    subgroups: Mapping[Key, Sequence[Record]]


def is_member(name: str) -> bool:
    """Whether a file of a package, by its name, is one that is read."""
    return name.casefold().endswith((_ROWS, _ANALYSES, _SUBGROUPS, _BIAS, _ACCURACY))


def read_revman_web(members: Mapping[str, bytes], path: Path, sha256: str) -> Review:
    """The review in a data package.

    Parameters
    ----------
    members
        The files of the package, by name.
    path, sha256
        The package, and the hash of its bytes.

    Raises
    ------
    DataError
        It is the package of a diagnostic accuracy review, its rows are missing, or a number in it
        is none or is not possible.
    """
    if _member(members, _ACCURACY, path) is not None:
        raise DataError(
            "this is the package of a review of diagnostic accuracy",
            file=path,
            hint="bayesmeta analyses reviews of interventions.",
        )
    rows = _member(members, _ROWS, path)
    if rows is None:
        raise DataError(
            "the archive holds no study rows",
            file=path,
            hint=f"A data package of RevMan Web has a file that ends in {_ROWS}.",
        )
    subgroups = _member(members, _SUBGROUPS, path)
    analyses = _member(members, _ANALYSES, path)
    tables = _Tables(
        path=path,
        rows=_by_analysis(rows, ROW_COLUMNS, path),
        analyses=_by_analysis(analyses, _ANALYSIS_COLUMNS, path),
        subgroups=_by_analysis(subgroups, ("Analysis group", "Analysis number", "Subgroup"), path),
    )
    outcomes: list[Outcome] = []
    left_out: list[tuple[str, str]] = []
    for key in {**tables.analyses, **tables.rows}:
        outcome = _outcome(key, tables)
        if isinstance(outcome, str):
            record = (tables.analyses.get(key) or tables.rows[key])[0]
            left_out.append((f"{label_of(key)} {record.name('Analysis name')}".strip(), outcome))
        else:
            outcomes.append(outcome)
    return Review(
        file=path,
        title="",
        outcomes=tuple(outcomes),
        decimals=DECIMALS,
        left_out=tuple(left_out),
        risk_of_bias=tuple(_judgements(_member(members, _BIAS, path), path)),
        sha256=sha256,
    )


def _member(members: Mapping[str, bytes], ending: str, path: Path) -> bytes | None:
    found = [name for name in members if name.casefold().endswith(ending)]
    if len(found) > 1:
        names = " and ".join(brief(name) for name in found[:2])
        raise DataError(
            f"the archive holds several packages: {names}",
            file=path,
            hint="Give one package at a time.",
        )
    return members[found[0]] if found else None


def _by_analysis(
    content: bytes | None, required: Sequence[str], path: Path
) -> dict[Key, list[Record]]:
    return {} if content is None else by_analysis(read_records(content, path, required), path)


def _outcome(key: Key, tables: _Tables) -> Outcome | str:
    """An outcome; or why it cannot be analysed."""
    records = tables.rows.get(key)
    if not records:
        return "it has no studies"
    if several_analyses(records) or len(tables.analyses.get(key, ())) > 1:
        return SAME_NUMBER
    if key not in tables.analyses:
        return data_row_outcome(key, records, tables.path) or "its rows hold no numbers"
    record = tables.analyses[key][0]
    kind = _kind(record.get("Data type"))
    if kind is None:
        return f"RevMan's type of data {brief(record.get('Data type'))} is not known"
    place = Place(file=tables.path, analysis=label_of(key), columns=_POOLED | _SUMS)
    described = tables.subgroups.get(key, ())
    of_rows = [row.name("Subgroup") for row in records]
    groups = list(dict.fromkeys([*(group.name("Subgroup") for group in described), *of_rows]))
    groups = [name for name in groups if name]
    rows = entered_rows(kind, records, of_rows, groups, key, tables.path)
    try:
        settings = _settings(record, kind, rows, place)
    except UnknownSettingError as unknown:
        return str(unknown)
    stored = {
        group.name("Subgroup"): _pooled(group, kind, settings, place)
        for group in reversed(described)
    }
    return Outcome(
        review=key[0],
        comparison=key[1],
        number=key[2],
        comparison_name=record.name("Analysis group name"),
        name=record.name("Analysis name"),
        kind=kind,
        settings=settings,
        rows=rows,
        subgroups=tuple(
            Subgroup(name=name, stored=stored.get(group, MappingProxyType({})))
            for name, group in zip(unique(groups), groups, strict=True)
        ),
        stored=_pooled(record, kind, settings, place),
        treatment=_arm(record, "Experimental"),
        control=_arm(record, "Control"),
        favours=(record.name("Graph label (left)"), record.name("Graph label (right)")),
    )


def _arm(record: Record, arm: str) -> str:
    return record.name(f"{arm} group label") or record.name(f"{arm} intervention")


def _kind(text: str) -> Kind | None:
    kinds: dict[str, Kind] = {
        "dich": "dichotomous",
        "contr": "inverse variance",  # RevMan's "Contrast level"
        "cont": "continuous",
        "generic": "inverse variance",
        "giv": "inverse variance",
        "inverse": "inverse variance",
        "o-e": "O-E and variance",
    }
    found = (kind for start, kind in kinds.items() if text.casefold().startswith(start))
    return next(found, None)


def _settings(record: Record, kind: Kind, rows: StudyRows, place: Place) -> Settings:
    """How the outcome was analysed; UnknownSettingError where a word for that is not RevMan's."""
    second = "CI/PI level" in record.columns or "Heterogeneity estimator" in record.columns
    text = record.name("Effect measure")
    estimates = kind in ("inverse variance", "O-E and variance")
    log_data = estimates and _chosen(record, "Log-scale data")
    measure = measure_of(text, kind, rows, log_data=log_data)
    both = record.get("CI/PI level")
    return Settings(
        measure=measure,
        measure_text=text,
        method=method_of(kind, measure, record.get("Statistical method")),
        random=_word(record, "Analysis model", MODELS, default=False),
        totals=_chosen(record, "Overall estimates", default=True),
        subtotals=_chosen(record, "Subgroup estimates", default=True),
        subgroup_test=_chosen(record, "Test for subgroup differences", default=True),
        swap_events=kind == "dichotomous" and _chosen(record, "Swap event and non-event"),
        log_data=log_data,
        study_level=level_of(record.get("Study CI") or both, place),
        level=level_of(record.get("Estimate CI") or both, place),
        estimator=_word(record, "Heterogeneity estimator", _ESTIMATORS, default="DL"),
        interval=_word(record, "CI method", _INTERVALS, default="Wald"),
        prediction=_chosen(record, "Prediction interval"),
        i2_from_tau2=second,
    )


def _word[Value](
    record: Record, column: str, known: Mapping[str, Value], *, default: Value
) -> Value:
    return setting_of(f"setting {column!r}", record.get(column), known, default=default)


def _chosen(record: Record, column: str, *, default: bool = False) -> bool:
    return _word(record, column, CHOICES, default=default)


def _pooled(record: Record, kind: Kind, settings: Settings, place: Place) -> Mapping[str, float]:
    """The numbers of a pooled result that RevMan computed, without those that fill a cell."""
    texts = record.texts(_POOLED)
    unused = ["t" if settings.interval == "Wald" else "z"]
    if not settings.prediction:
        unused += ["prediction_lower", "prediction_upper"]
    if not settings.random:
        unused += ["tau2_lower", "tau2_upper"]
    if not calculated(texts):
        unused = list(texts)
    sums = record.texts(_SUMS)
    if kind in ("continuous", "inverse variance"):
        sums = {name: text for name, text in sums.items() if name.startswith("total")}
    kept = {name: text for name, text in texts.items() if name not in unused} | sums
    return MappingProxyType(numbers_of(kept, place, row=record.row))


def _judgements(content: bytes | None, path: Path) -> Iterator[Judgement]:
    """The judgements of the risk of bias; what supports them stays in the file."""
    records = [] if content is None else read_records(content, path, ("Study",))
    columns = records[0].columns if records else {}
    domains = {
        column: one_line(column.removeprefix(_JUDGEMENT))
        for column in columns
        if column.startswith(_JUDGEMENT)
    }
    for record in records:
        for column, domain in domains.items():
            judgement = record.name(column)
            if judgement:
                yield Judgement(
                    study=record.name("Study"),
                    domain=domain,
                    judgement=plain_judgement(judgement),
                    outcome=record.name("Outcome") or record.name("Result"),
                )
