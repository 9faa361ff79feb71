"""How often 95 % intervals cover the truth where events are rare; how long the exact model takes.

.venv/bin/python benchmarks/run_coverage.py [--quick] [--redraw] [--out FILE]
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from coverage_page import to_markdown
from interval_methods import METHODS, Intervals, Model, binomial, exact_covers, posteriors
from machine import describe_machine
from rare_events import MAIN, SCENARIOS, DataSets, Prior, simulate, simulate_from_priors
from scipy.stats import kstest
from tabulated_speed import measure_speed

from bayesmeta.model import LIKELIHOODS

_SEED = 20260101
_OUT = Path(__file__).parent / "COVERAGE.md"

_COUNTS = {"main": 1000, "other": 300, "choices": 4000, "calibration": 1000}
_QUICK = {"main": 1000, "other": 100, "choices": 1000, "calibration": 100}
"""Data sets of each part."""

_MANY = 8
"""Total events from which on data sets are counted together."""

_NEAR = 3.0
"""True log odds ratios that are not extreme."""

CHOICES: Mapping[str, Model] = {
    "the defaults": Model(),
    "mu ~ Normal(0, 1)": Model(mu="Normal(0, 1)"),
    "mu ~ Normal(0, 2)": Model(mu="Normal(0, 2)"),
    "mu ~ Normal(0, 10)": Model(mu="Normal(0, 10)"),
    "tau ~ HalfNormal(0.25)": Model(tau="HalfNormal(0.25)"),
    "tau ~ HalfNormal(1)": Model(tau="HalfNormal(1)"),
    "common effect": Model(tau=None),
    "alpha ~ Normal(0, 4)": Model(alpha="Normal(0, 4)"),
    "alpha ~ Normal(-3, 2)": Model(alpha="Normal(-3, 2)"),
    "alpha ~ Normal(-4.6, 1)": Model(alpha="Normal(-4.6, 1)"),
    "alpha ~ Normal(-4.6, 1), mu ~ Normal(0, 1)": Model(alpha="Normal(-4.6, 1)", mu="Normal(0, 1)"),
    "baseline of the control arm": Model(contrast="treatment"),
    "shortest interval": Model(kind="hdi"),
}
"""What the user may choose, one thing at a time."""

CALIBRATIONS: tuple[tuple[str, Prior, Model], ...] = (
    ("all from the default priors", Prior(mu_sd=4, alpha=(0, 10)), Model()),
    (
        "all from priors, alpha ~ Normal(-4.6, 1)",
        Prior(mu_sd=4, alpha=(-4.6, 1)),
        Model(alpha="Normal(-4.6, 1)"),
    ),
    (
        "all from priors, alpha ~ Normal(-4.6, 1), mu ~ Normal(0, 1)",
        Prior(mu_sd=1, alpha=(-4.6, 1)),
        Model(alpha="Normal(-4.6, 1)", mu="Normal(0, 1)"),
    ),
    ("mu and tau from the default priors, risk 1 %", Prior(mu_sd=4), Model()),
    (
        "mu and tau from priors, mu ~ Normal(0, 1), risk 1 %",
        Prior(mu_sd=1),
        Model(mu="Normal(0, 1)"),
    ),
)
"""What the truth is drawn from, and the model of the analysis."""


def main() -> None:
    """Read the flags and do what they say."""
    parser = argparse.ArgumentParser(description="Coverage of intervals where events are rare.")
    parser.add_argument("--quick", action="store_true", help="fewer data sets; no NUTS")
    parser.add_argument("--redraw", action="store_true", help="simulate nothing; read the numbers")
    parser.add_argument("--speed", action="store_true", help="measure the speed alone anew")
    parser.add_argument(
        "--out", type=Path, default=_OUT, metavar="FILE", help="the page (%(default)s)"
    )
    flags = parser.parse_args()
    numbers = flags.out.with_name(f"{flags.out.stem.casefold()}.json")
    if flags.redraw or flags.speed:
        results = json.loads(numbers.read_text(encoding="utf-8"))
        if flags.speed:
            results["speed"] = measure_speed(nuts=True) | {"machine": describe_machine()}
            numbers.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    else:
        results = collect(_QUICK if flags.quick else _COUNTS, nuts=not flags.quick)
        numbers.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    flags.out.write_text(to_markdown(results), encoding="utf-8")
    print(f"written: {flags.out} {numbers}")


def collect(counts: Mapping[str, int], *, nuts: bool) -> dict[str, Any]:
    """All numbers of the page."""
    machine, started = describe_machine(), time.perf_counter()
    results: dict[str, Any] = {"machine": machine, "seed": _SEED, "counts": dict(counts)}
    results["scenarios"] = [_scenario(number, counts) for number in range(len(SCENARIOS))]
    results["by_events"] = _by_events(counts["choices"])
    results["choices"] = _choices(counts["choices"])
    results["calibration"] = [
        {"label": label} | _calibration(prior, model, counts["calibration"], number)
        for number, (label, prior, model) in enumerate(CALIBRATIONS)
    ]
    results["double_zeros"] = _double_zeros()
    results["seconds"] = time.perf_counter() - started
    results["speed"] = measure_speed(nuts=nuts)
    return results


def _scenario(number: int, counts: Mapping[str, int]) -> dict[str, Any]:
    scenario = SCENARIOS[number]
    count = counts["main" if scenario in MAIN else "other"]
    sets = simulate(scenario, count, (_SEED, number))
    distinct, place = sets.distinct()
    rows = {}
    for name, method in METHODS.items():
        started = time.perf_counter()
        found = method(distinct)
        seconds = time.perf_counter() - started
        rows[name] = _summary(_each(found, place), sets) | {
            "seconds": seconds,
            "error": None if np.isnan(found.error) else found.error,
        }
    for name, mid in (("exact conditional", False), ("exact conditional, mid-P", True)):
        rows[name] = _share(exact_covers(distinct, mid=mid)[place])
    print(f"{scenario} {len(distinct.mu)} distinct", file=sys.stderr)
    return asdict(scenario) | {
        "sets": count,
        "distinct": len(distinct.mu),
        "events": float(sets.events.mean()),
        "without_events": int((sets.events == 0).sum()),
        "methods": rows,
    }


def _by_events(count: int) -> list[dict[str, Any]]:
    """The main scenario by all events of a data set."""
    sets = simulate(MAIN[0], count, (_SEED, 1000))
    distinct, place = sets.distinct()
    found = {name: _each(method(distinct), place) for name, method in METHODS.items()}
    mid = exact_covers(distinct, mid=True)[place]
    one_arm = np.minimum(sets.treatment.sum(1), sets.control.sum(1)) == 0
    rows = []
    for events in range(_MANY + 1):
        some = np.flatnonzero(np.minimum(sets.events, _MANY) == events)
        rows.append(
            {
                "events": events,
                "share": some.size / count,
                "one_arm": float(one_arm[some].mean()),
                "mid_p": _share(mid[some]),
                "methods": {
                    name: _summary(_each(one, some), sets.some(some)) for name, one in found.items()
                },
            }
        )
    return rows


def _choices(count: int) -> list[dict[str, Any]]:
    """The binomial model's choices, where the truth is no effect, moderate and large ones."""
    truths = [
        *MAIN,
        *(replace(MAIN[0], log_or=float(np.log(ratio))) for ratio in (2, 5)),
    ]
    cases = [simulate(truth, count, (_SEED, 2000 + n)) for n, truth in enumerate(truths)]
    rows = []
    for label, model in CHOICES.items():
        row: dict[str, Any] = {"label": label, "model": asdict(model), "truths": []}
        for truth, sets in zip(truths, cases, strict=True):
            distinct, place = sets.distinct()
            found = binomial(distinct, model)
            row["truths"].append(
                asdict(truth) | _summary(_each(found, place), sets) | {"error": found.error}
            )
        rows.append(row)
        print(label, file=sys.stderr)
    return rows


