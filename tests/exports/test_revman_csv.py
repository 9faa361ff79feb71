"""The studies of a fit in RevMan's layout."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.exports import export_fit
from bayesmeta.exports.r_code import study_numbers

HEADER = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Applicability,Study,Study year,GIV Mean,"
    "GIV SE,Experimental mean,Experimental SD,Experimental cases,Experimental N,Control mean,"
    "Control SD,Control cases,Control N,O-E,Variance,Weight,Mean,CI start,CI end,Footnotes"
)
"""As in a data package of RevMan Web: Fleiss1993.zip of R's package meta 8.3.0."""

Z = 1.959964
"""The 97.5 % point of the normal distribution, to seven digits."""


def rows_of(fit: bm.Fit) -> list[dict[str, str]]:
    exported = export_fit(fit, "revman-csv")
    assert exported.startswith(f"\ufeff{HEADER}\n")
    return list(csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"))))


def filled(row: dict[str, str]) -> dict[str, str]:
    general = ("Analysis group", "Analysis number", "Analysis name", "Applicability", "Study")
    return {name: cell for name, cell in row.items() if cell and name not in general}


def test_counts_are_those_that_were_entered(hostile: bm.Fit) -> None:
    first = rows_of(hostile)[0]
    entered = {"Experimental cases", "Experimental N", "Control cases", "Control N"}
    assert set(filled(first)) == entered | {"Mean", "CI start", "CI end"}
    assert [first[name] for name in sorted(entered)] == ["21", "3", "20", "0"]
    effect, std_error = (float(hostile.table[name][0]) for name in ("effect", "std_error"))
    assert float(first["Mean"]) == pytest.approx(math.exp(effect), rel=1e-12)
    assert float(first["CI end"]) == pytest.approx(math.exp(effect + Z * std_error), rel=1e-6)


def test_estimates_are_inverse_variance(estimates: bm.Fit) -> None:
    rows = rows_of(estimates)
    assert [row["GIV Mean"] for row in rows] == ["-0.3", "0.1", "-0.6"]
    assert [row["GIV SE"] for row in rows] == ["0.2", "0.3", "0.25"]
    assert [row["Study year"] for row in rows] == ["2001", "", "2003"]
    assert [row["Experimental N"] for row in rows] == ["40", "50", ""]
    assert float(rows[0]["Mean"]) == pytest.approx(math.exp(-0.3), rel=1e-12)
    assert {row["Analysis name"] for row in rows} == {"hazard ratio"}


def test_a_measure_that_revman_lacks_is_inverse_variance() -> None:
    frame = pd.DataFrame({"study": ["Ada", "Bo"], "events": [3, 5], "total": [20, 31]})
    fit = bm.fit(frame, measure="PLO", engine="quadrature")
    row = rows_of(fit)[0]
    assert float(row["GIV Mean"]) == pytest.approx(math.log(3 / 17), rel=1e-12)
    assert float(row["Mean"]) == pytest.approx(3 / 20, rel=1e-12)
    assert row["Experimental cases"] == ""


def test_means_are_those_that_were_entered(oa_pain: bm.Fit) -> None:
    table, row = oa_pain.table, rows_of(oa_pain)[0]
    for theirs, arm in (("Experimental", "treatment"), ("Control", "control")):
        for label, ours in (("mean", "mean"), ("SD", "sd"), ("N", "total")):
            assert float(row[f"{theirs} {label}"]) == float(table[f"{ours}_{arm}"][0])
    assert row["GIV Mean"] == row["Experimental cases"] == ""


def test_nothing_is_a_formula(hostile: bm.Fit) -> None:
    rows = rows_of(hostile)
    assert rows[0]["Analysis name"] == '\'=a system("touch owned") quit() Sjögren'
    assert rows[2]["Study"] == "'=1+1"
    assert rows[3]["Study"].startswith("Sjögren 日本 𝒳")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hostile", "dichotomous"),
        ("estimates", "inverse variance"),
        ("oa_pain", "continuous"),
    ],
)
def test_the_reader_of_revman_files_finds_the_same_numbers(
    name: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    fit: bm.Fit = request.getfixturevalue(name)
    path = tmp_path / f"{name}-data-rows.csv"
    path.write_text(export_fit(fit, "revman-csv"), encoding="utf-8")
    outcome = bm.read_review(path).outcome("1.1")
    assert outcome.kind == kind
    assert len(outcome.rows) == fit.table.sizes["study"]
    assert set(study_numbers(fit)) <= set(outcome.rows.numbers)
    for column, values in outcome.rows.numbers.items():
        if column in fit.table:
            np.testing.assert_array_equal(values, fit.table[column].to_numpy())


def test_raw_numbers_of_a_measure_that_revman_lacks_stay_away() -> None:
    """A ratio of means must not come back as a mean difference of the same raw numbers."""
    frame = pd.DataFrame(
        {
            "study": ["Ada", "Bo", "Cy"],
            **{"mean_treatment": [4.1, 3.0, 5.2], "sd_treatment": [1.1, 0.9, 2.0]},
            **{"mean_control": [5.0, 3.9, 5.4], "sd_control": [1.3, 1.0, 1.8]},
            **{"total_treatment": [12, 30, 21], "total_control": [14, 28, 20]},
        }
    )
    row = rows_of(bm.fit(frame, measure="ROM", engine="quadrature"))[0]
    assert float(row["GIV Mean"]) == pytest.approx(math.log(4.1 / 5), abs=0.01)
    assert row["Experimental mean"] == ""
