"""The joint posterior of mu and tau: the regions hold what they say, and what is marked."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import norm

import bayesmeta as bm
from bayesmeta.plots.joint import REGIONS
from bayesmeta.plots.joint_density import Joint, joint_density, region_levels
from bayesmeta.plots.style import COLOURS

DRAWS = 20_000
MONTE_CARLO = 0.015
"""Four standard errors of the share of 20,000 draws in a region, and a little for the grid."""

SMOOTHING = 0.025
"""Regions of a kernel are a little too wide."""

WHOLE = 0.002
"""Mass beyond a grid that holds the smallest region of 0.9995."""


@pytest.fixture(scope="module")
def three() -> pd.DataFrame:
    """Three studies, whose tau may be 0."""
    return pd.DataFrame(
        {"study": list("abc"), "effect": [-0.2, -0.5, -0.9], "std_error": [0.2, 0.3, 0.25]}
    )


def fitted(frame: pd.DataFrame, **options: object) -> bm.Fit:
    given = {"measure": "SMD", "engine": "quadrature", "draws": DRAWS // 4, **options}
    return bm.fit(frame, **given)


@pytest.fixture(scope="module")
def by_name(three: pd.DataFrame, studies: pd.DataFrame) -> dict[str, bm.Fit]:
    """A fit of each way in which the density is known."""
    counts = pd.DataFrame(
        {
            "study": list("abcd"),
            "events_treatment": [4, 0, 7, 0],
            "total_treatment": [40, 25, 60, 30],
            "events_control": [9, 3, 12, 0],
            "total_control": [41, 24, 58, 30],
        }
    )
    pairs = studies.assign(study=["P", "P", "Q", "Q", "R", "R", "S", "S", "T"])
    return {
        "normal": fitted(three),
        "heavy tails": fitted(three, tau="HalfCauchy(1)"),
        "tau above 0": fitted(three, tau="Uniform(0.1, 1)"),
        "one study": fitted(three[:1]),
        "counts": fitted(counts, measure="OR", likelihood="binomial"),
        "moderators": fitted(studies, moderators="year"),
        "nested": fitted(pairs, heterogeneity="nested", fixed_rho=0.5),
    }


NAMES = ("normal", "heavy tails", "tau above 0", "one study", "counts", "moderators", "nested")


def shares(fit: bm.Fit, joint: Joint) -> list[float]:
    """The share of the draws in each region."""
    at = RegularGridInterpolator(
        (joint.tau, joint.mu), joint.density, bounds_error=False, fill_value=0
    )
    draws = tuple(fit.posterior[name].to_numpy().ravel() for name in ("tau", "mu"))
    return [float((at(draws) >= level).mean()) for level in region_levels(joint, list(REGIONS))]


@pytest.mark.parametrize("name", NAMES)
def test_regions_hold_their_share_of_the_draws(by_name: dict[str, bm.Fit], name: str) -> None:
    fit = by_name[name]
    np.testing.assert_allclose(shares(fit, joint_density(fit)), REGIONS, atol=MONTE_CARLO)


@pytest.mark.parametrize("name", NAMES)
def test_the_density_integrates_to_1(by_name: dict[str, bm.Fit], name: str) -> None:
    joint = joint_density(by_name[name], prob=0.9995)
    assert (joint.density * joint.areas).sum() == pytest.approx(1, abs=WHOLE)


def test_the_density_is_that_of_the_model(three: pd.DataFrame) -> None:
    """The product of likelihood and priors, over its sum on the grid."""
    fit = fitted(three, mu="Normal(0, 2)", tau="HalfNormal(0.5)")
    joint = joint_density(fit, prob=0.9995)
    mu, tau = np.meshgrid(joint.mu, joint.tau)
    log = norm.logpdf(mu, 0, 2) + norm.logpdf(tau, 0, 0.5)
    for effect, std_error in zip(three["effect"], three["std_error"], strict=True):
        log += norm.logpdf(effect, mu, np.hypot(std_error, tau))
    expected = np.exp(log - log.max())
    expected /= (expected * joint.areas).sum()
    np.testing.assert_allclose(joint.density, expected, atol=WHOLE * expected.max())


def test_draws_are_smoothed_where_nothing_is_exact(oa_pain: bm.Fit) -> None:
    assert oa_pain.exact is None
    joint = joint_density(oa_pain)
    np.testing.assert_allclose(shares(oa_pain, joint), REGIONS, atol=SMOOTHING)
    wide = joint_density(oa_pain, prob=0.9995)
    assert (wide.density * wide.areas).sum() == pytest.approx(1, abs=WHOLE)
    texts = " ".join(text.get_text() for text in oa_pain.plot("joint").texts)
    assert "smoothed from draws" in texts


def contours(axes: Axes) -> list[QuadContourSet]:
    return [one for one in axes.collections if isinstance(one, QuadContourSet)]


def test_medians_and_no_effect_are_marked(by_name: dict[str, bm.Fit]) -> None:
    fit = by_name["normal"]
    figure = fit.plot("joint")
    axes = figure.axes[0]
    (circle,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert circle.get_xdata()[0] == fit.estimate("mu")["median"]
    assert circle.get_ydata()[0] == fit.estimate("tau")["median"]
    (null,) = [line for line in axes.lines if line.get_color() == COLOURS["null"]]
    assert set(null.get_xdata()) == {0.0}
    filled, lines = contours(axes)
    assert len(filled.levels) == 4
    assert list(lines.levels) == list(filled.levels[:3])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["50 %", "80 %", "95 %", "medians", "no effect"]
    assert axes.get_ylim()[0] == 0


def test_each_parameter_on_its_own_stands_beside_it(by_name: dict[str, bm.Fit]) -> None:
    fit = by_name["normal"]
    main, top, right = fit.plot("joint").axes
    assert top.get_xlim() == main.get_xlim()
    assert right.get_ylim() == main.get_ylim()
    x, density = top.lines[0].get_data()
    assert fit.exact is not None
    np.testing.assert_allclose(density, fit.exact.mu.pdf(np.asarray(x))[0, 0])
    assert top.get_position().y0 > main.get_position().y1
    assert right.get_position().x0 > main.get_position().x1


def test_in_axes_that_are_given_the_panel_stands_alone(by_name: dict[str, bm.Fit]) -> None:
    figure = Figure()
    axes = figure.subplots()
    by_name["counts"].plot("joint", ax=axes)
    assert figure.axes == [axes]
    assert len(contours(axes)) == 2
    assert axes.get_legend() is not None
    assert axes.get_xlabel() == "Odds ratio (log scale)"
    assert axes.get_ylabel() == "Heterogeneity τ (log odds ratio)"


def test_who_has_no_tau_or_several_means_is_told(
    common_effect: bm.Fit, exchangeable: bm.Fit
) -> None:
    with pytest.raises(bm.SpecError, match="do not vary") as caught:
        common_effect.plot("joint")
    assert caught.value.hint is not None
    with pytest.raises(bm.SpecError, match="one pooled effect, and this fit has 3"):
        exchangeable.plot("joint")
