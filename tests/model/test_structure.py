"""Subgroups, times and results of one study: from a spec and a table to a design."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import bayesmeta as bm
from bayesmeta.errors import DataError, SpecError
from bayesmeta.model import CONTRAST, Design, Groups, Problem
from bayesmeta.model.correlated import units_of

PRIORS = {
    "mu": "Normal(0, 1)",
    **dict.fromkeys(("tau", "tau_within", "omega"), "HalfNormal(1)"),
    "beta": "Normal(0, 1)",
}


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": ["A x", "A y", "B x", "B y", "C x", "D x"],
            "effect": np.linspace(-0.2, 0.5, 6),
            "std_error": np.linspace(0.1, 0.3, 6),
            "month": [3, 6, 3, 12, 6, 12],
            "arm": ["q", "q", "p", "p", "q", "p"],
            "paper": ["P2", "P2", "P1", "P1", "P3", "P4"],
            **columns,
        }
    )


def posed(data: pd.DataFrame | Path | None = None, **options: object) -> Problem:
    given = {"measure": "GEN", "scale": "analysis", **PRIORS, **options}
    return bm.check(frame() if data is None else data, **given).problem


def test_subgroups_are_in_order_of_appearance() -> None:
    design = posed(subgroup="arm").design
    assert design.subgroups is not None
    assert design.subgroups.names == ("q", "p")
    assert design.subgroups.member.tolist() == [0, 0, 1, 1, 0, 1]
    assert (design.means, design.own_tau, design.informs) == ("exchangeable", False, True)
    assert design.contrasts is not None
    assert design.contrasts.names == (f"p{CONTRAST}q",)
    assert_allclose(design.contrasts.of_mu, [[-1, 1]])


def test_subgroups_can_be_numbers() -> None:
    design = posed(subgroup="month").design
    assert design.subgroups is not None
    assert design.subgroups.names == ("3", "6", "12")


def test_free_times_are_sorted_and_named_by_the_column() -> None:
    design = posed(time="month").design
    assert design.subgroups is not None
    assert design.subgroups.names == ("month 3", "month 6", "month 12")
    assert design.subgroups.member.tolist() == [0, 1, 0, 2, 1, 2]
    assert (design.means, design.informs) == ("independent", False)


def test_a_random_walk_has_steps_as_long_as_its_gaps() -> None:
    """The variance of a step is the gap, and a typical gap is 1."""
    design = posed(time={"column": "month", "effects": "random-walk"}).design
    assert_allclose(design.gaps, [3 / 4.5, 6 / 4.5])
    covariance = design.steps_of_walk @ design.steps_of_walk.T
    assert_allclose(np.diag(covariance), [0, 3 / 4.5, 9 / 4.5])
    assert_allclose(covariance[1, 2], 3 / 4.5)


def test_a_line_over_time_is_a_moderator() -> None:
    design = posed(time={"column": "month", "effects": "linear"}).design
    assert design.terms == ("month",)
    assert design.subgroups is None
    assert_allclose(design.matrix[:, 0], np.array([3, 6, 3, 12, 6, 12]) - 7)


def test_a_line_over_time_goes_with_subgroups() -> None:
    design = posed(time={"column": "month", "effects": "linear"}, subgroup="arm").design
    assert design.terms == ("month",)
    assert design.count == 2


def test_points_name_the_subgroup() -> None:
    given = {"formula": "month", "at": [{"month": 6, "arm": "p"}, {"arm": "q"}]}
    design = posed(subgroup="arm", moderators=given).design
    assert design.points is not None
    assert_allclose(design.points.of_mu, [[0, 1], [1, 0]])
    assert_allclose(design.points.of_beta, [[-1], [0]])
    assert design.points.member.tolist() == [1, 0]
    with pytest.raises(SpecError, match="a point needs a value of 'arm'"):
        posed(subgroup="arm", moderators={"formula": "month", "at": [{"month": 6}]})


@pytest.mark.parametrize(
    ("options", "key", "message"),
    [
        ({"subgroup": "arms"}, "model.subgroup.column", "the table has no column 'arms'"),
        ({"time": "arm"}, "model.time.column", "is not of numbers"),
        ({"time": "month", "subgroup": "arm"}, "model.time.effects", "do not go together"),
        (
            {"time": {"column": "month", "effects": "linear"}, "moderators": "arm"},
            "model.time",
            "a line over time is a moderator",
        ),
        ({"cluster": "papers"}, "model.cluster", "the table has no column 'papers'"),
    ],
)
def test_what_does_not_go_together(options: dict, key: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        posed(**options)
    assert message in caught.value.message
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("column", "value", "options", "message"),
    [
        ("arm", "p", {"subgroup": "arm"}, "all studies are of one subgroup, p"),
        ("month", 3, {"time": "month"}, "all effects are of one time, 3"),
    ],
)
def test_one_group_is_no_design(column: str, value: object, options: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        posed(frame(**{column: value}), **options)


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("arm", {"subgroup": "arm"}),
        ("month", {"time": "month"}),
        ("month", {"subgroup": "month"}),
    ],
)
def test_an_empty_cell_names_file_row_and_study(tmp_path: Path, column: str, options: dict) -> None:
    data = frame().astype({column: object})
    data.loc[3, column] = None
    file = tmp_path / "studies.csv"
    data.to_csv(file, index=False)
    with pytest.raises(DataError, match="the cell is empty") as caught:
        posed(file, **options)
    error = caught.value
    assert Path(str(error.file)).name == "studies.csv"
    assert (error.row, error.study, error.column) == (5, "B y", column)


def test_a_result_without_a_study_names_row_and_column(tmp_path: Path) -> None:
    data = frame()
    data.loc[3, "paper"] = ""
    file = tmp_path / "studies.csv"
    data.to_csv(file, index=False)
    with pytest.raises(DataError) as caught:
        posed(file, cluster="paper", heterogeneity="nested")
    assert (caught.value.row, caught.value.column) == (5, "paper")


def test_results_of_one_study() -> None:
    problem = posed(cluster="paper", heterogeneity="nested")
    assert problem.clusters is not None
    assert problem.clusters.names == ("P2", "P1", "P3", "P4")
    assert problem.clusters.member.tolist() == [0, 0, 1, 1, 2, 3]
    assert not problem.correlated
    assert set(problem.priors) == {"mu", "tau", "tau_within"}
    assert posed(cluster="paper", fixed_rho=0.5).correlated
    assert set(posed(cluster="paper", rho="Beta(2, 2)").priors) == {"mu", "tau", "rho"}


def test_a_name_that_comes_twice_is_a_study_of_its_own_until_results_are_asked_for() -> None:
    data = frame(study=["A", "A", "B", "B", "C", "D"])
    assert posed(data).clusters is None
    nested = posed(data, heterogeneity="nested")
    assert nested.clusters is not None
    assert nested.clusters.names == ("A", "B", "C", "D")
    assert nested.study == ("A", "A (2)", "B", "B (2)", "C", "D")
    named = posed(data, heterogeneity="nested", result="month")
    assert named.study[:2] == ("A, 3", "A, 6")


def test_units_join_rows_that_are_correlated_in_any_way() -> None:
    """A shared control joins rows of different studies, and so their studies."""
    covariance = np.diag(np.full(6, 0.04))
    covariance[1, 2] = covariance[2, 1] = 0.01
    problem = Problem(
        study=tuple("abcdef"),
        effect=np.zeros(6),
        std_error=np.full(6, 0.2),
        likelihood="normal",
        heterogeneity="nested",
        priors={},
        clusters=Groups.of(["P", "P", "Q", "Q", "R", "S"]),
        covariance=covariance,
    )
    units = units_of(problem)
    assert units.names == ("P + Q", "R", "S")
    assert units.member.tolist() == [0, 0, 0, 0, 1, 2]


def test_a_part_of_a_walk_goes_through_the_times_that_are_lost() -> None:
    design = posed(time={"column": "month", "effects": "random-walk"}).design
    part = design.subset([0, 2, 3])
    assert part.subgroups is not None
    assert part.subgroups.names == ("month 3", "month 6", "month 12")
    assert_allclose(part.gaps, design.gaps)
    assert part.subgroups.member.tolist() == [0, 0, 2]


def test_a_part_keeps_points_of_the_subgroups_that_are_left() -> None:
    given = {"formula": "month", "at": [{"month": 6, "arm": "p"}]}
    problem = posed(subgroup="arm", moderators=given).subset([2, 3, 5])
    assert problem.design.points is not None
    assert_allclose(problem.design.points.of_mu, [[1]])
    assert problem.study == ("B x", "B y", "D x")


def test_one_mean_is_the_default() -> None:
    design = posed().design
    assert design.is_pooled
    assert isinstance(design, Design)
    assert design.contrasts is None
    assert design.own_slopes is None
    assert design.own_means.names == ("",)


def test_of_many_subgroups_each_is_compared_with_the_largest() -> None:
    member = np.array([*range(12), 3, 3])
    groups = Groups(names=tuple("ABCDEFGHIJKL"), member=member)
    contrasts = Design(matrix=np.zeros((14, 0)), subgroups=groups).contrasts
    assert contrasts is not None
    assert len(contrasts.names) == 11
    assert contrasts.names[:2] == ("A − D", "B − D")
    assert contrasts.of_mu[0].tolist() == [1, 0, 0, -1, *[0] * 8]
