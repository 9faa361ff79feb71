"""``where`` takes a pandas query, and no text that it is given can run code."""

from pathlib import Path

import pandas as pd
import pytest

from bayesmeta.errors import DataError, SpecError
from bayesmeta.studies import read_csv, study_table
from bayesmeta.studies.query import filter_rows

FRAME = pd.DataFrame(
    {
        "study": ["A", "B", "C"],
        "year": [2010.0, 2015.0, float("nan")],
        "outcome": ["pain", "it`s", "a@b"],
        "note": ["x & y", "", "#hash"],
        "flag": [True, False, True],
        "blank": [float("nan")] * 3,
        "tissue source": ["marrow", "cord", "fat"],
        "n (total)": [1.0, 2.0, 3.0],
        "it's": ["p", "q", "r"],
        'a "b"': [1.0, 2.0, 3.0],
        "a@b": [1.0, 2.0, 3.0],
        "class": ["I", "II", "III"],
        "in": [1.0, 2.0, 3.0],
        "True": [1.0, 2.0, 3.0],
        "µg/l": [1.0, 2.0, 3.0],
        "µg": [1.0, 2.0, 3.0],
        "_0": [5.0, 6.0, 7.0],
        "import os": [1.0, 2.0, 3.0],
        "日本": [1.0, 2.0, 3.0],
        "two\nlines": [1.0, 2.0, 3.0],
    }
)

KEPT = {
    # values
    "outcome == 'pain'": "A",
    'outcome == "pain"': "A",
    "outcome != 'pain'": "BC",
    "outcome == 'it`s'": "B",
    "outcome == 'it`s' or outcome == '`'": "B",
    "outcome == 'a@b'": "C",
    "note == 'x & y'": "A",
    "note == ''": "B",
    "note == '#hash'  # a remark": "C",
    "outcome in ['pain', 'a@b']": "AC",
    "outcome not in ('pain', 'a@b')": "B",
    "outcome == ['pain', 'a@b']": "AC",
    "outcome != ['pain']": "BC",
    # numbers
    "year >= 2015": "B",
    "year == 2015.0": "B",
    "2000 < year < 2012": "A",
    "year in [2010, 2015]": "AB",
    "year != 2015": "AC",
    "year == year": "AB",
    "year != year": "C",
    "`n (total)` * 2 + 1 >= -(-7) / 1": "C",
    "year > +2010": "B",
    "blank > 1 or year > 2012": "B",
    # truths
    "flag": "AC",
    "not flag": "B",
    "flag == True": "AC",
    "flag == 1": "AC",
    "(year > 2012) != flag": "ABC",
    # joined
    "flag and year > 2000": "A",
    "flag & year > 2000": "A",
    "year == 2010 | outcome == 'a@b'": "AC",
    "~flag | ~(year > 2000)": "BC",
    "not (flag and not outcome == 'pain')": "AB",
    "outcome == 'pain'\n  or outcome == 'a@b'\n": "AC",
    # names
    "`tissue source` == 'cord'": "B",
    "`n (total)` == 2": "B",
    "`it's` == 'q'": "B",
    '`a "b"` == 2': "B",
    "`a@b` == 2": "B",
    "`class` == 'II'": "B",
    "`in` in [2]": "B",
    "`True` == 2": "B",
    "`µg/l` == 2": "B",
    "µg == 2": "B",
    "_0 == 6 and `n (total)` == 2": "B",
    "`import os` == 2": "B",
    "日本 == 2": "B",
    "`two\nlines` == 2": "B",
}


@pytest.mark.parametrize(("where", "kept"), KEPT.items(), ids=repr)
def test_conditions(where: str, kept: str) -> None:
    assert "".join(filter_rows(FRAME, where)["study"]) == kept


RUNS_CODE = {
    "call": "__import__('os').system('touch ran')",
    "call of a method": "outcome.str.len() > 1",
    "call of a column": "outcome('x')",
    "attribute": "outcome.values",
    "attribute of a text": "'{0.__class__}'.format == outcome",
    "dunder": "outcome.__class__.__mro__ == 1",
    "dunder name": "__builtins__",
    "index": "outcome[0] == 'pain'",
    "slice": "outcome[:] == 'pain'",
    "variable": "@secret == 1",
    "variable in the middle": "year == @secret",
    "local name": "secret == 1",
    "imported name": "pd == 1",
    "builtin": "open == 1",
    "name of pandas' own": "index == 1",
    "lambda": "(lambda: 1)() == 1",
    "bare lambda": "lambda: year",
    "list comprehension": "[year for _ in outcome] == 1",
    "generator": "(year for year in outcome)",
    "set comprehension": "{year for year in outcome}",
    "walrus": "(flag := flag)",
    "f-string": "f'{outcome}' == 'pain'",
    "call in an f-string": "f'{open(1)}' == outcome",
    "template": "outcome == '%s' % year",
    "conditional": "flag if flag else flag",
    "await": "await flag",
    "yield": "(yield flag)",
    "star": "[*outcome] == ['pain']",
    "dictionary": "{'a': year} == 1",
    "set": "outcome in {'pain'}",
    "assignment": "year = 2015",
    "two statements": "flag; import os",
    "import": "import os",
    "statement on a new line": "flag\nimport os",
    "closing the bracket": "flag) or open(1",
    "closing the bracket on a new line": "flag\n)\nimport os\n(",
    "matrix product": "year @ year == 1",
    "bytes": "outcome == b'pain'",
    "complex number": "year == 1j",
    "ellipsis": "year == ...",
    "none": "year == None",
    "identity": "year is year",
    "backticks around code": "`__import__('os')` == 1",
    "backtick left open": "`year == 2015",
    "null character": "year == 2015\x00",
    "half a character": "outcome == '\ud800'",
}