def _calibration(prior: Prior, model: Model, count: int, number: int) -> dict[str, Any]:
    """Coverage where the truth is drawn from priors, and whether its ranks are uniform."""
    sets = simulate_from_priors(prior, count, (_SEED, 3000 + number))
    covers = {name: np.zeros(count, bool) for name in ("mu", "tau", "theta_new")}
    ranks, error = np.empty(count), 0.0
    for places, posterior in posteriors(model, sets):
        error = max(error, float(posterior.error.max()))
        ranks[places] = posterior.mu.cdf(sets.mu[places][:, None, None])[:, 0, 0]
        for name, covered in covers.items():
            lower, upper = (end.reshape(-1) for end in getattr(posterior, name).interval(0.95))
            truth = getattr(sets, name)[places]
            covered[places] = (lower <= truth) & (truth <= upper)
    print(prior, file=sys.stderr)
    return {
        "prior": asdict(prior),
        "model": asdict(model),
        "error": error,
        "ranks_p": float(kstest(ranks, "uniform").pvalue),
        "events": float(sets.events.mean()),
        **{name: _share(covered) for name, covered in covers.items()},
        "mu_near": _share(covers["mu"][np.abs(sets.mu) < _NEAR]),
    }


def _double_zeros() -> list[dict[str, Any]]:
    """What a study without events says of its log odds ratio, against an odds ratio of 1."""
    nothing, unknown = np.zeros((1, 1), int), np.full(1, np.nan)
    empty = DataSets(
        treatment=nothing, control=nothing, per_arm=30, mu=unknown, tau=unknown, theta_new=unknown
    )
    profile = LIKELIHOODS["binomial"].profile
    assert profile is not None
    rows = []
    for alpha in ("Normal(0, 10)", "Normal(0, 4)", "Normal(-3, 2)", "Normal(-4.6, 1)"):
        for contrast in ("half", "treatment"):
            (problem,) = Model(alpha=alpha, contrast=contrast).problems(empty)
            low, null, high = profile(problem, np.array([-4.0, 0.0, 4.0])).log_likelihood[0]
            rows.append(
                {"alpha": alpha, "contrast": contrast, "low": low - null, "high": high - null}
            )
    return rows


def _each(found: Intervals, place: np.ndarray) -> Intervals:
    """The intervals of data sets by the place of each."""
    return replace(
        found, estimate=found.estimate[place], lower=found.lower[place], upper=found.upper[place]
    )


def _share(covers: np.ndarray) -> dict[str, Any]:
    """Coverage with its Monte Carlo standard error; None where there is nothing."""
    if not covers.size:
        return {"answers": 0, "coverage": None, "std_error": None}
    share = float(covers.mean())
    return {
        "answers": covers.size,
        "coverage": share,
        "std_error": float(np.sqrt(share * (1 - share) / covers.size)),
    }


def _summary(found: Intervals, sets: DataSets) -> dict[str, Any]:
    """Among the data sets with an answer."""
    answered = np.isfinite(found.lower)
    lower, upper, truth = found.lower[answered], found.upper[answered], sets.mu[answered]
    row = _share((lower <= truth) & (truth <= upper))
    if not answered.any():
        return row
    return row | {
        "too_high": float((lower > truth).mean()),
        "too_low": float((upper < truth).mean()),
        "width": float((upper - lower).mean()),
        "bias": float((found.estimate[answered] - truth).mean()),
    }


if __name__ == "__main__":
    main()
