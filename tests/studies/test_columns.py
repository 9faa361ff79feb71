"""The names of numbers, ours and those of other programs."""

import re

import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.studies import COLUMNS, guess_columns


def test_every_number_that_a_measure_needs_is_known() -> None:
    for measure in MEASURES.values():
        assert set(measure.columns) <= set(COLUMNS), measure.code


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_says_what_it_is(name: str) -> None:
    column = COLUMNS[name]
    assert column.name == name
    assert column.meaning
    assert column.lower < column.upper
    re.compile(column.synonyms)


def test_our_own_names_are_recognised() -> None:
    names = ["study", *COLUMNS]
    assert guess_columns(names) == {name: name for name in names}


PROGRAMS = {
    "R meta, binary": (
        "studlab event.e n.e event.c n.c",
        "study events_treatment total_treatment events_control total_control",
    ),
    "R meta, continuous": (
        "author year n.e mean.e sd.e n.c mean.c sd.c",
        "study year total_treatment mean_treatment sd_treatment "
        "total_control mean_control sd_control",
    ),
    "R meta, generic": ("studlab TE seTE lower upper", "study effect std_error lower upper"),
    "R metafor": (
        "trial n1i m1i sd1i n2i m2i sd2i",
        "study total_treatment mean_treatment sd_treatment total_control mean_control sd_control",
    ),
    "R metafor, effects": ("slab yi sei", "study effect std_error"),
    "R metafor, one group": ("study xi ni", "study events total"),
    "RevMan, events": (
        "Study|Study year|Experimental cases|Experimental N|Control cases|Control N",
        "study year events_treatment total_treatment events_control total_control",
    ),
    "RevMan, estimates": (
        "Study|GIV Mean|GIV SE|CI start|CI end",
        "study effect std_error lower upper",
    ),
    "spreadsheet": (
        "Author|Events treatment|N treatment|Events control|N control",
        "study events_treatment total_treatment events_control total_control",
    ),
    "before and after": (
        "study n mean_pre sd_pre mean_post sd_post",
        "study total mean_before sd_before mean_after sd_after",
    ),
    "arms by number": (
        "study events1 n1 events2 n2",
        "study events_treatment total_treatment events_control total_control",
    ),
    "ratios": ("study or ci_low ci_high p", "study effect lower upper p_value"),
}


@pytest.mark.parametrize(("theirs", "ours"), PROGRAMS.values(), ids=PROGRAMS)
def test_names_of_other_programs(theirs: str, ours: str) -> None:
    names = theirs.split("|") if "|" in theirs else theirs.split()
    wanted = dict(zip(ours.split(), names, strict=True))
    assert guess_columns(names) == wanted


@pytest.mark.parametrize("name", ["source", "note", "arm", "outcome", "country", "nose", "meaning"])
def test_other_names_are_not_taken_for_numbers(name: str) -> None:
    assert guess_columns([name]) == {}


def test_a_column_is_used_once() -> None:
    found = guess_columns(["study", "trial", "n", "total", "events"])
    assert found == {"study": "study", "total": "total", "events": "events"}
