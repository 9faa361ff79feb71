"""Time bayesmeta inside one process. Called by run.py; prints JSON.

python python_fits.py fit ANALYSIS ENGINE REPEATS
python python_fits.py numbers ANALYSIS KIND REPEATS
python python_fits.py priors ENGINE COUNT
python python_fits.py datasets ENGINE COUNT
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from analyses import (
    ANALYSES,
    DATASET_K,
    DATASET_MODEL,
    MANY_PRIORS,
    Analysis,
    Model,
    datasets,
    tau_priors,
)

import bayesmeta as bm
from bayesmeta.engines.quadrature import integrate
from bayesmeta.priors import Prior, parse_prior

Estimates = list[tuple[np.ndarray, ...]]

_LEAST_SECONDS = 1.0
"""What takes a millisecond is repeated for as long as this."""

_MOST_REPEATS = 1000

_BLOCK = 4000
"""Studies that are integrated in one call: more would not fit the cache."""


def time_fit(analysis: str, engine: str, repeats: str) -> dict[str, Any]:
    """The public function: from the file to the table of estimates."""
    case = ANALYSES[analysis]
    fit = partial(_table, case.source, engine, options=case.model.options)
    table = fit()
    first_done = time.time()
    return {
        "first_done": first_done,
        "seconds": _repeated(fit, int(repeats)),
        "intervals": _intervals(table),
    }


def time_numbers(analysis: str, kind: str, repeats: str) -> dict[str, Any]:
    """Arrays to means, standard deviations and intervals, without files, draws or tables."""
    case = ANALYSES[analysis]
    effect, std_error = _arrays(case)
    mu, tau = _priors(case.model)
    numbers = partial(_estimates, effect, std_error, mu=mu, tau=tau, kind=kind)
    numbers()
    return {"seconds": _repeated(numbers, int(repeats))}


def time_priors(engine: str, count: str) -> dict[str, Any]:
    """One analysis under many priors of tau."""
    case = ANALYSES[MANY_PRIORS]
    grid = tau_priors(int(count))
    expressions = [f"{family}({scale})" for family, scale in grid.to_numpy()]
    if engine in ("quadrature", "pooled"):
        effect, std_error = _arrays(case)
        mu, tau = _priors(case.model)
        priors = [parse_prior(one) for one in expressions]
        whole = engine == "quadrature"
        _estimates(effect, std_error, mu=mu, tau=tau, theta=whole)
        step = _BLOCK // case.k if whole else len(priors)
        blocks = [priors[start : start + step] for start in range(0, len(priors), step)]
        return _timed(
            lambda: [
                _estimates(effect, std_error, mu=mu, tau=block, theta=whole) for block in blocks
            ]
        )
    options = [case.model.options | {"tau": expression} for expression in expressions]
    return _each([partial(_table, case.source, engine, options=one) for one in options])


def time_datasets(engine: str, count: str) -> dict[str, Any]:
    """Many data sets under one prior."""
    frame = datasets(int(count))
    if engine in ("quadrature", "pooled"):
        effect, std_error = (
            frame[name].to_numpy().reshape(-1, DATASET_K) for name in ("effect", "std_error")
        )
        mu, tau = _priors(DATASET_MODEL)
        whole = engine == "quadrature"
        _estimates(effect[0], std_error[0], mu=mu, tau=tau, theta=whole)
        step = _BLOCK // DATASET_K
        blocks = [slice(start, start + step) for start in range(0, len(effect), step)]
        return _timed(
            lambda: [
                _estimates(effect[block], std_error[block], mu=mu, tau=tau, theta=whole)
                for block in blocks
            ]
        )
    options = DATASET_MODEL.options
    groups = frame.drop(columns="dataset").groupby(frame["dataset"])
    return _each([partial(_table, studies, engine, options=options) for _, studies in groups])


def _table(source: Path | pd.DataFrame, engine: str, *, options: dict[str, Any]) -> pd.DataFrame:
    return bm.fit(source, engine=engine, **options).summary()


def _arrays(case: Analysis) -> tuple[np.ndarray, np.ndarray]:
    table = bm.check(case.source, **case.model.options).table
    return table["effect"].to_numpy(), table["std_error"].to_numpy()


def _priors(model: Model) -> tuple[Prior, Prior]:
    return parse_prior(model.options["mu"]), parse_prior(model.options["tau"])


def _estimates(
    effect: np.ndarray,
    std_error: np.ndarray,
    *,
    mu: Prior,
    tau: Prior | Sequence[Prior],
    kind: str = "eti",
    theta: bool = True,
) -> Estimates:
    """Mean, standard deviation and 95 % interval of mu, tau, theta_new and every theta.

    Without intervals where the kind of them is ``none``, without theta where it is not wanted.
    """
    posterior = integrate(effect, std_error, mu=mu, tau=tau)
    quantities = [posterior.mu, posterior.tau, posterior.theta_new]
    if theta:
        quantities.append(posterior.theta)
    return [
        (quantity.mean(), quantity.sd(), *(() if kind == "none" else quantity.interval(0.95, kind)))
        for quantity in quantities
        if quantity is not None
    ]


def _repeated(call: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each of at least so many calls."""
    seconds: list[float] = []
    while len(seconds) < repeats or (
        sum(seconds) < _LEAST_SECONDS and len(seconds) < _MOST_REPEATS
    ):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds


def _timed(call: Callable[[], object]) -> dict[str, Any]:
    """Seconds on the clock and of all processors together."""
    processors, clock = time.process_time(), time.perf_counter()
    call()
    clock = time.perf_counter() - clock
    return {"seconds": [clock], "processor_seconds": time.process_time() - processors}


def _each(fits: Sequence[Callable[[], object]]) -> dict[str, Any]:
    """Seconds of each fit, after one that is not counted."""
    fits[0]()
    return {"seconds": [_repeated(fit, 1)[0] for fit in fits]}


def _intervals(table: pd.DataFrame) -> dict[str, list[float]]:
    """Lower, upper and standard deviation of each estimate, by the names of bayesmeta.R."""
    rows = table[["lower", "upper", "sd"]].to_numpy().tolist()
    studies = itertools.count(1)
    names = (f"theta_{next(studies)}" if name == "theta" else name for name in table["name"])
    return dict(zip(names, rows, strict=True))


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "fit": time_fit,
    "numbers": time_numbers,
    "priors": time_priors,
    "datasets": time_datasets,
}

if __name__ == "__main__":
    print(json.dumps(_TASKS[sys.argv[1]](*sys.argv[2:])))
