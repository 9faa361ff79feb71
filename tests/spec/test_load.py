"""A TOML file and keywords become a frozen spec; whatever is wrong is named with its place."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from bayesmeta.errors import InputError, SpecError
from bayesmeta.spec import OPTIONS, Spec, build_spec, load_spec

MINIMAL = '[data]\nfile = "a.csv"\n[effect]\nmeasure = "OR"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "analysis.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def load_error(folder: Path, text: str | bytes, **options: object) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load_spec(written(folder, text), options)
    return caught.value


def keys_of(section: type[BaseModel], *path: str) -> set[tuple[str, ...]]:
    """The paths of all keys of a table; tables that a keyword sets as a whole count as one."""
    keys = set()
    for name, field in section.model_fields.items():
        nested = field.annotation
        is_table = isinstance(nested, type) and issubclass(nested, BaseModel)
        keys |= (
            keys_of(nested, *path, name) if is_table and name != "zero_cells" else {(*path, name)}
        )
    return keys


# What is read


def test_the_minimum_and_its_defaults(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path, MINIMAL))
    assert spec.title == "analysis"
    assert spec.effect.measure == "OR"
    assert (spec.model.likelihood, spec.model.heterogeneity) == ("normal", "normal")
    assert (spec.engine.name, spec.engine.sampler, spec.engine.chains) == ("nuts", "nutpie", 4)
    assert (spec.interval.prob, spec.interval.kind) == (0.95, "eti")
    assert (spec.priors.mu, spec.priors.tau) == (None, None)


def test_paths_are_relative_to_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "elsewhere").mkdir()
    text = MINIMAL.replace("a.csv", "../data/a.csv")
    path = written(tmp_path / "models", text)
    monkeypatch.chdir(tmp_path / "elsewhere")
    file = load_spec(path).data.file
    assert file is not None
    assert file.resolve() == tmp_path / "data" / "a.csv"


def test_absolute_paths_stay(tmp_path: Path) -> None:
    path = written(tmp_path, MINIMAL.replace("a.csv", "/data/a.csv"))
    assert load_spec(path).data.file == Path("/data/a.csv")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xef\xbb\xbf" + MINIMAL.encode(), id="byte order mark"),
        pytest.param(MINIMAL.replace("\n", "\r\n").encode(), id="lines of Windows"),
        pytest.param(f'title = "Müller – 臨床"\n{MINIMAL}'.encode(), id="other alphabets"),
    ],
)
def test_text_of_any_editor(tmp_path: Path, text: bytes) -> None:
    assert load_spec(written(tmp_path, text)).effect.measure == "OR"


def test_a_spec_does_not_change(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path, MINIMAL))
    with pytest.raises(ValidationError, match="frozen"):
        spec.effect.measure = "RR"  # type: ignore[misc]


def test_a_spec_survives_json() -> None:
    spec = build_spec({"measure": "OR", "columns": {"effect": "yi"}, "important": 1.25, "r": 0.5})
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


# Keywords and flags


def test_every_key_can_be_set_by_a_keyword_but_the_file() -> None:
    assert keys_of(Spec) - set(OPTIONS.values()) == {("data", "file")}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_keyword_sets_a_key_that_exists(option: str) -> None:
    assert OPTIONS[option] in keys_of(Spec)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("measure", "RR"),
        ("title", "Other"),
        ("where", "year > 2010"),
        ("better", "lower"),
        ("important", 0.8),
        ("tau", "HalfCauchy(0.5)"),
        ("seed", 7),
        ("prob", 0.9),
        ("kind", "hdi"),
        ("treatment", "cells"),
    ],
)
def test_keywords_override_the_file(tmp_path: Path, option: str, value: object) -> None:
    text = (
        'title = "T"\n[data]\nfile = "a.csv"\nwhere = "year > 2000"\n'
        '[effect]\nmeasure = "OR"\nbetter = "higher"\nimportant = 1.5\n'
        '[priors]\ntau = "HalfNormal(1)"\n[engine]\nseed = 1\n'
        '[interval]\nprob = 0.95\nkind = "eti"\n[labels]\ntreatment = "drug"\n'
    )
    found: Any = load_spec(written(tmp_path, text), {option: value})
    for name in OPTIONS[option]:
        found = getattr(found, name)
    assert found == value


def test_a_keyword_that_is_a_table_adds_to_that_of_the_file(tmp_path: Path) -> None:
    text = f'{MINIMAL}[effect.zero_cells]\nadd = 1\n[data.columns]\ntotal = "n"\nevents = "x"\n'
    options = {"columns": {"events": "deaths"}, "zero_cells": {"to": "all"}}
    spec = load_spec(written(tmp_path, text), options)
    assert spec.data.columns == {"total": "n", "events": "deaths"}
    assert (spec.effect.zero_cells.add, spec.effect.zero_cells.to) == (1, "all")


def test_the_tables_that_are_given_stay_as_they_are() -> None:
    tables = {"data": {"columns": {"total": "n"}}, "effect": {"measure": "OR"}}
    build_spec({"columns": {"events": "x"}, "measure": "RR"}, tables=tables)
    assert tables == {"data": {"columns": {"total": "n"}}, "effect": {"measure": "OR"}}


@pytest.mark.parametrize(
    ("option", "value"),
    [("seed", np.int64(5)), ("seed", np.uint32(5)), ("prob", np.float32(0.5)), ("chains", 4.0)],
)
def test_numbers_of_numpy_are_numbers(option: str, value: object) -> None:
    build_spec({"measure": "OR", option: value})


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"unknown keyword 'mesure'\n  Did you mean 'measure'\?"):
        build_spec({"mesure": "OR"})


# What is wrong in a spec, and where

WRONG = {
    "unknown key": ("effect.bettr = 1", "effect.bettr", "Did you mean 'better'?"),
    "unknown section": ('efect.r = "OR"', "efect", "Did you mean 'effect'?"),
    "unknown key of engine": ('engine.sampel = "x"', "engine.sampel", "mean 'sampler'?"),
    "unknown key two deep": ("effect.zero_cells.ad = 1", "effect.zero_cells.ad", "mean 'add'?"),
    "unknown key like no other": ("interval.xyz = 1", "interval.xyz", "Known are: kind, prob."),
    "key of another section": ('data.better = "lower"', "data.better", "belongs under [effect]"),
    "key outside of its section": ('where = "x"', "where", "belongs under [data]"),
    "key of the top in a section": ('data.title = "T"', "data.title", "belongs at the top"),
    "section that is a value": ("engine = 5", "engine", "Write it as [engine]."),
    "section that is a list": ("[[data]]", "data", "this is a table"),
    "columns that are a value": ('data.columns = "x"', "data.columns", "as [data.columns]."),
    "column that is a number": ("data.columns.total = 5", "data.columns.total", "not 5"),
    "choice": ('effect.better = "up"', "effect.better", "is not one of 'higher', 'lower'"),
    "choice with a slip": ('effect.better = "highr"', "effect.better", "mean 'higher'?"),
    "decimal mark": ('data.decimal = ";"', "data.decimal", "';' is not one of '.', ','"),
    "text for a number": ('engine.chains = "many"', "engine.chains", "not 'many'"),
    "number for text": ("title = 5", "title", "not 5"),
    "truth for a number": ("effect.important = true", "effect.important", "not True"),
    "truth for a seed": ("engine.seed = true", "engine.seed", "not True"),
    "too few chains": ("engine.chains = 1", "engine.chains", "equal to 2, not 1"),
    "percent for a probability": ("interval.prob = 95", "interval.prob", "than 1, not 95"),
    "probability of 0": ("interval.prob = 0", "interval.prob", "greater than 0"),
    "correlation of 1": ("effect.r = 1.0", "effect.r", "less than 1"),
    "not a number": ("effect.important = nan", "effect.important", "finite"),
    "infinite": ("effect.important = inf", "effect.important", "finite"),
    "negative seed": ("engine.seed = -1", "engine.seed", "not -1"),
    "a date": ("engine.seed = 2020-01-01", "engine.seed", "not datetime"),
}


@pytest.mark.parametrize(("text", "key", "said"), WRONG.values(), ids=WRONG)
def test_errors_name_the_file_the_key_and_what_is_right(
    tmp_path: Path, text: str, key: str, said: str
) -> None:
    error = load_error(tmp_path, f'effect.measure = "OR"\n{text}\n')
    assert str(error).startswith(f"{tmp_path / 'analysis.toml'}, {key}: ")
    assert said in str(error)


@pytest.mark.parametrize(
    "text", ["", "[effect]", '[data]\nfile = "a.csv"'], ids=["empty", "no key", "no section"]
)
def test_the_measure_is_required(tmp_path: Path, text: str) -> None:
    error = load_error(tmp_path, text)
    assert error.key == "effect.measure"
    assert "bayesmeta list measures" in str(error)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = '[efect]\nmeasure = "OR"\n[engine]\nchains = 1\nsamplr = "x"\n'
    message = str(load_error(tmp_path, text))
    for said in ("efect: unknown key", "engine.chains", "engine.samplr", "effect.measure"):
        assert said in message


def test_a_table_of_data_without_a_file(tmp_path: Path) -> None:
    error = load_error(tmp_path, '[effect]\nmeasure = "OR"\n')
    assert error.key == "data.file"
    assert 'file = "studies.csv"' in str(error)


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    error = load_error(tmp_path, f'[effect]\nmeasure = "OR"\nbetter = "{"x" * 10_000}"\n')
    assert len(str(error)) < 500


# Files that are no spec

DEEP = "a = " + "[" * 5000

NO_SPEC = {
    "not TOML": (b"measure: OR\n", "not valid TOML.*line 1"),
    "a key twice": (b"[effect]\nmeasure = 'OR'\nmeasure = 'RR'\n", "not valid TOML.*line 3"),
    "a section twice": (b"[effect]\n[effect]\n", "not valid TOML.*line 2"),
    "a path of Windows": (b'[data]\nfile = "C:\\data\\a.csv"\n', "not valid TOML.*line 2"),
    "not UTF-8": ('title = "Müller"'.encode("cp1252"), "not UTF-8"),
    "UTF-16": (MINIMAL.encode("utf-16"), "not UTF-8"),
    "binary": (bytes(range(256)), "not UTF-8"),
    "nested without end": (DEEP.encode(), "not valid TOML"),
    "a number of thousands of digits": (b"a = " + b"9" * 5000, "not valid TOML"),
    "no such day": (b"a = 2020-02-31\n", "not valid TOML"),
}


@pytest.mark.parametrize(("content", "said"), NO_SPEC.values(), ids=NO_SPEC)
def test_files_that_are_no_spec(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SpecError, match=rf"(?s)analysis\.toml.*{said}"):
        load_spec(written(tmp_path, content))


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        load_spec(tmp_path)


def test_a_missing_spec(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nope\.toml: there is no such file"):
        load_spec(tmp_path / "nope.toml")


def test_text_that_no_file_can_hold() -> None:
    with pytest.raises(SpecError, match="title: input should be valid Unicode"):
        build_spec({"measure": "OR", "title": "\udcff"})
