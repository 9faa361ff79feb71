"""``bayesmeta structures``, end to end."""

import importlib
import json
from pathlib import Path

import pytest

from bayesmeta.cli.main import main
from bayesmeta.results import Diagnostics

DATA = """study,effect,std_error,group
A,0.1,0.2,x
B,0.45,0.3,x
C,-0.2,0.25,y
D,0.8,0.3,y
E,0.35,0.15,y
"""
FLAGS = (
    *("--measure", "GEN", "--scale", "analysis", "--subgroup", "group"),
    *("--prior", "mu=Normal(0, 1)", "--prior", "tau=HalfNormal(0.5)", "--draws", "200"),
    *("--prior", "omega=HalfNormal(0.5)", "--engine", "quadrature"),
    *("--without", "student-t", "--without", "mixture", "--without", "separate-tau"),
)


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    path = tmp_path / "trials.csv"
    path.write_text(DATA, encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_it_prints_and_writes(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = studies.parent / "out"
    assert run("structures", studies, *FLAGS, "--out", out) == 0
    shown = capsys.readouterr().out
    assert "* random effects, exchangeable subgroups" in shown
    assert "exact" in shown
    assert "none of this is a test" in shown
    assert "nan" not in shown
    assert sorted(path.name for path in out.iterdir()) == [
        "trials-structures.csv",
        "trials-structures.json",
    ]
    kept = json.loads((out / "trials-structures.json").read_text(encoding="utf-8"))
    assert set(kept) == {
        *("bayesmeta", "title", "measure", "scale", "display", "interval", "units"),
        *("structures", "notes", "priors", "excluded", "corrections", "warnings", "verdict"),
    }
    assert [each["names"][-1] for each in kept["structures"]] == [
        *("exchangeable", "common", "no-subgroups", "independent"),
    ]
    assert sum(each["weight"] for each in kept["structures"]) == pytest.approx(1)
    assert sum(each["probability"] for each in kept["structures"]) == pytest.approx(1)
    assert all(each["loo"] == "exact" and each["k"] == 5 for each in kept["structures"])


def test_a_failed_verdict_is_exit_code_one(
    studies: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("bayesmeta.comparison.structures")
    failed = Diagnostics(verdict="fail", messages=("It did not converge.",))
    monkeypatch.setattr(module, "diagnose_exact", lambda _: failed)
    assert run("structures", studies, *FLAGS, "--only", "common", "--no-files") == 1
    assert "warning: It did not converge." in capsys.readouterr().out
    assert not (studies.parent / "reports").exists()


def test_wrong_names_are_exit_code_two(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("structures", studies, *FLAGS, "--only", "exchangable") == 2
    assert "Did you mean 'exchangeable'?" in capsys.readouterr().err
