"""The commands for files of RevMan, end to end."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.studies import read_review

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "parity" / "toy.rm5"
QUICK = ["--engine", "quadrature"]


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_outcomes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outcomes", TOY) == 0
    shown = capsys.readouterr().out
    listed = [line.split()[0] for line in shown.splitlines() if line[:1].isdigit()]
    assert listed == [outcome.analysis for outcome in read_review(TOY)]
    assert "left out: 3.4 Costs, in words" in shown
    assert "bayesmeta fit FILE --analysis 1.1" in shown


def test_verify_ends_with_0_or_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outcomes", TOY, "--verify") == 0
    assert "Every stored number is reproduced." in capsys.readouterr().out
    path = ROOT.parent / "shared" / "revman" / "Fleiss1993.rm5"
    if not path.exists():
        pytest.skip("no Fleiss1993.rm5")
    assert run("outcomes", path, "--verify") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Every stored number is reproduced."
    text = path.read_text(encoding="latin-1")
    changed = tmp_path / "changed.rm5"
    fewer = re.sub(r'(<DICH_DATA [^>]*EVENTS_1=")(\d+)', one_less, text, count=1)
    changed.write_text(fewer, encoding="latin-1")
    assert run("outcomes", changed, "--verify") == 1
    shown = capsys.readouterr().out
    assert "edited after RevMan computed it" in shown
    assert "more differences: --all lists them" in shown
    assert run("outcomes", changed, "--verify", "--all") == 1
    assert "--all" not in capsys.readouterr().out


def one_less(count: re.Match[str]) -> str:
    return f"{count[1]}{int(count[2]) - 1}"


def test_an_outcome_is_fitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", TOY, "--analysis", "1.2", *QUICK, "--no-files") == 0
    shown = capsys.readouterr().out
    assert "Toy drug against placebo, counts: Relapse, risk ratio" in shown
    assert "pooled effect (mu)" in shown
    assert "written" not in shown
    assert run("fit", TOY, "--analysis", "1.2", *QUICK, "--out", tmp_path) == 0
    names = ["toy-1.2-forest.svg", "toy-1.2.html", "toy-1.2.json", "toy-1.2.nc"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    fit = bm.load(tmp_path / "toy-1.2.nc")
    assert fit.estimate("mu")["median"] == pytest.approx(
        bm.fit(TOY, analysis="1.2", engine="quadrature").estimate("mu")["median"]
    )


def test_compare_writes_a_table_and_a_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--analysis", "1.1", *QUICK, "--better", "lower", "--out", tmp_path]
    assert run("compare", TOY, *flags, "--published", "0.45", "0.26", "0.79") == 0
    shown = capsys.readouterr().out
    assert "The published result is" in shown
    assert "P(benefit)" in shown
    names = ["toy-1.1-comparison.csv", "toy-1.1-comparison.json", "toy-1.1-comparison.svg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    content = json.loads((tmp_path / names[1]).read_text(encoding="utf-8"))
    assert [row["method"] for row in content["methods"]] == [
        *("published", "fixed", "random", "reml"),
        *("normal", "binomial"),
    ]
    assert run("compare", TOY, *flags[:-2], "--method", "IV", "--no-files") == 0
    assert "RevMan, fixed effect (inverse variance)" in capsys.readouterr().out


def test_compare_takes_a_fit_and_a_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = bm.fit(TOY, analysis="1.1", engine="quadrature").save(tmp_path / "fit.nc")
    assert run("compare", saved, "--no-files") == 0
    by_fit = capsys.readouterr().out
    spec = tmp_path / "toy.toml"
    spec.write_text(
        f'[data]\nfile = "{TOY}"\nanalysis = "1.1"\n[engine]\nname = "quadrature"\n'
        "[compare]\npublished = { estimate = 0.5, lower = 0.3, upper = 0.9 }\n",
        encoding="utf-8",
    )
    assert run("compare", spec, "--no-files") == 0
    by_spec = capsys.readouterr().out
    assert "published" not in by_fit
    assert "The published result is not reproduced" in by_spec
    line = next(line for line in by_fit.splitlines() if line.startswith("Bayesian"))
    assert line.split() in [other.split() for other in by_spec.splitlines()]


def test_review_writes_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--out", tmp_path, "--prior", "tau=HalfCauchy(0.5)", "--try", "tau=HalfNormal(1)"]
    assert run("review", TOY, *flags, "--better", "lower") == 0
    shown = capsys.readouterr().out
    assert "not analysed: 2.4 Sleep, without spread" in shown
    assert "12 analyses in" in shown
    folder = tmp_path / "toy"
    names = {path.name for path in folder.iterdir()}
    assert {"index.html", "review.csv", "review.json", "outcome-1.1.html"} <= names
    content = json.loads((folder / "review.json").read_text(encoding="utf-8"))
    expressions = {each["priors"]["tau"]["expression"] for each in content["outcomes"]}
    assert expressions == {"HalfCauchy(beta=0.5)"}
    labels = {prior["label"] for each in content["outcomes"] for prior in each["other_priors"]}
    assert "tau HalfNormal(1)" in labels


def test_sensitivity_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--analysis", "3.1", *QUICK]
    assert run("check", TOY, *flags) == 0
    shown = capsys.readouterr().out
    assert "hazard ratio (HR), 3 studies" in shown
    assert run("sensitivity", TOY, *flags, "--no-power-scaling", "--out", tmp_path) == 0
    assert "other analyses" in capsys.readouterr().out
    assert "toy-3.1-sensitivity.svg" in {path.name for path in tmp_path.iterdir()}


def test_init_writes_a_spec_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "toy.rm5"
    path.write_bytes(TOY.read_bytes())
    assert run("init", path, "--analysis", "2.2") == 0
    assert run("fit", tmp_path / "toy-2.2.toml", *QUICK, "--no-files") == 0
    assert "standardised mean difference" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["fit", "compare", "check", "sensitivity", "init"])
@pytest.mark.parametrize(
    ("flags", "messages"),
    [
        ([], ["12 outcomes", "--analysis", "bayesmeta outcomes lists them"]),
        (["--analysis", "1.22"], ["no analysis '1.22'", "Did you mean '1.2'?"]),
        (["--analysis", "nine"], ["no analysis 'nine'", "Known are: 1.1, 1.2"]),
    ],
)
def test_an_analysis_that_is_not_there_ends_with_2(
    command: str,
    flags: list[str],
    messages: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command, TOY, *flags) == 2
    shown = capsys.readouterr()
    assert all(message in shown.err for message in messages)
    assert (shown.out, list(tmp_path.iterdir())) == ("", [])


@pytest.mark.parametrize(
    "command", ["outcomes", "review", "fit", "compare", "check", "sensitivity"]
)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("missing", "there is no such file"),
        ("folder", "this is a folder"),
        (b"", "this is no file of RevMan"),
        (b"study,effect\nToy 2001,1\n", "this is no file of RevMan"),
        (b"<?xml version='1.0'?><COCHRANE_REVIEW>", "not XML as RevMan writes it"),
        (b"<?xml version='1.0'?><A/>", "this is not a file of RevMan 5"),
    ],
)
def test_a_file_that_is_no_review_ends_with_2(
    command: str,
    content: str | bytes,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "review.rm5"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    before = list(tmp_path.iterdir())
    assert run(command, path) == 2
    shown = capsys.readouterr()
    assert "review.rm5" in shown.err
    assert message in shown.err
    assert (shown.out, list(tmp_path.iterdir())) == ("", before)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--measure", "OR"], "No such option"),
        (["--prior", "sigma=HalfNormal(1)"], "'sigma' is not a parameter"),
        (["--try", "HalfNormal(1)"], "is not NAME=VALUE"),
        (["--interval", "2"], "less than 1"),
        (["--better", "up"], "'higher', 'lower'"),
        (["--prior", "tau=Nonsense(1)"], "unknown prior 'Nonsense'"),
        (["--engine", "nope"], "unknown engine 'nope'"),
    ],
)
def test_a_wrong_flag_of_review_ends_with_2(
    flags: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("review", TOY, *flags, "--out", tmp_path) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_typed_digits_of_a_published_result_count(capsys: pytest.CaptureFixture[str]) -> None:
    """15e-1 has one decimal, as 1.5 has."""
    outputs = []
    for numbers in (["0.9", "0.8", "1.5"], ["9e-1", "8e-1", "15e-1"]):
        flags = ["--analysis", "1.2", *QUICK, "--no-files", "--published", *numbers]
        assert run("compare", TOY, *flags) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    for wrong in ("NaN", "Infinity", "1,5"):
        assert run("compare", TOY, "--analysis", "1.2", "--published", wrong, "1", "2") == 2
        assert "are not three numbers" in capsys.readouterr().err


def test_a_reader_that_leaves_loses_nothing(tmp_path: Path) -> None:
    """Behind ``| true`` the files are written all the same."""
    command = f"{shlex.quote(sys.executable)} -m bayesmeta fit {shlex.quote(str(TOY))}"
    command += f" --analysis 1.2 --engine quadrature --out {shlex.quote(str(tmp_path))}"
    script = f"{command} | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert ended.returncode == 0
    assert ended.stderr == b""
    assert {path.suffix for path in tmp_path.iterdir()} >= {".nc", ".json", ".svg"}
