"""LOO-PIT: values against fits without each study, the band, and who is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.special import ndtr

import bayesmeta as bm
from bayesmeta.plots.loo_pit import _band_of


def dots(figure: Figure) -> np.ndarray:
    """Expected value and LOO-PIT of each dot, in order."""
    points = [
        np.column_stack(line.get_data())
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
    ]
    found = np.concatenate(points)
    found = found[np.argsort(found[:, 0])]
    return np.column_stack([found[:, 0], found.sum(axis=1)])


def notes(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


@pytest.fixture(scope="module")
def pooled(studies: pd.DataFrame) -> bm.Fit:
    return bm.fit(studies, measure="SMD", engine="quadrature")


def test_values_are_those_of_fits_without_each_study(studies: pd.DataFrame, pooled: bm.Fit) -> None:
    """The predictive distribution function of a study, by a fit of the other eight."""
    exact = []
    for i in range(len(studies)):
        others = bm.fit(studies.drop(index=i), measure="SMD", engine="quadrature")
        mu, tau = (others.posterior[name].to_numpy().ravel() for name in ("mu", "tau"))
        own = studies.loc[i]
        exact.append(ndtr((own["effect"] - mu) / np.hypot(tau, own["std_error"])).mean())
    found = dots(pooled.plot("loo-pit"))
    np.testing.assert_allclose(found[:, 0], np.arange(1, 10) / 10)
    np.testing.assert_allclose(found[:, 1], np.sort(exact), atol=0.03)


@pytest.mark.parametrize("number", [2, 9, 60])
def test_even_values_stay_in_the_band_with_its_probability(number: int) -> None:
    lower, upper = _band_of(number)
    values = np.sort(np.random.default_rng(7).uniform(size=(4000, number)), axis=1)
    inside = ((values >= lower) & (values <= upper)).all(axis=1).mean()
    assert inside == pytest.approx(0.95, abs=0.015)


def test_rows_of_one_study_are_left_out_together(nested: bm.Fit) -> None:
    figure = nested.plot("loo-pit")
    assert len(dots(figure)) == 9
    assert "Results of one study were left out together" in notes(figure)


def test_events_of_one_arm() -> None:
    frame = pd.DataFrame({"study": list("abcdefg"), "events": [3, 5, 2, 8, 4, 6, 0], "total": 40})
    fit = bm.fit(frame, measure="PLO", likelihood="binomial", engine="quadrature")
    found = dots(fit.plot("loo-pit"))[:, 1]
    assert len(found) == 7
    assert ((found > 0) & (found < 1)).all()


def test_few_studies_say_little(odds_ratios: bm.Fit) -> None:
    text = notes(odds_ratios.plot("loo-pit"))
    assert "With 3 studies this says little" in text
    assert "Pareto k is above 0.70 in" in text


def test_a_study_far_from_the_others_is_marked(studies: pd.DataFrame) -> None:
    far = studies.assign(effect=[0.0] * 8 + [3.0], std_error=0.1)
    fit = bm.fit(far, measure="SMD", tau="HalfNormal(0.1)", engine="quadrature")
    assert dots(fit.plot("loo-pit"))[-1, 1] > 0.99


def test_counts_of_two_arms_are_refused(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", likelihood="binomial", engine="quadrature")
    with pytest.raises(bm.SpecError, match="there is no LOO-PIT") as caught:
        fit.plot("loo-pit")
    assert "posterior-predictive" in str(caught.value.hint)


def test_one_study_is_refused(studies: pd.DataFrame) -> None:
    fit = bm.fit(studies.head(1), measure="SMD", heterogeneity="common", engine="quadrature")
    with pytest.raises(bm.SpecError, match="there is one study"):
        fit.plot("loo-pit")


def test_axes_that_are_given_are_drawn_into(pooled: bm.Fit) -> None:
    figure, axes = plt.subplots()
    assert pooled.plot("loo-pit", ax=axes) is figure
    plt.close(figure)
