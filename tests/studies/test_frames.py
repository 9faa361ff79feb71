"""Any data frame of pandas is a table of studies, and none is changed."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmeta as bm

FRAME = pd.DataFrame(
    {
        "study": ["A", "B", "C"],
        "events_treatment": [1, 2, 3],
        "total_treatment": [10, 20, 30],
        "events_control": [4, 5, 6],
        "total_control": [10, 20, 30],
    }
)
LOG_ODDS_RATIO_B = np.log((2 / 18) / (5 / 15))


def checked(frame: pd.DataFrame, **options: Any) -> xr.Dataset:
    """The table of a frame, which is as it was before."""
    before = frame.copy(deep=True)
    table = bm.check(frame, **{"measure": "OR", **options}).table
    pd.testing.assert_frame_equal(frame, before)
    return table


def names(table: xr.Dataset) -> list[str]:
    return [str(name) for name in table["study"].to_numpy()]


INDEXES: dict[str, Any] = {
    "repeated": [0, 0, 1],
    "text": ["x", "y", "z"],
    "numbers": [0.5, 0.1, np.nan],
    "dates": pd.date_range("2020-01-01", periods=3),
    "categories": pd.CategoricalIndex(["x", "x", "y"]),
    "named row": pd.Index([7, 7, 8], name="row"),
    "named row, of text": pd.Index(["x", "y", "z"], name="row"),
    "named as a column": pd.Index([7, 8, 9], name="total_control"),
    "several levels": pd.MultiIndex.from_tuples([(1, "x"), (1, "x"), (2, "y")]),
    "levels with names": pd.MultiIndex.from_tuples([(1, 5), (1, 5), (2, 6)], names=["u", "v"]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_any_index(index: Any) -> None:
    frame = FRAME.set_axis(index, axis=0)
    assert names(checked(frame)) == ["A", "B", "C"]
    table = checked(frame, where="events_treatment == 2")
    assert names(table) == ["B"]
    assert list(table["row"].to_numpy()) == [2]
    assert float(table["effect"][0]) == pytest.approx(LOG_ODDS_RATIO_B)


@pytest.mark.parametrize("name", ["study", "trial"])
def test_names_in_the_index(name: str) -> None:
    frame = FRAME.rename(columns={"study": name}).set_index(name)
    assert names(checked(frame, study=name)) == ["A", "B", "C"]


TYPES = {
    "nullable": lambda frame: frame.convert_dtypes(),
    "Arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "objects": lambda frame: frame.astype(object),
    "text": lambda frame: frame.astype(str),
    "categories": lambda frame: frame.astype("category"),
    "whole and small": lambda frame: frame.astype({"events_treatment": "int8"}),
    "floats": lambda frame: frame.astype({"total_control": "float32"}),
}


@pytest.mark.parametrize("convert", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("where", [None, "events_treatment >= 2 and study in ['A', 'B']"])
def test_any_type(convert: Any, where: str | None) -> None:
    if convert is TYPES["Arrow"]:
        pytest.importorskip("pyarrow")
    table = checked(convert(FRAME), where=where)
    assert names(table) == (["B"] if where else ["A", "B", "C"])
    assert float(table["effect"].sel(study="B")) == pytest.approx(LOG_ODDS_RATIO_B)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", "NR"], ids=repr)
def test_any_missing_value(missing: object) -> None:
    frame = FRAME.astype(object)
    frame.loc[1, "events_treatment"] = missing
    table = checked(frame)
    assert names(table) == ["A", "C"]
    assert table.attrs["excluded"] == ({"study": "B", "reason": "missing: events_treatment"},)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", " "], ids=repr)
def test_a_missing_name(missing: object) -> None:
    frame = FRAME.astype(object)
    frame.loc[1, "study"] = missing
    with pytest.raises(bm.DataError, match="row 2, column 'study': the study has no name"):
        checked(frame)


@pytest.mark.parametrize(
    ("given", "unique"),
    [
        ([1, 2, 2], ["1", "2", "2 (2)"]),
        ([1.0, 2.0, 2.5], ["1", "2", "2.5"]),
        ([2001, "B", None], None),
        ([datetime.date(2020, 1, 1), "B", ("C", 1)], ["2020-01-01", "B", "('C', 1)"]),
        ([True, False, "C"], ["True", "False", "C"]),
        ([[1], [2], [1]], ["[1]", "[2]", "[1] (2)"]),
        (["a\x00b", "c\nd", "e"], ["a b", "c d", "e"]),
    ],
)
def test_names_of_any_type(given: list[Any], unique: list[str] | None) -> None:
    frame = FRAME.assign(study=pd.Series(given, dtype=object))
    if unique is None:
        with pytest.raises(bm.DataError, match="row 3"):
            checked(frame)
    else:
        assert names(checked(frame)) == unique


def test_columns_of_truths() -> None:
    frame = FRAME.assign(flag=[True, False, True], maybe=pd.array([True, None, False]))
    assert names(checked(frame, where="flag")) == ["A", "C"]
    assert names(checked(frame, where="not maybe")) == ["B", "C"]
    assert names(checked(frame, where="maybe == False")) == ["C"]
    assert list(checked(frame)["maybe"].to_numpy()) == ["True", "", "False"]


def test_columns_of_dates_and_ordered_categories() -> None:
    severity = pd.Categorical(
        ["mild", "severe", "mild"], categories=["mild", "severe"], ordered=True
    )
    frame = FRAME.assign(day=pd.date_range("2020-01-01", periods=3), severity=severity)
    assert names(checked(frame, where="day > '2020-01-01'")) == ["B", "C"]
    assert names(checked(frame, where="severity > 'mild'")) == ["B"]
    for where in ("day > 'x'", "day > 5", "severity > 'x'"):
        with pytest.raises(bm.SpecError, match="cannot be evaluated"):
            checked(frame, where=where)


def test_columns_of_anything_are_carried_along() -> None:
    frame = FRAME.assign(
        lists=[[1], {}, None],
        complex=[1j, 2, 3],
        sparse=pd.arrays.SparseArray([0, 0, 1.0]),
        period=pd.period_range("2020-01", periods=3, freq="M"),
        mixed=pd.Series([5, "<5", None], dtype=object),
        infinite=[np.inf, 1, 2],
    )
    table = checked(frame)
    assert list(table["mixed"].to_numpy()) == ["5", "<5", ""]
    assert list(table["sparse"].to_numpy()) == [0, 0, 1]
    assert list(table["period"].to_numpy()) == ["2020-01", "2020-02", "2020-03"]


def test_names_of_columns_of_any_type() -> None:
    frame = FRAME.rename(columns={"events_treatment": 0, "total_control": ("n", 2)})
    columns = {"events_treatment": "0", "total_control": "('n', 2)"}
    assert names(checked(frame, columns=columns, where="`0` > 1")) == ["B", "C"]


def test_odd_names_of_columns_are_left_out_or_made_plain() -> None:
    frame = FRAME.assign(**{"": 1, ".": 2, "a\x00b": 3, "n/N": 4, "effect\n": 5, "study ": 6})
    table = checked(frame)
    assert float(table["a b"][0]) == 3
    assert float(table["n∕N"][0]) == 4
    assert float(table["effect"].sel(study="B")) == pytest.approx(LOG_ODDS_RATIO_B)


WRONG = {
    "no rows": (FRAME.iloc[:0], "the table has no rows"),
    "no columns": (FRAME[[]], "the table has no rows"),
    "nothing": (pd.DataFrame(), "the table has no rows"),
    "a column twice": (
        pd.concat([FRAME, FRAME[["study"]]], axis=1),
        "two columns are named 'study'",
    ),
    "a name as number and text": (
        FRAME.assign(x=1, y=2).set_axis([*FRAME.columns, 1, "1"], axis=1),
        "two columns are named '1'",
    ),
    "columns of several levels": (
        pd.concat({"a": FRAME}, axis=1),
        "the columns have several levels",
    ),
    "an infinite number": (
        FRAME.assign(events_control=[1, np.inf, 2]),
        "row 2, study 'B', column 'events_control': inf is not a number",
    ),
    "a date for a number": (
        FRAME.assign(events_control=pd.date_range("2020-01-01", periods=3)),
        "row 1, study 'A', column 'events_control'",
    ),
    "a complex number": (FRAME.assign(events_control=[1j, 2, 3]), "column 'events_control'"),
    "a list for a number": (FRAME.assign(events_control=[[1], [2], [3]]), "[1] is not a number"),
    "an impossible number": (
        FRAME.assign(total_control=[10, 0, 30]),
        "row 2, study 'B', column 'total_control': 0 is not possible",
    ),
    "more events than patients": (
        FRAME.assign(events_control=[1, 99, 3]),
        "row 2, study 'B', column 'events_control': 99 events are more",
    ),
}


@pytest.mark.parametrize(("frame", "said"), WRONG.values(), ids=WRONG)
def test_wrong_frames(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(bm.InputError) as caught:
        checked(frame)
    assert said in str(caught.value)


def test_a_name_that_spreadsheets_would_run_is_only_a_name() -> None:
    assert names(checked(FRAME.assign(study=["=1+1", "+1", "@x"]))) == ["=1+1", "+1", "@x"]
