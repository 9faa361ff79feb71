"""The page of coverages, from the numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tables import in_words

__all__ = ["to_markdown"]

_NAMES = {
    "binomial": "**binomial**",
    "binomial, common effect": "binomial, common effect",
    "normal, 0.5 added": "normal, 0.5 added",
    "normal, 0.5 added, double zeros kept": "normal, 0.5 added, double zeros kept",
    "normal, 0.1 added": "normal, 0.1 added",
    "Mantel-Haenszel": "Mantel–Haenszel, nothing added",
    "Mantel-Haenszel, 0.5 added": "Mantel–Haenszel, 0.5 added",
    "Peto": "Peto",
    "DerSimonian-Laird, 0.5 added": "DerSimonian–Laird, 0.5 added",
    "exact conditional": "exact conditional, common effect",
    "exact conditional, mid-P": "the same, mid-P",
}
"""How the methods are printed."""

_COMPARED = (
    "binomial",
    "binomial, common effect",
    "normal, 0.5 added",
    "normal, 0.5 added, double zeros kept",
    "normal, 0.1 added",
    "Mantel-Haenszel, 0.5 added",
    "Peto",
    "DerSimonian-Laird, 0.5 added",
)
"""Those that are compared in all scenarios."""

_BY_EVENTS = ("binomial", "normal, 0.5 added", "Mantel-Haenszel", "Peto")

_MU_CHOICES = ("mu ~ Normal(0, 1)", "mu ~ Normal(0, 2)", "the defaults", "mu ~ Normal(0, 10)")

_ALWAYS = 3
"""Events up to which the binomial model's intervals always cover an odds ratio of 1."""

_CRITERION = (0.93, 0.975)


