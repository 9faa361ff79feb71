"""A table of studies is checked cell by cell, and no odd name or value breaks it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from bayesmeta.errors import DataError, SpecError
from bayesmeta.studies import COLUMNS, read_csv, study_table


def table_of(folder: Path, content: str, **options: Any) -> xr.Dataset:
    path = folder / "studies.csv"
    path.write_text(content, encoding="utf-8")
    return study_table(read_csv(path), **options)


def names_of(folder: Path, names: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The unique names that are made of these, and the warnings."""
    quoted = [name.replace('"', '""') for name in names]
    table = table_of(folder, "study,mean\n" + "".join(f'"{name}",1\n' for name in quoted))
    return [str(name) for name in table["study"].to_numpy()], table.attrs["warnings"]


def test_known_columns_are_numbers_and_the_others_stay(tmp_path: Path) -> None:
    table = table_of(tmp_path, "study,mean,sd,total,arm,dose\nA,1.5,NR,10,x,5\nB,2,1,,,NA\n")
    assert table.sizes == {"study": 2}
    np.testing.assert_array_equal(table["mean"], [1.5, 2])
    np.testing.assert_array_equal(table["sd"], [np.nan, 1])
    np.testing.assert_array_equal(table["total"], [10, np.nan])
    assert list(table["arm"].to_numpy()) == ["x", ""]
    np.testing.assert_array_equal(table["dose"], [5, np.nan])
    assert list(table["row"].to_numpy()) == [2, 3]
    assert table.attrs == {"file": str(tmp_path / "studies.csv"), "warnings": ()}


def test_columns_are_renamed(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        "trial,m,mean,n\nA,1,9,10\n",
        columns={"mean": "m", "total_treatment": "n", "total_control": "n"},
        study="trial",
    )
    assert list(table["study"].to_numpy()) == ["A"]
    assert float(table["mean"][0]) == 1, "the name in the spec wins over the name in the file"
    assert float(table["total_treatment"][0]) == float(table["total_control"][0]) == 10


