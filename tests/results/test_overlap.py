"""The area that a prior and its posterior share, against closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.results.overlap import (
    Density,
    overlap,
    posterior_density,
    shared_area,
    smooth_density,
)

CLOSED_FORM = 1e-6
"""Of a sum over 4,000 nodes, of a function with kinks: its error falls with their square."""

SMOOTHED = 0.03
"""Of 4,000 draws smoothed with a normal kernel."""


def density(distribution: stats.rv_continuous) -> Density:
    return Density(pdf=distribution.pdf, ppf=distribution.ppf)


def normals(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Shared area of two normal densities: between the points where they cross."""
    (m, s), (n, t) = one, other
    if s == t:
        return 2 * stats.norm.cdf(-abs(m - n) / (2 * s))
    square, linear = 1 / s**2 - 1 / t**2, n / t**2 - m / s**2
    rest = (m / s) ** 2 - (n / t) ** 2 + 2 * np.log(s / t)
    low, high = np.sort(np.roots([square, 2 * linear, rest]).real)
    narrow, wide = sorted([one, other], key=lambda normal: normal[1])
    inside = np.diff(stats.norm.cdf([low, high], *wide))[0]
    return float(inside + 1 - np.diff(stats.norm.cdf([low, high], *narrow))[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, 1), (0, 1)),
        ((0, 1), (1, 1)),
        ((0, 1), (12, 1)),
        ((0, 2), (0.5, 0.3)),
        ((0.5, 0.3), (0, 2)),
        ((0, 4), (-0.7, 0.01)),
    ],
)
def test_two_normal_densities(one: tuple[float, float], other: tuple[float, float]) -> None:
    found = shared_area(stats.norm(*one).pdf, density(stats.norm(*other)))
    assert found == pytest.approx(normals(one, other), abs=CLOSED_FORM)


def test_two_exponential_densities() -> None:
    """With rates 1 and 3 they cross at log(3) / 2."""
    found = shared_area(stats.expon.pdf, density(stats.expon(scale=1 / 3)))
    crossing = np.log(3) / 2
    expected = stats.expon.cdf(crossing) + stats.expon.sf(3 * crossing)
    assert found == pytest.approx(expected, abs=CLOSED_FORM)


def test_a_density_that_is_infinite_at_its_end() -> None:
    """Gamma(1/2) and exponential: they cross where ``pi * x = 1``."""
    found = shared_area(stats.gamma(0.5).pdf, density(stats.expon()))
    crossing = 1 / np.pi
    expected = stats.expon.cdf(crossing) + stats.gamma(0.5).sf(crossing)
    assert found == pytest.approx(expected, abs=CLOSED_FORM)


def test_a_common_effect_is_conjugate(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(
        zero_cells, measure="OR", heterogeneity="common", mu="Normal(0, 0.5)", engine="quadrature"
    )
    precision = 4 + (1 / fit.table["std_error"] ** 2).sum().item()
    mean = (fit.table["effect"] / fit.table["std_error"] ** 2).sum().item() / precision
    found = overlap(fit)
    assert set(found) == {"mu"}
    expected = normals((0, 0.5), (mean, precision**-0.5))
    assert found["mu"] == pytest.approx(expected, abs=CLOSED_FORM)


def test_one_study_under_a_flat_prior_says_nothing_of_tau(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells.head(1), measure="OR", mu="Flat()", engine="quadrature")
    found = overlap(fit)
    assert set(found) == {"tau"}  # the prior of mu is improper
    assert found["tau"] == pytest.approx(1, abs=CLOSED_FORM)


def test_draws_agree_with_quadrature(odds_ratios: bm.Fit, zero_cells: pd.DataFrame) -> None:
    exact = overlap(bm.fit(zero_cells, measure="OR", engine="quadrature"))
    assert overlap(odds_ratios) == pytest.approx(exact, abs=SMOOTHED)


@pytest.mark.parametrize(
    ("distribution", "lower", "upper"),
    [
        (stats.norm(3, 0.1), -np.inf, np.inf),
        (stats.cauchy(1, 2), -np.inf, np.inf),
        (stats.expon(), 0, np.inf),
        (stats.halfcauchy(scale=0.5), 0, np.inf),
        (stats.uniform(0, 0.5), 0, 0.5),
    ],
)
def test_smoothed_draws(distribution: stats.rv_continuous, lower: float, upper: float) -> None:
    draws = distribution.rvs((4, 1000), random_state=np.random.default_rng(1))
    smooth = smooth_density(draws, lower, upper)
    assert shared_area(distribution.pdf, smooth) == pytest.approx(1, abs=SMOOTHED)
    points = np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(distribution.cdf(smooth.ppf(points)), points, atol=SMOOTHED)
    outside = np.array([end for end in (lower - 1, upper + 1) if np.isfinite(end)])
    assert not smooth.pdf(outside).any()


def test_the_posterior_is_exact_where_it_can_be(zero_cells: pd.DataFrame) -> None:
    fit = bm.fit(zero_cells, measure="OR", engine="quadrature")
    for name in ("mu", "tau"):
        median = posterior_density(fit, name).ppf(np.array([0.5]))[0]
        assert median == pytest.approx(fit.estimate(name)["median"])
