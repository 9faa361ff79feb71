"""The verdict on draws."""

import numpy as np
import pytest
import xarray as xr

from bayesmeta.results import diagnose


def draws_of(values: np.ndarray) -> xr.Dataset:
    return xr.Dataset({"mu": (("chain", "draw"), values)})


def stats_of(diverging: int = 0, size: tuple[int, int] = (4, 1000)) -> xr.Dataset:
    flags = np.zeros(size, dtype=bool)
    flags.flat[:diverging] = True
    energy = np.random.default_rng(1).normal(size=size)
    return xr.Dataset(
        {"diverging": (("chain", "draw"), flags), "energy": (("chain", "draw"), energy)}
    )


@pytest.fixture
def good() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(4, 1000))


def test_independent_draws_are_ok(good: np.ndarray) -> None:
    found = diagnose(draws_of(good), stats_of())
    assert found.verdict == "ok"
    assert found.messages == ()
    assert found.divergences == 0


def test_chains_that_disagree_fail(good: np.ndarray) -> None:
    found = diagnose(draws_of(good + np.arange(4)[:, None]), stats_of())
    assert found.verdict == "fail"
    assert "R-hat" in found.messages[0]


def test_few_effective_draws_warn_or_fail(good: np.ndarray) -> None:
    assert diagnose(draws_of(good[:, :80]), stats_of(size=(4, 80))).verdict == "warn"
    assert diagnose(draws_of(good[:, :20]), stats_of(size=(4, 20))).verdict == "fail"


@pytest.mark.parametrize(("count", "verdict"), [(0, "ok"), (1, "warn"), (41, "fail")])
def test_divergences(good: np.ndarray, count: int, verdict: str) -> None:
    found = diagnose(draws_of(good), stats_of(count))
    assert found.verdict == verdict
    assert found.divergences == count


def test_energy_that_moves_slowly_warns(good: np.ndarray) -> None:
    slow = stats_of()
    slow["energy"] = (("chain", "draw"), np.cumsum(slow["energy"].to_numpy(), axis=1))
    found = diagnose(draws_of(good), slow)
    assert found.verdict == "warn"
    assert "BFMI" in found.messages[0]


def test_draws_that_are_not_finite_fail(good: np.ndarray) -> None:
    good[0, 0] = np.nan
    assert diagnose(draws_of(good), stats_of()).verdict == "fail"
