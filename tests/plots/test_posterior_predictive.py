"""Posterior predictive checks: intervals against the exact predictive distribution, and rows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq
from scipy.special import ndtr

import bayesmeta as bm
from bayesmeta.plots.style import COLOURS


def segments(axes: Axes, width: float) -> np.ndarray:
    """Ends of the lines of this width (row, end), and their places."""
    lines = [c for c in axes.collections if np.allclose(c.get_linewidth(), width)]
    return np.concatenate([np.array(line.get_segments()) for line in lines])


def observed(axes: Axes, colour: str) -> np.ndarray:
    dots = [
        line
        for line in axes.lines
        if line.get_color() == COLOURS[colour] and line.get_marker() in ("o", "D")
    ]
    return np.concatenate([np.column_stack(dot.get_data()) for dot in dots])


def notes(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def test_intervals_are_those_of_new_data(studies: pd.DataFrame) -> None:
    """Against quantiles of the mixture over draws of normal distributions, found by bisection."""
    fit = bm.fit(studies, measure="SMD", engine="quadrature")
    (axes,) = fit.plot("posterior-predictive").axes
    mu, tau = (fit.posterior[name].to_numpy().ravel() for name in ("mu", "tau"))
    for width, tail in ((1.2, 0.025), (4.5, 0.25)):
        ends = segments(axes, width)[:, :, 0]
        for i, error in enumerate(studies["std_error"]):
            sd = np.hypot(tau, error)
            for end, share in zip(ends[i], (tail, 1 - tail), strict=True):
                exact = brentq(lambda y, sd=sd, p=share: ndtr((y - mu) / sd).mean() - p, -9, 9)
                assert end == pytest.approx(exact, abs=0.12)
    np.testing.assert_allclose(observed(axes, "data")[:, 0], studies["effect"])


def test_rows_are_named_and_stand_under_their_subgroup(exchangeable: bm.Fit) -> None:
    (axes,) = exchangeable.plot("posterior-predictive").axes
    labels = axes.get_yticklabels()
    bold = [label.get_text() for label in labels if label.get_fontweight() == "bold"]
    assert bold == ["fat", "marrow", "cord"]
    assert [label.get_text() for label in labels][:3] == ["fat", "Study A", "Study B"]
    place = dict(zip([label.get_text() for label in labels], axes.get_yticks(), strict=True))
    assert tuple(observed(axes, "data")[0]) == (-0.2, place["Study A"])


def test_counts_are_risks_of_each_arm(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    figure = fit.plot("posterior-predictive")
    (axes,) = figure.axes
    table = fit.table
    points = observed(axes, "data")
    for arm, shift in (("treatment", -0.2), ("control", 0.2)):
        risks = table[f"events_{arm}"].to_numpy() / table[f"total_{arm}"].to_numpy()
        for i, risk in enumerate(risks):
            assert np.isclose(points, [risk, i + shift]).all(axis=1).any()
    draws = fit.tree["posterior_predictive"]["events_control"].transpose("study", ...)
    ends = segments(axes, 1.2)
    control = ends[np.isclose(ends[:, 0, 1] % 1, 0.2)]
    share = np.quantile(draws.to_numpy().reshape(len(risks), -1), 0.975, axis=1)
    np.testing.assert_allclose(control[:, 1, 0], share / table["total_control"].to_numpy())
    assert f"Of {2 * len(risks)} observed arms" in notes(figure)
    assert axes.get_xlabel() == "participants with the event"


def test_rates_are_over_their_time() -> None:
    frame = pd.DataFrame({"study": ["a", "b", "c"], "events": [4, 9, 3], "time": [20.0, 55, 30]})
    fit = bm.fit(frame, measure="IRLN", likelihood="poisson", engine="quadrature")
    (axes,) = fit.plot("posterior-predictive").axes
    np.testing.assert_allclose(observed(axes, "data")[:, 0], frame["events"] / frame["time"])
    assert axes.get_xlabel() == "events per unit of time"


def test_what_is_outside_is_marked_and_counted(studies: pd.DataFrame) -> None:
    far = studies.assign(effect=[0.0] * 8 + [3.0], std_error=0.1)
    fit = bm.fit(far, measure="SMD", tau="HalfNormal(0.1)", engine="quadrature")
    figure = fit.plot("posterior-predictive")
    assert [tuple(point) for point in observed(figure.axes[0], "prediction")] == [(3.0, 8.0)]
    assert "8 in the 95 % ones" in notes(figure)


def test_names_are_text_and_sixty_of_them_do_not_overlap() -> None:
    names = ["<script>alert(1)</script>", "$x$", "研究", "x" * 200]
    names += [f"Study {i}" for i in range(56)]
    frame = pd.DataFrame({"study": names, "effect": 0.1, "std_error": 0.2})
    fit = bm.fit(frame, measure="SMD", engine="quadrature")
    figure = fit.plot("posterior-predictive")
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels][:3] == names[:3]
    places = figure.axes[0].transData.transform([[0, i] for i in range(60)])[:, 1] / figure.dpi
    assert np.abs(np.diff(places)).min() > 9 / 72


def test_axes_that_are_given_are_drawn_into(exchangeable: bm.Fit) -> None:
    figure, axes = plt.subplots()
    assert exchangeable.plot("posterior-predictive", ax=axes) is figure
    assert len(axes.get_yticklabels()) == 12
    plt.close(figure)
