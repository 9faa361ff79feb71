"""Densities of a positive parameter at the nodes of a rule, against SciPy's distributions."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesmeta.densities import Panels, Tabulated

DENSITY = 1e-9
"""Relative: the polynomials between nodes."""

CUMULATIVE = 1e-9
"""The integral to any point, by the sinc function and polynomials, with these nodes."""

PROBS = np.array([1e-6, 0.001, 0.01, 0.1, 0.5, 0.77, 0.9, 0.99, 0.999])


def tabulated(*parts: tuple[float, Any], step: float = 1 / 32, moments: int = 2) -> Tabulated:
    """A mixture of SciPy's distributions, a panel each."""
    lower, upper = (
        np.array(
            [
                [
                    max(0.0, right.support()[end]) if end == 0 else right.support()[end]
                    for _, right in parts
                ]
            ]
        )
        for end in (0, 1)
    )
    middle = np.array([[right.median() for _, right in parts]])
    bounded = np.isfinite(upper)
    with np.errstate(invalid="ignore"):
        share = (middle - lower) / np.where(bounded, upper - lower, 1.0)
        centre = np.where(bounded, np.log(share / (1 - share)), np.log(middle - lower))
    panels = Panels(
        lower=lower,
        upper=upper,
        centre=centre,
        width=np.full_like(centre, 0.5),
        first=-5.6,
        step=step,
    )
    nodes = panels.nodes(int(11.2 / step) + 1)
    points, log_slope = panels.points(nodes)
    log = np.stack([np.log(w) + d.logpdf(points[0, i]) for i, (w, d) in enumerate(parts)])[None]
    at_lower = sum(w * d.pdf(lower.min()) for w, d in parts)
    return Tabulated(
        panels=panels,
        points=points,
        log_density_at=np.maximum(log, -700.0),
        mass=np.exp(log + log_slope) * step,
        at_lower=np.array([at_lower]),
        moments=np.array([float(moments)]),
    )


KNOWN = {
    "gamma": stats.gamma(1.5, scale=1 / 3),
    "gamma, rising": stats.gamma(4, scale=0.1),
    "lognormal": stats.lognorm(0.7, scale=np.exp(-2)),
    "half-normal": stats.halfnorm(scale=0.5),
    "half-Cauchy": stats.halfcauchy(scale=0.5),
    "inverse gamma": stats.invgamma(3, scale=2),
    "beta": stats.beta(2, 3, scale=4),
    "uniform": stats.uniform(1, 2),
    "tiny": stats.halfnorm(scale=1e-9),
    "huge": stats.gamma(3, scale=1e9),
}


@pytest.mark.parametrize("name", KNOWN)
def test_density_and_distribution_function(name: str) -> None:
    right = KNOWN[name]
    found = tabulated((1.0, right), moments=0 if name == "half-Cauchy" else 2)
    x = right.ppf(PROBS)
    np.testing.assert_allclose(found.cdf(x[None])[0], PROBS, atol=CUMULATIVE, rtol=CUMULATIVE)
    np.testing.assert_allclose(found.pdf(x[None])[0], right.pdf(x), rtol=DENSITY)
    np.testing.assert_allclose(found.log_density(x[None])[0], right.logpdf(x), atol=DENSITY)
    np.testing.assert_allclose(found.ppf(PROBS)[0], x, rtol=1e-7)
    if name == "half-Cauchy":
        assert np.isposinf(found.mean()[0])
        assert np.isposinf(found.sd()[0])
    else:
        assert found.mean()[0] == pytest.approx(right.mean(), rel=1e-12)
        assert found.sd()[0] == pytest.approx(right.std(), rel=1e-10)


@pytest.mark.parametrize("name", KNOWN)
def test_outside_the_support_there_is_nothing(name: str) -> None:
    found = tabulated((1.0, KNOWN[name]))
    lower, upper = KNOWN[name].support()
    np.testing.assert_array_equal(found.pdf(np.array([[lower - 1]]))[0], [0])
    np.testing.assert_array_equal(found.ppf(np.array([0.0, 1.0]))[0], [lower, upper])
    assert found.cdf(np.array([[lower]]))[0, 0] == pytest.approx(0, abs=1e-9)
    if np.isfinite(upper):
        assert found.pdf(np.array([[upper + 1]]))[0, 0] == 0
        assert found.cdf(np.array([[upper + 1]]))[0, 0] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", KNOWN)
