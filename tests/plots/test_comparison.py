"""The plot of a comparison: a row a method, and what must not break it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.comparison import Comparison, Row
from bayesmeta.plots import save_figure
from bayesmeta.plots.style import COLOURS
from bayesmeta.spec import build_spec

NAN = float("nan")

ROWS = (
    Row(
        method="published",
        label="published: <b>Toy</b> $1999$",
        kind="published",
        interval="as published",
        level=0.95,
        estimate=-0.5,
        lower=-0.9,
        upper=-0.1,
    ),
    Row(
        method="reml",
        label="REML with HKSJ",
        kind="classical",
        interval="confidence interval, t with 5 df",
        level=0.95,
        estimate=-0.45,
        lower=-1.0,
        upper=0.1,
        tau=0.3,
        i2=0.55,
        prediction_lower=-1.4,
        prediction_upper=0.5,
    ),
    Row(
        method="normal",
        label="Bayesian, normal likelihood",
        kind="bayesian",
        interval="95 % credible interval",
        level=0.95,
        estimate=-0.4,
        lower=-0.95,
        upper=0.15,
        tau=0.35,
        tau_lower=0.02,
        tau_upper=0.9,
        i2=0.6,
        prediction_lower=-1.5,
        prediction_upper=0.6,
    ),
)


def draw(rows: tuple[Row, ...] = ROWS, code: str = "OR", size: float = NAN) -> Figure:
    return comparison_of(rows, code, size).plot()


def comparison_of(rows: tuple[Row, ...], code: str, size: float) -> Comparison:
    spec = build_spec({"measure": code, "title": "Toy"})
    none: dict = {"sentences": (), "warnings": (), "priors": {}, "excluded": (), "corrections": ()}
    return Comparison(spec=spec, rows=rows, reproduced=None, verdict="ok", k=3, size=size, **none)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts if text.get_text()]


def dots(axes: Axes, marker: str) -> np.ndarray:
    """Positions (x, y) of all dots of one kind."""
    found = [np.column_stack(line.get_data()) for line in axes.lines if line.get_marker() == marker]
    return np.concatenate(found) if found else np.empty((0, 2))


def spans(axes: Axes, colour: str) -> list[tuple[float, float]]:
    """Ends of the lines from end to end of one colour."""
    return [
        tuple(line.get_xdata())
        for line in axes.lines
        if line.get_color() == colour
        and len(set(line.get_ydata())) == 1
        and len(line.get_xdata()) == 2
    ]


def test_a_row_a_method() -> None:
    figure = draw()
    (axes,) = figure.axes
    assert dots(axes, "s").tolist() == [[-0.5, 0], [-0.45, 1]]
    assert dots(axes, "D").tolist() == [[-0.4, 2]]
    assert spans(axes, COLOURS["data"]) == [(-0.9, -0.1), (-1.0, 0.1)]
    assert spans(axes, COLOURS["model"]) == [(-0.95, 0.15)]
    assert spans(axes, COLOURS["prediction"]) == [(-1.4, 0.5), (-1.5, 0.6)]
    below = [
        line.get_ydata()[0] for line in axes.lines if line.get_color() == COLOURS["prediction"]
    ]
    assert all(place < y < place + 0.5 for place, y in zip((1, 2), below, strict=True))
    nulls = [line for line in axes.lines if line.get_color() == COLOURS["null"]]
    assert [line.get_xdata()[0] for line in nulls] == [0]


def test_texts_are_the_numbers_on_the_display_scale() -> None:
    shown = texts(draw())
    for row in ROWS:
        assert row.label in shown
        ends = f"{np.exp(row.estimate):.2f} ({np.exp(row.lower):.2f} to {np.exp(row.upper):.2f})"
        assert ends in shown
    assert "OR (95 % interval)" in shown
    assert f"{np.exp(-1.5):.2f} to {np.exp(0.6):.2f}" in shown
    assert "Toy" in shown
    assert {"55", "60"} <= set(shown)
    assert draw().axes[0].get_xlabel() == "Odds ratio (log scale)"


def test_what_a_method_does_not_give_is_left_blank() -> None:
    figure = draw(ROWS[:1])
    assert len(dots(figure.axes[0], "s")) == 1
    assert spans(figure.axes[0], COLOURS["prediction"]) == []
    assert not any("nan" in text for text in texts(figure))


@pytest.mark.parametrize("code", ["OR", "RD", "MD", "SMD", "PFT", "GEN"])
@pytest.mark.parametrize(
    "factor", [1e-12, 1e-3, 1, 40, 400], ids=lambda factor: f"effects times {factor:g}"
)
def test_no_size_of_effects_breaks_it(code: str, factor: float) -> None:
    def scaled(value: float) -> float:
        return 0.8 + 0.1 * value if code == "PFT" else factor * value

    names = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")
    rows = tuple(
        replace(row, **{name: scaled(getattr(row, name)) for name in names}) for row in ROWS
    )
    figure = draw(rows, code, size=50.0)
    figure.canvas.draw()
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert np.isfinite([low, high]).all()
    assert low < high
    assert all(label in texts(figure) for label in (row.label for row in ROWS))


@pytest.mark.parametrize(
    "changed",
    [
        {"prediction_lower": NAN, "prediction_upper": NAN},
        {"tau": 0.0, "i2": 0.0},
        {"tau": NAN, "i2": NAN},
        {"lower": -0.4, "upper": -0.4},
        {"prediction_lower": -600.0, "prediction_upper": 600.0},
        {"lower": -60.0, "upper": 60.0},
    ],
    ids=str,
)
def test_nothing_missing_or_extreme_breaks_it(changed: dict[str, float]) -> None:
    rows = (*ROWS[:2], replace(ROWS[2], **changed))
    figure = draw(rows)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert len(dots(axes, "D")) == 1
    low, high = axes.get_xlim()
    assert high - low < 200
    cut = [end for end in changed.values() if abs(end) > high - low]
    assert len(dots(axes, "<")) + len(dots(axes, ">")) == len(cut)


def test_equal_rows_have_an_axis() -> None:
    point = replace(ROWS[0], estimate=0.0, lower=0.0, upper=0.0)
    low, high = draw((point, point), "MD").axes[0].get_xlim()
    assert low < 0 < high


def test_svg_holds_text(tmp_path: Path) -> None:
    path = save_figure(draw(), tmp_path / "comparison.svg")
    assert "&lt;b&gt;Toy&lt;/b&gt; $1999$" in path.read_text(encoding="utf-8")
