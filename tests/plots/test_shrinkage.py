"""The shrinkage plot: where the marks stand, in which order, and what is written."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import bayesmeta as bm
from bayesmeta.plots.panels import text_width
from bayesmeta.plots.style import COLOURS, without_glyph_warnings


def marks(axes: Axes, marker: str) -> list[Line2D]:
    """From the top."""
    found = [line for line in axes.lines if line.get_marker() == marker]
    return sorted(found, key=lambda line: float(line.get_ydata()[0]))


def at(lines: list[Line2D]) -> list[float]:
    return [float(line.get_xdata()[0]) for line in lines]


def written(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.fixture(scope="module")
def fit(studies: pd.DataFrame) -> bm.Fit:
    return bm.fit(studies, measure="SMD", engine="quadrature", title="Drawn")


@pytest.fixture(scope="module")
def axes(fit: bm.Fit) -> Axes:
    (only,) = fit.plot("shrinkage").axes
    return only


def test_own_estimates_stand_in_their_order_above_the_true_effects(fit: bm.Fit, axes: Axes) -> None:
    own = fit.table["effect"].to_numpy()
    order = np.argsort(own)
    names = fit.table["study"].to_numpy()[order]
    squares, circles = marks(axes, "s"), marks(axes, "o")
    assert at(squares) == own[order].tolist()
    assert at(circles) == [fit.estimate("theta", name)["median"] for name in names]
    for square, circle in zip(squares, circles, strict=True):
        assert square.get_ydata()[0] < circle.get_ydata()[0] < square.get_ydata()[0] + 0.5
    assert axes.yaxis_inverted()
    labels = [text for text in written(axes) if text.startswith("Study")]
    assert labels == list(names)


def test_lines_go_from_the_own_estimate_to_the_true_effect(fit: bm.Fit, axes: Axes) -> None:
    joins = [
        line
        for line in axes.lines
        if line.get_color() == COLOURS["data"] and line.get_marker() == "None"
    ]
    ends = zip(at(marks(axes, "s")), at(marks(axes, "o")), strict=True)
    assert [tuple(line.get_xdata()) for line in joins] == list(ends)
    pooled = fit.estimate("mu")["median"]
    for start, end in ((line.get_xdata()) for line in joins):
        assert abs(end - pooled) <= abs(start - pooled) + 0.02  # towards it


def test_areas_are_by_weight(fit: bm.Fit, axes: Axes) -> None:
    sizes = np.array([line.get_markersize() for line in marks(axes, "s")])
    weights = fit.weights.to_numpy()[np.argsort(fit.table["effect"].to_numpy())]
    np.testing.assert_allclose((sizes / sizes.max()) ** 2, weights / weights.max())


def test_factors_are_those_of_the_fit(fit: bm.Fit, axes: Axes) -> None:
    order = np.argsort(fit.table["effect"].to_numpy())
    expected = [f"{100 * factor:.0f} %" for factor in fit.shrinkage.to_numpy()[order]]
    texts = written(axes)
    assert [text for text in texts if text.endswith(" %")] == expected
    assert "Shrinkage" in texts


def test_each_subgroup_is_drawn_towards_its_own_mean(exchangeable: bm.Fit) -> None:
    (axes,) = exchangeable.plot("shrinkage").axes
    dashed = [line for line in axes.lines if line.is_dashed()]
    names = exchangeable.problem.design.subgroups.names
    assert at(dashed) == [exchangeable.estimate("mu", subgroup=n)["median"] for n in names]
    counts = [float(np.ptp(line.get_ydata())) for line in dashed]
    assert counts == [rows.size for rows in exchangeable.problem.design.subgroups.rows]
    assert [text for text in written(axes) if text in names] == list(names)


def test_with_moderators_each_study_has_a_mean_of_its_own(regression: bm.Fit) -> None:
    (axes,) = regression.plot("shrinkage").axes
    ticks = at([line for line in marks(axes, "|") if line.get_color() == COLOURS["model"]])
    posterior, matrix = regression.posterior, regression.problem.design.matrix
    beta = posterior["beta"].transpose("term", "chain", "draw").to_numpy()
    means = matrix @ beta.reshape(beta.shape[0], -1) + posterior["mu"].to_numpy().ravel()
    order = np.argsort(regression.table["effect"].to_numpy())
    np.testing.assert_allclose(ticks, np.median(means, axis=1)[order])


@pytest.mark.parametrize(("count", "names", "factors"), [(1, 1, 1), (60, 60, 0), (120, 0, 0)])
def test_many_studies_stay_legible(count: int, names: int, factors: int) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "study": [f"Study {i}" for i in range(count)],
            "effect": rng.normal(size=count),
            "std_error": rng.uniform(0.1, 0.5, count),
        }
    )
    figure = bm.fit(frame, measure="SMD", engine="quadrature").plot("shrinkage")
    (axes,) = figure.axes
    texts = written(axes)
    assert sum(text.startswith("Study") for text in texts) == names
    assert sum(text.endswith(" %") for text in texts) == factors
    assert len(marks(axes, "o")) == count
    assert figure.get_figheight() < 14


def test_wide_names_leave_room_for_the_plot(fit: bm.Fit, studies: pd.DataFrame) -> None:
    long = studies.assign(study=[f"{'漢字の研究' * 9} {i}" for i in range(len(studies))])
    figure = bm.fit(long, measure="SMD", engine="quadrature").plot("shrinkage")
    place = figure.axes[0].get_position()
    assert place.width > 0.4
    wide = [text for text in written(figure.axes[0]) if text.startswith("漢")]
    assert len(wide) == len(studies)
    with without_glyph_warnings():
        assert all(text_width(figure, text) < place.x0 * figure.get_figwidth() for text in wide)


def test_a_study_whose_counts_give_no_estimate_has_a_true_effect(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    assert not np.isfinite(fit.table["effect"].to_numpy()).all()
    figure = fit.plot("shrinkage")
    (axes,) = figure.axes
    assert len(marks(axes, "o")) == fit.table.sizes["study"]
    assert len(marks(axes, "s")) == int(np.isfinite(fit.table["effect"].to_numpy()).sum())
    assert "normal approximation" in " ".join(text.get_text() for text in figure.texts)


def test_who_is_not_drawn_by_itself_is_refused(common_effect: bm.Fit, nested: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="share one effect"):
        common_effect.plot("shrinkage")
    with pytest.raises(bm.SpecError, match="rows depend on each other"):
        nested.plot("shrinkage")


def test_small_axes_hold_all_rows(fit: bm.Fit) -> None:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    fit.plot("shrinkage", ax=axes)
    assert axes.get_ylim()[0] > 8.6  # the key stands below the rows
    assert max(line.get_markersize() for line in marks(axes, "s")) < 8
