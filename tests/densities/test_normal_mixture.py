"""Mixtures of normal distributions against SciPy's distributions."""

import numpy as np
import pytest
from scipy import optimize, stats

from bayesmeta.densities import NormalMixture

ROUNDING = 1e-12
"""Relative: sums of doubles."""

ROOT = 1e-10
"""Of an sd: where Newton's method ends, after a step of 1e-8 whose square is left."""

SHORTEST = 1e-7
"""Of an sd, against a minimum, which is flat to the root of the precision of doubles."""

PROBS = np.array([1e-12, 1e-6, 0.01, 0.1, 0.5, 0.77, 0.99, 1 - 1e-6])


def mixture(*parts: tuple[float, float, float], **changed: np.ndarray) -> NormalMixture:
    """One mixture, of weights, means and sds."""
    weights, means, sds = (np.array([column], float) for column in zip(*parts, strict=True))
    given = {"weights": weights, "means": means[:, None], "sds": sds[:, None]}
    return NormalMixture(**(given | changed))


def student(nu: float) -> NormalMixture:
    """A t distribution as a mixture over its precision, by equal steps of its logarithm."""
    log = np.linspace(-70 / nu - 8, np.log(60 + 60 / nu), 801)
    weights = stats.gamma.pdf(np.exp(log), nu / 2, scale=2 / nu) * np.exp(log)
    weights, log = weights[weights > 0], log[weights > 0]
    weights /= weights.sum()
    sds = np.exp(-log / 2)
    return NormalMixture(
        weights=weights[None],
        means=np.zeros((1, 1, weights.size)),
        sds=sds[None, None],
        moments=np.array([[float(min(2, np.ceil(nu) - 1))]]),
    )


SKEWED = mixture((0.7, 0.0, 1.0), (0.3, 3.0, 2.5))
TWO_PEAKS = mixture((0.5, -5.0, 1.0), (0.5, 4.0, 0.5))
ALL = {
    "normal": mixture((1.0, 3.0, 0.2)),
    "skewed": SKEWED,
    "two peaks": TWO_PEAKS,
    "very unequal": mixture((0.99, 0.0, 1e-6), (0.01, 0.0, 1e3)),
    "far away": mixture((0.5, 1e6, 0.1), (0.5, 1e6 + 1, 0.3)),
    "t, 5": student(5),
    "t, 1": student(1),
}


