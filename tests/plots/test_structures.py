"""The forest plot of fits with subgroups, times, moderators, nested results and outliers."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

import bayesmeta as bm
from bayesmeta.plots import PLOTS
from bayesmeta.plots.contrasts import contrasts_of
from bayesmeta.plots.style import COLOURS

SOMETIMES = {
    "absolute-risk",
    "baujat",
    "bubble",
    "chain-ranks",
    "comparison",
    "cumulative",
    "drapery",
    "ess",
    "funnel",
    "joint",
    "labbe",
    "ranks",
    "sensitivity",
    "shrinkage",
    "time-course",
    "trace",
    "traffic-light",
}
"""Plots that do not suit every structure."""

REFITTED = {"cumulative", "sensitivity"}
"""Plots of many fits, which take long where several deviations are integrated."""


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def place(figure: Figure, text: str) -> float:
    """How high a text stands."""
    return next(found.get_position()[1] for found in figure.texts if found.get_text() == text)


def spans(figure: Figure, kind: type) -> list[tuple[float, float]]:
    """The ends of the diamonds, or of the bars, from the top to the bottom."""
    found = []
    for patch in figure.axes[0].patches:
        if isinstance(patch, kind):
            box = patch.get_path().get_extents(patch.get_patch_transform())
            found.append((box.y0, box.x0, box.x1))
    return [(low, high) for _, low, high in sorted(found)]


def ends(fit: bm.Fit, *names: str) -> list[tuple[float, float]]:
    rows = fit.estimates[fit.estimates["name"].isin(names)]
    return [(row["lower"], row["upper"]) for _, row in rows.iterrows()]


def assert_tidy(figure: Figure) -> None:
    """Texts of one row do not run into each other, nor out of the figure."""
    renderer = figure.canvas.get_renderer()
    found = [text for text in figure.texts if text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in found]
    width, height = figure.get_size_inches() * figure.dpi
    assert all(box.x0 >= -1 and box.x1 <= width + 1 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= height for box in boxes)
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0
            assert apart or abs(one.y0 - other.y0) > 5


def test_studies_stand_under_their_subgroup(exchangeable: bm.Fit) -> None:
    figure = exchangeable.plot()
    order = ["fat", "Study A", "Study D", "marrow", "Study E", "cord", "Study I"]
    heights = [place(figure, name) for name in order]
    assert heights == sorted(heights, reverse=True)
    bold = {text.get_text() for text in figure.texts if text.get_weight() == "bold"}
    assert {"fat", "marrow", "cord"} <= bold
    assert "Study A" not in bold
    assert_tidy(figure)


def test_each_subgroup_has_its_diamond_and_its_bar(exchangeable: bm.Fit) -> None:
    figure = exchangeable.plot()
    mu = ends(exchangeable, "mu") + ends(exchangeable, "mu_overall")
    new = ends(exchangeable, "theta_new") + ends(exchangeable, "theta_new_overall")
    np.testing.assert_allclose(spans(figure, Polygon), mu)
    low, high = figure.axes[0].get_xlim()
    np.testing.assert_allclose(spans(figure, Rectangle), np.clip(new, low, high))
    found = texts(figure)
    assert found.count("Mean, 95 % CrI") == found.count("New study, 95 % PrI") == 3
    assert "Mean of the subgroups, 95 % CrI" in found
    assert "Study of a new subgroup, 95 % PrI" in found


def test_independent_means_have_nothing_of_all(independent: bm.Fit) -> None:
    figure = independent.plot()
    assert len(spans(figure, Polygon)) == 3
    assert not any("of the subgroups" in text and "CrI" in text for text in texts(figure))


def test_contrasts_have_an_axis_of_their_own(exchangeable: bm.Fit) -> None:
    figure = exchangeable.plot()
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "D"]
    rows = exchangeable.estimates.query("name == 'contrast'")
    np.testing.assert_allclose([mark.get_xdata()[0] for mark in marks], rows["median"])
    assert "marrow vs fat" in texts(figure)
    assert "Difference [95 % CrI]" in texts(figure)
    assert figure.axes[1].get_xlabel() == "Difference in standardised mean difference"


def test_contrasts_of_ratios_are_ratios_of_ratios(studies: pd.DataFrame) -> None:
    fit = bm.fit(studies, measure="OR", scale="analysis", subgroup="source", engine="quadrature")
    axes = fit.plot().axes[1]
    labels = [float(label.get_text()) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(np.exp(axes.get_xticks()), labels)
    assert axes.get_xlabel() == "Ratio of odds ratios (log scale)"


def test_of_many_contrasts_those_with_the_largest_are_shown(studies: pd.DataFrame) -> None:
    letters = ["a", "b", "b", "c", "c", "c", "d", "e", "e"]
    fit = bm.fit(
        studies.assign(source=letters), measure="SMD", subgroup="source", engine="quadrature"
    )
    shown = contrasts_of(fit)
    assert [one.label for one in shown] == ["a vs c", "b vs c", "d vs c", "e vs c"]
    row = fit.estimate("contrast", term="c − a")
    first = shown[0].estimate
    assert (first.centre, first.lower, first.upper) == pytest.approx(
        (-row["median"], -row["upper"], -row["lower"])
    )
    found = texts(fit.plot())
    assert "Contrasts of subgroups, with c" in found
    assert any("Of 10 contrasts those with c" in text for text in found)


def test_times_stand_in_their_order(over_time: dict[str, bm.Fit]) -> None:
    for effects in ("free", "random-walk"):
        figure = over_time[effects].plot()
        heights = [place(figure, f"months {time}") for time in (3, 6, 12)]
        assert heights == sorted(heights, reverse=True)
        assert len(spans(figure, Polygon)) == 3
        assert "Contrasts of times" in texts(figure)


def test_results_of_one_study_stand_under_its_name(nested: bm.Fit) -> None:
    figure = nested.plot()
    found = texts(figure)
    assert found.count("result 1") == found.count("result 2") == 4
    assert place(figure, "P") > place(figure, "Q") > place(figure, "T")
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    np.testing.assert_allclose([line.get_xdata()[0] for line in squares], nested.table["effect"])
    assert any("τ within studies = " in text for text in found)


def test_moderators_have_effects_at_their_values(regression: bm.Fit) -> None:
    figure = regression.plot()
    mu, at = ends(regression, "mu"), ends(regression, "mu_at")
    np.testing.assert_allclose(spans(figure, Polygon), mu + at)
    found = texts(figure)
    assert "Effect at year = 2020, source = marrow, 95 % CrI" in found
    assert any(text.startswith("Reference values: year = 2017") for text in found)
    assert_tidy(figure)


def test_outliers_are_marked_and_have_their_probability(studies: pd.DataFrame) -> None:
    far = pd.concat([studies, studies.tail(1).assign(study="Far", effect=3.5)])
    fit = bm.fit(far, measure="SMD", heterogeneity="mixture", draws=500, chains=2)
    figure = fit.plot()
    probability = fit.estimates.query("name == 'outlier'")["mean"].to_numpy()
    assert "P(outlier)" in texts(figure)
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    purple = [line.get_color() == COLOURS["changed"] for line in squares]
    assert purple == [bool(p > 0.5) for p in probability]
    assert any(purple)


def test_long_names_of_subgroups_stay_tidy(studies: pd.DataFrame) -> None:
    long = "a very long name of a source that goes on and on, "
    named = studies.assign(source=[f"{long}{name}" for name in studies["source"]])
    fit = bm.fit(named, measure="SMD", subgroup="source", engine="quadrature")
    for kind in ("forest", "ridge", "ranks"):
        assert_tidy(fit.plot(kind))


def test_every_plot_draws_or_says_what_to_draw(
    exchangeable: bm.Fit,
    independent: bm.Fit,
    regression: bm.Fit,
    nested: bm.Fit,
    over_time: dict[str, bm.Fit],
) -> None:
    refused: list[tuple[str, str | None]] = []
    for fit in (exchangeable, independent, regression, nested, *over_time.values()):
        for name in PLOTS:
            if name in REFITTED and fit is not exchangeable:
                continue
            try:
                figure = fit.plot(name)
            except bm.SpecError as error:
                refused.append((name, error.hint))
            else:
                assert isinstance(figure, Figure)
    assert {name for name, _ in refused} <= SOMETIMES
    assert all(hint for _, hint in refused)


def test_counts_with_subgroups_are_refused_by_name(zero_cells: pd.DataFrame) -> None:
    counts = zero_cells.dropna().assign(source=["x", "x", "y", "y"])
    fit = bm.fit(
        counts, measure="OR", likelihood="binomial", subgroup="source", draws=500, chains=2
    )
    assert isinstance(fit.plot(), Figure)
    for name in ("labbe", "absolute-risk"):
        with pytest.raises(bm.SpecError, match="draws one pooled effect, and this fit has 2: x, y"):
            fit.plot(name)


def test_priors_of_structures_have_their_panels(exchangeable: bm.Fit, independent: bm.Fit) -> None:
    figure = exchangeable.plot("prior-posterior")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Mean of the subgroups", "Heterogeneity τ", "Between means ω"]
    other = independent.plot("prior-posterior")
    assert [axes.get_title(loc="left") for axes in other.axes] == ["Heterogeneity τ"]
    assert any("draw ridge" in text for text in texts(other))
