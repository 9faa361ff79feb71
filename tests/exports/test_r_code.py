"""Values as R code: what R reads is what was written."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from bayesmeta.exports.r_code import comment, number, numbers, strings, text

R_READS = 2.0**-52
"""R reads a decimal number in extended precision and rounds twice: at most the last bit is off."""


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("Ada 2001", '"Ada 2001"'),
        ('a"b', '"a\\"b"'),
        ("a\\", '"a\\\\"'),
        ("a\nb\r\tc", '"a\\nb\\r\\tc"'),
        ("ö", '"\\u00f6"'),
        ("𝒳", '"\\U0001d4b3"'),
        ("\u2028", '"\\u2028"'),
        ("\0", '"\\ufffd"'),
    ],
)
def test_a_string_is_ascii_and_closed(value: str, code: str) -> None:
    assert text(value) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, "1"),
        (-0.1, "-0.1"),
        (1e-300, "1e-300"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NA_real_"),
    ],
)
def test_a_number_is_as_short_as_it_can_be(value: float, code: str) -> None:
    assert number(value) == code


def test_computed_numbers_have_17_digits() -> None:
    assert numbers([0.1, 2.0]) == "c(0.10000000000000001, 2)"


def test_a_comment_cannot_end() -> None:
    lines = comment('a\nsystem("x")\r\u2028\x0bq()', "").splitlines()
    assert lines == ['# a system("x") q()', "#"]


def test_r_reads_the_same_strings(run_r: Callable[[str], str]) -> None:
    values = ['a"b\\', "Sjögren 日本 𝒳", "\\u0041", "%d", "tab\tline\n", "'", "`x`", "#"]
    code = f"for (x in {strings(values)}) cat(utf8ToInt(x), '\\n')"
    read = ["".join(chr(int(point)) for point in line.split()) for line in run_r(code).splitlines()]
    assert read == values


def test_r_reads_the_same_numbers(run_r: Callable[[str], str]) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=500) * 10.0 ** rng.integers(-12, 12, 500)
    printed = run_r(f"cat(sprintf('%a', {numbers(values)}))").split()
    read = [float.fromhex(each) for each in printed]
    np.testing.assert_allclose(read, values, rtol=R_READS)