def test_one_component_is_the_normal_distribution() -> None:
    right = stats.norm(3, 0.2)
    x = right.ppf(PROBS)
    found = ALL["normal"]
    np.testing.assert_allclose(found.cdf(x)[0, 0], PROBS, rtol=1e-9)
    np.testing.assert_allclose(found.pdf(x)[0, 0], right.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(found.log_density(x)[0, 0], right.logpdf(x), rtol=ROUNDING)
    np.testing.assert_allclose(found.ppf(PROBS)[0, 0], x, atol=ROOT * 0.2)
    assert found.mean().item() == 3
    assert found.sd().item() == pytest.approx(0.2, rel=ROUNDING)
    assert found.mode().item() == pytest.approx(3, abs=SHORTEST * 0.2)
    for kind in ("eti", "hdi"):
        lower, upper = found.interval(0.9, kind)
        assert (lower.item(), upper.item()) == pytest.approx(right.interval(0.9), abs=SHORTEST)


@pytest.mark.parametrize("nu", [1, 2.5, 5, 30])
def test_scale_mixture_is_the_t_distribution(nu: float) -> None:
    right = stats.t(nu)
    found = student(nu)
    probs = PROBS[(PROBS > 1e-7) & (PROBS < 1 - 1e-7)]
    x = right.ppf(probs)
    np.testing.assert_allclose(found.cdf(x)[0, 0], probs, rtol=1e-9)
    np.testing.assert_allclose(found.pdf(x)[0, 0], right.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(found.ppf(probs)[0, 0], x, rtol=1e-8, atol=1e-9)
    lower, upper = found.interval(0.8, "hdi")
    assert (lower.item(), upper.item()) == pytest.approx(right.interval(0.8), rel=1e-8)
    assert found.mode().item() == pytest.approx(0, abs=1e-7)
    if nu > 4:
        assert found.sd().item() == pytest.approx(right.std(), rel=1e-6)


@pytest.mark.parametrize(
    ("moments", "mean", "sd"), [(2, 0.9, np.sqrt(4.465)), (1, 0.9, np.inf), (0, np.nan, np.inf)]
)
def test_moments_that_do_not_exist(moments: int, mean: float, sd: float) -> None:
    found = mixture((0.7, 0.0, 1.0), (0.3, 3.0, 2.5), moments=np.array([[float(moments)]]))
    assert found.mean().item() == pytest.approx(mean, nan_ok=True)
    assert found.sd().item() == pytest.approx(sd)


@pytest.mark.parametrize("name", ALL)
def test_quantiles_invert_the_distribution_function(name: str) -> None:
    found = ALL[name]
    probs = np.linspace(0.001, 0.999, 101)
    x = found.ppf(probs)
    assert (np.diff(x) > 0).all()
    np.testing.assert_allclose(found.cdf(x)[0, 0], probs, rtol=1e-9)
    np.testing.assert_allclose(found.ppf(found.cdf(x)), x, rtol=1e-9, atol=1e-12)


def test_quantiles_at_the_ends_are_infinite() -> None:
    np.testing.assert_array_equal(SKEWED.ppf(np.array([0.0, 1.0]))[0, 0], [-np.inf, np.inf])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("prob", [0.4, 0.8, 0.95])
def test_shortest_intervals(name: str, prob: float) -> None:
    """Equal densities at both ends, the probability inside, and no other is shorter."""
    found = ALL[name]
    lower, upper = (end.item() for end in found.interval(prob, "hdi"))
    below, above = found.cdf(np.array([lower, upper]))[0, 0]
    assert above - below == pytest.approx(prob, abs=1e-10)
    at = found.pdf(np.array([lower, upper]))[0, 0]
    assert at[0] == pytest.approx(at[1], rel=1e-5)

    tails = np.linspace(0.001, 0.999, 500) * (1 - prob)
    width = (found.ppf(tails + prob) - found.ppf(tails))[0, 0]
    assert upper - lower <= width.min() * (1 + 1e-9)
    eti = [end.item() for end in found.interval(prob)]
    assert upper - lower <= (eti[1] - eti[0]) * (1 + 1e-9)


def test_shortest_interval_is_the_minimum() -> None:
    def width(tail: float) -> float:
        return float(np.diff(SKEWED.ppf(np.array([tail, tail + 0.9]))[0, 0])[0])

    best = optimize.minimize_scalar(width, bounds=(0, 0.1), options={"xatol": 1e-12}).x
    right = SKEWED.ppf(np.array([best, best + 0.9]))[0, 0]
    np.testing.assert_allclose(np.ravel(SKEWED.interval(0.9, "hdi")), right, atol=1e-5)


@pytest.mark.parametrize(("found", "place"), [(SKEWED, 0.0), (TWO_PEAKS, 4.0)])
def test_mode_is_the_highest_point(found: NormalMixture, place: float) -> None:
    def low(x: float) -> float:
        return -float(found.pdf(np.array([x]))[0, 0, 0])

    right = optimize.minimize_scalar(low, bounds=(place - 1, place + 1), options={"xatol": 1e-12})
    assert found.mode().item() == pytest.approx(right.x, abs=1e-6)


def test_many_at_once() -> None:
    """Rows with weights of their own and components they share, and several quantities."""
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    means = np.array([[[0.0, 2.0], [10.0, 10.0]]])
    sds = np.array([[[1.0, 0.5], [1.0, 2.0]]])
    found = NormalMixture(weights=weights, means=means, sds=sds)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found.mean(), [[0, 10], [2, 10], [1, 10]])
    np.testing.assert_allclose(found.sd()[:2], [[1, 1], [0.5, 2]])
    assert found.ppf(PROBS).shape == (3, 2, PROBS.size)
    for row in range(3):
        alone = found.row(row)
        assert alone.shape == (1, 2)
        np.testing.assert_allclose(alone.ppf(PROBS)[0], found.ppf(PROBS)[row], rtol=1e-9)
        np.testing.assert_allclose(alone.sd()[0], found.sd()[row], rtol=ROUNDING)
        one, other = alone.interval(0.9, "hdi"), found.interval(0.9, "hdi")
        np.testing.assert_allclose(np.ravel(one), np.ravel([end[row] for end in other]), rtol=1e-8)
    np.testing.assert_allclose(
        found.mode(), [[0, 10], [2, 10], [found.mode()[2, 0], 10]], atol=1e-6
    )
    points = np.array([[[0.0], [9.0]]])
    np.testing.assert_allclose(found.cdf(points)[0, :, 0], [0.5, stats.norm.cdf(-1)], rtol=ROUNDING)
