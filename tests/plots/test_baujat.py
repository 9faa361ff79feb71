"""The Baujat plot: coordinates of both kinds, names, refusals."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.classical import baujat_coordinates
from bayesmeta.plots.baujat import posterior_shifts


def fitted(studies: pd.DataFrame, **options: object) -> bm.Fit:
    return bm.fit(studies, measure="SMD", better="lower", engine="quadrature", **options)


@pytest.fixture(scope="module")
def plain(studies: pd.DataFrame) -> bm.Fit:
    return fitted(studies)


def circles(axes: Axes) -> np.ndarray:
    return np.asarray(axes.collections[0].get_offsets())


def sorted_rows(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T)]


def names(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_circles_are_at_the_coordinates(studies: pd.DataFrame, plain: bm.Fit) -> None:
    axes = plain.plot("baujat").axes[0]
    at = baujat_coordinates(studies["effect"].to_numpy(), studies["std_error"].to_numpy() ** 2)
    expected = np.column_stack([at.contribution, at.influence])
    np.testing.assert_allclose(sorted_rows(circles(axes)), sorted_rows(expected))
    assert "Study I" in names(axes)  # the furthest of all
    assert axes.get_ylabel() == "Influence on the common effect"


def test_shifts_of_the_posterior_are_those_of_fits_without_each_study(
    studies: pd.DataFrame, plain: bm.Fit
) -> None:
    whole = plain.estimate("mu")
    expected = []
    for place in range(len(studies)):
        without = fitted(studies.drop(index=place)).estimate("mu")
        expected.append(abs(without["mean"] - whole["mean"]) / whole["sd"])
    shifts = posterior_shifts(plain)
    assert shifts == pytest.approx(expected, rel=1e-6)
    axes = plain.plot("baujat", influence="posterior").axes[0]
    assert sorted(circles(axes)[:, 1]) == pytest.approx(sorted(shifts))
    assert axes.get_ylabel() == "Shift of the posterior mean of μ, in its sds"


def test_of_many_studies_those_far_away_are_named() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"study": [f"S{i}" for i in range(40)], "effect": rng.normal(size=40)})
    fit = bm.fit(frame.assign(std_error=0.3), measure="SMD", engine="quadrature")
    figure = fit.plot("baujat")
    assert 1 <= len(names(figure.axes[0])) <= 15
    assert any("at most 15 studies" in text.get_text() for text in figure.texts)


def test_a_study_without_which_there_is_no_posterior_is_left_out(studies: pd.DataFrame) -> None:
    frame = studies.head(3).assign(study=["<b>$A$</b>", "B", "C"])
    improper = {"mu": "Flat()", "tau": "HalfFlat()"}
    fit = bm.fit(frame, measure="SMD", engine="quadrature", **improper)
    with pytest.raises(bm.SpecError, match="without a study the posterior of mu has no mean"):
        fit.plot("baujat", influence="posterior")
    assert "<b>$A$</b>" in names(fit.plot("baujat").axes[0])


def test_studies_that_are_all_the_same_are_at_the_origin() -> None:
    frame = pd.DataFrame({"study": list("abc"), "effect": 0.2, "std_error": 0.1})
    axes = fitted(frame).plot("baujat").axes[0]
    assert circles(axes) == pytest.approx(np.zeros((3, 2)), abs=1e-12)
    assert axes.get_xlim()[1] > 0.5


def test_studies_without_standard_error_are_left_out(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    for influence in ("common", "posterior"):
        figure = fit.plot("baujat", influence=influence)
        assert len(circles(figure.axes[0])) == fit.table.sizes["study"] - 1
        assert any("no standard error: None 2004" in text.get_text() for text in figure.texts)


def test_other_fits_are_refused(
    studies: pd.DataFrame,
    plain: bm.Fit,
    independent: bm.Fit,
    regression: bm.Fit,
    nested: bm.Fit,
) -> None:
    refused = {
        "draws one pooled effect": independent,
        "this fit has moderators": regression,
        "rows depend on each other": nested,
        "compares each study with the others": fitted(studies.head(1)),
    }
    for message, fit in refused.items():
        with pytest.raises(bm.SpecError, match=message):
            fit.plot("baujat")
    with pytest.raises(bm.SpecError, match="knows no influence 'posteriour'") as error:
        plain.plot("baujat", influence="posteriour")
    assert "posterior" in str(error.value.hint)


def test_given_axes_are_drawn_into(plain: bm.Fit) -> None:
    figure = Figure()
    axes = figure.subplots()
    assert plain.plot("baujat", ax=axes) is figure
    assert len(circles(axes)) == 9
