"""Layouts of the forest plot, judgements of the risk of bias in it, and axes that are given."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.plots.forest_layouts import LAYOUTS
from bayesmeta.plots.judgements import JUDGEMENT_COLOURS, domain_letters, domain_notes
from bayesmeta.plots.style import COLOURS, save_figure, without_glyph_warnings
from bayesmeta.results.numbers import effect_decimals, format_large, format_span

NAMES = ["<script>alert(1)</script> $x$", "研究 2003 مرحبا", "Bo 2002", "Cy 2003"]
DOMAINS = {"Randomisation": "rand", "Missing outcome data": "missing", "Overall $y$": "overall"}
SIGNS = {"low": "+", "some concerns": "?", "high": "−"}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def place(figure: Figure, text: str) -> tuple[float, float]:
    """Where a text stands first."""
    found = next(one for one in figure.texts if one.get_text() == text)
    x, y = found.get_position()
    return float(x), float(y)


def badges(figure: Figure, word: str) -> list[tuple[float, float]]:
    """Where the circles of a judgement are in the figure."""
    circles = [one for one in figure.artists if one.get_marker() == "o"]
    return [
        (float(circle.get_xdata()[0]), float(circle.get_ydata()[0]))
        for circle in circles
        if circle.get_color() == JUDGEMENT_COLOURS[word]
    ]


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": NAMES,
            "events_treatment": [4, 2, 7, 3],
            "total_treatment": [40, 25, 60, 30],
            "events_control": [9, 3, 12, 5],
            "total_control": [41, 24, 58, 30],
            "rand": ["low", "high", "some concerns", "low"],
            "missing": ["", "low", "low", "high"],
            "overall": ["low", "high", "some concerns", "high"],
        }
    )


def fitted(frame: pd.DataFrame, **options: Any) -> bm.Fit:
    given = {"measure": "OR", "engine": "quadrature", "better": "lower", "title": "A title"}
    return bm.fit(frame, **{**given, "treatment": "drug", "risk_of_bias": DOMAINS, **options})


@pytest.fixture(scope="module")
def judged(counts: pd.DataFrame) -> bm.Fit:
    return fitted(counts)


def test_all_layouts_draw_the_same_marks(judged: bm.Fit) -> None:
    theta = judged.estimates.query("name == 'theta'")["median"]
    for name in LAYOUTS:
        axes = judged.plot(layout=name).axes[0]
        squares = [line for line in axes.lines if line.get_marker() == "s"]
        np.testing.assert_allclose([s.get_xdata()[0] for s in squares], judged.table["effect"])
        circles = [line for line in axes.lines if line.get_marker() == "o"]
        np.testing.assert_allclose([c.get_xdata()[0] for c in circles], theta)
        diamond, bar = axes.patches
        mu, new = judged.estimate("mu"), judged.estimate("theta_new")
        xs = diamond.get_xy()[:, 0]
        assert [xs.min(), xs.max()] == pytest.approx([mu["lower"], mu["upper"]])
        assert bar.get_width() == pytest.approx(new["upper"] - new["lower"])


def test_revman_is_what_is_drawn_without_a_word(judged: bm.Fit) -> None:
    assert texts(judged.plot()) == texts(judged.plot(layout="revman"))


def test_jama_has_its_columns(judged: bm.Fit) -> None:
    figure = judged.plot(layout="jama")
    found = texts(figure)
    for expected in ("Source", "Drug", "Control", "No./total", "Odds ratio (95% CI)", "Weight, %"):
        assert expected in found
    assert {"4/40", "9/41", "2/25", "3/24"} <= set(found)
    odds = (4 / 36) / (9 / 32)
    error = np.sqrt(1 / 4 + 1 / 36 + 1 / 9 + 1 / 32)
    low, high = (odds * np.exp(sign * 1.959964 * error) for sign in (-1, 1))
    assert f"{odds:.2f} ({low:.2f}–{high:.2f})" in found
    assert "Shrunken" not in found
    assert "Circles: the posterior of each study's true effect." in found
    order = ["Source", "Odds ratio (95% CI)", "Weight, %", "A", "B", "C"]
    across = [place(figure, text)[0] for text in order]
    assert across == sorted(across)


def test_jama_says_to_where_numbers_may_be_negative(oa_pain: bm.Fit) -> None:
    figure = oa_pain.plot(layout="jama")
    assert "−0.44 (−1.20 to 0.31)" in texts(figure)
    assert {"Mean (SD)", "No.", "−3.35 (2.48)", "49"} <= set(texts(figure))


def test_jama_has_the_directions_over_the_plot_beside_no_effect(judged: bm.Fit) -> None:
    figure = judged.plot(layout="jama")
    axes = figure.axes[0]
    (low, high), box = axes.get_xlim(), axes.get_position()
    null = box.x0 + box.width * (0 - low) / (high - low)
    assert [text for text in texts(figure) if text == "Favors"] == ["Favors"] * 2
    (drug, top), (control, also) = place(figure, "drug"), place(figure, "control")
    assert drug < null < control
    assert top == also == place(figure, "Source")[1]
    assert not axes.texts


def test_jama_keeps_the_directions_over_the_plot_where_no_effect_is_at_its_end() -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "effect": [2.0, 2.2], "std_error": [0.1, 0.1]})
    both = {"treatment": "a long name of a treatment", "control": "another long name"}
    fit = fitted(frame, measure="SMD", risk_of_bias={}, **both)
    figure = fit.plot(layout="jama")
    box, renderer = figure.axes[0].get_position(), figure.canvas.get_renderer()
    width = figure.get_figwidth() * figure.dpi
    sides = [t for t in figure.texts if t.get_text() in ("Favors a long name", "Favors another")]
    assert len(sides) == 2
    ends = [text.get_window_extent(renderer) for text in sides]
    assert all(box.x0 * width - 1 <= end.x0 and end.x1 <= box.x1 * width + 1 for end in ends)
    assert ends[0].x1 < ends[1].x0


def test_jama_has_the_estimates_on_the_right_where_there_are_no_weights(
    counts: pd.DataFrame,
) -> None:
    pairs = counts.assign(study=["P", "P", "Q", "R"])
    figure = fitted(pairs, heterogeneity="nested", fixed_rho=0.5).plot(layout="jama")
    assert "Weight, %" not in texts(figure)
    assert place(figure, "Odds ratio (95% CI)")[0] > figure.axes[0].get_position().x1


def test_jama_of_counts_has_events(counts: pd.DataFrame) -> None:
    figure = fitted(counts, likelihood="binomial").plot(layout="jama")
    assert {"4/40", "No./total"} <= set(texts(figure))
    assert sum(text.startswith("Circles: ") for text in texts(figure)) == 1


def test_plain_has_names_plot_and_estimates(judged: bm.Fit) -> None:
    found = texts(judged.plot(layout="plain"))
    assert {"Study", "Odds ratio [95 % CI]", *NAMES} <= set(found)
    for gone in ("Events", "Weight %", "Shrunken", "Risk of bias", "A"):
        assert gone not in found


def test_an_unknown_layout_is_refused_with_the_nearest(judged: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="unknown layout 'jamma'") as error:
        judged.plot(layout="jamma")
    assert error.value.hint == "Did you mean 'jama'?"


@pytest.mark.parametrize("layout", ["revman", "jama"])
def test_judgements_stand_in_the_row_of_their_study(judged: bm.Fit, layout: str) -> None:
    figure = judged.plot(layout=layout)
    columns = [place(figure, letter)[0] for letter in "ABC"]
    assert columns == sorted(columns)
    assert "Risk of bias" in texts(figure)
    expected: dict[str, list[tuple[float, float]]] = {word: [] for word in SIGNS}
    for row, name in enumerate(NAMES):
        for column, x in enumerate(columns):
            word = str(judged.table["risk_of_bias"].to_numpy()[row, column])
            if word:
                expected[word].append((x, place(figure, name)[1]))
    signs = [(text.get_text(), text.get_position()) for text in figure.texts]
    for word, places in expected.items():
        assert places
        np.testing.assert_allclose(sorted(badges(figure, word)), sorted(places))
        for x, y in places:
            at = [sign for sign, where in signs if where == pytest.approx((x, y))]
            assert at == [SIGNS[word]]
    legend = next(text for text in texts(figure) if text.startswith("Risk of bias ("))
    assert legend == (
        "Risk of bias (+ low, ? some concerns, − high): A Randomisation; "
        "B Missing outcome data; C Overall $y$."
    )


def test_judgements_can_be_left_out_or_may_not_be_there(
    judged: bm.Fit, counts: pd.DataFrame
) -> None:
    for figure in (judged.plot(risk_of_bias=False), fitted(counts, risk_of_bias={}).plot()):
        assert "Risk of bias" not in texts(figure)
        assert not badges(figure, "low")


def test_judgements_stand_right_in_subgroups(counts: pd.DataFrame) -> None:
    frame = counts.assign(source=["x", "y", "x", "y"])
    for layout in ("revman", "jama"):
        figure = fitted(frame, subgroup="source").plot(layout=layout)
        first = place(figure, "A")[0]
        high = [y for x, y in badges(figure, "high") if x == pytest.approx(first)]
        assert high == pytest.approx([place(figure, NAMES[1])[1]])
        assert len(badges(figure, "low")) == 5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_be_saved(judged: bm.Fit, layout: str, tmp_path: Path) -> None:
    for suffix in ("svg", "pdf", "png"):
        assert save_figure(judged.plot(layout=layout), tmp_path / f"a.{suffix}").stat().st_size
    assert "<script>" not in (tmp_path / "a.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_texts_of_every_layout_are_within_the_figure(
    exchangeable: bm.Fit, over_time: dict[str, bm.Fit], regression: bm.Fit, layout: str
) -> None:
    for fit in (exchangeable, regression, *over_time.values()):
        figure = fit.plot(layout=layout)
        renderer = figure.canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        boxes = [t.get_window_extent(renderer) for t in figure.texts if t.get_text()]
        assert all(box.x0 >= -1 and box.x1 <= width + 1 for box in boxes)
        assert all(box.y0 >= 0 and box.y1 <= height for box in boxes)
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                apart = one.x1 <= other.x0 or other.x1 <= one.x0
                assert apart or abs(one.y0 - other.y0) > 5


# Axes that are given


def given(count: int = 1) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(np.atleast_1d(figure.subplots(1, count)))


def test_axes_that_are_given_hold_the_plot(judged: bm.Fit) -> None:
    figure, (axes, other) = given(2)
    assert judged.plot(ax=axes) is figure
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [*NAMES, "Pooled effect, 95 % CrI", "Effect in a new study, 95 % PrI"]
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert [square.get_ydata()[0] for square in squares] == pytest.approx(
        [place - 0.14 for place in axes.get_yticks()[:4]]
    )
    written = [text.get_text() for text in axes.texts]
    assert len(written) == 6
    assert all(text.get_position()[0] > 1 for text in axes.texts)
    mu = judged.estimate("mu")
    numbers = [mu[f"display_{end}"] for end in ("median", "lower", "upper")]
    assert written[4] == "{:.2f} [{:.2f}, {:.2f}]".format(*numbers)
    assert not figure.texts
    assert not axes.get_title()
    assert not other.lines
    with without_glyph_warnings():
        figure.draw_without_rendering()


def test_axes_that_are_given_can_be_styled_again(judged: bm.Fit) -> None:
    figure, (axes,) = given()
    judged.plot(ax=axes, layout="jama", shrunken=False)
    assert "–" in axes.texts[0].get_text()
    assert not [line for line in axes.lines if line.get_color() == COLOURS["model"]][1:]
    axes.set_title("Mine")
    axes.set_xlabel("Mine too")
    with without_glyph_warnings():
        figure.draw_without_rendering()


def test_contrasts_are_left_out_of_axes_that_are_given(exchangeable: bm.Fit) -> None:
    figure, (axes,) = given()
    exchangeable.plot(ax=axes)
    assert figure.axes == [axes]
    assert axes.get_yticklabels()[0].get_fontweight() == "bold"


def test_what_is_no_axes_is_refused(judged: bm.Fit) -> None:
    _, several = given(2)
    with pytest.raises(bm.SpecError, match="1 panel"):
        judged.plot(ax=several)
    with pytest.raises(bm.SpecError, match="axes of matplotlib"):
        judged.plot(ax="axes")


# The command line


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_the_layout_is_a_flag(
    judged: bm.Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = judged.save(tmp_path / "a.nc")
    assert run("plot", saved, "forest", "--layout", "jama") == 0
    assert "Weight, %" in (tmp_path / "a-forest.svg").read_text(encoding="utf-8")
    assert run("plot", saved, "labbe", "--layout", "jama") == 2
    assert "labbe has no layouts" in " ".join(capsys.readouterr().err.split())
    assert run("plot", saved, "--layout", "jamma") == 2
    assert "Did you mean 'jama'?" in capsys.readouterr().err


def test_judgements_are_a_flag(
    counts: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts.to_csv(tmp_path / "s.csv", index=False)
    flags = ["--measure", "OR", "--engine", "quadrature", "--out", tmp_path]
    bias = ["--risk-of-bias", "Randomisation=rand", "--risk-of-bias", "Overall=overall"]
    assert run("fit", tmp_path / "s.csv", *flags, *bias) == 0
    fit = bm.load(tmp_path / "s.nc")
    assert list(fit.table["domain"].to_numpy()) == ["Randomisation", "Overall"]
    assert run("fit", tmp_path / "s.csv", *flags, "--risk-of-bias", "rand") == 2
    assert "is not NAME=VALUE" in capsys.readouterr().err


# Letters and numbers


def test_there_is_a_letter_for_every_domain() -> None:
    assert domain_letters(28)[::9] == ["A", "J", "S", "AB"]


def test_lines_of_the_legend_end_between_domains() -> None:
    domains = ["Selection of the reported result"] * 4
    lines = domain_notes(domains, ["low", "unclear", "some concerns"], longest=90)
    assert lines[0].startswith("Risk of bias (+ low, ? unclear or some concerns): A Selection")
    assert all(line.endswith(("result;", "result.")) for line in lines)


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (3e-9, 295622180.7, "<0.0001 to 3.0×10⁸"),
        (0.05, 12345.67, "0.05 to 12346"),
        (1e-7, 53.2, "<0.0001 to 53.2000"),
        (0.5, 2.0, "0.50 to 2.00"),
        (0.002, 53.2, "0.002 to 53.200"),
    ],
)
def test_wide_intervals_of_ratios_can_be_read(lower: float, upper: float, expected: str) -> None:
    from bayesmeta.measures import find_measure

    places = effect_decimals(lower, upper, find_measure("OR"))
    assert format_span(lower, upper, places) == expected


def test_large_numbers() -> None:
    assert [format_large(value) for value in (12345.67, 999999.0, 1e6, 2.96e12)] == [
        "12346",
        "999999",
        "1.0×10⁶",
        "3.0×10¹²",
    ]
    assert format_span(0.0, 200000.0, 0) == "0 to 200000"
    assert format_span(1e-7, 1.2, 2) == "0.00 to 1.20"
