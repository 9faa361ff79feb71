"""What an analysis is read from: a spec, a table of studies, or an outcome of a RevMan file."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import find_measure
from bayesmeta.parity import has_effects, inferred_settings
from bayesmeta.spec import Spec, build_spec, load_spec, read_tables
from bayesmeta.studies import Outcome, Review, is_revman, read_csv, read_review

__all__ = [
    "chosen_outcome",
    "hash_of",
    "outcome_defaults",
    "outcome_of",
    "read_spec",
    "read_studies",
]


def read_spec(
    source: str | Path | pd.DataFrame, options: Mapping[str, object]
) -> tuple[Spec, Path | None]:
    """The spec of a source, and its file where it has one.

    What a RevMan file says of the outcome that is analysed (its measure, scale, title and arms)
    holds where neither the spec nor the options say something else.

    Parameters
    ----------
    source
        A spec (``.toml``), a file of studies, a file of RevMan, or a data frame.
    options
        Keywords of `bayesmeta.spec.OPTIONS`, which override what a file says.

    Raises
    ------
    InputError
        A file cannot be read, or a key or value is wrong.
    """
    if isinstance(source, pd.DataFrame):
        return build_spec(options), None
    path = Path(source)
    if path.suffix.casefold() == ".toml":
        tables: Mapping[str, Any] = read_tables(path)
        data = tables.get("data")
        named = data.get("file") if isinstance(data, dict) else None
        if isinstance(named, str):
            tables = _completed(tables, path.parent / named, options)
        return load_spec(path, options, tables=tables), path
    spec = build_spec(options, tables=_completed({}, path, options))
    data_of = spec.data.model_copy(update={"file": path})
    return spec.model_copy(update={"data": data_of, "title": spec.title or path.stem}), None


def read_studies(source: str | Path | pd.DataFrame, spec: Spec) -> tuple[pd.DataFrame, str]:
    """The studies, and the hash of their file or of the values of the data frame.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        frame = source.copy(deep=False)
        if spec.data.decimal:
            frame.attrs = {**frame.attrs, "decimal": spec.data.decimal}
        return frame, hash_of(frame.to_csv())
    path = spec.data.file
    assert path is not None  # a spec from a file names its data
    if path != Path(source) and not path.exists():
        raise SpecError(
            f"there is no file {path}",
            key="data.file",
            hint="The path is relative to the folder of the spec.",
        )
    found = outcome_of(spec)
    if found is not None:
        review, outcome = found
        return review.frame(outcome), review.sha256
    frame = read_csv(path, decimal=spec.data.decimal)
    return frame, str(frame.attrs["sha256"])


def outcome_of(spec: Spec) -> tuple[Review, Outcome] | None:
    """The review and the outcome that a spec analyses; None where its studies are a table.

    Raises
    ------
    InputError
        The file cannot be read, or has no such outcome.
    """
    path, analysis = spec.data.file, spec.data.analysis
    if path is None or not path.exists():  # a saved fit does not need its data
        return None
    if not is_revman(path):
        if analysis is not None:
            raise SpecError(
                "analysis chooses an outcome of a RevMan file, and this is none",
                file=path,
                key="data.analysis",
                hint="Leave it out, or choose rows with where.",
            )
        return None
    review = _review_at(path)
    return review, chosen_outcome(review, analysis)


def outcome_defaults(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """What a RevMan file says of an outcome, as tables of a spec."""
    settings = outcome.settings
    effect: dict[str, Any] = {"smd": "revman"}
    if outcome.kind == "dichotomous":
        effect["zero_cells"] = {"revman": True}
    if settings is not None:
        effect["measure"] = settings.measure
        if outcome.kind == "O-E and variance" or settings.log_data:
            effect["scale"] = "analysis"
        elif outcome.kind == "inverse variance" and find_measure(settings.measure).scale.ratio:
            effect["scale"] = "display"
    labels = {"treatment": outcome.treatment, "control": outcome.control}
    return {"effect": effect, "labels": {name: text for name, text in labels.items() if text}}


def hash_of(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _review_at(path: Path) -> Review:
    """The review of a file, read once, however many of its outcomes are analysed."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, changed: int) -> Review:
    return read_review(path)


def chosen_outcome(review: Review, analysis: str | None) -> Outcome:
    """The outcome with a number such as "1.2"; the only one of a review where none is given.

    Where the file does not say how it was analysed, that is found from the stored effects.

    Raises
    ------
    DataError
        No outcome of the file can be analysed; the hint says why the first cannot.
    SpecError
        There is no such outcome, or there are several and none is chosen.
    """
    if not review.outcomes:
        raise DataError(
            "the file has no outcome that can be analysed",
            file=review.file,
            hint=next((f"{name}: {reason}" for name, reason in review.left_out), None),
        )
    if analysis is not None or len(review.outcomes) == 1:
        outcome = review.outcomes[0] if analysis is None else review.outcome(analysis)
        if outcome.settings is None and has_effects(outcome):
            return replace(outcome, settings=inferred_settings(outcome, review.decimals))
        return outcome
    raise SpecError(
        f"the file has {len(review.outcomes)} outcomes",
        file=review.file,
        key="data.analysis",
        hint=f'Choose one, as in analysis = "{review.outcomes[0].analysis}" or --analysis; '
        "bayesmeta outcomes lists them.",
    )


def _completed(
    tables: Mapping[str, Any], studies: Path, options: Mapping[str, object]
) -> Mapping[str, Any]:
    """The tables of a spec on top of what a RevMan file says of its outcome."""
    given = options.get("analysis", tables.get("data", {}).get("analysis"))
    suffix = studies.suffix.casefold()
    if not is_revman(studies):
        if suffix == ".rm5" or (given is not None and suffix != ".csv"):
            read_review(studies)  # says why it is none, before what else the spec lacks
        return tables
    outcome = chosen_outcome(_review_at(studies), None if given is None else str(given))
    known: dict[str, Any] = {
        "title": ": ".join(filter(None, (outcome.comparison_name, outcome.name))),
        **outcome_defaults(outcome),
    }
    return _beneath(known, tables)


def _beneath(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a spec that hold where others, which lie on top of them, do not."""
    merged = {**known, **given}
    for name, below in known.items():
        above = given.get(name)
        if isinstance(below, Mapping) and isinstance(above, Mapping):
            merged[name] = _beneath(below, above)
    return merged
