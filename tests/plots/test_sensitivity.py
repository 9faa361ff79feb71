"""The sensitivity plot: rows, panels, marks, and what must not break it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.measures import find_measure
from bayesmeta.plots import save_figure
from bayesmeta.plots.sensitivity import sensitivity_plot
from bayesmeta.plots.style import COLOURS

KINDS = ("prior", "leave one out", "cumulative", "likelihood")


def fits(count: int) -> pd.DataFrame:
    """The base analysis and others, log odds ratios around -0.5."""
    rng = np.random.default_rng(count)
    kind = ["base", *sorted((KINDS * count)[: count - 1], key=KINDS.index)]
    mu = -0.5 + rng.normal(0, 0.05, count)
    half = np.where(np.arange(count) == 0, 0.4, rng.uniform(0.3, 0.6, count))
    tau = rng.uniform(0.2, 0.4, count)
    return pd.DataFrame(
        {
            "kind": kind,
            "label": [f"analysis <b>{i}</b> $x_{i}$" for i in range(count)],
            "k": np.arange(count) + 2,
            "mu_median": mu,
            "mu_lower": mu - half,
            "mu_upper": mu + half,
            "tau_median": tau,
            "tau_lower": 0.1 * tau,
            "tau_upper": 2.5 * tau,
            "theta_new_median": mu,
            "theta_new_lower": mu - half - 2 * tau,
            "theta_new_upper": mu + half + 2 * tau,
            "prob_benefit": rng.uniform(0.9, 0.99, count),
            "changed": "",
        }
    )


def draw(table: pd.DataFrame, code: str = "OR", title: str = "Sensitivity") -> Figure:
    return sensitivity_plot(
        table,
        measure=find_measure(code),
        interval_label="95 % credible interval",
        title=title,
    )


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts if text.get_text()]


def dots(axes: Axes, marker: str) -> np.ndarray:
    """Positions (x, y) of all dots of one kind."""
    found = [np.column_stack(line.get_data()) for line in axes.lines if line.get_marker() == marker]
    return np.concatenate(found) if found else np.empty((0, 2))


@pytest.mark.parametrize("count", [2, 9, 120])
def test_every_fit_has_its_row_in_three_panels(count: int) -> None:
    table = fits(count)
    figure = draw(table)
    assert len(figure.axes) == 3
    for axes, name in zip(figure.axes, ("mu", "tau", "theta_new"), strict=True):
        found = dots(axes, "o")
        np.testing.assert_allclose(found[:, 0], table[f"{name}_median"])
        assert len(set(found[:, 1])) == count
        assert axes.get_ylim() == figure.axes[0].get_ylim()
    shown = texts(figure)
    assert all(label in shown for label in table["label"][1:])
    assert all(f"{chance:.3f}" in shown for chance in table["prob_benefit"])
    assert figure.get_figheight() > 0.2 * count


def test_panels_stand_side_by_side_and_say_which_interval() -> None:
    figure = draw(fits(8))
    boxes = [axes.get_position() for axes in figure.axes]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))
    above = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert above == [
        ["Pooled effect", "95 % credible interval"],
        ["Heterogeneity τ", "95 % credible interval"],
        ["Effect in a new study", "95 % prediction interval"],
    ]
    colours = [axes.texts[0].get_color() for axes in figure.axes]
    assert colours == [COLOURS["model"], COLOURS["model"], COLOURS["prediction"]]


def test_groups_have_headings_in_bold() -> None:
    figure = draw(fits(9))
    bold = [text.get_text() for text in figure.texts if text.get_weight() == "bold"]
    for heading in ("Base analysis", "Other priors", "Without one study", "Likelihood"):
        assert heading in bold
    rows = dots(figure.axes[0], "o")[:, 1]
    assert rows[0] == 0
    assert np.diff(rows).tolist() == [2, 1, 2, 1, 2, 1, 2, 1]  # a heading between the groups


def test_the_base_analysis_is_a_band_through_all_rows() -> None:
    table = fits(9)
    for axes, name in zip(draw(table).axes, ("mu", "tau", "theta_new"), strict=True):
        (band,) = axes.patches
        ends = [band.get_x(), band.get_x() + band.get_width()]
        assert ends == pytest.approx([table[f"{name}_lower"][0], table[f"{name}_upper"][0]])
        assert band.get_height() == 1  # of the axes
        assert any(
            line.get_linestyle() == "--" and line.get_xdata()[0] == table[f"{name}_median"][0]
            for line in axes.lines
        )


def test_another_conclusion_is_marked_by_colour_symbol_and_words() -> None:
    table = fits(9)
    table.loc[[3, 5], "changed"] = "interval includes no effect; P(benefit) below 0.95"
    figure = draw(table)
    marked = dots(figure.axes[0], "D")
    np.testing.assert_allclose(marked[:, 0], table["mu_median"][[3, 5]])
    assert len(dots(figure.axes[0], "o")) == 7
    said = [text for text in figure.texts if text.get_text().startswith("◆ interval includes")]
    assert len(said) == 2
    assert {text.get_color() for text in said} == {COLOURS["changed"]}
    assert "◆ The conclusion is not that of the base analysis: in 2 of 8 other analyses." in texts(
        figure
    )
    assert "Conclusion" not in texts(draw(fits(9)))


def test_a_conclusion_that_differs_in_three_ways_is_said_in_full() -> None:
    table = fits(4)
    changed = "interval crosses null; P(benefit) < 0.975; P(important) < 0.5"
    table.loc[2, "changed"] = changed
    folded = next(text for text in texts(draw(table)) if text.startswith("◆ interval"))
    assert folded.count("\n") == 1
    assert folded.replace("\n", " ") == f"◆ {changed}"


def test_ticks_are_on_the_display_scale() -> None:
    mu, tau, new = draw(fits(9)).axes
    for axes in (mu, new):
        labels = [float(label.get_text()) for label in axes.get_xticklabels()]
        np.testing.assert_allclose(np.exp(axes.get_xticks()), labels)
        assert axes.get_xlabel() == "Odds ratio (log scale)"
    assert tau.get_xlim()[0] == 0
    np.testing.assert_allclose(
        tau.get_xticks(), [float(label.get_text()) for label in tau.get_xticklabels()]
    )


def test_one_wide_row_does_not_squash_the_others() -> None:
    table = fits(9)
    width = np.ptp(draw(table).axes[0].get_xlim())
    table.loc[4, ["mu_lower", "mu_upper"]] = [-80, 90]
    table.loc[6, ["mu_lower", "mu_median", "mu_upper"]] = [40, 50, 60]
    axes = draw(table).axes[0]
    low, high = axes.get_xlim()
    assert high - low < 6 * width
    assert dots(axes, "<").tolist() == [[low, pytest.approx(dots(axes, "<")[0, 1])]]
    assert dots(axes, ">")[:, 0].tolist() == [high, high]
    assert len(dots(axes, "o")) == 8  # the one whose median lies outside has its arrow alone


def test_infinite_ends_and_missing_numbers() -> None:
    table = fits(9)
    table.loc[0, "theta_new_upper"] = np.inf
    table.loc[3, ["mu_lower", "theta_new_lower", "tau_upper"]] = [-np.inf, -np.inf, np.inf]
    table.loc[5, ["tau_median", "tau_lower", "tau_upper"]] = np.nan
    table.loc[7, ["theta_new_median", "prob_benefit"]] = np.nan
    figure = draw(table)
    assert [len(dots(axes, "o")) for axes in figure.axes] == [9, 8, 8]
    assert all(np.isfinite(axes.get_xlim()).all() for axes in figure.axes)


def test_a_common_effect_has_the_pooled_effect_alone() -> None:
    table = fits(5)
    columns = [name for name in table if name.startswith(("tau", "theta_new"))]
    figure = draw(table.assign(**dict.fromkeys(columns, np.nan), prob_benefit=np.nan), "SMD")
    assert len(figure.axes) == 1
    assert "P(benefit)" not in texts(figure)


def test_extreme_ratios_and_other_scales_have_ticks() -> None:
    table = fits(6)
    effects = [name for name in table if name.startswith(("mu", "theta"))]
    wild = table.assign(**{name: 400 * table[name] for name in effects})
    assert np.ptp(draw(wild).axes[0].get_xlim()) < 40
    proportions = table.assign(**{name: 0.7 + 0.2 * table[name] for name in effects})
    assert draw(proportions, "PFT").axes[0].get_xticklabels()


def test_texts_do_not_overlap_nor_leave_the_figure() -> None:
    table = fits(12)
    table["label"] = [
        "tau HalfCauchy(beta=0.25) · mu Normal(mu=0, sigma=2.5)"
        if i % 2
        else f"without {'long ' * i}"
        for i in range(12)
    ]
    table.loc[4, "changed"] = "interval includes no effect; P(benefit) below 0.95"
    figure = draw(table)
    assert "tau HalfCauchy(beta=0.25) ·\nmu Normal(mu=0, sigma=2.5)" in texts(figure)
    renderer = figure.canvas.get_renderer()
    above = [text for axes in figure.axes for text in axes.texts]
    boxes = [t.get_window_extent(renderer) for t in (*figure.texts, *above) if t.get_text()]
    width = figure.get_figwidth() * figure.dpi
    assert all(box.x0 >= 0 and box.x1 <= width for box in boxes)
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0
            assert apart or abs(one.y0 - other.y0) > 5


def test_svg_holds_text(tmp_path: Path) -> None:
    path = save_figure(draw(fits(4)), tmp_path / "sensitivity.svg")
    assert "analysis &lt;b&gt;1&lt;/b&gt; $x_1$" in path.read_text(encoding="utf-8")
