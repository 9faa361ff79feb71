"""The plot of prior and posterior: its curves, its overlaps, its notes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import bayesmeta as bm
from bayesmeta.plots import save_figure
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.overlap import overlap


def notes(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def curve(axes: Axes, colour: str) -> Line2D:
    return next(
        line
        for line in axes.lines
        if line.get_color() == COLOURS[colour] and len(line.get_xdata()) > 100
    )


@pytest.fixture(scope="module")
def exact(zero_cells: pd.DataFrame) -> bm.Fit:
    return bm.fit(zero_cells, measure="OR", better="lower", title="Cells", engine="quadrature")


@pytest.fixture(scope="module")
def figure(exact: bm.Fit) -> Figure:
    return exact.plot("prior-posterior")


def test_a_panel_for_mu_and_one_for_tau(figure: Figure) -> None:
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Pooled effect μ", "Heterogeneity τ"]
    assert figure.axes[0].get_xlabel() == "Odds ratio (log scale)"
    assert figure.axes[1].get_xlabel() == "τ (log odds ratio)"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["prior", "posterior", "median and 95 % credible interval"]


def test_a_common_effect_has_one_panel(common_effect: bm.Fit) -> None:
    assert len(common_effect.plot("prior-posterior").axes) == 1


def test_curves_are_the_densities(exact: bm.Fit, figure: Figure) -> None:
    for axes, name in zip(figure.axes, ("mu", "tau"), strict=True):
        before, after = curve(axes, "data"), curve(axes, "model")
        assert before.get_linestyle() == "--"
        x = before.get_xdata()
        np.testing.assert_allclose(before.get_ydata(), exact.priors[name].pdf(x))
        x, y = after.get_xdata(), after.get_ydata()
        assert np.trapezoid(y, x) == pytest.approx(1, abs=0.02)  # all but the tails
        assert y.max() < axes.get_ylim()[1]
    assert figure.axes[1].get_xlim()[0] == 0


def test_the_overlap_stands_in_each_panel(exact: bm.Fit, figure: Figure) -> None:
    found = overlap(exact)
    for axes, name in zip(figure.axes, ("mu", "tau"), strict=True):
        assert axes.get_title(loc="right") == f"overlap {100 * found[name]:.0f} %"
    assert "Overlap: the area under both curves" in notes(figure)


def test_the_interval_lies_on_the_axis(exact: bm.Fit, figure: Figure) -> None:
    for axes, name in zip(figure.axes, ("mu", "tau"), strict=True):
        estimate = exact.estimate(name)
        bar, dot = axes.lines[-2:]
        assert list(bar.get_xdata()) == pytest.approx([estimate["lower"], estimate["upper"]])
        assert dot.get_xdata()[0] == pytest.approx(estimate["median"])


def test_notes_say_each_prior_and_its_source(exact: bm.Fit, figure: Figure) -> None:
    said = notes(figure)
    for name, symbol in (("mu", "μ"), ("tau", "τ")):
        prior = exact.priors[name]
        assert f"The prior of {symbol} is {prior.expression}; {prior.source}." in said
    assert "smoothed" not in said
    assert not figure.texts[0].get_parse_math()


def test_draws_are_smoothed_and_it_says_so(odds_ratios: bm.Fit) -> None:
    figure = odds_ratios.plot("prior-posterior")
    assert "smoothed from its draws" in notes(figure)
    after = curve(figure.axes[1], "model")
    assert np.trapezoid(after.get_ydata(), after.get_xdata()) == pytest.approx(1, abs=0.03)


def test_an_improper_prior_is_flat_and_has_no_overlap(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", mu="Flat()", tau="HalfCauchy(0.5)", engine="quadrature")
    figure = fit.plot("prior-posterior")
    first, second = figure.axes
    height = curve(first, "data").get_ydata()
    assert np.ptp(height) == 0
    assert 0 < height[0] < first.get_ylim()[1]
    assert first.get_title(loc="right") == "improper prior: no overlap"
    assert second.get_title(loc="right").startswith("overlap ")
    assert "It is improper" in notes(figure)


def test_an_infinite_density_is_cut_off(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", tau="Gamma(0.5, 1)", engine="quadrature")
    figure = fit.plot("prior-posterior")
    axes = figure.axes[1]
    assert np.isfinite(axes.get_ylim()).all()
    assert all(np.isfinite(line.get_ydata()).all() for line in axes.lines)
    assert "Heterogeneity τ: the prior and the posterior are cut off at the top." in notes(figure)


@pytest.mark.parametrize(
    "priors",
    [
        {"mu": "Normal(0, 100)", "tau": "HalfCauchy(25)"},
        {"mu": "Normal(3, 0.1)", "tau": "HalfNormal(0.001)"},
        {"mu": "Cauchy(0, 2)", "tau": "Uniform(0.5, 0.6)"},
    ],
)
def test_posteriors_are_legible_under_any_prior(
    zero_cells: pd.DataFrame, priors: dict[str, str]
) -> None:
    fit = bm.fit(zero_cells.head(3), measure="OR", engine="quadrature", **priors)
    for axes, name in zip(fit.plot("prior-posterior").axes, ("mu", "tau"), strict=True):
        low, high = axes.get_xlim()
        estimate = fit.estimate(name)
        assert low <= estimate["lower"] < estimate["median"] < high
        after, top = curve(axes, "model").get_ydata(), axes.get_ylim()[1]
        assert 0.4 * top < after.max()
        assert axes.get_xticklabels()


def test_long_titles_and_sources_stay_inside(zero_cells: pd.DataFrame) -> None:
    title = "A <b>title</b> of $many$ words that goes on " * 6 + "x" * 150
    figure = bm.fit(zero_cells, measure="OR", title=title, engine="quadrature").plot(
        "prior-posterior"
    )
    renderer = figure.canvas.get_renderer()
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    assert all(box.x0 >= 0 and box.x1 <= width for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= height for box in boxes)


def test_svg_holds_text(figure: Figure, tmp_path: Path) -> None:
    svg = save_figure(figure, tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "Heterogeneity τ" in svg
    assert "The prior of μ is Normal(mu=0, sigma=4)" in svg
