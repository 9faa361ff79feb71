"""The forest plot: what it draws, where, and as which file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots import PLOTS, save_figure
from bayesmeta.plots.style import COLOURS


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts + figure.axes[0].texts]


def lines_of(figure: Figure, colour: str, marker: str = "None") -> list:
    return [
        line
        for line in figure.axes[0].lines
        if line.get_color() == COLOURS[colour] and line.get_marker() == marker
    ]


@pytest.fixture(scope="module")
def figure(oa_pain: bm.Fit) -> Figure:
    return oa_pain.plot("forest")


@pytest.fixture(scope="module")
def ratios(odds_ratios: bm.Fit) -> Figure:
    return odds_ratios.plot("forest")


def test_every_study_stands_with_its_numbers(oa_pain: bm.Fit, figure: Figure) -> None:
    found = texts(figure)
    for study in oa_pain.table["study"].to_numpy():
        assert study in found
    for expected in ("MSC", "Control", "Mean", "SD", "Total", "Weight %", "SMD", "Shrunken"):
        assert expected in found
    assert "−0.44 [−1.20, 0.31]" in found


def test_squares_are_at_the_estimates_with_area_by_weight(oa_pain: bm.Fit, figure: Figure) -> None:
    squares = lines_of(figure, "data", "s")
    positions = [float(square.get_xdata()[0]) for square in squares]
    np.testing.assert_allclose(positions, oa_pain.table["effect"])
    sizes = [square.get_markersize() for square in squares]
    assert np.argmax(sizes) == np.argmax(oa_pain.weights.data)
    assert np.argmin(sizes) == np.argmin(oa_pain.weights.data)


def test_circles_are_at_the_shrunken_estimates(oa_pain: bm.Fit, figure: Figure) -> None:
    theta = oa_pain.estimates.query("name == 'theta'")["median"]
    circles = lines_of(figure, "model", "o")
    np.testing.assert_allclose([float(c.get_xdata()[0]) for c in circles], theta)


def test_diamond_is_the_credible_and_bar_the_prediction_interval(
    oa_pain: bm.Fit, figure: Figure
) -> None:
    diamond, bar = figure.axes[0].patches
    mu, new = oa_pain.estimate("mu"), oa_pain.estimate("theta_new")
    xs = diamond.get_xy()[:, 0]
    assert [xs.min(), xs.max()] == pytest.approx([mu["lower"], mu["upper"]])
    assert [bar.get_x(), bar.get_x() + bar.get_width()] == pytest.approx(
        [new["lower"], new["upper"]]
    )
    assert "Pooled effect, 95 % CrI" in texts(figure)
    assert "Effect in a new study, 95 % PrI" in texts(figure)
    legend = next(text for text in texts(figure) if text.startswith("Diamond"))
    assert "95 % credible interval" in legend
    assert "95 % prediction interval" in legend


def test_directions_follow_what_is_better(figure: Figure, zero_cells: pd.DataFrame) -> None:
    assert {"← Favours MSC", "Favours control →"} <= set(texts(figure))
    fit = bm.fit(zero_cells, measure="OR", better="higher", draws=500, chains=2)
    assert {"← Favours control", "Favours treatment →"} <= set(texts(fit.plot()))


def test_without_a_direction_it_claims_no_benefit(common_effect: bm.Fit) -> None:
    found = texts(common_effect.plot())
    assert {"← Lower with treatment", "Higher with treatment →"} <= set(found)
    assert "Shrunken" not in found
    assert not any(text.startswith("Effect in a new study") for text in found)


def test_ratios_stand_on_a_log_axis_with_ticks_of_the_display_scale(ratios: Figure) -> None:
    axes = ratios.axes[0]
    labels = [float(label.get_text()) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(np.exp(axes.get_xticks()), labels)
    assert 1.0 in labels
    assert axes.get_xlabel() == "Odds ratio (log scale)"


def test_names_with_markup_and_dollars_stay_text(ratios: Figure) -> None:
    assert "<b>Cy</b> $2003$" in texts(ratios)
    assert all(not text.get_parse_math() for text in ratios.texts)


def test_intervals_beyond_the_axis_end_in_arrows(zero_cells: pd.DataFrame) -> None:
    wide = zero_cells.iloc[[0, 2]].assign(study=["a", "b"])
    vague = pd.DataFrame([["c", 1, 2, 0, 3]], columns=wide.columns)
    fit = bm.fit(
        pd.concat([wide, wide.assign(study=["d", "e"]), vague]),
        measure="OR",
        tau="HalfNormal(0.1)",
        draws=500,
    )
    axes = fit.plot().axes[0]
    low, high = axes.get_xlim()
    arrows = [line for line in axes.lines if line.get_marker() in "<>" and line.get_marker()]
    assert arrows
    for arrow in arrows:
        assert float(arrow.get_xdata()[0]) in (low, high)


def test_long_names_are_folded_and_keep_their_year(zero_cells: pd.DataFrame) -> None:
    name = "The " + "very " * 40 + "long study 1999"
    fit = bm.fit(
        zero_cells.head(3).assign(study=[name, "Ada", "Bo"]), measure="OR", draws=500, chains=2
    )
    folded = next(text for text in texts(fit.plot()) if text.startswith("The very"))
    assert folded.count("\n") == 1
    assert folded.endswith("study 1999")
    assert " … " in folded


def test_nothing_overlaps_the_columns_beside_it(figure: Figure) -> None:
    """Texts of one row do not run into each other, nor out of the figure."""
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.texts if text.get_text()]
    width = figure.get_figwidth() * figure.dpi
    assert all(box.x0 >= 0 and box.x1 <= width for box in boxes)
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0
            assert apart or abs(one.y0 - other.y0) > 5


@pytest.mark.parametrize(
    ("suffix", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_files(figure: Figure, tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = save_figure(figure, tmp_path / f"forest.{suffix}")
    first = path.read_bytes()
    assert first.startswith(magic)
    assert save_figure(figure, path).read_bytes() == first


def test_svg_holds_text(ratios: Figure, tmp_path: Path) -> None:
    svg = save_figure(ratios, tmp_path / "forest.svg").read_text(encoding="utf-8")
    assert "Ada 2001" in svg
    assert "&lt;b&gt;Cy" in svg


def test_other_files_and_plots_are_refused(
    figure: Figure, odds_ratios: bm.Fit, tmp_path: Path
) -> None:
    with pytest.raises(bm.InputError, match=r"not written as \.docx"):
        save_figure(figure, tmp_path / "forest.docx")
    with pytest.raises(bm.SpecError, match="Did you mean 'forest'"):
        odds_ratios.plot("florest")


def test_every_plot_draws_and_says_what_it_is(
    zero_cells: pd.DataFrame,
    odds_ratios: bm.Fit,
    exchangeable: bm.Fit,
    regression: bm.Fit,
    over_time: dict[str, bm.Fit],
) -> None:
    dated = zero_cells.assign(year=[2001, 2002, 2003, 2004, 2005])
    fit = bm.fit(dated, measure="OR", likelihood="binomial", engine="quadrature")
    special = {"ranks": exchangeable, "bubble": regression, "time-course": over_time["free"]}
    special["traffic-light"] = bm.fit(
        zero_cells.assign(overall="low"),
        measure="OR",
        engine="quadrature",
        risk_of_bias={"Overall": "overall"},
    )
    special |= dict.fromkeys(("trace", "chain-ranks", "ess", "loo-pit"), odds_ratios)
    for name, plot in PLOTS.items():
        assert isinstance(special.get(name, fit).plot(name), Figure)
        assert plot.__doc__


@pytest.fixture(scope="module")
def far() -> Figure:
    """Rate ratios that all lie far on one side of no effect."""
    frame = pd.DataFrame(
        {
            "study": ["a", "b", "c"],
            "events_treatment": [2, 3, 1],
            "time_treatment": [4000.0, 5000, 2500],
            "events_control": [400, 300, 250],
            "time_control": [2000.0, 1500, 1200],
        }
    )
    return bm.fit(frame, measure="IRR", better="lower", draws=1000).plot()


def test_no_effect_is_always_on_the_axis(far: Figure) -> None:
    low, high = far.axes[0].get_xlim()
    assert low < 0 < high
    renderer = far.canvas.get_renderer()
    width = far.get_figwidth() * far.dpi
    for text in far.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0
        assert box.x1 <= width


def test_small_ratios_keep_two_digits(far: Figure) -> None:
    pooled = [text for text in texts(far) if text.startswith("0.00") and "[" in text]
    assert len(pooled) >= 4
    assert not any(text.startswith("0.00 [") for text in pooled)


def test_sixty_studies_have_sixty_rows() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "study": [f"Trial {i}" for i in range(60)],
            "effect": rng.normal(0.3, 0.2, 60),
            "std_error": rng.uniform(0.05, 0.4, 60),
            "total": 50,
        }
    )
    figure = bm.fit(frame, measure="SMD", draws=500).plot()
    assert len(lines_of(figure, "data", "s")) == 60
    assert figure.get_figheight() > 14
