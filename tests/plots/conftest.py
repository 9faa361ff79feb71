"""Small fits of each structure, by quadrature."""

import pandas as pd
import pytest

import bayesmeta as bm

NAMES = ("cord", "fat", "marrow")


@pytest.fixture(scope="session")
def studies() -> pd.DataFrame:
    """Nine studies: three sources, one of them with one study; a year, and a month of each."""
    return pd.DataFrame(
        {
            "study": [f"Study {letter}" for letter in "ABCDEFGHI"],
            "effect": [-0.2, -0.5, -0.9, -0.4, -0.7, -0.1, -0.3, -0.6, 0.2],
            "std_error": [0.2, 0.3, 0.25, 0.15, 0.4, 0.3, 0.2, 0.35, 0.3],
            "total": 60,
            "source": ["fat"] * 4 + ["marrow"] * 4 + ["cord"],
            "year": [2012.0, 2014, 2015, 2016, 2017, 2018, 2019, 2021, 2022],
            "months": [3.0, 6, 3, 6, 12, 3, 6, 12, 12],
        }
    )


def fitted(studies: pd.DataFrame, **options: object) -> bm.Fit:
    """A fit by quadrature."""
    given = {"measure": "SMD", "better": "lower", "engine": "quadrature", **options}
    return bm.fit(studies, **given)


@pytest.fixture(scope="session")
def exchangeable(studies: pd.DataFrame) -> bm.Fit:
    """Subgroups whose means inform each other."""
    return fitted(studies, subgroup="source", title="By source")


@pytest.fixture(scope="session")
def independent(studies: pd.DataFrame) -> bm.Fit:
    """Subgroups whose means do not."""
    return fitted(studies, subgroup={"column": "source", "means": "independent"})


@pytest.fixture(scope="session")
def regression(studies: pd.DataFrame) -> bm.Fit:
    """A number and a category, and the effect at one point."""
    moderators = {"formula": "year + source", "at": [{"year": 2020, "source": "marrow"}]}
    return fitted(studies, moderators=moderators)


@pytest.fixture(scope="session")
def over_time(studies: pd.DataFrame) -> dict[str, bm.Fit]:
    """Each way in which the mean may go over time."""
    return {
        effects: fitted(studies, time={"column": "months", "effects": effects})
        for effects in ("free", "linear", "random-walk")
    }


@pytest.fixture(scope="session")
def nested(studies: pd.DataFrame) -> bm.Fit:
    """Five studies, four of them with two results."""
    pairs = studies.assign(study=["P", "P", "Q", "Q", "R", "R", "S", "S", "T"])
    return fitted(pairs, heterogeneity="nested", fixed_rho=0.5)
