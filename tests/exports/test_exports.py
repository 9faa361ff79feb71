"""Every export of fits of every kind: complete, harmless, and right where R can be asked."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import SpecError
from bayesmeta.exports import EXPORTS, export_fit
from bayesmeta.exports.escalc import ARGUMENTS
from bayesmeta.exports.python_code import text as python_text
from bayesmeta.exports.r_code import text
from bayesmeta.measures import MEASURES

ROOT = Path(__file__).parents[2]

SCRIPTS = [name for name, export in EXPORTS.items() if export.suffix.endswith(".R")]

WRITTEN = {"R": text, "py": python_text, "csv": lambda name: name.replace('"', '""')}
"""A name in each kind of file."""

EFFECTS = 1e-9
"""Of the largest effect: closed forms in double precision, in both."""

GRID = 1e-2
"""Posterior sds: what R's bayesmeta loses on its grid of tau, by far less with a fine one."""

SUMS = 1e-4
"""Posterior sds: quantiles of tau are interpolated between points 0.2 % apart."""

DRAWS = 5.0
"""Monte Carlo errors: of 30 numbers the largest is beyond this by chance once in 50,000 runs."""

MODELS = {
    "OR": {"measure": "OR"},
    "RR": {"measure": "RR", "zero_cells": {"to": "all"}},
    "RD": {"measure": "RD", "mu": "Normal(0, 1)", "tau": "HalfNormal(0.1)"},
    "RD as RevMan": {
        "measure": "RD",
        "mu": "Flat()",
        "tau": "Exponential(10)",
        "zero_cells": {"revman": True},
    },
    "RR as RevMan": {"measure": "RR", "zero_cells": {"revman": True}},
    "PETO": {"measure": "PETO", "tau": "Uniform(0, 2)"},
    "common": {"measure": "OR", "heterogeneity": "common"},
    "robust": {"measure": "OR", "mu": "Robust(Normal(-0.5, 0.3))", "tau": "DuMouchel()"},
    "published": {"measure": "OR", "tau": "Turner2015()"},
    "mixture": {
        "measure": "OR",
        "tau": "Mixture(w=[0.7, 0.3], comp_dists=[HalfNormal(0.3), HalfCauchy(1)])",
    },
    "mu of another family": {"measure": "OR", "mu": "StudentT(4, 0, 1)"},
}
"""Analyses of the same counts."""


@pytest.fixture(scope="module", params=MODELS, ids=str)
def fit(request: pytest.FixtureRequest, zero_cells: pd.DataFrame) -> bm.Fit:
    only_events = pd.DataFrame([["All 2006", 12, 12, 10, 10]], columns=zero_cells.columns)
    frame = pd.concat([zero_cells.iloc[:4], only_events])
    return bm.fit(frame, engine="quadrature", **MODELS[request.param])


def unread(script: str) -> str:
    """R code that must be read as a whole, in which the script is never run."""
    return f"if (FALSE) {{\n{script}\n}} else cat('read')"


