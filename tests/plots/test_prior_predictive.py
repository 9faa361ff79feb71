"""The plot of what the priors say before any data."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.style import COLOURS

MONTE_CARLO = 0.03
"""Of shares of 4,000 draws."""


def notes(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


@pytest.fixture(scope="module")
def fit(zero_cells: pd.DataFrame) -> bm.Fit:
    return bm.fit(zero_cells, measure="OR", tau="HalfNormal(1)", engine="quadrature")


@pytest.fixture(scope="module")
def figure(fit: bm.Fit) -> Figure:
    return fit.plot("prior-predictive")


def test_panels_and_key(figure: Figure) -> None:
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "True effect θ of a study",
        "Inconsistency I²",
    ]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["prior", "observed effects of the studies"]


def test_marks_are_the_observed_effects(fit: bm.Fit, figure: Figure) -> None:
    axes = figure.axes[0]
    marks = next(line for line in axes.lines if line.get_marker() == "|")
    np.testing.assert_allclose(marks.get_xdata(), fit.table["effect"])
    assert (marks.get_ydata() < 0).all()
    low, high = axes.get_xlim()
    assert low < fit.table["effect"].min() < fit.table["effect"].max() < high


def test_the_curve_is_the_prior_of_a_true_effect(figure: Figure) -> None:
    """Its variance is that of mu and the mean square of tau, here 16 and 1."""
    curve = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    x, y = curve.get_xdata(), curve.get_ydata()
    near = np.abs(x) < 3
    expected = np.exp(-(x**2) / (2 * 17)) / np.sqrt(2 * np.pi * 17)
    np.testing.assert_allclose(y[near], expected[near], rtol=MONTE_CARLO)
    assert curve.get_color() == COLOURS["data"]


def test_the_prior_of_i_squared(fit: bm.Fit, figure: Figure) -> None:
    """The shares below each limit are what the prior says of tau."""
    bars = figure.axes[1].patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(100)
    variance = (fit.table["std_error"] ** 2).to_numpy()
    weights = 1 / variance
    typical = (
        (weights.size - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum())
    )  # Higgins & Thompson 2002, equation 9
    for limit in (25, 50, 75):
        below = sum(bar.get_height() for bar in bars if bar.get_x() + bar.get_width() <= limit)
        tau = np.sqrt(typical * limit / (100 - limit))
        assert below / 100 == pytest.approx(float(fit.priors["tau"].cdf(tau)), abs=MONTE_CARLO)


def test_notes_say_it_in_sentences(fit: bm.Fit, figure: Figure) -> None:
    said = notes(figure)
    assert "Before any data the priors put 95 % of the true effects of studies between 0.0" in said
    assert "They put I² between 0 and" in said
    assert f"The prior of τ is {fit.priors['tau'].expression}" in said


def test_without_heterogeneity_or_with_one_study_there_is_no_i_squared(
    common_effect: bm.Fit, zero_cells: pd.DataFrame
) -> None:
    assert len(common_effect.plot("prior-predictive").axes) == 1
    alone = bm.fit(zero_cells.head(1), measure="OR", engine="quadrature")
    assert len(alone.plot("prior-predictive").axes) == 1


@pytest.mark.parametrize(
    ("priors", "name"), [({"mu": "Flat()"}, "mu"), ({"tau": "HalfFlat()"}, "tau")]
)
def test_improper_priors_are_refused_by_name(
    zero_cells: pd.DataFrame, priors: dict[str, str], name: str
) -> None:
    five = zero_cells.assign(events_control=[9, 3, 12, 4, 5], total_treatment=[40, 25, 60, 30, 45])
    fit = bm.fit(five, measure="OR", engine="quadrature", **priors)
    with pytest.raises(
        bm.SpecError, match=rf"the prior of {name} is .*Flat\(\).* improper"
    ) as error:
        fit.plot("prior-predictive")
    assert error.value.key == f"priors.{name}"


@pytest.mark.parametrize(
    "priors",
    [
        {"mu": "Normal(0, 1000)", "tau": "HalfCauchy(50)"},
        {"mu": "Normal(0, 0.01)", "tau": "HalfNormal(2)"},
        {"mu": "Cauchy(0, 1)", "tau": "HalfCauchy(1)"},
    ],
)
def test_any_proper_prior_can_be_drawn(zero_cells: pd.DataFrame, priors: dict[str, str]) -> None:
    figure = bm.fit(zero_cells, measure="OR", engine="quadrature", **priors).plot(
        "prior-predictive"
    )
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    assert high - low < 30
    labels = [float(label.get_text().replace("−", "-")) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(np.exp(axes.get_xticks()), labels)
    assert len(labels) >= 3


def test_absurd_ends_are_said_in_words(zero_cells: pd.DataFrame) -> None:
    figure = bm.fit(zero_cells, measure="OR", mu="Normal(0, 100)", engine="quadrature").plot(
        "prior-predictive"
    )
    assert "between less than a millionth and more than a million" in notes(figure)


def test_studies_without_events_have_no_marks_and_no_inconsistency() -> None:
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
    (axes,) = fit.plot("prior-predictive").axes
    assert np.isfinite(axes.get_xlim()).all()
