"""The cumulative forest plot: its rows, what they say, and what it needs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.cumulative_steps import steps_of
from bayesmeta.plots.style import COLOURS


def fitted(studies: pd.DataFrame, **options: object) -> bm.Fit:
    return bm.fit(studies, measure="SMD", better="lower", engine="quadrature", **options)


@pytest.fixture(scope="module")
def plain(studies: pd.DataFrame) -> bm.Fit:
    return fitted(studies.assign(year=[2012, 2014, 2014, 2016, 2012, 2018, 2019, 2019, 2022]))


def dots(axes: Axes) -> np.ndarray:
    found = [line for line in axes.lines if line.get_marker() == "o"]
    return np.array([[line.get_xdata()[0], line.get_ydata()[0]] for line in found])


def test_rows_are_fits_to_each_year(studies: pd.DataFrame, plain: bm.Fit) -> None:
    steps = steps_of(plain)
    assert [step.k for step in steps] == [2, 4, 5, 6, 8, 9]
    assert steps[0].label == "+ Study A, Study E (2012)"
    assert steps[-1].label == "+ Study I (2022)"
    until = plain.table["year"].to_numpy() <= 2014
    alone = fitted(studies[until])
    for name, found in (("mu", steps[1].pooled), ("theta_new", steps[1].new)):
        expected = alone.estimate(name)
        assert found is not None
        assert [found.centre, found.lower, found.upper] == pytest.approx(
            [expected[end] for end in ("median", "lower", "upper")], rel=1e-6
        )
    assert steps[-1].pooled is not None
    assert steps[-1].pooled.lower == plain.estimate("mu")["lower"]


def test_the_plot_draws_and_writes_them(plain: bm.Fit) -> None:
    figure = plain.plot("cumulative")
    axes, steps = figure.axes[0], steps_of(plain)
    expected = [[step.pooled.centre, row] for row, step in enumerate(steps) if step.pooled]
    np.testing.assert_allclose(dots(axes), expected)
    texts = [text.get_text() for text in figure.texts]
    for wanted in ("k", "[95 % CrI]", "[95 % PrI]", *(step.label for step in steps)):
        assert wanted in texts
    assert [text for text in texts if text.isdigit()] == [str(step.k) for step in steps]
    whole = plain.estimate("mu")
    last = f"{whole['median']:.2f} [{whole['lower']:.2f}, {whole['upper']:.2f}]"
    assert last.replace("-", "−") in texts
    assert axes.get_xlabel() == "Standardised mean difference"


def test_an_interval_beyond_the_axis_ends_in_an_arrow(studies: pd.DataFrame) -> None:
    vague = studies.assign(std_error=[9.0, *studies["std_error"][1:]])
    axes = fitted(vague, mu="Normal(0, 30)").plot("cumulative").axes[0]
    arrows = [line for line in axes.lines if line.get_marker() in ("<", ">")]
    assert {float(line.get_xdata()[0]) for line in arrows} == set(axes.get_xlim())
    assert {int(line.get_ydata()[0]) for line in arrows} >= {0}


def test_studies_without_a_year_are_added_last(studies: pd.DataFrame) -> None:
    frame = studies.assign(year=[np.nan, *studies["year"][1:]])
    steps = steps_of(fitted(frame))
    assert steps[-1].label == "+ Study A (year not known)"
    assert [step.k for step in steps] == list(range(1, 10))


def test_names_that_say_the_year_do_not_say_it_twice(zero_cells: pd.DataFrame) -> None:
    frame = zero_cells.assign(year=[2001, 2002, 2003, 2004, 2005])
    fit = bm.fit(frame, measure="OR", likelihood="binomial", engine="quadrature")
    labels = [step.label for step in steps_of(fit)]
    assert labels[:3] == ["+ Ada 2001", "+ Bo 2002", "+ <b>Cy</b> $2003$"]
    many = frame.assign(study=[f"{'A very long name' * 4} {i}" for i in range(5)], year=1999)
    (step,) = steps_of(bm.fit(many, measure="OR", likelihood="binomial", engine="quadrature"))
    assert step.label.endswith(f"and {step.k - 1} more (1999)")


def test_years_that_have_no_posterior_say_why(studies: pd.DataFrame) -> None:
    fit = fitted(studies, mu="Flat()", tau="HalfFlat()")
    steps = steps_of(fit)
    assert steps[0].pooled is None
    assert "posterior does not exist" in steps[0].reason
    figure = fit.plot("cumulative")
    assert len(dots(figure.axes[0])) == sum(step.pooled is not None for step in steps)
    assert any("k = 1, not done:" in text.get_text() for text in figure.texts)


def test_a_common_effect_has_no_new_study(studies: pd.DataFrame) -> None:
    figure = fitted(studies, heterogeneity="common").plot("cumulative")
    assert "[95 % PrI]" not in [text.get_text() for text in figure.texts]
    colours = {line.get_color() for line in figure.axes[0].lines}
    assert COLOURS["prediction"] not in colours


def test_years_are_needed(studies: pd.DataFrame, exchangeable: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="have no column year") as error:
        fitted(studies.drop(columns="year")).plot("cumulative")
    assert "data.columns" in str(error.value.hint)
    with pytest.raises(bm.SpecError, match="draws one pooled effect"):
        exchangeable.plot("cumulative")


def test_given_axes_have_the_rows_at_their_side(plain: bm.Fit) -> None:
    figure = Figure()
    axes = figure.subplots()
    assert plain.plot("cumulative", ax=axes) is figure
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "+ Study A, Study E (2012), k = 2"
    assert len(labels) == 6
    assert axes.get_legend() is not None
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
