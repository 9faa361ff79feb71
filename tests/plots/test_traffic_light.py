"""The plot of the judgements of the risk of bias."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots import save_figure
from bayesmeta.plots.judgements import JUDGEMENT_COLOURS

DOMAINS = {"Randomisation": "rand", "Missing outcome data": "missing"}
RAND = ["low", "high", "low", "some concerns"]
MISSING = ["low", "", "high", "high"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": ["$x$ <b>A</b>", "研究", "C" * 120, "D"],
            "effect": [0.1, 0.4, 0.2, 0.6],
            "std_error": [0.1, 0.2, 0.3, 0.4],
            "rand": RAND,
            "missing": MISSING,
        }
    )


def fitted(frame: pd.DataFrame, **options: Any) -> bm.Fit:
    given = {"measure": "SMD", "engine": "quadrature", "risk_of_bias": DOMAINS, "title": "T"}
    return bm.fit(frame, **{**given, **options})


@pytest.fixture(scope="module")
def judged(frame: pd.DataFrame) -> bm.Fit:
    return fitted(frame)


def signs(axes: Any) -> dict[tuple[int, int], str]:
    """The sign in each cell of the grid: row and column."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text.get_text()
        for text in axes.texts
    }


def circles(axes: Any, word: str) -> set[tuple[int, int]]:
    return {
        (int(y), int(x))
        for line in axes.lines
        if line.get_marker() == "o" and line.get_color() == JUDGEMENT_COLOURS[word]
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }


def bars(axes: Any, word: str) -> list[float]:
    """Widths of the bars of a judgement, by domain."""
    from matplotlib.colors import to_rgba

    colour = to_rgba(JUDGEMENT_COLOURS[word])
    return [bar.get_width() for bar in axes.patches if bar.get_facecolor() == colour]


def test_each_judgement_has_its_sign_and_colour(judged: bm.Fit) -> None:
    grid = judged.plot("traffic-light").axes[0]
    assert signs(grid) == {
        (0, 0): "+",
        (1, 0): "−",
        (2, 0): "+",
        (3, 0): "?",
        (0, 1): "+",
        (2, 1): "−",
        (3, 1): "−",
    }
    assert circles(grid, "low") == {(0, 0), (2, 0), (0, 1)}
    assert circles(grid, "high") == {(1, 0), (2, 1), (3, 1)}
    assert circles(grid, "some concerns") == {(3, 0)}
    assert [label.get_text() for label in grid.get_xticklabels()] == ["A", "B"]
    names = [label.get_text() for label in grid.get_yticklabels()]
    assert names[:2] == ["$x$ <b>A</b>", "研究"]


def test_bars_are_the_shares_by_weight(judged: bm.Fit) -> None:
    figure = judged.plot("traffic-light")
    shares, weights = figure.axes[1], judged.weights.to_numpy()
    weights = 100 * weights / weights.sum()
    for word in ("low", "high"):
        expected = [weights[np.array(words) == word].sum() for words in (RAND, MISSING)]
        assert bars(shares, word) == pytest.approx(expected)
    assert bars(shares, "")[1] == pytest.approx(weights[1])
    assert sum(bar.get_width() for bar in shares.patches) == pytest.approx(200)
    labels = [label.get_text() for label in shares.get_yticklabels()]
    assert labels == ["A Randomisation", "B Missing outcome data"]
    found = [text.get_text() for text in figure.texts]
    assert found == [
        "T",
        "Risk of bias: + low, ? some concerns, − high; empty: no judgement.",
        "In the bars studies count by their weights in the meta-analysis.",
    ]


def test_without_the_summary_notes_say_what_the_letters_are(judged: bm.Fit) -> None:
    figure = judged.plot("traffic-light", summary=False, title=False)
    assert len(figure.axes) == 1
    assert [text.get_text() for text in figure.texts] == [
        "Risk of bias (+ low, ? some concerns, − high): A Randomisation; B Missing outcome data."
    ]


def test_results_of_a_study_that_are_judged_alike_stand_in_one_row(frame: pd.DataFrame) -> None:
    pairs = frame.assign(study=["P", "P", "Q", "Q"], rand=["low", "low", "high", "low"])
    pairs["missing"] = ["+", "+", "-", "-"]
    figure = fitted(pairs, heterogeneity="nested", fixed_rho=0.5).plot("traffic-light")
    grid, shares = figure.axes
    assert [label.get_text() for label in grid.get_yticklabels()] == ["P", "Q", "Q (2)"]
    assert bars(shares, "low") == pytest.approx([200 / 3, 100 / 3])
    assert "In the bars studies count alike." in [text.get_text() for text in figure.texts]


def test_a_fit_without_judgements_says_how_to_give_them(frame: pd.DataFrame) -> None:
    for own in (frame, frame.assign(risk_of_bias="low")):
        with pytest.raises(bm.SpecError, match="no judgements") as error:
            fitted(own, risk_of_bias={}).plot("traffic-light")
        assert "[data.risk_of_bias]" in str(error.value.hint)
        assert "--risk-of-bias" in str(error.value.hint)
    empty = frame.assign(rand="", missing=None)
    with pytest.raises(bm.SpecError, match="no judgements"):
        fitted(empty).plot("traffic-light")


def given(count: int) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(10, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(np.atleast_1d(figure.subplots(1, count)))


def test_axes_that_are_given_hold_the_plot(judged: bm.Fit) -> None:
    figure, axes = given(2)
    assert judged.plot("traffic-light", ax=axes) is figure
    assert len(signs(axes[0])) == 7
    assert bars(axes[1], "low")
    figure, (one,) = given(1)
    assert judged.plot("traffic-light", ax=one) is figure
    labels = [label.get_text() for label in one.get_xticklabels()]
    assert labels == ["Randomisation", "Missing outcome data"]
    assert not figure.texts
    figure, three = given(3)
    with pytest.raises(bm.SpecError, match="2 panels, of the studies, the shares"):
        judged.plot("traffic-light", ax=three)


@pytest.mark.parametrize("count", [1, 60])
def test_everything_is_within_the_figure(count: int, tmp_path: Path) -> None:
    words = ["low", "high", "unclear"]
    frame = pd.DataFrame(
        {
            "study": [f"Study {i}" for i in range(count)],
            "effect": np.linspace(-1, 1, count),
            "std_error": 0.2,
            **{f"d{j}": [words[(i + j) % 3] for i in range(count)] for j in range(8)},
        }
    )
    domains = {f"{'Domain with a long name ' * 3}{j}": f"d{j}" for j in range(8)}
    title = "A title that is much longer than the figure is wide " * 3
    fit = fitted(frame, risk_of_bias=domains, title=title)
    for summary in (True, False):
        figure = fit.plot("traffic-light", summary=summary)
        renderer = figure.canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        labels = [label for axes in figure.axes for label in axes.get_yticklabels()]
        for text in (*figure.texts, *labels):
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1
            assert box.x1 <= width + 1
            assert box.y0 >= -1
            assert box.y1 <= height + 1
    assert save_figure(figure, tmp_path / "a.svg").stat().st_size
