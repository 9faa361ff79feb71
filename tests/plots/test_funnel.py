"""The funnel plot: points, funnels, contours, notes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

import bayesmeta as bm
from bayesmeta.plots.funnel import new_study_limits
from bayesmeta.plots.style import COLOURS

Z = norm.ppf(0.975)


def fitted(studies: pd.DataFrame, **options: object) -> bm.Fit:
    return bm.fit(studies, measure="SMD", better="lower", engine="quadrature", **options)


@pytest.fixture(scope="module")
def plain(studies: pd.DataFrame) -> bm.Fit:
    return fitted(studies, title="Nine")


@pytest.fixture(scope="module")
def figure(plain: bm.Fit) -> Figure:
    return plain.plot("funnel")


def lines(axes: Axes, colour: str) -> list:
    """Those of a colour with more than two points."""
    found = [line for line in axes.lines if line.get_color() == COLOURS[colour]]
    return [line for line in found if len(line.get_xdata()) > 2]


def points(axes: Axes) -> np.ndarray:
    (drawn,) = (line for line in axes.lines if line.get_marker() == "o")
    return np.transpose(drawn.get_data())


def written(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def test_studies_are_at_their_effects_and_standard_errors(
    studies: pd.DataFrame, figure: Figure
) -> None:
    axes = figure.axes[0]
    np.testing.assert_allclose(points(axes), studies[["effect", "std_error"]])
    bottom, top = axes.get_ylim()
    assert top == 0
    assert bottom > studies["std_error"].max()
    assert axes.get_xlabel() == "Standardised mean difference"
    assert axes.get_ylabel() == "Standard error"
    assert {text.get_text() for text in axes.texts} <= set(studies["study"])


def test_the_funnel_is_around_the_posterior_median(plain: bm.Fit, figure: Figure) -> None:
    left, right = lines(figure.axes[0], "model")
    height, middle = left.get_ydata(), plain.estimate("mu")["median"]
    np.testing.assert_allclose(left.get_xdata(), middle - Z * height)
    np.testing.assert_allclose(right.get_xdata(), middle + Z * height)
    low, high = figure.axes[0].get_xlim()
    assert low < left.get_xdata().min()
    assert right.get_xdata().max() < high


def test_a_new_study_is_spread_by_its_sampling_error(plain: bm.Fit, figure: Figure) -> None:
    left, right = lines(figure.axes[0], "prediction")
    new = plain.estimate("theta_new")
    assert [left.get_xdata()[0], right.get_xdata()[0]] == [new["lower"], new["upper"]]
    draws = plain.posterior["theta_new"].to_numpy().ravel()
    error = float(left.get_ydata()[-1])
    estimates = draws + error * np.random.default_rng(1).standard_normal(draws.size)
    expected = np.quantile(estimates, [0.025, 0.975])
    assert [left.get_xdata()[-1], right.get_xdata()[-1]] == pytest.approx(expected, abs=0.05)


def test_limits_of_a_new_study_under_counts(zero_cells: pd.DataFrame) -> None:
    """A density that is no mixture of normal ones."""
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    limits = new_study_limits(fit, np.array([0.0, 0.01, 1.0]))
    assert limits is not None
    lower, upper = limits
    new = fit.estimate("theta_new")
    assert [lower[1], upper[1]] == pytest.approx([new["lower"], new["upper"]], abs=0.01)
    draws = fit.posterior["theta_new"].to_numpy().ravel()
    above = norm.sf(upper[2], draws, 1.0).mean()
    assert above == pytest.approx(0.025, abs=0.004)


def test_contours_begin_at_the_quantiles_around_no_effect(figure: Figure) -> None:
    axes = figure.axes[0]
    deepest = axes.get_ylim()[0]
    inner = []
    for region in axes.collections[::2]:
        corners = region.get_paths()[0].vertices
        at = corners[np.isclose(corners[:, 1], deepest)][:, 0]
        inner.append(at.max())
    expected = [-norm.isf(p / 2) * deepest for p in (0.1, 0.05, 0.01)]
    assert inner == pytest.approx(expected)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[-3:] == ["p < 0.1", "p < 0.05", "p < 0.01"]


def test_few_studies_and_those_without_standard_error_are_said(
    figure: Figure, zero_cells: pd.DataFrame, oa_pain: bm.Fit
) -> None:
    few = "With fewer than 10 studies asymmetry cannot be judged"
    assert few in written(figure)
    assert few not in written(oa_pain.plot("funnel"))
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    drawn = fit.plot("funnel")
    assert "give no standard error: None 2004." in written(drawn)
    assert len(points(drawn.axes[0])) == fit.table.sizes["study"] - 1
    assert drawn.axes[0].get_ylabel() == "Standard error of the log odds ratio"


def test_one_group_has_no_contours_and_a_common_effect_one_funnel(studies: pd.DataFrame) -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "events": [3, 9], "total": [20, 30]})
    axes = bm.fit(frame, measure="PLO", engine="quadrature").plot("funnel").axes[0]
    assert not axes.collections
    common = fitted(studies, heterogeneity="common").plot("funnel").axes[0]
    assert not lines(common, "prediction")


def test_several_means_and_moderators_are_refused(exchangeable: bm.Fit, regression: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="draws one pooled effect"):
        exchangeable.plot("funnel")
    with pytest.raises(bm.SpecError, match="this fit has moderators"):
        regression.plot("funnel")


def test_given_axes_are_drawn_into(plain: bm.Fit) -> None:
    figure = Figure()
    axes = figure.subplots(1, 2)
    assert plain.plot("funnel", ax=axes[1]) is figure
    assert not axes[0].lines
    labels = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert labels[-1] == "p < 0.1, 0.05, 0.01"
