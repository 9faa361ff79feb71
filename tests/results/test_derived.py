"""I², weights and shrinkage against R."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from bayesmeta.results.derived import i_squared, shrinkage, study_weights, typical_variance

SCHOOLS = json.loads(
    (Path(__file__).parents[1] / "reference" / "derived.json").read_text(encoding="utf-8")
)
QUANTILE_GRID = 1e-5
"""Error of a mean over 4000 midpoint quantiles."""

CLOSED_FORM = 1e-9
"""The formula is closed; the numbers are given in full."""


@pytest.fixture
def std_error() -> xr.DataArray:
    return xr.DataArray(SCHOOLS["std_error"], dims="study")


def test_typical_variance_is_that_of_r(std_error: xr.DataArray) -> None:
    assert typical_variance(std_error) == pytest.approx(SCHOOLS["sigma2_typical"], rel=CLOSED_FORM)


def test_typical_variance_of_one_study_does_not_exist(std_error: xr.DataArray) -> None:
    assert np.isnan(typical_variance(std_error[:1]))


def test_i_squared_is_that_of_r(std_error: xr.DataArray) -> None:
    at = xr.DataArray([[SCHOOLS["tau_median"]]], dims=("chain", "draw"))
    assert float(i_squared(at, xr.DataArray(typical_variance(std_error)))[0, 0]) == pytest.approx(
        SCHOOLS["I2_at_tau_median"], rel=CLOSED_FORM
    )


def test_weights_and_shrinkage_at_one_tau(std_error: xr.DataArray) -> None:
    at = xr.DataArray([[3.0, 3.0]], dims=("chain", "draw"))
    expected = 1 / (std_error**2 + 9)
    halves = xr.full_like(at, 0.5)
    weights = study_weights(at, halves, std_error)
    np.testing.assert_allclose(weights, 100 * expected / expected.sum())
    pull = std_error**2 / (std_error**2 + 9)
    np.testing.assert_allclose(shrinkage(at, halves, std_error), pull)
    np.testing.assert_array_equal(shrinkage(0 * at, halves, std_error), 1)


def test_weights_over_the_posterior_are_those_of_r(std_error: xr.DataArray) -> None:
    tau = xr.DataArray(_posterior_quantiles(4000)[None, :], dims=("chain", "draw"))
    weights = study_weights(tau, xr.full_like(tau, 1 / tau.size), std_error)
    np.testing.assert_allclose(weights / 100, SCHOOLS["weights"], atol=QUANTILE_GRID)


def _posterior_quantiles(count: int) -> np.ndarray:
    """Evenly spaced quantiles of the posterior of tau, from its density on a fine grid."""
    effect, variance = np.array(SCHOOLS["effect"]), np.array(SCHOOLS["std_error"]) ** 2
    grid = np.linspace(0, 60, 60001)
    total = variance + grid[:, None] ** 2
    mean = (effect / total).sum(1) / (1 / total).sum(1)
    log_density = (
        -0.5 * (np.log(total) + (effect - mean[:, None]) ** 2 / total).sum(1)
        - 0.5 * np.log((1 / total).sum(1))
        - 0.5 * (grid / SCHOOLS["tau_scale"]) ** 2
    )
    density = np.exp(log_density - log_density.max())
    cdf = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp((np.arange(count) + 0.5) / count, cdf / cdf[-1], grid)
