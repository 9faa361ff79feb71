"""The plot of absolute risks, of two arms and of one."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.absolute_one_arm import exact_interval
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.absolute import control_level

BINOMIAL = {"likelihood": "binomial", "engine": "quadrature"}


def notes(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def lines(axes: Axes, colour: str, marker: str = "None") -> list:
    return [
        line
        for line in axes.lines
        if line.get_color() == COLOURS[colour] and line.get_marker() == marker
    ]


@pytest.fixture(scope="module")
def exact(zero_cells: pd.DataFrame) -> bm.Fit:
    return bm.fit(zero_cells, measure="OR", better="lower", title="Cells", **BINOMIAL)


@pytest.fixture(scope="module")
def figure(exact: bm.Fit) -> Figure:
    return exact.plot("absolute-risk")


@pytest.fixture(scope="module")
def one_arm() -> bm.Fit:
    frame = pd.DataFrame(
        {"study": list("abcd"), "events": [3, 0, 7, 1], "total": [160, 48, 402, 77]}
    )
    return bm.fit(frame, measure="PLO", title="Harm", **BINOMIAL)


@pytest.fixture(scope="module")
def one_figure(one_arm: bm.Fit) -> Figure:
    return one_arm.plot("absolute-risk")


def test_two_panels_of_risk_and_of_difference(figure: Figure) -> None:
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Risk with treatment",
        "More or fewer events per 1000",
    ]
    assert {axes.get_xlabel() for axes in figure.axes} == {"Risk with control"}
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()


def test_the_diamond_is_at_the_control_risk_and_agrees_with_the_table(
    exact: bm.Fit, figure: Figure
) -> None:
    level = control_level(exact)
    assert level is not None
    for axes, name, unit in zip(figure.axes, ("risk_treatment", "RD"), (1, 1000), strict=True):
        row = exact.estimate(name)
        (diamond,) = lines(axes, "model", "D")
        assert diamond.get_xdata()[0] == pytest.approx(level.value)
        assert diamond.get_ydata()[0] == pytest.approx(unit * row["median"])
        bar = next(line for line in lines(axes, "model") if len(line.get_xdata()) == 2)
        ends = [unit * row["lower"], unit * row["upper"]]
        np.testing.assert_allclose(bar.get_ydata(), ends)


def test_the_bands_run_through_the_diamond(exact: bm.Fit, figure: Figure) -> None:
    level = control_level(exact)
    assert level is not None
    for axes, name, unit in zip(figure.axes, ("risk_treatment", "RD"), (1, 1000), strict=True):
        curve = next(line for line in lines(axes, "model") if len(line.get_xdata()) > 100)
        at = np.interp(level.value, curve.get_xdata(), curve.get_ydata())
        assert at == pytest.approx(unit * exact.estimate(name)["median"], rel=1e-3)
        row = exact.estimate(f"{name}_new")
        for line, end in zip(lines(axes, "prediction"), ("lower", "upper"), strict=True):
            at = np.interp(level.value, line.get_xdata(), line.get_ydata())
            assert at == pytest.approx(unit * row[end], rel=1e-3)


def test_the_rug_is_the_studies_control_risks(exact: bm.Fit, figure: Figure) -> None:
    table = exact.table
    for axes in figure.axes:
        (rug,) = lines(axes, "data", "|")
        np.testing.assert_allclose(
            rug.get_xdata(), table["events_control"] / table["total_control"]
        )


def test_the_note_says_it_in_words(exact: bm.Fit, zero_cells: pd.DataFrame) -> None:
    said = notes(exact.plot("absolute-risk"))
    assert "the posterior mean of the studies' control arms" in said
    assert "95 % prediction interval" in said
    stated = bm.fit(zero_cells, measure="OR", control_risk=0.25, **BINOMIAL)
    said = notes(stated.plot("absolute-risk"))
    assert "At a risk of 250 per 1000 with control (as stated)" in said


def test_a_common_effect_has_no_prediction(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", heterogeneity="common", **BINOMIAL)
    figure = fit.plot("absolute-risk")
    assert not lines(figure.axes[0], "prediction")
    assert "prediction" not in notes(figure)


def test_rates_have_their_own_words() -> None:
    frame = pd.DataFrame(
        {
            "study": ["a", "b"],
            "events_treatment": [12, 3],
            "time_treatment": [410.5, 120],
            "events_control": [21, 6],
            "time_control": [400.2, 118],
        }
    )
    fit = bm.fit(frame, measure="IRR", likelihood="poisson", engine="quadrature")
    figure = fit.plot("absolute-risk")
    assert figure.axes[1].get_title(loc="left") == "Difference per 1000 units of time"
    (diamond,) = lines(figure.axes[1], "model", "D")
    assert diamond.get_ydata()[0] == pytest.approx(1000 * fit.estimate("IRD")["median"])


def test_titles_and_labels_stay_inside(zero_cells: pd.DataFrame) -> None:
    name = "mesenchymal stem cells from adipose tissue"
    fit = bm.fit(zero_cells, measure="OR", treatment=name, title="words " * 60, **BINOMIAL)
    for kind in ("absolute-risk", "labbe"):
        figure = fit.plot(kind)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        boxes = [text.get_window_extent(renderer) for text in figure.texts]
        boxes += [figure.legends[0].get_window_extent(renderer)]
        for axes in figure.axes:
            boxes += [axes.get_tightbbox(renderer)]
        assert all(box.x0 >= 0 and box.x1 <= width + 12 for box in boxes)
        assert all(box.y0 >= 0 and box.y1 <= height for box in boxes)


def test_one_arm_shows_the_observed_risks(one_arm: bm.Fit, one_figure: Figure) -> None:
    axes = one_figure.axes[0]
    squares = [float(line.get_xdata()[0]) for line in lines(axes, "data", "s")]
    np.testing.assert_allclose(squares, one_arm.table["events"] / one_arm.table["total"])
    found = [text.get_text() for text in one_figure.texts]
    assert "0.00 [0.00, 7.40]" in found
    assert {"Pooled risk, 95 % CrI", "Risk in a new study, 95 % PrI"} <= set(found)
    assert axes.get_xlim()[0] < 0


def test_one_arm_shows_the_densities_with_their_intervals(
    one_arm: bm.Fit, one_figure: Figure
) -> None:
    axes = one_figure.axes[0]
    for name, colour in (("mu", "model"), ("theta_new", "prediction")):
        row = one_arm.estimate(name)
        (dot,) = lines(axes, colour, "o")
        assert dot.get_xdata()[0] == pytest.approx(row["display_median"])
        curve, bar = lines(axes, colour)
        ends = [row["display_lower"], row["display_upper"]]
        np.testing.assert_allclose(bar.get_xdata(), ends)
        x, height = curve.get_xdata(), dot.get_ydata()[0] - curve.get_ydata()
        area = np.cumsum(height) / height.sum()
        # the axis ends where the tails are thin
        assert np.interp(0.5, area, x) == pytest.approx(row["display_median"], rel=0.05)


def test_one_arm_says_what_the_pooled_risk_is(one_figure: Figure) -> None:
    said = notes(one_figure)
    assert "Clopper-Pearson" in said
    assert "The pooled risk is the median of the studies' true risks; their mean is" in said
    assert "Events in a new study of" in said
    assert "No events were seen" not in said


@pytest.mark.parametrize(("events", "low", "high"), [([0, 0, 0], 0.0, 0.6), ([20, 35, 12], 0.4, 1)])
def test_one_arm_at_an_end_of_the_scale(events: list[int], low: float, high: float) -> None:
    frame = pd.DataFrame({"study": list("abc"), "events": events, "total": [20, 35, 12]})
    figure = bm.fit(frame, measure="PLO", **BINOMIAL).plot("absolute-risk")
    axes = figure.axes[0]
    left, right = axes.get_xlim()
    assert low - 0.05 < left < right < high + 0.05
    found = [text.get_text() for text in figure.texts]
    pooled = found[found.index("Pooled risk, 95 % CrI") :]
    assert not any("[0.0, " in text for text in pooled if text.startswith("1"))
    assert ("No events were seen" in notes(figure)) == (sum(events) == 0)
    assert all(np.isfinite(line.get_ydata()).all() for line in axes.lines)


def test_draws_will_do(zero_cells: pd.DataFrame) -> None:
    frame = pd.DataFrame({"study": list("ab"), "events": [3, 7], "total": [60, 90]})
    fit = bm.fit(frame, measure="PLO", likelihood="binomial", draws=300, chains=2)
    assert len(lines(fit.plot("absolute-risk").axes[0], "model", "o")) == 1


def test_other_likelihoods_are_refused(odds_ratios: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="the likelihood is normal") as caught:
        odds_ratios.plot("absolute-risk")
    assert "binomial" in str(caught.value)


@pytest.mark.parametrize(
    ("events", "total", "lower", "upper"),
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_exact_intervals_of_risks(events: int, total: int, lower: float, upper: float) -> None:
    """Newcombe 1998, Stat Med 17:857, table I, method 5 (Clopper-Pearson)."""
    found = exact_interval(np.array([events]), np.array([total]), 0.95, rate=False)
    assert np.concatenate(found) == pytest.approx([lower, upper], abs=6e-5)
    mirrored = exact_interval(np.array([total - events]), np.array([total]), 0.95, rate=False)
    np.testing.assert_allclose(np.concatenate(mirrored)[::-1], 1 - np.concatenate(found))


@pytest.mark.parametrize(
    ("events", "lower", "upper"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)]
)
def test_exact_intervals_of_rates(events: int, lower: float, upper: float) -> None:
    """Garwood 1936, Biometrika 28:437, as R's poisson.test has them."""
    found = exact_interval(np.array([events]), np.array([2.0]), 0.95, rate=True)
    assert 2 * np.concatenate(found) == pytest.approx([lower, upper], abs=6e-4)
