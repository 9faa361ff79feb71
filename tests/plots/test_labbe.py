"""The L'Abbé plot: circles, curves, limits and names."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit, logit

import bayesmeta as bm
from bayesmeta.plots import save_figure
from bayesmeta.plots.style import COLOURS


def circles(axes: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Places and areas of the studies."""
    points = next(c for c in axes.collections if len(c.get_offsets()) > 1 or c.get_sizes().size)
    return np.asarray(points.get_offsets()), points.get_sizes()


def curves(axes: Axes, colour: str) -> list:
    return [line for line in axes.lines if line.get_color() == COLOURS[colour]]


@pytest.fixture(scope="module")
def exact(zero_cells: pd.DataFrame) -> bm.Fit:
    return bm.fit(
        zero_cells,
        measure="OR",
        likelihood="binomial",
        engine="quadrature",
        better="lower",
        title="Cells",
    )


@pytest.fixture(scope="module")
def figure(exact: bm.Fit) -> Figure:
    return exact.plot("labbe")


@pytest.fixture(scope="module")
def rates() -> bm.Fit:
    frame = pd.DataFrame(
        {
            "study": ["a", "b", "c"],
            "events_treatment": [12, 3, 0],
            "time_treatment": [410.5, 120, 88.2],
            "events_control": [21, 6, 2],
            "time_control": [400.2, 118, 90],
        }
    )
    return bm.fit(frame, measure="IRR", likelihood="poisson", engine="quadrature")


def test_circles_are_at_the_observed_risks_with_area_by_participants(
    exact: bm.Fit, figure: Figure
) -> None:
    table = exact.table
    places, sizes = circles(figure.axes[0])
    total = (table["total_treatment"] + table["total_control"]).to_numpy()
    order = np.argsort(-total, kind="stable")
    observed = [
        (table[f"events_{arm}"] / table[f"total_{arm}"]).to_numpy()[order]
        for arm in ("control", "treatment")
    ]
    np.testing.assert_allclose(places.T, observed)
    np.testing.assert_allclose(sizes / sizes[0], total[order] / total.max())


def test_the_curve_is_the_pooled_odds_ratio_at_any_risk(exact: bm.Fit, figure: Figure) -> None:
    axes = figure.axes[0]
    (curve,) = curves(axes, "model")
    x, y = curve.get_xdata(), curve.get_ydata()
    inside = x > 0
    expected = expit(logit(x[inside]) + exact.estimate("mu")["median"])
    np.testing.assert_allclose(y[inside], expected)
    assert y[~inside].tolist() == [0]
    edges = curves(axes, "prediction")
    for line, end in zip(edges, ("lower", "upper"), strict=True):
        ends = expit(logit(x[inside]) + exact.estimate("theta_new")[end])
        np.testing.assert_allclose(line.get_ydata()[inside], ends)
        assert line.get_linestyle() == "--"


def test_axes_are_square_alike_and_full(exact: bm.Fit, figure: Figure) -> None:
    axes = figure.axes[0]
    assert axes.get_xlim() == axes.get_ylim()
    box = axes.get_window_extent()
    assert box.width == pytest.approx(box.height, rel=0.01)
    places, _ = circles(axes)
    low, high = axes.get_xlim()
    assert low < 0
    assert places.max() < high < 1.2 * places.max()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels[0] == "0 %"
    assert all(label.endswith(" %") for label in labels)
    assert axes.get_xlabel() == "Risk with control"
    assert axes.get_ylabel() == "Risk with treatment"


def test_sides_say_whose_benefit_they_are(exact: bm.Fit, zero_cells: pd.DataFrame) -> None:
    def sides(fit: bm.Fit) -> list[str]:
        upper, lower = (t for t in fit.plot("labbe").axes[0].texts if t.get_style() == "italic")
        assert upper.get_position()[1] > lower.get_position()[1]
        return [upper.get_text(), lower.get_text()]

    assert sides(exact) == ["control better", "treatment better"]
    options = {"measure": "OR", "likelihood": "binomial", "engine": "quadrature"}
    more = bm.fit(zero_cells, better="higher", treatment="MSC", **options)
    assert sides(more) == ["MSC better", "control better"]
    assert sides(bm.fit(zero_cells, **options)) == ["more with treatment", "fewer with treatment"]


def test_few_studies_are_named_and_many_are_not(figure: Figure, zero_cells: pd.DataFrame) -> None:
    found = {text.get_text() for text in figure.axes[0].texts}
    assert {"Ada 2001", "Bo 2002", "<b>Cy</b> $2003$"} <= found
    many = pd.concat([zero_cells.head(3)] * 5).assign(study=[f"S{i}" for i in range(15)])
    options = {"heterogeneity": "common", "engine": "quadrature"}
    fit = bm.fit(many, measure="OR", likelihood="binomial", **options)
    assert len(fit.plot("labbe").axes[0].texts) == 2


def test_the_key_names_every_mark(figure: Figure) -> None:
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "study, area by participants",
        "pooled odds ratio, median",
        "its 95 % credible interval",
        "new study, 95 % prediction interval",
    ]
    renderer = figure.canvas.get_renderer()
    width = figure.get_figwidth() * figure.dpi
    assert figure.legends[0].get_window_extent(renderer).x1 <= width


def test_rates_have_a_straight_curve(rates: bm.Fit) -> None:
    axes = rates.plot("labbe").axes[0]
    (curve,) = curves(axes, "model")
    expected = curve.get_xdata() * np.exp(rates.estimate("mu")["median"])
    np.testing.assert_allclose(curve.get_ydata(), expected)
    assert axes.get_xlabel() == "Rate with control, per unit of time"
    assert not any("%" in label.get_text() for label in axes.get_xticklabels())


def test_the_normal_likelihood_has_one_too(zero_cells: pd.DataFrame) -> None:
    for measure in ("OR", "RR", "RD"):
        fit = bm.fit(zero_cells, measure=measure, engine="quadrature")
        axes = fit.plot("labbe").axes[0]
        (curve,) = curves(axes, "model")
        assert np.all((curve.get_ydata() >= 0) & (curve.get_ydata() <= 1))
        assert len(circles(axes)[0]) == fit.table.sizes["study"]


def test_without_any_event_the_axis_shows_one_in_the_smallest_arm() -> None:
    frame = pd.DataFrame(
        {
            "study": list("abc"),
            "events_treatment": 0,
            "total_treatment": [40, 60, 25],
            "events_control": 0,
            "total_control": [38, 61, 30],
        }
    )
    fit = bm.fit(frame, measure="OR", likelihood="binomial", engine="quadrature")
    low, high = fit.plot("labbe").axes[0].get_xlim()
    assert low < 0 < 1 / 25 < high < 0.05


def test_other_fits_are_refused(oa_pain: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="needs the events of two arms"):
        oa_pain.plot("labbe")
    frame = pd.DataFrame({"study": ["a", "b"], "effect": [0.8, 1.2], "std_error": [0.2, 0.3]})
    fit = bm.fit(frame, measure="OR", scale="display", engine="quadrature")
    with pytest.raises(bm.SpecError, match="needs the events of two arms"):
        fit.plot("labbe")


def test_svg_holds_text(figure: Figure, tmp_path: Path) -> None:
    svg = save_figure(figure, tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "Risk with control" in svg
    assert "Ada 2001" in svg