def test_quantiles_invert_the_distribution_function(name: str) -> None:
    found = tabulated((1.0, KNOWN[name]))
    x = found.ppf(np.linspace(0.001, 0.999, 101))
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(found.ppf(found.cdf(x)[0]), x, rtol=1e-8)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("prob", [0.5, 0.95])
def test_shortest_intervals(name: str, prob: float) -> None:
    """Equal densities at both ends, or an end of the support; and no other is shorter.

    Where the density is flat all are shortest.
    """
    right = KNOWN[name]
    found = tabulated((1.0, right))
    lower, upper = (end.item() for end in found.interval(prob, "hdi"))
    assert right.cdf(upper) - right.cdf(lower) == pytest.approx(prob, abs=1e-8)
    if name != "uniform" and right.pdf(right.ppf(1e-6)) >= right.pdf(right.ppf(1e-3)):
        assert lower == right.support()[0]
    else:
        assert right.pdf(lower) == pytest.approx(right.pdf(upper), rel=1e-5)
    tails = np.linspace(0, 1 - prob, 401)[:-1]
    width = right.ppf(tails + prob) - right.ppf(tails)
    assert upper - lower <= np.nanmin(width) * (1 + 1e-7)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("gamma", 0.5 / 3),
        ("gamma, rising", 0.3),
        ("lognormal", np.exp(-2 - 0.49)),
        ("half-normal", 0.0),
        ("half-Cauchy", 0.0),
        ("inverse gamma", 0.5),
        ("tiny", 0.0),
        ("huge", 2e9),
    ],
)
def test_modes(name: str, mode: float) -> None:
    assert tabulated((1.0, KNOWN[name])).mode()[0] == pytest.approx(mode, rel=1e-6, abs=1e-20)


def test_mode_at_the_upper_end() -> None:
    rising = stats.beta(3, 1, scale=2)
    assert tabulated((1.0, rising)).mode()[0] == pytest.approx(2, rel=1e-6)
    lower, upper = (end.item() for end in tabulated((1.0, rising)).interval(0.9, "hdi"))
    assert (lower, upper) == pytest.approx((rising.ppf(0.1), 2), rel=1e-8)


def test_mode_where_the_density_is_infinite() -> None:
    assert tabulated((1.0, stats.gamma(0.5, scale=2))).mode()[0] == 0


def test_mixtures_have_a_panel_each() -> None:
    parts = [(0.3, stats.gamma(4, scale=0.1)), (0.5, stats.uniform(1, 2)), (0.2, stats.halfnorm())]
    found = tabulated(*parts)
    x = np.array([0.01, 0.3, 0.99, 1.5, 2.9, 3.5])
    below = sum(w * d.cdf(x) for w, d in parts)
    np.testing.assert_allclose(found.cdf(x[None])[0], below, atol=CUMULATIVE)
    heights = sum(w * d.pdf(x) for w, d in parts)
    np.testing.assert_allclose(found.pdf(x[None])[0], heights, rtol=DENSITY)
    np.testing.assert_allclose(found.ppf(below)[0], x, rtol=1e-7)
    mean = sum(w * d.mean() for w, d in parts)
    square = sum(w * (d.var() + d.mean() ** 2) for w, d in parts)
    assert found.mean()[0] == pytest.approx(mean, rel=1e-12)
    assert found.sd()[0] == pytest.approx(np.sqrt(square - mean**2), rel=1e-10)
    np.testing.assert_array_equal(found.ppf(np.array([0.0, 1.0]))[0], [0, np.inf])


def test_finer_nodes_are_better() -> None:
    """Geometrically: half the spacing, twice the digits."""
    right = KNOWN["gamma"]
    x = right.ppf(np.linspace(0.01, 0.99, 99))[None]
    errors = [
        abs(tabulated((1.0, right), step=step).cdf(x)[0] - right.cdf(x[0])).max()
        for step in (1 / 2, 1 / 4, 1 / 8)
    ]
    assert errors[1] < errors[0] ** 1.5
    assert errors[2] < max(errors[1] ** 1.5, 1e-10)


def test_draws_follow_the_density() -> None:
    found = tabulated((1.0, KNOWN["lognormal"]))
    draws = found.sample(np.random.default_rng(1), 20_000)
    assert stats.kstest(draws, KNOWN["lognormal"].cdf).pvalue > 0.001
    again = found.sample(np.random.default_rng(1), 20_000)
    np.testing.assert_array_equal(draws, again)
