"""Every prior, from a spec, the command line and Python, in both engines."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import bayesmeta as bm
from bayesmeta.cli.main import cli
from bayesmeta.errors import EngineError
from bayesmeta.priors import FAMILIES, SOURCES
from bayesmeta.results.numbers import decimals, format_number

FRAME = pd.DataFrame(
    {
        "study": ["A", "B", "C", "D", "E", "F"],
        "effect": [0.1, 0.9, 0.35, -0.2, 0.6, 0.4],
        "std_error": [0.2, 0.3, 0.15, 0.25, 0.4, 0.1],
    }
)

TAU = {
    "HalfNormal": "HalfNormal(0.5)",
    "HalfStudentT": "HalfStudentT(4, 0.5)",
    "HalfCauchy": "HalfCauchy(0.5)",
    "Exponential": "Exponential(2)",
    "LogNormal": "LogNormal(-1, 0.8)",
    "Gamma": "Gamma(1.5, 3)",
    "InverseGamma": "InverseGamma(2, 0.5)",
    "Beta": "Beta(2, 5)",
    "Uniform": "Uniform(0, 4)",
    "HalfFlat": "HalfFlat()",
    "HalfLogistic": "HalfLogistic(0.5)",
    "Lomax": "Lomax(1, 0.5)",
    "Rayleigh": "Rayleigh(0.5)",
    "InverseChi": "InverseChi(2, 0.5)",
    "LogT": "LogT(5, -1.7, 1.3)",
    "UniformSqrt": "UniformSqrt()",
    "Jeffreys": "Jeffreys()",
    "OverallJeffreys": "OverallJeffreys()",
    "BergerDeely": "BergerDeely()",
    "Conventional": "Conventional()",
    "DuMouchel": "DuMouchel()",
    "UniformShrinkage": "UniformShrinkage()",
    "UniformI2": "UniformI2()",
    "Mixture": "Mixture(w=[0.7, 0.3], comp_dists=[HalfNormal(0.3), HalfCauchy(1)])",
    "Rhodes2015": "Rhodes2015(outcome='mental health', comparison='non-pharmacological')",
    "Turner2012": "Turner2012()",
    "Turner2015": "Turner2015(outcome='pain', comparison='pharmacological vs. placebo')",
    "Bartos2021": "Bartos2021(subfield='Musculoskeletal')",
    "Bartos2023": "Bartos2023()",
    "Elicited": "Elicited('HalfNormal', upper=1, prob=0.95)",
}

MU = {
    "Normal": "Normal(0, 1)",
    "StudentT": "StudentT(4, 0, 0.5)",
    "Cauchy": "Cauchy(0, 0.5)",
    "Logistic": "Logistic(0, 0.3)",
    "Flat": "Flat()",
    "Robust": "Robust(Normal(0.3, 0.1), 0.2)",
}

MEASURES = {"Turner2012": "OR", "Turner2015": "OR", "Bartos2023": "RR"}
"""Of published priors; SMD for all others."""

DISAGREE = 5.0
"""Monte Carlo standard errors between engines: beyond by chance once in 100,000 fits."""

CASES = [("tau", name) for name in TAU] + [("mu", name) for name in MU]


def options(parameter: str, name: str) -> dict[str, str]:
    chosen = {"mu": "Normal(0, 2)", "tau": "HalfNormal(0.5)"}
    chosen[parameter] = (TAU if parameter == "tau" else MU)[name]
    measure = MEASURES.get(name, "SMD")
    scale = {"scale": "analysis"} if measure != "SMD" else {}
    return {"measure": measure, **scale, **chosen}


def test_no_family_is_left_out() -> None:
    assert {*TAU, *MU} == {*FAMILIES, *SOURCES}


@pytest.mark.parametrize(("parameter", "name"), CASES)
def test_a_spec_and_the_command_line_and_python_agree(
    tmp_path: Path, parameter: str, name: str
) -> None:
    given = options(parameter, name)
    fit = bm.fit(FRAME, **given, engine="quadrature", draws=100)
    assert fit.diagnostics.verdict == "ok"
    FRAME.to_csv(tmp_path / "data.csv", index=False)
    scale = f'scale = "{given["scale"]}"' if "scale" in given else ""
    (tmp_path / "spec.toml").write_text(
        f"""
[data]
file = "data.csv"
[effect]
measure = "{given["measure"]}"
{scale}
[priors]
mu = "{given["mu"]}"
tau = "{given["tau"]}"
[engine]
name = "quadrature"
draws = 100
"""
    )
    spec = bm.fit(tmp_path / "spec.toml")
    pd.testing.assert_frame_equal(spec.estimates, fit.estimates)
    command = ["fit", str(tmp_path / "data.csv"), "--measure", given["measure"]]
    command += ["--prior", f"mu={given['mu']}", "--prior", f"tau={given['tau']}"]
    command += ["--scale", "analysis"] if scale else []
    command += ["--engine", "quadrature", "--draws", "100", "--no-files"]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert result.exception is None
    assert result.return_value == 0
    middle = decimals(*fit.estimates.loc[0, ["lower", "upper"]])
    assert format_number(fit.estimate("mu")["median"], middle) in result.output
    assert fit.priors[parameter].expression in " ".join(result.output.split())


@pytest.mark.exhaustive
@pytest.mark.parametrize(("parameter", "name"), CASES)
def test_the_engines_agree(parameter: str, name: str) -> None:
    fit = bm.fit(FRAME, **options(parameter, name), draws=5000)
    check = fit.record["cross_check"]
    assert check["max_difference_in_mcse"] < DISAGREE, check


@pytest.mark.parametrize("mu", ["Gamma(2, 2)", "Uniform(-1, 1)"])
def test_quadrature_refuses_by_name_what_it_cannot_do(mu: str) -> None:
    with pytest.raises(EngineError, match=mu.partition("(")[0]):
        bm.fit(FRAME, measure="SMD", mu=mu, tau="HalfNormal(0.5)", engine="quadrature")
