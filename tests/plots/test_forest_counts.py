"""The forest plot where the likelihood is of counts."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.style import COLOURS

EXACT = {"engine": "quadrature", "better": "lower"}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def marks(figure: Figure, colour: str, marker: str) -> list:
    return [
        line
        for line in figure.axes[0].lines
        if line.get_color() == COLOURS[colour] and line.get_marker() == marker
    ]


def two_arms(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    names = ["events_treatment", "total_treatment", "events_control", "total_control"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(study=[f"Study {i}" for i in range(len(rows))])


@pytest.fixture(scope="module")
def exact(zero_cells: pd.DataFrame) -> bm.Fit:
    return bm.fit(zero_cells, measure="OR", likelihood="binomial", **EXACT)


@pytest.fixture(scope="module")
def figure(exact: bm.Fit) -> Figure:
    return exact.plot()


@pytest.fixture(scope="module")
def nothing() -> bm.Fit:
    frame = two_arms((0, 40, 0, 38), (0, 60, 0, 61), (0, 25, 0, 30))
    return bm.fit(frame, measure="OR", likelihood="binomial", **EXACT)


def test_events_stand_in_one_column_an_arm(figure: Figure) -> None:
    found = texts(figure)
    assert {"4/40", "9/41", "0/25", "3/24", "0/30"} <= set(found)
    assert found.count("Events/n") == 2
    assert {"Treatment", "Control"} <= set(found)
    assert not {"Events", "Total"} & set(found)


def test_the_normal_likelihood_keeps_two_columns_an_arm(odds_ratios: bm.Fit) -> None:
    found = texts(odds_ratios.plot())
    assert found.count("Events") == found.count("Total") == 2
    assert not any(text.startswith("Squares") for text in found)


def test_a_study_without_an_estimate_has_a_circle_alone(exact: bm.Fit, figure: Figure) -> None:
    effect = exact.table["effect"].to_numpy()
    assert np.isnan(effect).sum() == 1
    squares = [float(line.get_xdata()[0]) for line in marks(figure, "data", "s")]
    np.testing.assert_allclose(squares, effect[np.isfinite(effect)])
    theta = exact.estimates.query("name == 'theta'")["median"]
    circles = [float(line.get_xdata()[0]) for line in marks(figure, "model", "o")]
    np.testing.assert_allclose(circles, theta)
    assert texts(figure).count("not estimable") == 1
    assert "0.0" in texts(figure)


def test_notes_say_what_squares_and_circles_are(figure: Figure) -> None:
    found = texts(figure)
    assert (
        "Squares and weights: the normal approximation of each study, 0.5 added to each cell of "
        "studies with an empty cell." in found
    )
    assert any(text.startswith("Circles: ") and "binomial likelihood" in text for text in found)
    assert "No events in either arm: None 2004." in found


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        ([(4, 40, 9, 41), (2, 30, 3, 31)], {}, "each study."),
        ([(4, 40, 0, 41), (2, 30, 3, 31)], {"add": 0.1}, "0.1 added to each cell of studies with"),
        ([(4, 40, 2, 41), (2, 30, 3, 31)], {"to": "all"}, "0.5 added to each cell of every study."),
        ([(4, 40, 0, 41), (2, 30, 3, 31)], {"add": 0.0}, "each study."),
    ],
)
def test_what_was_added_is_said_where_it_was(rows: list, options: dict, expected: str) -> None:
    fit = bm.fit(two_arms(*rows), measure="OR", likelihood="binomial", zero_cells=options, **EXACT)
    note = next(text for text in texts(fit.plot()) if text.startswith("Squares"))
    assert expected in note
    assert ("added" in note) == ("added" in expected)


def test_studies_with_nothing_but_events_are_named() -> None:
    frame = two_arms((4, 40, 9, 41), (12, 12, 11, 11))
    found = texts(bm.fit(frame, measure="OR", likelihood="binomial", **EXACT).plot())
    assert "Nothing but events in either arm: Study 1." in found


def test_what_does_not_fit_into_the_list_is_counted() -> None:
    names = ["Ada 2001", *(f"{i} of many words in a long name of a study" for i in range(4))]
    frame = two_arms((4, 40, 9, 41), *[(0, 20, 0, 21)] * 4).assign(study=names)
    fit = bm.fit(frame, measure="OR", likelihood="binomial", heterogeneity="common", **EXACT)
    note = f"No events in either arm: {names[1]}, {names[2]} and 2 more."
    assert note in texts(fit.plot())


def test_a_common_effect_has_no_circles(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", heterogeneity="common", **EXACT)
    figure = fit.plot()
    assert not marks(figure, "model", "o")
    assert not any(text.startswith("Circles") for text in texts(figure))
    assert any(text.startswith("All else is under the binomial") for text in texts(figure))


def test_without_any_event_the_plot_stays_sane(nothing: bm.Fit) -> None:
    figure = nothing.plot()
    assert not marks(figure, "data", "s")
    assert len(marks(figure, "model", "o")) == 3
    low, high = figure.axes[0].get_xlim()
    new = nothing.estimate("theta_new")
    assert low < new["lower"] < 0 < new["upper"] < high
    assert high - low < 1.2 * (new["upper"] - new["lower"])
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["0.01", "0.1", "1", "10", "100"]
    found = texts(figure)
    assert not any("nan" in text for text in found)
    assert not any(text.startswith("Squares") for text in found)
    assert "No events in either arm: Study 0, Study 1, Study 2." in found


def test_no_ratio_is_printed_as_nought(nothing: bm.Fit) -> None:
    pooled = [text for text in texts(nothing.plot()) if text.startswith("1.0") and "[" in text]
    assert len(pooled) == 5
    assert all("[0.002, " in text for text in pooled)


def test_one_arm_of_rare_events_has_legible_ticks() -> None:
    events, total = [3, 0, 7, 1, 2, 0], [160, 48, 402, 77, 95, 30]
    frame = pd.DataFrame({"study": list("abcdef"), "events": events, "total": total})
    fit = bm.fit(frame, measure="PLO", likelihood="binomial", engine="quadrature")
    figure = fit.plot()
    found = texts(figure)
    assert {"3/160", "0/48"} <= set(found)
    assert "Events/n" in found
    assert not any("[0.000," in text for text in found)
    labels = [float(label.get_text()) for label in figure.axes[0].get_xticklabels()]
    assert len(labels) >= 3
    assert min(labels) <= 0.01


def test_ticks_do_not_touch_where_no_event_was_seen() -> None:
    frame = pd.DataFrame({"study": list("abc"), "events": 0, "total": [20, 35, 12]})
    fit = bm.fit(frame, measure="PLO", likelihood="binomial", engine="quadrature")
    figure = fit.plot()
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [label.get_window_extent(renderer) for label in figure.axes[0].get_xticklabels()]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == [
        "0.001",
        "0.01",
        "0.1",
    ]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_rates_show_their_time() -> None:
    frame = pd.DataFrame(
        {
            "study": ["a", "b"],
            "events_treatment": [12, 0],
            "time_treatment": [410.5, 88.2],
            "events_control": [21, 2],
            "time_control": [400.25, 90],
        }
    )
    found = texts(bm.fit(frame, measure="IRR", likelihood="poisson", **EXACT).plot())
    assert {"12/410.5", "0/88.2", "21/400.2", "2/90"} <= set(found)
    assert found.count("Events/time") == 2
    assert any("Poisson likelihood" in text for text in found)
