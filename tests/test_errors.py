"""Errors say what is wrong, where, and what would be right."""

import pickle
from pathlib import Path

import pytest

import bayesmeta.errors
from bayesmeta.errors import (
    BayesmetaError,
    DataError,
    EngineError,
    InputError,
    PriorError,
    SpecError,
    brief,
    did_you_mean,
    located,
)

KINDS = [SpecError, DataError, PriorError]


@pytest.mark.parametrize("kind", KINDS)
def test_input_errors_share_a_base_and_an_exit_code(kind: type[InputError]) -> None:
    assert issubclass(kind, InputError)
    assert issubclass(kind, BayesmetaError)
    assert kind.exit_code == 2


def test_an_engine_that_cannot_has_its_own_exit_code() -> None:
    assert EngineError.exit_code == 3
    assert not issubclass(EngineError, InputError)


def test_the_tree_in_the_docstring_is_complete() -> None:
    defined = [
        name
        for name, thing in vars(bayesmeta.errors).items()
        if isinstance(thing, type) and issubclass(thing, Exception)
    ]
    for name in defined:
        assert f" {name} " in bayesmeta.errors.__doc__.replace("\n", " ")


def test_the_message_comes_after_the_place_and_before_the_hint() -> None:
    error = DataError(
        "'x' is not a number",
        hint="Leave the cell empty.",
        file=Path("data/a.csv"),
        key="data.columns",
        row=7,
        study="Smith 2010",
        column="sd1",
    )
    assert str(error) == (
        "data/a.csv, data.columns, row 7, study 'Smith 2010', column 'sd1': 'x' is not a number\n"
        "  Leave the cell empty."
    )


def test_an_error_without_a_place_is_its_message() -> None:
    assert str(SpecError("it is wrong")) == "it is wrong"


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_a_trip_to_another_process(kind: type[InputError]) -> None:
    error = kind("wrong", hint="right", file="a.csv", row=3, study="A", column="b", key="c.d")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_control_characters_reach_no_terminal() -> None:
    error = DataError(
        "wrong",
        file="a\x1b[31m.csv",
        key="data.\x07\n",
        study="\x1b]0;title\x07",
        column="\r\u202e",
    )
    assert all(character.isprintable() for character in str(error))


def test_long_names_are_cut() -> None:
    error = DataError("wrong", study="x" * 10_000, column="y" * 10_000)
    assert len(str(error)) < 250


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mesure", "Did you mean 'measure'?"),
        ("MEASURE", "Did you mean 'measure'?"),
        ("tua", "Did you mean 'tau'?"),
        ("quadrature", "Known are: Measure2, measure, tau."),
    ],
)
def test_the_nearest_known_name_is_named(name: str, hint: str) -> None:
    assert did_you_mean(name, ["tau", "measure", "Measure2"]) == hint


def test_without_known_names_there_is_no_hint() -> None:
    assert did_you_mean("x", []) == ""


def test_a_long_list_of_known_names_is_cut() -> None:
    assert len(did_you_mean("?", [f"column {i}" for i in range(10_000)])) < 1100


@pytest.mark.parametrize(
    ("value", "text"),
    [("a b", "'a b'"), (5, "5"), ("a\nb", r"'a\nb'"), (None, "None")],
)
def test_values_are_shown_on_one_line(value: object, text: str) -> None:
    assert brief(value) == text


def test_a_place_is_added_to_errors_that_lack_it() -> None:
    with pytest.raises(SpecError) as caught, located(file="a.toml", key="effect.r"):
        raise SpecError("wrong")
    assert caught.value.place == "a.toml, effect.r"


def test_the_innermost_place_stays() -> None:
    with pytest.raises(SpecError) as caught, located(file="outer"), located(file="inner"):
        raise SpecError("wrong")
    assert caught.value.place == "inner"


def test_a_place_can_be_for_one_kind_of_error() -> None:
    with (
        pytest.raises(SpecError) as caught,
        located(file="a.toml"),
        located(file="a.csv", kind=DataError),
    ):
        raise SpecError("wrong")
    assert caught.value.place == "a.toml"


def test_other_exceptions_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), located(file="a.toml"):
        _ = 1 / 0
