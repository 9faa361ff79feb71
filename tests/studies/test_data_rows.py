"""Data rows of RevMan Web alone: what kind of outcome they hold, and what they leave open."""

import gzip
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import DataError
from bayesmeta.studies import is_revman, read_review

HEADER = (
    "review,Analysis group,Analysis number,Analysis name,Subgroup,Subgroup number,Applicability,"
    "Study,Study year,GIV Mean,GIV SE,Experimental mean,Experimental SD,Experimental cases,"
    "Experimental N,Control mean,Control SD,Control cases,Control N,O-E,Variance,Weight,Mean,"
    "CI start,CI end,Overall bias\n"
)


def written(folder: Path, rows: str, *, name: str = "rows.csv") -> Path:
    path = folder / name
    content = (HEADER + rows).encode()
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert is_revman(path)
    return path


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        pytest.param("0,0,0,0,4,20,0,0,9,21,0,0,60,0.5,0.2,1.2,", "dichotomous", id="events"),
        pytest.param(",,,,0,20,,,0,21,,,,,,,", "dichotomous", id="no events"),
        pytest.param("0,1.4,0,0,0,20,0,0,0,21,0,2,,,,,", "dichotomous", id="computed error"),
        pytest.param("0,0.5,0,0,4,20,0,0,9,21,0,0.3,60,0.5,0.2,1.2,", "dichotomous", id="both"),
        pytest.param("0,0,7,1,0,20,8,1,0,21,0,0,60,-1,-2,0,", "continuous", id="means"),
        pytest.param("0,0.3,7,1,0,20,8,1,0,21,0,0.1,60,-1,-2,0,", "continuous", id="error too"),
        pytest.param("0,0,0,1,0,20,0,1,0,21,0,0,60,0,-2,2,", "continuous", id="means of 0"),
        pytest.param("0.5,0.2,0,0,0,20,0,0,0,21,0,0,60,1.6,1,2,", "inverse variance", id="given"),
        pytest.param("-1,0.2,7,1,0,20,8,1,0,21,0,0,9,-1,-2,0,", "inverse variance", id="contrast"),
        pytest.param(
            "0,0.2,0,0,0,20,0,0,0,21,0,0,9,1,0.6,1.5,", "inverse variance", id="no effect"
        ),
        pytest.param("0,0,0,0,4,20,0,0,9,21,-3,10,9,1,0.6,1.5,", "O-E and variance", id="O-E"),
    ],
)
def test_the_kind_follows_from_the_numbers(tmp_path: Path, numbers: str, kind: str) -> None:
    path = written(tmp_path, f",1,1,Sleep,,,SUBGROUP_AND_OVERALL,Ada 2001,2001,{numbers}\n")
    (outcome,) = read_review(path)
    assert outcome.kind == kind
    assert outcome.settings is None


def test_a_collection_of_reviews(tmp_path: Path) -> None:
    numbers = "0,0,0,0,4,20,0,0,9,21,0,0,60,0.5,0.2,1.2"
    rows = (
        f"CD1,1,1,Sleep,Old,10,SUBGROUP_AND_OVERALL,Ada 2001,2001,{numbers},High risk\n"
        f"CD2,1,1,Sleep,,,,Ada 2001,,{numbers},\n"
        f"CD1,1,1,Sleep,Young,9,SUBGROUP_AND_OVERALL,Bo 2002,,{numbers},Some concerns\n"
        "CD1,1,2,Empty,,,,Bo 2002,,0,0,0,0,0,0,0,0,0,0,0,0,,,,,\n"
    )
    review = read_review(written(tmp_path, rows, name="rows.csv.gz"))
    assert [outcome.analysis for outcome in review] == ["CD1:1.1", "CD2:1.1"]
    first = review.outcome("CD1:1.1")
    assert [group.name for group in first.subgroups] == ["Young", "Old"]
    assert list(first.rows.subgroup) == [1, 0]
    assert review.left_out == (("CD1:1.2 Empty", "its rows hold no numbers of an analysis"),)
    assert [(each.judgement, each.outcome) for each in review.risk_of_bias] == [
        ("high", "CD1:1.1"),
        ("some concerns", "CD1:1.1"),
    ]


def test_two_analyses_with_the_same_number(tmp_path: Path) -> None:
    numbers = "0,0,0,0,4,20,0,0,9,21,0,0,60,0.5,0.2,1.2,"
    rows = "".join(f",1,1,{name},,,,Ada 2001,,{numbers}\n" for name in ("Sleep", "Death"))
    review = read_review(written(tmp_path, rows))
    assert not review.outcomes
    assert review.left_out == (("1.1 Sleep", "two analyses have the same number"),)


def test_members_of_a_gzip_file_are_read_together(tmp_path: Path) -> None:
    numbers = "0,0,0,0,4,20,0,0,9,21,0,0,60,0.5,0.2,1.2,"
    path = written(tmp_path, f",1,1,Sleep,,,,Ada 2001,,{numbers}\n", name="rows.csv.gz")
    second = gzip.compress(f",1,1,Sleep,,,,Bo 2002,,{numbers}\n".encode())
    path.write_bytes(path.read_bytes() + second)
    (outcome,) = read_review(path)
    assert outcome.rows.study == ("Ada 2001", "Bo 2002")


def test_rows_of_a_package(package_tables: Mapping[str, str], tmp_path: Path) -> None:
    path = tmp_path / "1-data-rows.csv"
    path.write_text(package_tables["1-analysis-data/1-data-rows.csv"], encoding="utf-8")
    kinds = [outcome.kind for outcome in read_review(path)]
    assert kinds == ["dichotomous", "continuous", "inverse variance", "O-E and variance"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param("", "no rows", id="header alone"),
        pytest.param(",1,1,x" + "," * 30 + "9\n", "cells where the header has 26", id="long row"),
        pytest.param(',1,1,"x\n', "not a CSV file", id="open quote"),
        pytest.param(",1,1,x,,,,,,,,,,4,9\n", "the study has no name", id="short row"),
        pytest.param(
            "".join(f",{i},1,x,,,,A,,,,,,1,2\n" for i in range(30_001)),
            "30,000 analyses",
            id="many analyses",
        ),
        pytest.param("\n" * 150_001, "more rows or cells", id="many rows"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_review(written(tmp_path, rows))
    assert caught.value.file == tmp_path / "rows.csv"


def test_real_rows_of_397_reviews(revman_files: Path) -> None:
    review = read_review(revman_files.parent / "cochrane" / "data_rows.csv.gz")
    assert len(review.outcomes) + len(review.left_out) == 13_977
    assert sum(len(outcome.rows) for outcome in review) == 68_334
    assert len({outcome.review for outcome in review}) == 397
    assert Counter(outcome.kind for outcome in review) == {
        "dichotomous": 8_156,
        "continuous": 4_829,
        "inverse variance": 978,
        "O-E and variance": 4,
    }
    outside = sum(int((~outcome.rows.in_total).sum()) for outcome in review)
    assert outside == 44
    assert all(
        np.isfinite(outcome.rows.stored["effect"][outcome.rows.estimable]).all()
        for outcome in review
    )
