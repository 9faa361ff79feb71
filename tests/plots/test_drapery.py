"""The drapery plot: curves of the studies and of the posterior, levels, refusals."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.stats import norm

import bayesmeta as bm
from bayesmeta.plots.drapery import tail_curve
from bayesmeta.plots.style import COLOURS


def fitted(studies: pd.DataFrame, **options: object) -> bm.Fit:
    return bm.fit(studies, measure="SMD", better="lower", engine="quadrature", **options)


@pytest.fixture(scope="module")
def plain(studies: pd.DataFrame) -> bm.Fit:
    return fitted(studies)


@pytest.fixture(scope="module")
def figure(plain: bm.Fit) -> Figure:
    return plain.plot("drapery")


def curves(figure: Figure) -> list:
    """Those of the studies."""
    known = {*COLOURS.values()}
    return [line for line in figure.axes[0].lines if line.get_color() not in known]


def test_each_study_has_its_p_values(studies: pd.DataFrame, figure: Figure) -> None:
    found = curves(figure)
    assert len(found) == len(studies)
    peaks = [line.get_xdata()[np.argmax(line.get_ydata())] for line in found]
    assert sorted(peaks) == pytest.approx(sorted(studies["effect"]))
    for line in found:
        x, y = line.get_data()
        row = studies.iloc[np.argmin(abs(studies["effect"] - x[np.argmax(y)]))]
        expected = 2 * norm.sf(abs(x - row["effect"]) / row["std_error"])
        np.testing.assert_allclose(y, expected, atol=1e-12)


def test_studies_with_more_weight_are_darker(plain: bm.Fit, figure: Figure) -> None:
    greys = [float(line.get_color()) for line in curves(figure)]
    assert greys == sorted(greys, reverse=True)
    heaviest = plain.table["effect"].to_numpy()[np.argmax(plain.weights.to_numpy())]
    x, y = curves(figure)[-1].get_data()
    assert x[np.argmax(y)] == pytest.approx(heaviest)


def test_the_posterior_crosses_each_level_at_the_ends_of_the_interval(plain: bm.Fit) -> None:
    for name in ("mu", "theta_new"):
        for prob in (0.9, 0.95, 0.99):
            ends = plain.with_interval(prob=prob).estimate(name)
            at = tail_curve(plain, name, np.array([ends["lower"], ends["upper"]]))
            np.testing.assert_allclose(at, 1 - prob, atol=1e-6)


def test_draws_give_the_same_where_nothing_is_exact(oa_pain: bm.Fit) -> None:
    ends = oa_pain.estimate("mu")
    at = tail_curve(oa_pain, "mu", np.array([ends["lower"], ends["median"], ends["upper"]]))
    assert at == pytest.approx([0.05, 1.0, 0.05], abs=0.002)
    texts = " ".join(text.get_text() for text in oa_pain.plot("drapery").texts)
    assert "counted from its draws" in texts


def test_levels_are_named_on_both_sides(figure: Figure) -> None:
    axes = figure.axes[0]
    (right,) = axes.child_axes
    labels = [label.get_text() for label in right.get_yticklabels()]
    assert {"90 %", "95 %", "99 %"} <= set(labels)
    figure.canvas.draw()
    low, high = axes.get_ylim()
    assert right.get_ylim() == (low, high)
    guides = [line.get_ydata()[0] for line in axes.lines if line.get_color() == COLOURS["rule"]]
    assert guides == [0.1, 0.05, 0.01]
    edge = right.yaxis.get_tightbbox(figure.canvas.get_renderer())
    assert edge.x1 <= figure.get_figwidth() * figure.dpi
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "study, darker with more weight",
        "pooled effect, posterior",
        "effect in a new study, posterior",
    ]


def test_a_common_effect_has_no_region(studies: pd.DataFrame) -> None:
    axes = fitted(studies, heterogeneity="common").plot("drapery").axes[0]
    assert not axes.collections
    assert COLOURS["prediction"] not in {line.get_color() for line in axes.lines}


def test_counts_without_standard_error_are_left_out(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    figure = fit.plot("drapery")
    assert len(curves(figure)) == fit.table.sizes["study"] - 1
    assert any("no standard error: None 2004" in text.get_text() for text in figure.texts)
    nothing = zero_cells.iloc[[3]]
    empty = bm.fit(nothing, measure="OR", likelihood="binomial", engine="quadrature")
    with pytest.raises(bm.SpecError, match="needs standard errors"):
        empty.plot("drapery")


def test_rows_that_depend_are_dark_by_their_precision(nested: bm.Fit) -> None:
    labels = [text.get_text() for text in nested.plot("drapery").legends[0].get_texts()]
    assert labels[0] == "study, darker where more precise"


def test_mixtures_of_very_many_are_computed_at_some_points(nested: bm.Fit) -> None:
    for prob in (0.5, 0.9, 0.99):
        ends = nested.with_interval(prob=prob).estimate("mu")
        at = tail_curve(nested, "mu", np.array([ends["lower"], ends["upper"]]))
        np.testing.assert_allclose(at, 1 - prob, atol=0.002)


def test_several_means_and_moderators_are_refused(independent: bm.Fit, regression: bm.Fit) -> None:
    for fit in (independent, regression):
        with pytest.raises(bm.SpecError, match="a drapery plot"):
            fit.plot("drapery")


def test_given_axes_are_drawn_into_and_keep_their_place(plain: bm.Fit) -> None:
    figure = Figure()
    axes = figure.subplots()
    before = axes.get_position().bounds
    assert plain.plot("drapery", ax=axes) is figure
    assert axes.get_position().bounds == before
    assert axes.get_legend() is not None
