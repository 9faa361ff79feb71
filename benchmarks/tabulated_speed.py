"""How long a fit of the exact binomial model takes, by quadrature and by NUTS, and on what."""

import cProfile
import json
import pstats
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.engines.quadrature.solve import solve, solve_many
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior

__all__ = ["PARTS", "measure_speed"]

_REFERENCE = Path(__file__).parent.parent / "tests" / "reference" / "binomial.json"
_OPTIONS: dict[str, Any] = {"measure": "OR", "likelihood": "binomial"}
_REPEATS = {"quadrature": 3, "nuts": 2}

PARTS = {
    ("baselines.py", "profile_of"): "baselines",
    ("smoothing.py", "log_averages"): "true effects",
    ("tabulated_effects.py", "ppf"): "bounds of mu and theta_new",
    ("tabulated.py", "ppf"): "bounds of tau",
}
"""Files and functions whose share of the time of a fit is given, and what they do."""


def measure_speed(*, nuts: bool) -> dict[str, Any]:
    """Seconds of one fit of each analysis, and of a grid of priors."""
    rows = [_one_fit(title, frame, nuts=nuts) for title, frame in _analyses().items()]
    return {"fits": rows, "priors": _grid(_analyses()["simulated, k = 8"], rows[1].get("nuts"))}


def _analyses() -> dict[str, pd.DataFrame]:
    published = json.loads(_REFERENCE.read_text(encoding="utf-8"))["data"]["two_arm"]
    return {
        "Crins 2014, k = 6": pd.DataFrame(published["Crins2014_AR"]),
        "simulated, k = 8": _simulated(8),
        "Nissen 2007, k = 42": pd.DataFrame(published["dat.nissen2007_mi"]),
        "simulated, k = 48": _simulated(48),
    }


def _simulated(k: int) -> pd.DataFrame:
    """Trials of 50 to 500 an arm, with control risks around 10 % and tau 0.3."""
    rng = np.random.default_rng(k)
    size, alpha = rng.integers(50, 500, k), rng.normal(-2.2, 0.6, k)
    theta = rng.normal(-0.3, 0.3, k)
    return pd.DataFrame(
        {
            "study": [f"study {number}" for number in range(1, k + 1)],
            "events_treatment": rng.binomial(size, expit(alpha + theta)),
            "total_treatment": size,
            "events_control": rng.binomial(size, expit(alpha)),
            "total_control": size,
        }
    )


def _one_fit(title: str, frame: pd.DataFrame, *, nuts: bool) -> dict[str, Any]:
    problem = bm.check(frame, **_OPTIONS).problem
    exact = _solved(problem)
    row: dict[str, Any] = {
        "title": title,
        "error": float(exact.error.max()),
        "nodes_of_tau": int(exact.nodes.size),
        "nodes_of_mu": int(exact.log_joint.shape[2]),
        "solve": _seconds(lambda: _solved(problem), "quadrature"),
        "numbers": _seconds(lambda: _numbers(problem), "quadrature"),
        "quadrature": _seconds(lambda: _fit(frame, "quadrature"), "quadrature"),
        "shares": _shares(problem),
    }
    if nuts:
        row["nuts"] = _seconds(lambda: _fit(frame, "nuts"), "nuts")
    return row


def _fit(frame: pd.DataFrame, engine: str) -> None:
    """The public function and its table."""
    bm.fit(frame, engine=engine, **_OPTIONS).summary()


def _numbers(problem: Problem) -> None:
    """Means, sds and 95 % intervals of mu, tau and a new study."""
    posterior = _solved(problem)
    for quantity in (posterior.mu, posterior.tau, posterior.theta_new):
        assert quantity is not None
        quantity.mean(), quantity.sd(), quantity.interval(0.95)


def _grid(frame: pd.DataFrame, nuts: float | None) -> dict[str, Any]:
    """One analysis under 100 pairs of priors, together and one by one."""
    problem = bm.check(frame, **_OPTIONS).problem
    problems = [
        replace(
            problem,
            priors=dict(problem.priors)
            | {
                "mu": parse_prior(f"Normal(0, {mu:.3g})"),
                "tau": parse_prior(f"HalfNormal({tau:.3g})"),
            },
        )
        for mu in np.geomspace(0.5, 10, 10)
        for tau in np.geomspace(0.1, 2, 10)
    ]

    def together() -> None:
        for _, posterior in solve_many(problems):
            assert isinstance(posterior, TabulatedPosterior)
            posterior.mu.interval(0.95)

    def apart() -> None:
        for one in problems:
            _solved(one).mu.interval(0.95)

    found = {
        "title": "100 priors of mu and tau, k = 8",
        "together": _seconds(together, "quadrature"),
        "apart": _seconds(apart, "nuts"),
        "error": max(float(posterior.error.max()) for _, posterior in solve_many(problems)),
    }
    return found if nuts is None else found | {"nuts_scaled": nuts * len(problems)}


def _shares(problem: Problem) -> dict[str, float]:
    """The share of the time of `_numbers` that goes into each of `PARTS`, with all it calls."""
    profiler = cProfile.Profile()
    profiler.runcall(_numbers, problem)
    stats = pstats.Stats(profiler)
    whole = max(row[3] for row in stats.stats.values())  # type: ignore[attr-defined]
    return {
        PARTS[Path(file).name, name]: row[3] / whole
        for (file, _, name), row in stats.stats.items()  # type: ignore[attr-defined]
        if (Path(file).name, name) in PARTS
    }


def _solved(problem: Problem) -> TabulatedPosterior:
    """The posterior, computed anew: that of a problem which is in use is kept."""
    found = solve(replace(problem))
    assert isinstance(found, TabulatedPosterior)
    return found


def _seconds(call: Callable[[], object], kind: str) -> float:
    """The median of repeats after one that is not counted."""
    call()
    seconds = []
    for _ in range(_REPEATS[kind]):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
