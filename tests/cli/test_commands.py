"""The command line, end to end."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli.main import COMMANDS, main
from bayesmeta.names import names

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "models" / "oa-pain.toml"
WRITTEN = ["oa-pain-forest.svg", "oa-pain.html", "oa-pain.json", "oa-pain.nc"]


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``bayesmeta fit`` writes, by the installed command."""
    folder = tmp_path_factory.mktemp("reports")
    command = [Path(sys.executable).parent / "bayesmeta", "fit", SPEC, "--out", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "pooled effect (mu)" in done.stdout
    assert str(folder / "oa-pain.nc") in done.stdout
    assert done.stderr == ""
    return folder


def test_fit_writes_the_files(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == WRITTEN
    summary = json.loads((folder / "oa-pain.json").read_text(encoding="utf-8"))
    assert summary["diagnostics"]["verdict"] == "ok"
    assert summary["provenance"]["command"].startswith("bayesmeta fit ")
    assert summary["provenance"]["versions"]["bayesmeta"] == bm.__version__
    assert len(summary["provenance"]["data_sha256"]) == 64


def test_show_gives_the_same_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads((folder / "oa-pain.json").read_text(encoding="utf-8"))
    assert run("show", folder / "oa-pain.nc", "--to", "json") == 0
    assert json.loads(capsys.readouterr().out) == summary
    assert run("show", folder / "oa-pain.nc", "--interval", "0.8,hdi") == 0
    shown = capsys.readouterr().out
    assert "80 % credible interval (HDI)" in shown
    assert "Lamo-Espinosa 2016" in shown


def test_show_writes_csv(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "estimates.csv"
    assert run("show", folder / "oa-pain.nc", "--to", "csv", "--out", path) == 0
    assert path.read_text(encoding="utf-8").startswith("name,subgroup,study,term,mean,sd,")
    assert run("show", folder / "oa-pain.nc", "--out", path) == 2
    assert "--to json or --to csv" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_plot_writes_a_file(folder: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"figure.{suffix}"
    assert run("plot", folder / "oa-pain.nc", "forest", "--out", path) == 0
    assert path.stat().st_size > 10_000


def test_flags_override_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--measure", "MD", "--prior", "tau=HalfCauchy(0.7)", "--prior", "mu=Normal(0, 3)"]
    assert run("check", SPEC, *flags, "--where", "primary == 'yes' and outcome == 'pain'") == 0
    shown = capsys.readouterr().out
    assert "prior of tau: HalfCauchy(beta=0.7); given by the user" in shown
    assert "prior of mu: Normal(mu=0, sigma=3)" in shown
    assert "mean difference (MD), 15 studies" in shown


def test_a_table_needs_no_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "my studies.csv"
    data.write_text(
        "trial;ev1;n1;ev2;n2\nAda;4;40;9;41\nBo;0;25;3;24\nCy;7;60;12;58\n", encoding="utf-8"
    )
    flags = ["--measure", "OR", "--study", "trial", "--better", "lower", "--draws", "500"]
    columns = {
        "events_treatment": "ev1",
        "total_treatment": "n1",
        "events_control": "ev2",
        "total_control": "n2",
    }
    for ours, theirs in columns.items():
        flags += ["--column", f"{ours}={theirs}"]
    assert run("fit", data, *flags, "--out", tmp_path / "out", "--studies") == 0
    shown = capsys.readouterr().out
    assert "corrected: Bo: 0.5 added to every cell" in shown
    assert (tmp_path / "out" / "my studies.nc").exists()


def test_init_then_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "studies.csv"
    data.write_text(
        "study,mean1,sd1,n1,mean2,sd2,n2\nAda,1,2,30,2,2,30\nBo,1.5,2,20,2,2,21\n",
        encoding="utf-8",
    )
    assert run("init", data) == 0
    assert run("check", data.with_suffix(".toml")) == 0
    assert "mean difference (MD), 2 studies" in capsys.readouterr().out


def test_what_did_not_converge_ends_with_1(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("bayesmeta.results.diagnostics.ESS_LIMIT", 1e9)
    monkeypatch.setattr("bayesmeta.results.diagnostics.ESS_FAILS", 1e9)
    assert run("fit", SPEC, "--out", tmp_path, "--draws", 200, "--chains", 2) == 1
    shown = capsys.readouterr().out
    assert "convergence: fail" in shown
    assert "The first run did not pass" in shown
    assert sorted(path.name for path in tmp_path.iterdir()) == WRITTEN
    summary = json.loads((tmp_path / "oa-pain.json").read_text(encoding="utf-8"))
    assert summary["diagnostics"]["verdict"] == "fail"
    assert "CONVERGENCE FAIL" in (tmp_path / "oa-pain-forest.svg").read_text(encoding="utf-8")
    assert run("show", folder / "oa-pain.nc") == 1


def test_what_the_engine_cannot_do_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("fit", SPEC, "--out", tmp_path, "--sampler", "numpyro") == 3
    assert "not installed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_ends_with_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bayesmeta.pipeline.pose", lambda *args: 1 / 0)
    assert run("check", SPEC) == 70
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "fault of bayesmeta" in shown


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_file(tmp_path: Path, kind: signal.Signals) -> None:
    """While it samples far more draws than it can in that time, so that nothing is written yet."""
    command = [sys.executable, "-m", "bayesmeta", "fit", SPEC, "--out", tmp_path]
    with (tmp_path / "output").open("w+") as output:
        process = subprocess.Popen(
            [*command, "--draws", "1000000", "--tune", "100000"], stdout=output, stderr=output
        )
        time.sleep(8)
        assert process.poll() is None
        while process.poll() is None:  # again, as people do: compilers swallow the first
            process.send_signal(kind)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
    assert process.returncode == (130 if kind == signal.SIGINT else -kind)
    shown = (tmp_path / "output").read_text(encoding="utf-8")
    assert "pooled" not in shown
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


def test_a_run_killed_while_writing_leaves_whole_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bayesmeta", "fit", SPEC, "--out", tmp_path]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(tmp_path.iterdir()):
        time.sleep(0.001)
    process.kill()
    process.wait()
    whole = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert {path.name for path in whole} <= set(WRITTEN)
    for path in whole:
        if path.suffix == ".nc":
            assert bm.load(path).table.sizes["study"] == 15
        if path.suffix == ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["k"] == 15


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*filter(None, [command]), "--help") == 0
    assert "bayesmeta " in capsys.readouterr().out.split("Usage:")[1].split("\n", 1)[1]


@pytest.mark.parametrize(
    "kind",
    ["measures", "priors", "likelihoods", "heterogeneities", "engines", "samplers", "plots"],
)
def test_list_names_everything(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", kind) == 0
    shown = capsys.readouterr().out
    for name, *_ in names(kind):
        assert name in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("completion", shell) == 0
    assert "_BAYESMETA_COMPLETE" in capsys.readouterr().out


def test_unknown_command_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fti") == 2
    assert run("--version") == 0
    assert bm.__version__ in capsys.readouterr().out