@pytest.mark.parametrize("where", RUNS_CODE.values(), ids=RUNS_CODE)
def test_no_text_runs_code(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "A"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as caught:
        filter_rows(FRAME, where)
    assert caught.value.key == "data.where"
    assert secret == "A"
    assert list(tmp_path.iterdir()) == []


BOMBS = {
    "power": "9**9**9 > year",
    "text times number": "'a' * 10000000000 == outcome",
    "number times text": "10000000000 * 'a' == outcome",
    "list times number": "[1] * 10000000000 == year",
    "column of text times number": "outcome * 10000000000 == 'a'",
    "text doubled": "+".join(["'aaaaaaaaaa'"] * 100) + " == outcome",
    "shift": "1 << 10000000000 > year",
    "number of a thousand digits": f"{'9' * 1900} > year",
    "product of numbers": "*".join(["9" * 300] * 6) + " > year / 0 + year / 0",
    "brackets": "(" * 900 + "flag" + ")" * 900,
    "signs": "-" * 1900 + "year > 1",
    "tildes": "~" * 1900 + "year",
    "nots": "not " * 400 + "year",
    "lists": "[" * 900 + "]" * 900 + " == year",
    "length": "flag or " * 1000 + "flag",
}


@pytest.mark.parametrize("where", BOMBS.values(), ids=BOMBS)
def test_no_text_is_a_bomb(where: str) -> None:
    with pytest.raises((SpecError, DataError)) as caught:
        filter_rows(FRAME, where)
    assert len(str(caught.value)) < 1000


WRONG = {
    "year == '2015'": "compares the column 'year' (numbers) with the text '2015'",
    "year != '2015'": "compares the column 'year' (numbers) with the text '2015'",
    "outcome == 5": "compares the column 'outcome' (text) with 5",
    "outcome > 5": "compares the column 'outcome' (text) with 5",
    "outcome in ['pain', 5]": "compares the column 'outcome' (text) with 5",
    "flag == 'yes'": "compares the column 'flag' (true or false) with the text 'yes'",
    "year == outcome": "compares the column 'year' (numbers) with the column 'outcome' (text)",
    "year": "takes the column 'year' (numbers) for true or false",
    "not outcome": "takes the column 'outcome' (text) for true or false",
    "flag and outcome": "takes the column 'outcome' (text) for true or false",
    "flag and 1": "takes 1 for true or false",
    "(flag, flag)": "takes a list for true or false",
    "outcome + 'x' == 'painx'": "calculates with the column 'outcome' (text)",
    "flag + 1 == 2": "calculates with the column 'flag' (true or false)",
    "-outcome == 1": "calculates with the column 'outcome' (text)",
    "'pain' in outcome": "needs one value on the right, or `in` and a list",
    "year in 2015": "needs one value on the right, or `in` and a list",
    "year < [2015]": "needs one value on the right, or `in` and a list",
    "[2015] == year": "compares a list with the column 'year' (numbers)",
    "1 == 1": "names no column",
    "True": "names no column",
    "year > 1 / 0": "cannot be evaluated: float division by zero",
    "year == 2015 and": "is not valid",
    "outcome == 'it's'": "is not valid",
    "class == 'I'": "is not valid",
    "year % 2 == 0": "a sign other than + - * /",
    " ": "is empty",
}


@pytest.mark.parametrize(("where", "said"), WRONG.items(), ids=repr)
def test_what_is_wrong_is_said(where: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        filter_rows(FRAME, where)
    assert said in str(caught.value)
    assert "outcome == 'pain' and year >= 2015" in str(caught.value), "an example helps"


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("yeer > 2015", "'yeer', which is not a column\n  Did you mean 'year'?"),
        ("OUTCOME == 'pain'", "Did you mean 'outcome'?"),
        ("`tissue_source` == 'fat'", "Did you mean 'tissue source'?"),
        ("zzz == 1", "Known are: "),
    ],
)
def test_an_unknown_column_names_the_nearest(where: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        filter_rows(FRAME, where)
    assert hint in str(caught.value)


def test_where_no_row_is_left_the_values_are_listed() -> None:
    with pytest.raises(DataError) as caught:
        filter_rows(FRAME, "outcome == 'Pain' and year > 2015 and outcome != 'x' and flag")
    assert set(str(caught.value.hint).split("\n  ")) == {
        "'outcome' holds 'pain', 'it`s', 'a@b'.",
        "'year' holds 2010, 2015.",
        "'flag' holds True, False.",
    }


def test_of_many_values_some_are_listed() -> None:
    frame = pd.DataFrame({"arm": [f"dose {i}" for i in range(50)], "empty": [None] * 50})
    with pytest.raises(DataError, match=r"'dose 7' …\.\n  'empty' holds nothing\."):
        filter_rows(frame, "arm == 'x' and empty == 1")


def test_a_filter_leaves_the_frame_as_it_was() -> None:
    before = FRAME.copy(deep=True)
    filter_rows(FRAME, "`n (total)` > 1")
    pd.testing.assert_frame_equal(FRAME, before)


def test_rows_of_a_file_are_filtered_by_numbers_as_the_file_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("study;mean;dose\nA;1,5;1.000\nB;2,5;NR\nC;3,5;2.000,5\n")
    table = study_table(read_csv(path), where="dose > 1000")
    assert list(table["study"].to_numpy()) == ["C"]
    assert list(table["row"].to_numpy()) == [4]


def test_rows_that_are_left_out_are_not_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("study,sd,arm\nA,1,x\n,<5,y\n")
    assert study_table(read_csv(path), where="arm == 'x'").sizes["study"] == 1
