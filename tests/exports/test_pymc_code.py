"""The PyMC script of a fit: the same model, by its log density, and one that runs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc
import pytensor
import pytest
import xarray as xr
from pytensor.compile.mode import Mode

import bayesmeta as bm
from bayesmeta.errors import SpecError
from bayesmeta.exports import export_fit
from bayesmeta.exports.pymc_data import data_code
from bayesmeta.exports.pymc_effects import COMPONENTS, NEW, SAMPLED
from bayesmeta.exports.pymc_likelihoods import OBSERVED
from bayesmeta.exports.pymc_model import NOTES, model_code
from bayesmeta.exports.pymc_priors import DENSITIES
from bayesmeta.exports.python_code import LINE
from bayesmeta.model import (
    HETEROGENEITIES,
    LIKELIHOODS,
    Design,
    Groups,
    Problem,
    build_model,
)
from bayesmeta.pipeline import check
from bayesmeta.priors import FAMILIES, parse_prior
from tests.engines.counts import problem as problem_of_counts
from tests.engines.structures import CASES, problem_of_case

ROOT = Path(__file__).parents[2]
MODELS = sorted(path.stem for path in (ROOT / "models").glob("*.toml"))

CLOSE = 1e-9
"""Relative: the same sums in double precision, in another order."""

POINTS = 3

PYTHON = Mode(linker="py", optimizer=None)
"""No C compiler and no rewrites: a log density is evaluated a few times."""

IMPORTS = "import numpy as np\nimport pymc as pm"


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """What the scripts set, and what was set before."""
    before = pytensor.config.cast_policy
    yield
    pytensor.config.cast_policy = before


def made_by(code: str) -> Any:
    """The model that a script makes."""
    pytensor.config.cast_policy = "numpy+floatX"
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(code, "script", "exec"), names)
    pytensor.config.cast_policy = "custom"
    return names["model"]


def check_same(code: str, problem: Problem, theta: str = "integrated") -> None:
    """The models have the same variables and, at random points, the same log density."""
    ours, theirs = build_model(problem, theta=theta), made_by(code)
    for kind in ("free_RVs", "deterministics", "potentials", "observed_RVs"):
        names = [{variable.name for variable in getattr(m, kind)} for m in (ours, theirs)]
        assert names[0] == names[1], kind
    assert {v.name for v in ours.value_vars} == {v.name for v in theirs.value_vars}
    for name, dims in theirs.named_vars_to_dims.items():
        assert dims == ours.named_vars_to_dims[name]
    for name, values in theirs.coords.items():
        assert list(values) == list(ours.coords[name])
    rng = np.random.default_rng(1)
    start = ours.initial_point()
    functions = [model.compile_logp(mode=PYTHON) for model in (ours, theirs)]
    for _ in range(POINTS):
        point = {key: np.asarray(v + rng.normal(0, 0.7, v.shape)) for key, v in start.items()}
        expected, found = (float(function(point)) for function in functions)
        assert np.isfinite(expected)
        assert found == pytest.approx(expected, rel=CLOSE)


def code_of(problem: Problem, theta: str = "integrated") -> str:
    code = "\n".join([IMPORTS, data_code(problem, "x"), model_code(problem, theta=theta)])
    assert all(len(line) <= LINE or line.startswith('    "') for line in code.splitlines())
    return code


@pytest.mark.parametrize("name", MODELS)
def test_every_spec_of_the_project(name: str) -> None:
    problem = check(ROOT / "models" / f"{name}.toml").problem
    check_same(code_of(problem), problem)


@pytest.mark.parametrize("name", CASES)
def test_every_structure_of_the_reference(name: str) -> None:
    problem = problem_of_case(name)
    check_same(code_of(problem), problem)


def problem_of(heterogeneity: str, **changed: Any) -> Problem:
    """Six results of three studies."""
    priors = {
        "mu": "Normal(0.1, 2)",
        "tau": "HalfNormal(0.5)",
        "tau_within": "HalfCauchy(0.3)",
        "nu": "Gamma(2, 0.1)",
        "p_outlier": "Beta(1, 9)",
        "tau_outlier": "HalfNormal(1)",
        "rho": "Uniform(0, 1)",
        "omega": "HalfStudentT(4, 0.5)",
        "beta[year]": "Normal(0, 0.7)",
        "beta[dose=high]": "Normal(0, 0.7)",
        **changed.pop("priors", {}),
    }
    given = {
        "study": ("Ada, 1", "Ada, 2", "Bo", "Cy, 1", "Cy, 2", "Cy, 3"),
        "effect": np.array([0.3, -0.2, 0.1, 0.8, 1.1, 0.0]),
        "std_error": np.array([0.2, 0.3, 0.25, 0.4, 0.15, 0.5]),
        "likelihood": "normal",
        "heterogeneity": heterogeneity,
        "nu": None if changed.pop("nu_varies", False) else 5.0,
    }
    bare = Problem(**(given | changed), priors={})
    names = ["mu", *HETEROGENEITIES[heterogeneity].parameters(bare)]
    names += ["omega"] * bare.design.informs + [f"beta[{term}]" for term in bare.design.terms]
    names += ["rho"] * changed.get("rho_varies", False)
    return replace(bare, priors={name: parse_prior(priors[name]) for name in names})


CLUSTERS = Groups.of(["Ada", "Ada", "Bo", "Cy", "Cy", "Cy"])
COVARIANCE = np.diag([0.04, 0.09, 0.0625, 0.16, 0.0225, 0.25]) + 0.01
TERMS = np.array([[-1.5, 0, 1], [2.0, 1, 0], [0.25, 0, 0], [-3, 1, 0], [1, 0, 1], [1.25, 1, 1.0]])


def by_subgroup(**changed: Any) -> Design:
    groups = Groups.of(["a", "b {x}", 'c"', "a", "b {x}", 'c"'])
    return Design(**({"matrix": np.zeros((6, 0)), "subgroups": groups} | changed))


WALK = by_subgroup(means="random-walk", gaps=np.array([0.5, 1.5]), times="months")
REGRESSION = Design(matrix=TERMS[:, :2], terms=("year", "dose=high"))

STRUCTURES: dict[str, dict[str, Any]] = {
    "pooled": {},
    "independent": {"design": by_subgroup()},
    "exchangeable": {"design": by_subgroup(means="exchangeable")},
    "random walk": {"design": WALK},
    "regression": {"design": REGRESSION},
    "subgroups and moderators": {
        "design": by_subgroup(matrix=TERMS[:, :2], terms=("year", "dose=high")),
        "priors": {"beta[year]": "StudentT(4, 0, 0.5)"},
    },
}
TOGETHER = {
    f"{heterogeneity}, {structure}": (heterogeneity, changed)
    for heterogeneity in HETEROGENEITIES
    for structure, changed in STRUCTURES.items()
}
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "nu with a prior": ("student-t", {"nu_varies": True}),
    "separate taus": ("normal", {"design": by_subgroup(own_tau=True)}),
    "separate taus, t": ("student-t", {"design": by_subgroup(own_tau=True)}),
    "separate taus, outliers": ("mixture", {"design": by_subgroup(own_tau=True)}),
    "separate taus, density": (
        "normal",
        {"design": by_subgroup(own_tau=True), "priors": {"tau": "HalfLogistic(0.4)"}},
    ),
    "rho": ("nested", {"rho": 0.4}),
    "rho, one effect": ("common", {"rho": 0.4}),
    "covariance": ("normal", {"covariance": COVARIANCE}),
    "covariance, subgroups": ("normal", {"covariance": COVARIANCE, "design": by_subgroup()}),
    "covariance, one effect": ("common", {"covariance": COVARIANCE}),
    "covariance, nested": ("nested", {"covariance": COVARIANCE}),
    "flat": ("normal", {"priors": {"mu": "Flat()", "tau": "HalfFlat()"}}),
}


def of_structure(heterogeneity: str, changed: dict[str, Any]) -> Problem:
    nested = HETEROGENEITIES[heterogeneity].clustered or "rho" in changed
    return problem_of(heterogeneity, **changed, clusters=CLUSTERS if nested else None)


@pytest.mark.parametrize("name", [*TOGETHER, *OTHERS])
def test_normal_likelihoods(name: str) -> None:
    heterogeneity, changed = {**TOGETHER, **OTHERS}[name]
    problem = of_structure(heterogeneity, dict(changed))
    check_same(code_of(problem), problem)


@pytest.mark.parametrize("theta", ["integrated", "sampled"])
@pytest.mark.parametrize("heterogeneity", ["common", "normal", "nested"])
def test_a_correlation_with_a_prior(heterogeneity: str, theta: str) -> None:
    problem = problem_of(heterogeneity, clusters=CLUSTERS)
    rho = {"rho": parse_prior("Beta(2, 2)")}
    problem = replace(problem, priors={**problem.priors, **rho})
    check_same(code_of(problem, theta), problem, theta)


@pytest.mark.parametrize("heterogeneity", HETEROGENEITIES)
def test_true_effects_that_are_sampled(heterogeneity: str) -> None:
    problem = of_structure(heterogeneity, {})
    check_same(code_of(problem, "sampled"), problem, "sampled")
    if heterogeneity == "normal":
        problem = replace(problem, covariance=COVARIANCE)
        check_same(code_of(problem, "sampled"), problem, "sampled")


@pytest.mark.parametrize("heterogeneity", ["normal", "mixture", "student-t"])
def test_true_effects_with_separate_taus(heterogeneity: str) -> None:
    problem = of_structure(heterogeneity, {"design": by_subgroup(own_tau=True)})
    check_same(code_of(problem, "sampled"), problem, "sampled")


COUNTS = {
    "events_treatment": [3, 0, 6, 5],
    "total_treatment": [20, 25, 31, 18],
    "events_control": [5, 2, 9, 5],
    "total_control": [21, 24, 30, 20],
}
RATES = {
    "events_treatment": [3, 0, 6],
    "time_treatment": [120.5, 75, 331],
    "events_control": [5, 2, 9],
    "time_control": [121, 74.25, 300],
}
_BASELINES = {"alpha_mean": "Normal(0, 5)", "alpha_sd": "HalfNormal(2)"}
OF_COUNTS: dict[str, dict[str, Any]] = {
    "odds ratios": {"data": COUNTS, "priors": {"alpha": "Normal(0, 10)"}},
    "odds ratios, one effect": {
        "data": COUNTS,
        "priors": {"alpha": "Normal(0, 10)", "tau": ""},
    },
    "treatment contrast": {
        "data": COUNTS,
        "priors": {"alpha": "Normal(0, 10)"},
        "contrast": "treatment",
    },
    "exchangeable baselines": {"data": COUNTS, "priors": _BASELINES, "baseline": "exchangeable"},
    "outliers": {
        "data": COUNTS,
        "priors": {
            "alpha": "Normal(0, 10)",
            "p_outlier": "Beta(1, 9)",
            "tau_outlier": "HalfNormal(1)",
        },
        "heterogeneity": "mixture",
    },
    "t": {"data": COUNTS, "priors": {"alpha": "Normal(0, 10)"}, "heterogeneity": "student-t"},
    "subgroups": {
        "data": COUNTS,
        "priors": {"alpha": "Normal(0, 10)", "omega": "HalfNormal(0.5)"},
        "design": Design(
            matrix=np.zeros((4, 0)),
            subgroups=Groups.of(["a", "b", "a", "b"]),
            means="exchangeable",
        ),
    },
    "one arm": {"data": {"events": [3, 0, 6], "total": [20, 25, 31]}, "priors": {}},
    "rate ratios": {
        "data": RATES,
        "priors": {"alpha": "Normal(0, 10)"},
        "likelihood": "poisson",
    },
    "rate ratios, exchangeable baselines": {
        "data": RATES,
        "priors": _BASELINES,
        "likelihood": "poisson",
        "baseline": "exchangeable",
        "contrast": "treatment",
    },
    "rates": {
        "data": {"events": [3, 0, 6], "time": [120.5, 75, 331]},
        "priors": {},
        "likelihood": "poisson",
    },
    "beta-binomial": {
        "data": COUNTS,
        "priors": {"alpha": "Normal(0, 10)", "rho": "Beta(1, 9)", "tau": ""},
        "likelihood": "beta-binomial",
    },
    "beta-binomial, one arm": {
        "data": {"events": [3, 0, 6], "total": [20, 25, 31]},
        "priors": {"rho": "Beta(1, 9)", "tau": ""},
        "likelihood": "beta-binomial",
    },
}


@pytest.mark.parametrize("name", OF_COUNTS)
def test_counts(name: str) -> None:
    given = dict(OF_COUNTS[name])
    priors = {"mu": "Normal(0, 4)", "tau": "HalfNormal(0.5)", **given.pop("priors")}
    problem = problem_of_counts(given.pop("data"), priors, **given)
    check_same(code_of(problem), problem)


WIDE = (
    "Normal(0.1, 4)",
    "StudentT(4, 0.3, 10)",
    "Cauchy(-1, 2.5)",
    "Logistic(-1, 7)",
    "Flat()",
    "Uniform(-9, 10)",
    "Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), StudentT(4, 1, 2)])",
)
POSITIVE = (
    "HalfNormal(5)",
    "HalfStudentT(3, 10)",
    "HalfCauchy(10)",
    "Exponential(10)",
    "LogNormal(-1.28, 3)",
    "Gamma(2, 10)",
    "InverseGamma(2, 3)",
    "Beta(2, 5)",
    "HalfFlat()",
    "HalfLogistic(3)",
    "Lomax(3, 2)",
    "Rayleigh(4)",
    "InverseChi(3, 5)",
    "LogT(5, -1.7, 3)",
    "Jeffreys()",
    "OverallJeffreys()",
    "BergerDeely()",
    "Conventional()",
    "DuMouchel()",
    "UniformShrinkage()",
    "UniformI2()",
    "UniformSqrt()",
    "Mixture(w=[0.3, 0.5, 0.2], comp_dists=[Uniform(0, 5), HalfNormal(1), Conventional()])",
    "Mixture(w=[0.3, 0.7], comp_dists=[Uniform(0, 5), Uniform(1, 10)])",
)


def test_every_family_is_here() -> None:
    names = {expression.partition("(")[0] for expression in (*WIDE, *POSITIVE)}
    assert names == set(FAMILIES)
    assert set(DENSITIES) == {name for name in names - {"Mixture"} if not FAMILIES[name].native}


@pytest.mark.parametrize("expression", [*WIDE, *POSITIVE])
def test_every_prior(expression: str) -> None:
    problem = problem_of("normal")
    name = "mu" if expression in WIDE else "tau"
    prior = parse_prior(expression).resolve(problem.std_error)
    problem = replace(problem, priors={**problem.priors, name: prior})
    check_same(code_of(problem), problem)


def test_priors_that_standard_errors_make_of_counts() -> None:
    priors = {"mu": "Normal(0, 4)", "alpha": "Normal(0, 10)", "tau": "HalfNormal(1)"}
    problem = problem_of_counts(COUNTS, priors)
    tau = parse_prior("Conventional()").resolve([0.4, 0.5, 0.3])
    problem = replace(problem, priors={**problem.priors, "tau": tau})
    check_same(code_of(problem), problem)


def test_every_likelihood_and_heterogeneity_has_code() -> None:
    assert set(OBSERVED) == set(LIKELIHOODS)
    assert set(COMPONENTS) == {name for name, each in HETEROGENEITIES.items() if each.closed}
    varying = set(HETEROGENEITIES) - {"common"}
    assert set(SAMPLED) == varying
    assert set(NEW) == varying
    bare = problem_of("student-t", nu_varies=True)
    parameters = {n for each in HETEROGENEITIES.values() for n in each.parameters(bare)}
    assert {*NOTES, "tau"} == parameters


def test_a_model_without_code_is_refused_by_name() -> None:
    problem = problem_of("normal")
    with pytest.raises(SpecError, match="likelihood selection"):
        model_code(replace(problem, likelihood="selection"), theta="integrated")
    with pytest.raises(SpecError, match="heterogeneity lumpy"):
        model_code(replace(problem, heterogeneity="lumpy"), theta="integrated")


def test_hostile_names_are_names(hostile: bm.Fit) -> None:
    script = export_fit(hostile, "pymc")
    assert all(line.startswith("#") for line in script.split("\n\n")[0].splitlines())
    assert list(made_by(script).coords["study"]) == [str(n) for n in hostile.table["study"].values]
    check_same(script, hostile.problem)


@pytest.mark.parametrize("name", ["hostile", "estimates", "oa_pain", "common_effect"])
def test_the_script_is_the_model_and_reads_well(name: str, request: pytest.FixtureRequest) -> None:
    fit: bm.Fit = request.getfixturevalue(name)
    script = export_fit(fit, "pymc")
    check_same(script, fit.problem, fit.spec.engine.theta)
    assert script.endswith("\n")
    assert "if False" not in script
    code = [line for line in script.splitlines() if not line.startswith("#")]
    assert max(map(len, code)) <= 100
    imported = {
        alias.name
        for node in ast.walk(ast.parse(script))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported == {"arviz", "numpy", "pymc", "pytensor"}
    assert ("theta_new" in script) == ("tau" in fit.priors)


def test_the_settings_are_those_of_the_spec(oa_pain: bm.Fit) -> None:
    engine, script = oa_pain.spec.engine, export_fit(oa_pain, "pymc")
    for line in (
        f"draws={engine.draws},",
        f"tune={engine.tune},",
        f"chains={engine.chains},",
        f"target_accept={engine.target_accept},",
        f"random_seed={engine.seed},",
        'nuts_sampler="nutpie",',
    ):
        assert line in script


def test_a_sampler_that_pymc_cannot_call_is_not_called(estimates: bm.Fit) -> None:
    spec = estimates.spec
    changed = spec.model_copy(
        update={"engine": spec.engine.model_copy(update={"sampler": "blackjax"})}
    )
    tree = estimates.tree.copy()
    tree.attrs = {**tree.attrs, "spec": changed.model_dump_json()}
    script = export_fit(bm.Fit(tree), "pymc")
    assert 'nuts_sampler="pymc",  # the spec says blackjax, which PyMC 6.4 cannot call' in script


def two_arms(heterogeneity: str, **settings: Any) -> bm.Fit:
    """Effects of two arms, each with a mean of its own."""
    frame = pd.DataFrame(
        {
            "study": ["Ada", "Ada", "Bo", "Cy", "Cy", "Di"],
            "arm": ["x", "y", "x", "x", "y", "y"],
            "effect": [0.3, -0.2, 0.1, 0.8, 1.1, 0.0],
            "std_error": [0.2, 0.3, 0.25, 0.4, 0.15, 0.5],
        }
    )
    return bm.fit(
        frame,
        measure="SMD",
        result="arm",
        subgroup={"column": "arm", "means": "independent"},
        heterogeneity=heterogeneity,
        mu="Normal(0, 2)",
        **{"draws": 300, "tune": 300, "chains": 2} | settings,
    )


@pytest.mark.parametrize("heterogeneity", ["common", "normal", "nested"])
def test_a_new_study_and_the_summary(
    heterogeneity: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sampler is that of a fit: what the script does with its draws is looked at."""
    fit = two_arms(heterogeneity, engine="quadrature", draws=2000)
    draws = fit.posterior.drop_vars("theta_new", errors="ignore")
    tree = xr.DataTree.from_dict({"posterior": draws})
    monkeypatch.setattr(pymc, "sample", lambda **_: tree)
    exec(compile(export_fit(fit, "pymc"), "script", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert "mu[y]" in printed
    assert ("theta_new[x]" in printed) == (heterogeneity != "common")
    if heterogeneity != "common":
        new, ours = (
            each["theta_new"].std(("chain", "draw")) for each in (tree.posterior, fit.posterior)
        )
        np.testing.assert_allclose(new, ours, rtol=0.1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("heterogeneity", HETEROGENEITIES)
def test_the_script_runs(heterogeneity: str, tmp_path: Path) -> None:
    settings = {"prior_nu": "Gamma(2, 0.1)"} if heterogeneity == "student-t" else {}
    fit = two_arms(heterogeneity, **settings)
    path = tmp_path / "script.py"
    path.write_text(export_fit(fit, "pymc"), encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "mu[y]" in done.stdout
    assert ("theta_new[x]" in done.stdout) == (heterogeneity != "common")
