"""Formulas of moderators: the columns that they make, and what is refused without running it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import bayesmeta as bm
from bayesmeta.errors import DataError, SpecError
from bayesmeta.model import Design

YEAR = np.array([1990, 1992, 1995, 2000, 2001, 2003, 2010, 2012.0])
DOSE = np.array([1, 2, 5, 10, 1, 2, 5, 10.0])
PHASE = np.array(["I", "II", "I", "II", "III", "III", "I", "II"])
GRADE = np.array([1, 2, 3, 1, 2, 3, 1, 2])


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(8)],
            "effect": np.linspace(-0.2, 0.5, 8),
            "std_error": np.linspace(0.1, 0.3, 8),
            "year": YEAR,
            "dose": DOSE,
            "phase": PHASE,
            "grade": GRADE,
            "dose in mg": DOSE + np.arange(8),
            "same": 1,
            **columns,
        }
    )


def design(formula: str, data: pd.DataFrame | None = None, **moderators: object) -> Design:
    checked = bm.check(
        frame() if data is None else data,
        measure="GEN",
        scale="analysis",
        mu="Normal(0, 1)",
        tau="HalfNormal(1)",
        beta="Normal(0, 1)",
        moderators={"formula": formula, **moderators},
    )
    return checked.problem.design


def centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def is_(level: object, values: np.ndarray = PHASE) -> np.ndarray:
    return (values == level).astype(float)


def sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1))


BOTH = {"year": centred(YEAR), "dose": centred(DOSE)}
OF_PHASE = {"phase[II]": is_("II"), "phase[III]": is_("III")}
COLUMNS = {
    "year": {"year": centred(YEAR)},
    "~ year + 1": {"year": centred(YEAR)},
    "year + year": {"year": centred(YEAR)},
    "year + dose": BOTH,
    "year * dose": {**BOTH, "year:dose": centred(YEAR) * centred(DOSE)},
    "(year + dose)**2": {**BOTH, "year:dose": centred(YEAR) * centred(DOSE)},
    "year + dose + year:dose": {**BOTH, "year:dose": centred(YEAR) * centred(DOSE)},
    "phase": OF_PHASE,
    "C( phase )": OF_PHASE,
    "C(grade)": {"grade[2]": is_(2, GRADE), "grade[3]": is_(3, GRADE)},
    "grade": {"grade": centred(GRADE)},
    "year * phase": {
        "year": centred(YEAR),
        **OF_PHASE,
        "year:phase[II]": centred(YEAR) * is_("II"),
        "year:phase[III]": centred(YEAR) * is_("III"),
    },
    "log(dose)": {"log(dose)": centred(np.log(DOSE))},
    "`dose in mg`": {"dose in mg": centred(DOSE + np.arange(8))},
    "log(`dose in mg`)": {"log(`dose in mg`)": centred(np.log(DOSE + np.arange(8)))},
}


@pytest.mark.parametrize("formula", COLUMNS)
def test_columns(formula: str) -> None:
    found = design(formula)
    assert found.terms == tuple(COLUMNS[formula])
    assert_allclose(found.matrix, np.stack(list(COLUMNS[formula].values()), 1), atol=1e-12)


def test_the_reference_is_the_first_category_or_the_one_that_is_named() -> None:
    assert design("phase", reference={"phase": "II"}).terms == ("phase[I]", "phase[III]")
    assert design("C(grade)", reference={"grade": "3"}).terms == ("grade[1]", "grade[2]")


def test_numbers_are_centred_scaled_or_left() -> None:
    assert_allclose(design("year", centre=False).matrix[:, 0], YEAR)
    scaled = design("year + log(dose)", scale=True)
    assert_allclose(scaled.matrix.std(0, ddof=1), 1)
    assert_allclose(scaled.matrix.mean(0), 0, atol=1e-12)
    plain = design("year + log(dose)")
    assert_allclose(plain.matrix / [sd(YEAR), sd(np.log(DOSE))], scaled.matrix, atol=1e-12)


def test_a_rescaled_coefficient_is_that_of_a_standard_deviation_or_of_a_unit() -> None:
    """Whichever way the numbers are, ``matrix @ beta`` is the same of both."""
    plain, scaled = design("year * phase"), design("year * phase", scale=True)
    for one, other in ((plain, scaled), (scaled, plain)):
        assert one.rescaled is not None
        assert one.rescaled.names == ("year", "year:phase[II]", "year:phase[III]")
        numbers = [one.terms.index(name) for name in one.rescaled.names]
        beta = np.linspace(0.5, 2.5, 5)
        again = beta.copy()
        again[numbers] = one.rescaled.of_beta @ beta
        assert_allclose(one.matrix @ beta, other.matrix @ again, atol=1e-12)
    assert design("phase").rescaled is None


def test_spreads_are_what_priors_are_scaled_by() -> None:
    """Two standard deviations of each number; 1 of a category (Gelman 2008)."""
    assert_allclose(
        design("year * phase").spreads, [2 * sd(YEAR), 1, 1, 2 * sd(YEAR), 2 * sd(YEAR)]
    )
    assert_allclose(design("year * dose", scale=True).spreads, [2, 2, 4])


def test_points() -> None:
    found = design(
        "year * phase + log(dose)",
        at=[{"year": 2000, "phase": "II", "dose": 4}, {"phase": "III"}, {"year": 1990}],
    )
    assert found.points is not None
    assert found.points.names == ("year = 2000, phase = II, dose = 4", "phase = III", "year = 1990")
    early, late = 1990 - YEAR.mean(), 2000 - YEAR.mean()
    log = np.log(4) - np.log(DOSE).mean()
    order = ("year", "phase[II]", "phase[III]", "log(dose)", "year:phase[II]", "year:phase[III]")
    assert found.terms == order
    assert_allclose(
        found.points.of_beta,
        [[late, 1, 0, log, late, 0], [0, 0, 1, 0, 0, 0], [early, 0, 0, 0, 0, 0]],
        atol=1e-12,
    )
    assert_allclose(found.points.of_mu, np.ones((3, 1)))


def test_points_are_on_the_scale_of_the_matrix() -> None:
    found = design("year + C(grade)", scale=True, at=[{"year": 2001, "grade": 2}])
    assert found.points is not None
    row = np.flatnonzero((YEAR == 2001) & (GRADE == 2))
    assert_allclose(found.points.of_beta, found.matrix[row], atol=1e-12)


REFUSED = {
    "nope": "the table has no column 'nope'",
    "effect": "the table has no column 'effect'",
    "row": "the table has no column 'row'",
    "same": "all studies have the same value of same",
    "year:dose": "the interaction year:dose stands without year itself",
    "year + dose:year": "stands without dose itself",
    "dose / phase": "stands without phase itself",
    "year * dose * phase": "an interaction of more than two",
    "year - 1": "mu is the intercept",
    "0 + year": "mu is the intercept",
    "1": "it has no terms",
    "": "it has no terms",
    "effect ~ year": "parts it in two",
    "year | dose": "parts it in two",
    "year +": "cannot be used",
    "year + 2": "cannot be used",
    "'year'": "cannot be used",
    "`": "cannot be used",
    ".": "cannot be used",
    "(" * 200: "cannot be used",
    "year dose": "cannot be used",
    "log(phase)": "the column 'phase' is not of numbers",
    "log(log(dose))": "is not a column, C(column) or log(column)",
    "poly(year, 2)": "is not a column, C(column) or log(column)",
    "I(year**2)": "is not a column, C(column) or log(column)",
    "C(phase, contr.sum)": "is not a column, C(column) or log(column)",
    "C(phase)['I']": "is not a column, C(column) or log(column)",
    "year + C(year)": "the data cannot tell year[2012] from the terms before it",
    "C(grade) * phase": "the data cannot tell grade[2]:phase[III] from the terms before it",
    "( year ]~ :*.": "it is no formula",
}


@pytest.mark.parametrize("formula", REFUSED)
def test_formulas_that_are_refused(formula: str) -> None:
    with pytest.raises(SpecError) as caught:
        design(formula)
    assert REFUSED[formula] in caught.value.message
    assert caught.value.key == "model.moderators.formula"
    assert caught.value.hint or formula == "log(phase)"
    assert len(str(caught.value)) < 600


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(SpecError, match="Did you mean 'year'"):
        design("yeer")


HOSTILE = [
    "__import__('os').system('touch {file}')",
    "{{__import__('os').system('touch {file}')}}",
    "{{open('{file}', 'w')}}",
    "Q('dose in mg')",
    "C(open('{file}', 'w'))",
    "log(open('{file}', 'w'))",
    "year + np.save('{file}', 1)",
    "(lambda: open('{file}', 'w'))()",
    '`year` + eval(\'open("{file}", "w")\')',
    "{{(x := 1)}}",
    "C(phase, __import__('os').system('touch {file}'))",
]


@pytest.mark.parametrize("formula", HOSTILE)
def test_no_formula_runs_code(formula: str, tmp_path: Path) -> None:
    file = tmp_path / "run"
    with pytest.raises(SpecError) as caught:
        design(formula.format(file=file))
    assert caught.value.key == "model.moderators.formula"
    assert not file.exists()


@pytest.mark.parametrize(
    ("column", "formula", "message"),
    [
        ("year", "year", "the moderator has no value"),
        ("dose", "log(dose)", "the moderator has no value"),
        ("phase", "phase", "the moderator has no value"),
    ],
)
def test_a_missing_value_names_file_row_and_study(
    tmp_path: Path, column: str, formula: str, message: str
) -> None:
    data = frame().astype({column: object})
    data.loc[3, column] = None
    file = tmp_path / "studies.csv"
    data.to_csv(file, index=False)
    with pytest.raises(DataError) as caught:
        bm.check(file, measure="GEN", moderators=formula, mu="Normal(0, 1)", tau="HalfNormal(1)")
    error = caught.value
    assert message in error.message
    assert (Path(str(error.file)).name, error.row, error.study, error.column) == (
        "studies.csv",
        5,
        "S3",
        column,
    )


def test_a_number_without_a_logarithm_names_the_study() -> None:
    data = frame()
    data.loc[2, "dose"] = 0
    with pytest.raises(DataError, match="0 has no logarithm") as caught:
        design("log(dose)", data)
    assert (caught.value.study, caught.value.column) == ("S2", "dose")


@pytest.mark.parametrize(
    ("moderators", "key", "message"),
    [
        ({"reference": {"phase": "IV"}}, "reference.phase", "no study has 'IV'"),
        ({"reference": {"year": "1990"}}, "reference", "no categories of 'year'"),
        ({"at": [{"yeer": 2000}]}, "at", "the model has no moderator 'yeer'"),
        ({"at": [{"dose": 2}]}, "at", "the model has no moderator 'dose'"),
        ({"at": [{"year": "x"}]}, "at", "year is a number, not 'x'"),
        ({"at": [{"phase": "IX"}]}, "at", "no study has 'IX'"),
        ({"at": [{}]}, "at", "a point names no column"),
        ({"at": [{"year": 1990}, {"year": 1990.0}]}, "at", "two points are the same"),
    ],
)
def test_points_and_references_that_are_refused(moderators: dict, key: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        design("year + phase", **moderators)
    assert message in caught.value.message
    assert caught.value.key == f"model.moderators.{key}"


def test_a_term_that_subgroups_explain_is_refused() -> None:
    data = frame(site=["a", "a", "b", "b", "a", "b", "a", "b"], far=[0, 0, 1, 1, 0, 1, 0, 1])
    for formula in ("far", "year + far", "site"):
        with pytest.raises(SpecError, match="the data cannot tell"):
            bm.check(
                data,
                measure="GEN",
                scale="analysis",
                mu="Normal(0, 1)",
                tau="HalfNormal(1)",
                subgroup="site",
                moderators=formula,
            )


def test_columns_of_very_different_size_are_told_apart() -> None:
    """Rank is judged in units of each column: a wide one does not hide a narrow one."""
    data = frame(narrow=1e-9 * DOSE, wide=1e12 * YEAR)
    assert design("narrow + wide", data).terms == ("narrow", "wide")