def to_markdown(results: Mapping[str, Any]) -> str:
    """The page of results.

    Parameters
    ----------
    results
        What a run gave.
    """
    counts = results["counts"]
    parts = [
        "# Coverage where events are rare",
        "Written by `benchmarks/run_coverage.py`; `benchmarks/README.md` says what is simulated. "
        f"The seed is {results['seed']}; the simulations took {in_words(results['seconds'])}.",
        "\n".join(f"- {name}: {value}" for name, value in results["machine"].items()),
        "## Reading",
        _reading(results),
        "## Six trials of 30 an arm, risk 1 %, true log odds ratio 0",
        "Coverage of the 95 % interval of mu among the data sets with an answer, ± its Monte Carlo "
        "standard error; the interval lies wholly above or below the truth; its mean width and the "
        "mean error of the estimate (posterior median), on the log scale. A data set without an "
        "answer counts neither as covered nor as missed.",
        *(
            f"### {_title(one)}\n\n{one['sets']:,} data sets ({one['distinct']} different), on "
            f"average {one['events']:.2f} events; {one['without_events']} without any, in which "
            f"the normal approximation has no study.\n\n{_methods(one)}"
            for one in results["scenarios"]
            if _is_main(one)
        ),
        "### By the events of a data set",
        f"True effects the same, {counts['choices']:,} data sets. *In one arm*: all events are in "
        "the same arm. Coverage in percent, mean width in brackets.",
        _events(results["by_events"]),
        "## What the choices of the binomial model do",
        f"Risk 1 %, 30 an arm, {counts['choices']:,} data sets a column, the same for all rows. "
        "One thing is changed at a time. Coverage in percent, mean width in brackets; in bold "
        f"where coverage is outside {_CRITERION[0]:.1%} to {_CRITERION[1]:.1%}.",
        _choices(results["choices"]),
        "## Truth drawn from priors",
        "Where everything is drawn from the priors of the analysis, 95 % is right by construction: "
        "the first three rows check the engine. In the last two the control risk is 1 % and the "
        "prior of the baselines stays Normal(0, 10): the model is not the one that made the data. "
        f"p: Kolmogorov–Smirnov test that posterior ranks of the true mu are uniform. "
        f"{counts['calibration']:,} data sets a row; in percent.",
        _calibration(results["calibration"]),
        "What a study of 30 an arm without events says: its log likelihood at odds ratios of "
        "exp(−4) and exp(4), less that at 1.",
        _double_zeros(results["double_zeros"]),
        "## Where the approximation becomes fine",
        f"{counts['other']:,} data sets a row ({counts['main']:,} in the main scenarios). Coverage "
        "in percent among the data sets with an answer, mean width in brackets.",
        _grid(results["scenarios"], "coverage"),
        "Mean error of the estimate of the log odds ratio, where it is log 2:",
        _grid([one for one in results["scenarios"] if one["log_or"]], "bias"),
        "## Speed",
        _speed(results["speed"], results["speed"].get("machine", results["machine"])),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _reading(results: Mapping[str, Any]) -> str:
    """What a statistician should take from the tables."""
    mains = [one["methods"]["binomial"] for one in results["scenarios"] if _is_main(one)]
    inside = all(_CRITERION[0] <= one["coverage"] <= _CRITERION[1] for one in mains)
    fixed, varying = (_with_error(one) for one in mains)
    lowest, highest = (f"{100 * end:g}" for end in _CRITERION)
    events = results["by_events"]
    few = _percent(sum(row["share"] for row in events if row["events"] <= _ALWAYS))
    four = _percent(events[_ALWAYS + 1]["methods"]["binomial"]["coverage"])
    choice = {row["label"]: _percent(row["truths"][0]["coverage"]) for row in results["choices"]}
    again = [_with_error(truth) for truth in results["choices"][0]["truths"][:2]]
    of_mu = [choice[label] for label in _MU_CHOICES]
    lines = [
        f"The binomial model with its default priors covers {fixed} % (tau 0) and {varying} % "
        f"(tau 0.3): {'inside' if inside else 'not both inside'} the {lowest} to {highest} % "
        "that were asked for. In the larger runs below, of other data sets, it covers "
        f"{again[0]} and {again[1]} %.",
        f"That is an average, not a guarantee. {few} % of the data sets have at most three events "
        f"and are always covered; with four the coverage is {four} %, as the interval leaves out "
        "an odds ratio of 1 when all four are in one arm. An exact test has p = 0.125 then, and "
        "mid-P 0.0625. With so few events coverage jumps from count to count, whatever the method.",
        f"Where it jumps hangs on the prior of mu: sds of 1, 2, 4 and 10 give {', '.join(of_mu)} %"
        " although all are centred on the truth. A wide prior takes odds ratios seriously that "
        "make empty arms certain, and its intervals are wide and yet leave out 1 too soon.",
        "It hangs as much on the prior of the baselines: Normal(-4.6, 1), which knows the risk, "
        f"gives {choice['alpha ~ Normal(-4.6, 1)']} % with intervals that are much narrower. "
        f"Shortest intervals give {choice['shortest interval']} %.",
        "A baseline of the control arm, rather than one midway, treats the arms differently: the "
        "coverage is about right, but the estimate is off even where there is no effect.",
        "Where the truth is drawn from the priors of the analysis, coverage is 95 % and the ranks "
        "are uniform: the engine is right, and what is off elsewhere is a prior that does not "
        "hold. It does not hold where the risk is 1 % and mu is drawn from Normal(0, 4): studies "
        "without events pull towards 1, weakly, through the prior of their baselines, and true "
        "odds ratios beyond exp(±6) are often missed. Within ±3 coverage is as it should be.",
        "The normal approximation covers 1 nearly always, with narrower intervals. That is no "
        "merit: what is added to the cells pulls towards 1, which is the truth here. Where the "
        "odds ratio is 2 the same pull is a bias; it is largest where double zeros are kept, and "
        "intervals by 0.1 are half as wide again as by 0.5, so that the rule decides.",
        "At a risk of 10 % with 100 an arm the approximation and the exact model agree in "
        "coverage, width and bias; at 5 % with 30 an arm, one or two events an arm, they do not. "
        "The rows between show the change.",
        "With tau 0.3 and many events the methods for a common effect cover too seldom, as they "
        "must; with few events nobody can see tau, and they cover as often as the others.",
        "Peto's method does well here, as it is known to without large effects and with arms of "
        "the same size. Mantel-Haenszel without an addition has no answer where one arm has no "
        "events; with one its interval covers 1 nearly always, for the reason above.",
    ]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _is_main(scenario: Mapping[str, Any]) -> bool:
    return scenario["risk"] == 0.01 and scenario["per_arm"] == 30 and not scenario["log_or"]


def _title(scenario: Mapping[str, Any]) -> str:
    tau = scenario["tau"]
    return f"True effects vary, tau = {tau:g}" if tau else "True effects the same"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _with_error(row: Mapping[str, Any]) -> str:
    return f"{_percent(row['coverage'])} ± {100 * row['std_error']:.1f}"


def _with_width(row: Mapping[str, Any]) -> str:
    if row["coverage"] is None:
        return "–"
    return f"{_percent(row['coverage'])} ({row['width']:.2f})"


def _methods(scenario: Mapping[str, Any]) -> str:
    rows = []
    for name, row in scenario["methods"].items():
        cells = [_NAMES[name], _with_error(row), str(row["answers"])]
        if "width" in row:
            cells += [_percent(row["too_high"]), _percent(row["too_low"])]
            cells += [f"{row['width']:.2f}", f"{row['bias']:+.2f}"]
        rows.append(cells + ["–"] * (7 - len(cells)))
    heads = ["method", "coverage, %", "answers", "above, %", "below, %", "width", "error"]
    return _table(heads, rows)


def _events(rows: Sequence[Mapping[str, Any]]) -> str:
    last = rows[-1]["events"]
    cells = [
        [
            f"{row['events']} or more" if row["events"] == last else str(row["events"]),
            _percent(row["share"]),
            _percent(row["one_arm"]),
            *(_with_width(row["methods"][name]) for name in _BY_EVENTS),
            _percent(row["mid_p"]["coverage"]),
        ]
        for row in rows
    ]
    methods = [_NAMES[name] for name in _BY_EVENTS]
    heads = ["events", "data sets, %", "in one arm, %", *methods, "exact, mid-P"]
    return _table(heads, cells)


def _choices(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = [
        f"odds ratio {math.exp(truth['log_or']):.0f}"
        + (f", tau {truth['tau']:g}" if truth["tau"] else "")
        for truth in rows[0]["truths"]
    ]
    cells = []
    for row in rows:
        found = []
        for truth in row["truths"]:
            text = _with_width(truth)
            inside = _CRITERION[0] <= truth["coverage"] <= _CRITERION[1]
            found.append(text if inside else f"**{text}**")
        cells.append(
            [row["label"], *found, *(f"{row['truths'][at]['bias']:+.2f}" for at in (0, 2))]
        )
    return _table(["choice", *heads, "error at 1", "error at 2"], cells)


def _calibration(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        [
            row["label"],
            *(_with_error(row[name]) for name in ("mu", "tau", "theta_new", "mu_near")),
            f"{row['ranks_p']:.2g}",
            f"{row['events']:.0f}",
        ]
        for row in rows
    ]
    heads = ["truth", "mu", "tau", "new study", "mu within ±3", "p", "mean events"]
    return _table(heads, cells)


def _double_zeros(rows: Sequence[Mapping[str, Any]]) -> str:
    words = {"half": "midway", "treatment": "control arm"}
    cells = [
        [f"{row['alpha']}, {words[row['contrast']]}", f"{row['low']:+.2f}", f"{row['high']:+.2f}"]
        for row in rows
    ]
    return _table(["prior of the baseline", "at −4", "at +4"], cells)


def _grid(scenarios: Sequence[Mapping[str, Any]], what: str) -> str:
    cells = []
    for one in scenarios:
        found = [one["methods"][name] for name in _COMPARED]
        cells.append(
            [
                f"{one['risk']:.0%}, {one['per_arm']} an arm",
                "2" if one["log_or"] else "1",
                f"{one['tau']:g}",
                f"{one['events']:.0f}",
                *(
                    _with_width(row) if what == "coverage" else f"{row['bias']:+.2f}"
                    for row in found
                ),
            ]
        )
    names = [_NAMES[name] for name in _COMPARED]
    return _table(["risk", "odds ratio", "tau", "events", *names], cells)


def _speed(speed: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    """Times as ratios to NUTS, and what quadrature spends them on."""
    shares = list(speed["fits"][0]["shares"])
    cells = []
    for row in speed["fits"]:
        nuts = row.get("nuts")
        cells.append(
            [
                row["title"],
                *(in_words(row[name]) for name in ("solve", "numbers", "quadrature")),
                *((in_words(nuts), f"{nuts / row['quadrature']:.1f}×") if nuts else ("–", "–")),
                *(f"{row['shares'].get(name, 0):.0%}" for name in shares),
                f"{row['nodes_of_tau']} × {row['nodes_of_mu']}",
                f"{row['error']:.0e}",
            ]
        )
    heads = [
        "analysis",
        "solve",
        "numbers",
        "fit by quadrature",
        "fit by NUTS",
        "NUTS / quadrature",
    ]
    table = _table([*heads, *shares, "tau × mu", "error"], cells)
    grid = speed["priors"]
    many = (
        f"{grid['title']}: {in_words(grid['together'])} together by `solve_many`, "
        f"{in_words(grid['apart'])} one by one ({grid['apart'] / grid['together']:.0f}×)"
    )
    if "nuts_scaled" in grid:
        ratio = grid["nuts_scaled"] / grid["together"]
        many += f", {in_words(grid['nuts_scaled'])} by NUTS (one fit × 100, {ratio:.0f}×)"
    return "\n\n".join(
        [
            f"{machine['date']}, load before the run {machine['load before the run']}; all in one "
            "run. Medians of repeats after one that is "
            "not counted, in a process that runs already. *Solve*: the grid. *Numbers*: that, and "
            "means, sds and intervals of mu, tau and a new study. *Fit*: `bayesmeta.fit` and its "
            "table, which makes draws too; that of NUTS computes the evidence and a cross-check by "
            "quadrature besides. The shares are those of *numbers*: baselines integrated out of "
            "the studies, averages over true effects, and the search for bounds.",
            table,
            f"{many}; the largest error is {grid['error']:.0e}.",
            "The numbers themselves take well below a second, nearly all of it averages over true "
            "effects and the integrals over baselines. Most of a fit by quadrature is the draws "
            "made from them, of the true effects of all studies and of the baselines.",
        ]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rules = ["---", *["--:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rules, *rows))
