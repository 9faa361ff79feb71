"""Plots of several means: ridge, ranks, bubble and time course."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.ranks import rank_probabilities
from bayesmeta.plots.style import COLOURS

MONTE_CARLO = 0.03
"""Of quantiles of 8,000 draws, in standard deviations near the ends."""


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def lines(figure: Figure, colour: str, marker: str) -> list:
    return [
        line
        for line in figure.axes[0].lines
        if line.get_color() == colour and line.get_marker() == marker
    ]


def test_ridges_are_the_densities_of_the_means(exchangeable: bm.Fit) -> None:
    figure = exchangeable.plot("ridge")
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 100]
    assert len(curves) == 5
    mu = exchangeable.exact.effects["mu"]
    x = curves[0].get_xdata()
    expected = mu.pdf(x)[0]
    heights = [curve.get_ydata()[0:] for curve in curves[:3]]
    tops = [np.nanmax(y) - np.nanmin(y) for y in heights]
    np.testing.assert_allclose(
        np.array(tops) / tops[0], expected.max(1) / expected[0].max(), rtol=MONTE_CARLO
    )
    for name in ("fat", "marrow", "cord", "Mean of the subgroups", "Mean of a new subgroup"):
        assert name in texts(figure)


def test_ridges_stand_on_their_intervals(exchangeable: bm.Fit) -> None:
    figure = exchangeable.plot("ridge")
    rows = exchangeable.estimates.query("name == 'mu'")
    dots = lines(figure, COLOURS["model"], "o")
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], rows["median"])
    new = lines(figure, COLOURS["prediction"], "|")
    assert len(new) == 4
    assert "95 % prediction interval" in texts(figure)


def test_ridge_of_contrasts(exchangeable: bm.Fit, regression: bm.Fit) -> None:
    figure = exchangeable.plot("ridge", of="contrast")
    assert len(lines(figure, COLOURS["model"], "o")) == 3
    assert "cord vs marrow" in texts(figure)
    with pytest.raises(bm.SpecError, match="there are no contrasts"):
        regression.plot("ridge", of="contrast")
    with pytest.raises(bm.SpecError, match="Did you mean 'contrast'"):
        exchangeable.plot("ridge", of="contrasts")


def test_ranks_are_probabilities_and_follow_the_direction(
    exchangeable: bm.Fit, studies: pd.DataFrame
) -> None:
    found = rank_probabilities(exchangeable)
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-9)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-9)
    other = bm.fit(studies, measure="SMD", better="higher", subgroup="source", engine="quadrature")
    np.testing.assert_allclose(rank_probabilities(other), found[:, ::-1], atol=1e-9)
    draws = exchangeable.posterior["mu"].to_numpy().reshape(-1, 3)
    best = np.bincount(draws.argmin(1), minlength=3) / len(draws)
    np.testing.assert_allclose(found[:, 0], best, atol=MONTE_CARLO)


def test_bars_of_ranks(exchangeable: bm.Fit, regression: bm.Fit) -> None:
    figure = exchangeable.plot("ranks")
    bars = figure.axes[0].patches
    found = rank_probabilities(exchangeable)
    np.testing.assert_allclose([bar.get_width() for bar in bars], found.ravel())
    assert "P(best)" in texts(figure)
    assert "the lower the better" in texts(figure)
    with pytest.raises(bm.SpecError, match="this fit has none"):
        regression.plot("ranks")


def test_bubbles_are_the_studies_and_lines_the_means(
    regression: bm.Fit, studies: pd.DataFrame
) -> None:
    figure = regression.plot("bubble")
    axes = figure.axes[0]
    offsets = axes.collections[-1].get_offsets()
    assert sorted(map(tuple, offsets.tolist())) == sorted(
        zip(studies["year"], studies["effect"], strict=True)
    )
    solid = [
        line for line in axes.lines if len(line.get_xdata()) > 50 and line.is_dashed() is False
    ]
    assert len(solid) == 3
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:3] == ["cord", "fat", "marrow"]
    marrow = solid[2]
    at = np.interp(2020, marrow.get_xdata(), marrow.get_ydata())
    row = regression.estimate("mu_at", term="year = 2020, source = marrow")
    assert at == pytest.approx(row["median"], abs=MONTE_CARLO)
    assert axes.get_xlabel() == "year"


def test_bubbles_need_a_number(exchangeable: bm.Fit, regression: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="numeric moderator, and this fit has none") as error:
        exchangeable.plot("bubble")
    assert error.value.key == "model.moderators"
    with pytest.raises(bm.SpecError, match="Did you mean 'year'"):
        regression.plot("bubble", moderator="yeer")


def test_time_courses(over_time: dict[str, bm.Fit]) -> None:
    for effects in ("free", "random-walk"):
        fit = over_time[effects]
        axes = fit.plot("time-course").axes[0]
        dots = next(
            line
            for line in axes.lines
            if line.get_marker() == "o" and line.get_color() == COLOURS["model"]
        )
        assert dots.get_xdata().tolist() == [3, 6, 12]
        rows = fit.estimates.query("name == 'mu'")
        np.testing.assert_allclose(dots.get_ydata(), rows["median"])
        assert axes.get_xlabel() == "months"
    straight = over_time["linear"].plot("time-course")
    labels = [text.get_text() for text in straight.legends[0].get_texts()]
    assert labels[-1] == "new study, 95 % prediction interval"


def test_results_of_a_study_are_joined(studies: pd.DataFrame) -> None:
    pairs = studies.assign(
        study=["P", "P", "Q", "Q", "Q", "R", "R", "R", "S"], months=[3.0, 6, 3, 6, 12, 3, 6, 12, 3]
    )
    fit = bm.fit(pairs, measure="SMD", engine="quadrature", time="months")
    grey = lines(fit.plot("time-course"), "#8A8A8A", "o")
    assert sorted(len(line.get_xdata()) for line in grey) == [1, 2, 3, 3]


def test_a_time_course_needs_time(exchangeable: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="this fit has none") as error:
        exchangeable.plot("time-course")
    assert error.value.key == "model.time"