@pytest.mark.parametrize("options", [{"study": "trial"}, {"columns": {"study": "trial"}}])
def test_the_column_of_names_can_be_named_in_two_ways(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    assert table_of(tmp_path, "trial,mean\nA,1\n", **options)["study"].to_numpy()[0] == "A"


# Wrong names of columns

WRONG_NAMES = {
    "unknown number": (
        {"columns": {"sd_treatmnt": "sd"}},
        "data.columns.sd_treatmnt: 'sd_treatmnt' is not the name of a number",
        "Did you mean 'sd_treatment'?",
    ),
    "unknown column": (
        {"columns": {"sd_treatment": "sdd"}},
        "data.columns.sd_treatment: the table has no column 'sdd'",
        "Did you mean 'sd'?",
    ),
    "unknown column of names": (
        {"study": "trail"},
        "data.study: the table has no column 'trail'",
        "Did you mean 'trial'?",
    ),
    "unknown column of names, mapped": (
        {"columns": {"study": "trail"}},
        "data.columns.study: the table has no column 'trail'",
        "Did you mean 'trial'?",
    ),
}


@pytest.mark.parametrize(("options", "said", "hint"), WRONG_NAMES.values(), ids=WRONG_NAMES)
def test_wrong_names_of_columns(
    tmp_path: Path, options: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(SpecError) as caught:
        table_of(tmp_path, "trial,sd\nA,1\n", **options)
    assert str(caught.value).startswith(said), "the file is for the spec to say"
    assert hint in str(caught.value)


# Wrong cells

WRONG_CELLS = {
    "text": ("mean", "high", "'high' is not a number"),
    "bound": ("p_value", "<0.001", "A bound is not a value"),
    "bound, other sign": ("p_value", "≤ 0.05", "A bound is not a value"),
    "mean and sd": ("mean", "1.2 (0.3)", "'1.2 (0.3)' is not a number"),
    "percentage": ("events", "5%", "'5%' is not a number"),
    "error of a spreadsheet": ("mean", "#DIV/0!", "'#DIV/0!' is not a number"),
    "infinite": ("mean", "inf", "'inf' is not a number"),
    "decimal comma": ("mean", "1,5", "if it is ',', set decimal = \",\""),
    "negative sd": ("sd", "-1", "-1 is not possible: standard deviation is at least 0"),
    "true minus sign": ("sd", "−0.5", "-0.5 is not possible"),
    "negative standard error": ("std_error", "-0.1", "at least 0"),
    "negative events": ("events", "-3", "events is at least 0"),
    "no patients": ("total", "0", "patients is at least 1"),
    "negative time": ("time", "-1", "person-time is at least 0"),
    "p-value above 1": ("p_value", "1.5", "two-sided p-value is between 0 and 1"),
    "negative p-value": ("p_value", "-0.01", "between 0 and 1"),
    "correlation above 1": ("correlation", "1.01", "between -1 and 1"),
    "correlation of pairs": ("r", "-1.5", "between -1 and 1"),
}


@pytest.mark.parametrize(("column", "cell", "said"), WRONG_CELLS.values(), ids=WRONG_CELLS)
def test_wrong_cells(tmp_path: Path, column: str, cell: str, said: str) -> None:
    """The message names file, row, study and column."""
    with pytest.raises(DataError) as caught:
        table_of(tmp_path, f'study,{column}\nA,\n\n"B, 2001","{cell}"\n')
    place = f"{tmp_path / 'studies.csv'}, row 4, study 'B, 2001', column '{column}': "
    assert str(caught.value).startswith(place)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", [name for name in COLUMNS if COLUMNS[name].lower > -np.inf])
def test_every_limit_is_checked(tmp_path: Path, name: str) -> None:
    limit = COLUMNS[name].lower
    assert table_of(tmp_path, f"study,{name}\nA,{limit}\n")[name][0] == limit
    with pytest.raises(DataError, match=f"column '{name}'.*is not possible"):
        table_of(tmp_path, f"study,{name}\nA,{limit - 0.01}\n")


def test_a_mapped_column_is_named_as_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 2, study 'A', column 'SD \(T\)': -1 is not possible"):
        table_of(tmp_path, "study,SD (T)\nA,-1\n", columns={"sd_treatment": "SD (T)"})


# Names of studies


@pytest.mark.parametrize(
    ("given", "unique"),
    [
        (["A", "B"], ["A", "B"]),
        (["A", "A", "A"], ["A", "A (2)", "A (3)"]),
        (["A", "A", "A (2)"], ["A", "A (3)", "A (2)"]),
        (["A (2)", "A", "A"], ["A (2)", "A", "A (3)"]),
        (["A", "A", "A (2)", "A (2)", "A"], ["A", "A (3)", "A (2)", "A (2) (2)", "A (4)"]),
        (["A", " A ", "a"], ["A", "A (2)", "a"]),
        (["A\n2001", "A 2001"], ["A 2001", "A 2001 (2)"]),
    ],
)
def test_names_are_made_unique(tmp_path: Path, given: list[str], unique: list[str]) -> None:
    names, warnings = names_of(tmp_path, given)
    assert names == unique
    assert len(set(names)) == len(names)
    assert bool(warnings) == (unique != [name.strip() for name in given])


def test_the_reader_is_told_of_repeated_names(tmp_path: Path) -> None:
    _, warnings = names_of(tmp_path, ["A", "B", "A", "A"])
    assert warnings == (
        "Names of studies stand more than once: 'A' (3 times); the rows are told apart by number "
        "and are treated as independent studies.",
    )


@pytest.mark.parametrize(
    "name",
    ["001", "1e5", "3.10", "2,5", "NA", "NR", "-", "1,234", "=cmd|' /C calc'!A0", "+1", "@SUM(1)"],
)
def test_names_that_look_like_something_else_stay(tmp_path: Path, name: str) -> None:
    assert names_of(tmp_path, [name, "B"]) == ([name, "B"], ())


ODD = {
    "markup": "<script>alert(1)</script>&amp;",
    "markup of rich": "[bold red]x[/]",
    "formula": '=HYPERLINK("http://x")',
    "emoji": "👩‍🔬 2020",
    "right to left": "כהן 2015",
    "right-to-left override": "abc\u202edef",
    "accents": "Müller – José Ångström",
    "quotes": 'O\'Neil "B"',
    "backslash": r"a\b\n",
    "long": "x" * 10_000,
    "percent": "%s %(a)s {x} $y$",
    "slash": "a/b/../c",
}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_odd_names_stay_as_they_are(tmp_path: Path, name: str) -> None:
    assert names_of(tmp_path, [name, "B"])[0] == [name, "B"]


def test_control_characters_become_spaces(tmp_path: Path) -> None:
    given = ["a\x1b[31mred", "b\tc", "d\x7fe", "\x07f"]
    assert names_of(tmp_path, given)[0] == ["a [31mred", "b c", "d e", "f"]


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\x1b"])
def test_a_study_without_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"row 3, column 'study': the study has no name"):
        names_of(tmp_path, ["A", name])


def test_a_table_without_names_is_numbered(tmp_path: Path) -> None:
    table = table_of(tmp_path, "mean\n1\n2\n")
    assert list(table["study"].to_numpy()) == ["study 1", "study 2"]


# Odd names and values of other columns

ODD_COLUMNS = {**ODD, "dot": ".", "dots": "..", "dimension": "row", "colon": "a:b", "comma": "a,b"}


@pytest.mark.parametrize("name", ODD_COLUMNS.values(), ids=ODD_COLUMNS)
def test_a_table_with_odd_names_can_be_saved(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    table = table_of(
        tmp_path, f'study,"{quoted}",mean\n"{quoted}","{quoted}",1\n', where="mean == 1"
    )
    tree = xr.DataTree.from_dict({"constant_data": table.drop_attrs()})
    tree.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "a.nc", engine="h5netcdf") as saved:
        assert saved["constant_data"]["study"].to_numpy()[0] == name


@pytest.mark.parametrize(
    "name", [*(name for name in ODD_COLUMNS.values() if len(name) < 1000), "class", "two\nlines"]
)
def test_any_column_can_be_used(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    table = table_of(
        tmp_path,
        f'study,"{quoted}"\nA,1\nB,2\n',
        columns={"mean": name},
        where=f"`{name}` > 1",
    )
    assert list(table["mean"].to_numpy()) == [2]


def test_no_column_takes_the_place_of_another(tmp_path: Path) -> None:
    content = 'study,"row","n/N","n∕N",mean\nA,7,8,9,1\n'
    table = table_of(tmp_path, content)
    assert int(table["row"][0]) == 2, "the row in the file, whatever a column is called"
    assert float(table["n∕N"][0]) == 8


def test_names_of_visits_are_no_person_time(tmp_path: Path) -> None:
    table = table_of(tmp_path, "study,mean,time\nA,1,3 months\nB,2,baseline\n")
    assert table["time"].to_numpy().tolist() == ["3 months", "baseline"]
    with pytest.raises(DataError, match="is not a number"):
        table_of(tmp_path, "study,events,time\nA,1,12\nB,2,x\n")


def test_rows_of_one_study_are_told_apart_by_a_column(tmp_path: Path) -> None:
    text = "study,mean,visit\nA,1,3\nA,2,6\nB,3,3\n"
    table = table_of(tmp_path, text, result="visit")
    assert table["study"].to_numpy().tolist() == ["A, 3", "A, 6", "B"]
    assert "told apart by visit" in table.attrs["warnings"][0]
    assert table_of(tmp_path, text, result="visit", related=True).attrs["warnings"] == ()
    table = table_of(tmp_path, text, result="visit", cluster="")
    assert table["cluster"].to_numpy().tolist() == ["A", "A", "B"]
    assert table.attrs["warnings"] == ()