def data_frame(script: str) -> str:
    """The statement of a script that makes the data frame of studies."""
    found = re.search(r"^studies <- data\.frame\(\n.*?^\)$", script, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def differences(printed: str) -> dict[str, float]:
    """By section of the script, the largest difference that it printed."""
    sections = re.split(r"^(\d)\. ", printed, flags=re.MULTILINE)[1:]
    found = {}
    for number, body in zip(sections[::2], sections[1::2], strict=True):
        if largest := re.search(r"largest difference: (\S+)", body):
            found[number] = float(largest[1])
    return found


@pytest.mark.parametrize("kind", EXPORTS)
def test_every_export_holds_every_study(kind: str, hostile: bm.Fit) -> None:
    exported = export_fit(hostile, kind)
    assert exported.endswith("\n")
    assert exported == export_fit(hostile, kind)
    for name in hostile.table["study"].to_numpy():
        assert WRITTEN[EXPORTS[kind].suffix.rpartition(".")[2]](name) in exported


def test_an_unknown_export_is_an_error(hostile: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="Did you mean 'metafor'"):
        export_fit(hostile, "metaphor")


@pytest.mark.parametrize("kind", SCRIPTS)
def test_nothing_of_a_title_is_code(kind: str, hostile: bm.Fit) -> None:
    script = export_fit(hostile, kind)
    assert script.startswith('# =a system("touch owned") quit() Sjögren\n')
    assert all(line.startswith("#") for line in script.split("\n\n")[0].splitlines())


@pytest.mark.parametrize("kind", SCRIPTS)
def test_r_reads_every_script(kind: str, fit: bm.Fit, run_r: Callable[[str], str]) -> None:
    assert run_r(unread(export_fit(fit, kind))) == "read"


@pytest.mark.parametrize("kind", SCRIPTS)
def test_r_reads_hostile_names_as_names(
    kind: str, hostile: bm.Fit, run_r: Callable[[str], str]
) -> None:
    script = export_fit(hostile, kind)
    assert run_r(unread(script)) == "read"
    printed = run_r(f"{data_frame(script)}\nfor (x in studies$study) cat(utf8ToInt(x), '\\n')")
    read = ["".join(chr(int(point)) for point in line.split()) for line in printed.splitlines()]
    assert read == [str(name) for name in hostile.table["study"].to_numpy()]


def test_every_measure_with_a_formula_has_arguments_of_escalc() -> None:
    assert set(ARGUMENTS) == {code for code, measure in MEASURES.items() if measure.formula}
    for code, arguments in ARGUMENTS.items():
        assert set(arguments.values()) == set(MEASURES[code].columns)


def test_metafor_and_bayesmeta_agree(fit: bm.Fit, run_with: Callable[..., str]) -> None:
    found = differences(run_with(export_fit(fit, "metafor"), "metafor", "bayesmeta"))
    assert found["1"] < EFFECTS
    assert found.get("3", 0) < GRID
    assert found.get("4", 0) < SUMS
    mu, tau = fit.priors["mu"], fit.priors.get("tau")
    assert ("3" in found) == (mu.family.name in ("Normal", "Flat"))
    assert ("4" in found) == (tau is not None and mu.family.name != "StudentT")


@pytest.mark.parametrize("interval", [{"prob": 0.8}, {"prob": 0.9, "kind": "hdi"}])
def test_intervals_are_of_the_same_kind(
    estimates: bm.Fit, interval: dict, run_with: Callable[..., str]
) -> None:
    script = export_fit(estimates.with_interval(**interval), "metafor")
    assert "there is no raw number" in script
    found = differences(run_with(script, "metafor", "bayesmeta"))
    assert set(found) == {"3", "4"}
    assert found["3"] < GRID
    assert found["4"] < SUMS


MEANS = pd.DataFrame(
    {
        "study": ["Ada", "Bo", "Cy"],
        "mean_treatment": [4.1, 3.0, 5.2],
        "sd_treatment": [1.1, 0.9, 2.0],
        "total_treatment": [12, 30, 21],
        "mean_control": [5.0, 3.9, 5.4],
        "sd_control": [1.3, 1.0, 1.8],
        "total_control": [14, 28, 20],
    }
)
PAIRS = MEANS.rename(
    columns={
        "mean_treatment": "mean_after",
        "sd_treatment": "sd_after",
        "total_treatment": "total",
        "mean_control": "mean_before",
        "sd_control": "sd_before",
    }
).drop(columns="total_control")
COUNTS = pd.DataFrame(
    {
        "study": ["Ada", "Bo", "Cy"],
        "events_treatment": [3, 0, 6],
        "time_treatment": [100.0, 80.5, 210.0],
        "events_control": [5, 2, 9],
        "time_control": [98.0, 83.0, 190.0],
        "events": [3, 0, 6],
        "time": [100.0, 80.5, 210.0],
        "total": [20, 31, 44],
        "mean": [4.1, 3.0, 5.2],
        "sd": [1.1, 0.9, 2.0],
        "correlation": [0.3, -0.1, 0.5],
    }
)
FORMULAS = {
    **{code: (MEANS, {}) for code in ("MD", "SMD", "SMDH", "ROM")},
    "SMD as RevMan": (MEANS, {"smd": "revman"}),
    "SMD without correction": (MEANS, {"bias_correction": False}),
    "ROM without correction": (MEANS, {"bias_correction": False}),
    **{code: (PAIRS, {"r": 0.4}) for code in ("MC", "SMCC", "SMCR", "ROMC")},
    **{code: (COUNTS, {}) for code in ("MN", "PR", "PLO", "PFT", "ZCOR")},
    **{code: (COUNTS, {}) for code in ("IR", "IRLN", "IRR", "IRD")},
}
"""Measures that are not of two-by-two tables, with the data and options of a fit."""


@pytest.mark.parametrize("name", FORMULAS)
def test_escalc_gives_the_same_effects(name: str, run_with: Callable[..., str]) -> None:
    frame, options = FORMULAS[name]
    fit = bm.fit(
        frame,
        measure=name.split()[0],
        engine="quadrature",
        mu="Normal(0, 10)",
        tau="HalfNormal(1)",
        **options,
    )
    effects = export_fit(fit, "metafor").split('cat("\\n2. ')[0]
    printed = run_with(effects, "metafor", "bayesmeta")
    if "not compared: metafor before" in printed:
        pytest.skip("this metafor is too old for the comparison")
    assert differences(printed)["1"] < EFFECTS


OF_COUNTS = {
    "odds ratio": {"measure": "OR", "likelihood": "binomial"},
    "common odds ratio": {"measure": "OR", "likelihood": "binomial", "heterogeneity": "common"},
    "proportion": {"measure": "PLO", "likelihood": "binomial"},
    "rate ratio": {"measure": "IRR", "likelihood": "poisson", "contrast": "treatment"},
}


def fit_of_counts(kind: str) -> bm.Fit:
    frame = COUNTS.assign(total_treatment=[40, 31, 50], total_control=[41, 30, 52])
    return bm.fit(frame, engine="quadrature", **OF_COUNTS[kind])


def test_a_brms_script_of_counts_has_the_counts() -> None:
    script = export_fit(fit_of_counts("odds ratio"), "brms")
    assert "events | trials(size) ~ 0 + study + share + (0 + share | study)" in script
    assert "family = binomial()" in script
    assert "events = c(3, 0, 6, 5, 2, 9)" in script
    assert "share = c(0.5, 0.5, 0.5, -0.5, -0.5, -0.5)" in script
    assert 'brms::set_prior("normal(0, 4)", class = "b", coef = "share")' in script
    one = export_fit(fit_of_counts("proportion"), "brms")
    assert "events | trials(size) ~ 0 + Intercept + (1 | study)" in one
    rates = export_fit(fit_of_counts("rate ratio"), "brms")
    assert "events ~ 0 + study + share + offset(log(size)) + (0 + share | study)" in rates
    assert "share = c(1, 1, 1, 0, 0, 0)" in rates


@pytest.mark.parametrize("to", ["brms", "metafor"])
def test_models_that_no_script_has_are_refused(to: str) -> None:
    frame = COUNTS.assign(study=list("ABC"))
    quick = {"chains": 2, "draws": 100, "tune": 100}
    fit = bm.fit(frame, measure="PLO", likelihood="beta-binomial", heterogeneity="common", **quick)
    with pytest.raises(SpecError, match="beta-binomial"):
        export_fit(fit, to)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["hostile", "estimates", *OF_COUNTS])
def test_brms_agrees(
    kind: str, request: pytest.FixtureRequest, run_with: Callable[..., str]
) -> None:
    of_counts = kind in OF_COUNTS
    fit: bm.Fit = fit_of_counts(kind) if of_counts else request.getfixturevalue(kind)
    # Debian installs Boost for the system, where rstan does not look for it.
    boost = 'if (!nzchar(system.file("include", package = "BH")))\n'
    boost += '  rstan::rstan_options(boost_lib = "/usr/include")\n'
    printed = run_with(boost + export_fit(fit, "brms"), "brms", "rstan", "posterior")
    largest = float(re.search(r"largest difference: (\S+)", printed)[1])
    error = float(re.search(r"Monte Carlo error of the ends by brms: up to (\S+)", printed)[1])
    assert np.isfinite(largest)
    assert largest < DRAWS * error
