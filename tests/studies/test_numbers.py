"""Numbers as spreadsheets of many countries write them."""

import math

import pytest

from bayesmeta.studies.numbers import (
    Decimal,
    decimal_mark,
    first_doubtful,
    is_missing,
    parse_number,
)

POINT = {
    "12": 12.0,
    "1.5": 1.5,
    ".5": 0.5,
    "5.": 5.0,
    "+1.5": 1.5,
    "-1.5": -1.5,
    "\u22121.5": -1.5,  # the true minus sign
    "\u20131.5": -1.5,  # an en dash in its place
    " 1.5 ": 1.5,
    "1e3": 1000.0,
    "1.5E-3": 0.0015,
    "1,234": 1234.0,
    "1,234.5": 1234.5,
    "12,345,678": 12_345_678.0,
    "-1,234.5": -1234.5,
    "1 234": 1234.0,
    "1\u00a0234.5": 1234.5,  # no-break space
    "1\u202f234\u202f567": 1_234_567.0,  # narrow no-break space
    "1\u2009234": 1234.0,  # thin space
    "1'234.5": 1234.5,
    "1\u2019234\u2019567": 1_234_567.0,
    "1.234": 1.234,
    "0.123": 0.123,
    "007": 7.0,
    "1e-400": 0.0,
}
COMMA = {
    "12": 12.0,
    "1,5": 1.5,
    ",5": 0.5,
    "1,234": 1.234,
    "0,045": 0.045,
    "1.234": 1234.0,
    "1.234,5": 1234.5,
    "12.345.678": 12_345_678.0,
    "\u22121.234,5": -1234.5,
    "1 234,5": 1234.5,
    "1\u00a0234,5": 1234.5,
    "1'234,5": 1234.5,
    "1,5e3": 1500.0,
}
MISSING = [
    "", " ", "NA", "na", "N/A", "n/a", "#N/A", "n.a.", "<NA>", "NaN", "nan", "NaT", "NULL", "None",
    "NR", "nr", "n.r.", "not reported", "Not Reported", "not available", "not applicable",
    "not estimable", "ND", "n.d.", "missing", "unknown", ".", "..", "...", "…", "-", "--",
    "\u2013", "\u2014", "\u2212", "?",
]  # fmt: skip
NO_NUMBER_IN_ANY_COUNTRY = [
    "abc", "<0.001", "> 5", "≤3", "5%", "12 (3)", "1.2 ± 0.3", "1-2", "1/2", "inf", "-inf",
    "Infinity", "1e400", "0x10", "1_000", "1 23", "12 34", "1 2345", "1.2.3", "1,2,3", "1,23.4",
    "--5", "1e", "e5", "+", "1 234'567", "2015 123", "0.5 123", "0 123", "=1+1", "１.５x", "True",
    "#DIV/0!", "#REF!",
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), POINT.items(), ids=repr)
def test_numbers_with_a_decimal_point(text: str, number: float) -> None:
    assert parse_number(text, ".") == number


@pytest.mark.parametrize(("text", "number"), COMMA.items(), ids=repr)
def test_numbers_with_a_decimal_comma(text: str, number: float) -> None:
    assert parse_number(text, ",") == number


@pytest.mark.parametrize("text", MISSING, ids=repr)
@pytest.mark.parametrize("decimal", [".", ","])
def test_spellings_of_no_number(text: str, decimal: Decimal) -> None:
    assert is_missing(text)
    assert math.isnan(parse_number(text, decimal))


@pytest.mark.parametrize("text", NO_NUMBER_IN_ANY_COUNTRY, ids=repr)
@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_not_a_number(text: str, decimal: Decimal) -> None:
    assert not is_missing(text)
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(text, decimal)


OTHER_MARK: dict[Decimal, list[str]] = {
    ".": ["1,5", "0,123", "0,045", "-0,5", ",5", "1,2345", "1.234,5"],
    ",": ["1.5", "0.123", "0.045", "-0.5", ".5", "1.2345", "1,234.5"],
}


@pytest.mark.parametrize(
    ("text", "decimal"), [(text, mark) for mark, texts in OTHER_MARK.items() for text in texts]
)
def test_the_other_mark_is_no_decimal_mark(text: str, decimal: Decimal) -> None:
    """A decimal comma is never taken for a thousands separator: 0,123 is not 123."""
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(text, decimal)


@pytest.mark.parametrize(
    ("cells", "separator", "mark"),
    [
        pytest.param(["1,5", "2,25"], ",", ".", id="a comma separates, so it is no decimal mark"),
        pytest.param(["1,5"], ";", ",", id="1,5 settles it"),
        pytest.param(["1.5"], ";", ".", id="1.5 settles it"),
        pytest.param(["1,234", "0,5"], ";", ",", id="one number settles it for all"),
        pytest.param(["1,234", "0.5"], ";", ".", id="one number settles it for the point"),
        pytest.param(["1.234", "1,5"], "\t", ",", id="grouped by points, decimal comma"),
        pytest.param(["0,123"], ";", ",", id="no group begins with 0"),
        pytest.param(["0.123"], ";", ".", id="no group begins with 0, point"),
        pytest.param(["1.234,5"], ";", ",", id="both marks, comma last"),
        pytest.param(["1,234.5"], ";", ".", id="both marks, point last"),
        pytest.param(["1.234.567"], ";", ",", id="two groups by points"),
        pytest.param(["1,234,567"], ";", ".", id="two groups by commas"),
        pytest.param(["1,234"], ";", ",", id="in doubt: a country of decimal commas"),
        pytest.param(["1.234"], "\t", ".", id="in doubt: no comma anywhere"),
        pytest.param(["12", "a,b", "x.y", "2015-01-01"], ";", ".", id="text settles nothing"),
        pytest.param([], ";", ".", id="no cells"),
    ],
)
def test_the_decimal_mark_of_a_file(cells: list[str], separator: str, mark: str) -> None:
    assert decimal_mark(cells, separator) == mark


@pytest.mark.parametrize(
    ("cells", "separator", "doubtful"),
    [
        (["12", "1,234", "2,345"], ";", "1,234"),
        (["1.234"], "\t", "1.234"),
        (["1,234", "1,5"], ";", None),
        (["1.234", "0.5"], "\t", None),
        (["1,234"], ",", None),
        (["12", "text"], ";", None),
    ],
)
def test_a_file_that_settles_nothing_is_known(
    cells: list[str], separator: str, doubtful: str | None
) -> None:
    assert first_doubtful(cells, separator) == doubtful
