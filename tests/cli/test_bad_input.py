"""Whatever is wrong with the input: exit code 2, a message that says where, and no file."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bayesmeta.cli.main import main

HEADER = "study,mean_treatment,sd_treatment,total_treatment,mean_control,sd_control,total_control\n"
GOOD = HEADER + "Ann 2001,1.5,1,20,1,1,20\nBob 2002,1.2,1,30,1,1.1,31\n"
SPEC = '[data]\nfile = "studies.csv"\n[effect]\nmeasure = "MD"\n'
CHECK = "check studies.csv --measure MD"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files, a command, and what its message says besides the place."""

    run: str = CHECK
    files: dict[str, str | bytes] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def data(content: str | bytes, *says: str, run: str = CHECK) -> Case:
    return Case(run=run, files={"studies.csv": content}, says=("studies.csv", *says))


def row(cells: str, *says: str) -> Case:
    """A table whose third row in the spreadsheet is wrong."""
    return data(f"{HEADER}Ann 2001,1.5,1,20,1,1,20\n{cells}\n", "row 3", *says)


def spec(text: str | bytes, *says: str) -> Case:
    files = {"studies.csv": GOOD, "a.toml": text}
    return Case(run="check a.toml", files=files, says=("a.toml", *says))


def flag(flags: str, *says: str) -> Case:
    return Case(run=f"{CHECK} {flags}", files={"studies.csv": GOOD}, says=says)


CASES = {
    # the file of studies
    "missing file": Case(says=("studies.csv: there is no such file",)),
    "missing folder": Case(run="check nowhere/a.csv --measure MD", says=("nowhere", "not exist")),
    "folder": Case(run="check . --measure MD", says=("this is a folder",)),
    "empty": data("", "the file is empty"),
    "header alone": data(HEADER, "no rows"),
    "workbook": data(b"PK\x03\x04\x00\x00", "not a text file", "Save the table as CSV"),
    "not a table": data("{}\n[]\n", "no column for mean_treatment"),
    "too many cells": row("Bob,1,1,1,1,1,1,1", "8 cells where the header has 7"),
    "open quotation mark": row('"Bob,1', "not a CSV file", "quotation mark"),
    "column twice": data("study,mean,mean\nA,1,1\n", "row 1", "two columns are named 'mean'"),
    # a cell
    "word for a number": row("Bob,high,1,20,1,1,20", "'Bob'", "'mean_treatment'", "'high'"),
    "decimal comma": row('Bob,"1,5",1,20,1,1,20', "'Bob'", "'mean_treatment'", 'decimal = ","'),
    "bound": row("Bob,<1,1,20,1,1,20", "'mean_treatment'", "A bound is not a value"),
    "negative sd": row("Bob,1,-1,20,1,1,20", "'Bob'", "'sd_treatment'", "at least 0"),
    "no patients": row("Bob,1,1,0,1,1,20", "'Bob'", "'total_treatment'", "at least 1"),
    "one patient": row("Bob,1,1,1,1,1,20", "'Bob'", "'total_treatment'", "too small"),
    "study without a name": row(",1,1,20,1,1,20", "column 'study'", "no name"),
    "more events than patients": data(
        "study,events_treatment,total_treatment,events_control,total_control\nA,11,10,1,10\n",
        "row 2", "'A'", "'events_treatment'", "11 events are more than the 10 patients",
        run="check studies.csv --measure OR",
    ),
    "thousands in a file that does not settle its decimal mark": data(
        "study;events_treatment;total_treatment;events_control;total_control\nA;5;1.034;9;1.021\n",
        "row 2", "'A'", "'events_treatment'", "Nothing in the file settles", 'decimal = ","',
        run="check studies.csv --measure OR",
    ),
    "p-value above 1": data(
        "study,effect,p_value\nA,1,1.2\n", "row 2", "'A'", "'p_value'", "between 0 and 1"
    ),
    "correlation above 1": data(
        "study,correlation,total\nA,1.2,20\n", "row 2", "'A'", "'correlation'", "between -1 and 1",
        run="check studies.csv --measure ZCOR",
    ),
    "effect outside of its interval": data(
        "study,effect,lower,upper\nA,1,2,3\n", "row 2", "'A'", "'effect'", "interval"
    ),
    "negative ratio": data(
        "study,effect,lower,upper\nA,-1,-2,3\n", "row 2", "'A'", "odds ratio",
        run="check studies.csv --measure OR --scale display",
    ),
    "nothing but missing values": data(
        f"{HEADER}A,NR,NR,NR,NR,NR,NR\n", "no study has an effect", "A: missing: mean_treatment"
    ),
    "correlation of pairs not given": Case(
        run="check studies.csv --measure MC",
        files={"studies.csv": "study,mean_before,sd_before,mean_after,sd_after,total\nA,1,1,2,1,9"},
        says=("effect.r", "has no default"),
    ),
    # the spec
    "not TOML": spec("measure: MD", "not valid TOML", "line 1"),
    "not UTF-8": spec('title = "Müller"'.encode("cp1252"), "not UTF-8"),
    "no measure": spec('[data]\nfile = "studies.csv"\n', "effect.measure", "required"),
    "no file": spec('[effect]\nmeasure = "MD"\n', "data.file"),
    "file of the spec missing": Case(
        run="check a.toml",
        files={"a.toml": SPEC},
        says=("a.toml, data.file: there is no file studies.csv",),
    ),
    "unknown section": spec(f"{SPEC}[engin]\n", "engin", "Did you mean 'engine'?"),
    "unknown key": spec(f"{SPEC}bettr = 'lower'\n", "effect.bettr", "Did you mean 'better'?"),
    "unknown measure": spec(SPEC.replace("MD", "NMD"), "effect.measure", "Did you mean 'MD'?"),
    "unknown choice": spec(f"{SPEC}better = 'lowr'\n", "effect.better", "Did you mean 'lower'?"),
    "unknown engine": spec(f"{SPEC}[engine]\nname = 'nut'\n", "engine.name", "mean 'nuts'?"),
    "unknown likelihood": spec(f"{SPEC}[model]\nlikelihood = 'norml'\n", "model.likelihood"),
    "unknown heterogeneity": spec(f"{SPEC}[model]\nheterogeneity = 'x'\n", "model.heterogeneity"),
    "unknown prior": spec(f"{SPEC}[priors]\ntau = 'HalfNormall(1)'\n", "priors.tau", "HalfNormal"),
    "prior that runs code": spec(f"{SPEC}[priors]\nmu = '__import__(\"os\")'\n", "priors.mu"),
    "prior of tau below 0": spec(f"{SPEC}[priors]\ntau = 'Normal(0, 1)'\n", "priors.tau"),
    "number out of range": spec(f"{SPEC}[interval]\nprob = 95\n", "interval.prob", "not 95"),
    "mapped column missing": spec(
        f"{SPEC}[data.columns]\nmean_control = 'm2'\n", "data.columns.mean_control", "'m2'"
    ),
    "mapped name unknown": spec(
        f"{SPEC}[data.columns]\nmean_contrl = 'study'\n", "data.columns.mean_contrl",
        "Did you mean 'mean_control'?",
    ),
    "where with an unknown column": spec(
        SPEC.replace("[effect]", 'where = "yer > 1"\n[effect]'), "data.where", "'yer'"
    ),
    "study column missing": spec(
        SPEC.replace("[effect]", 'study = "trial"\n[effect]'), "data.study", "'trial'"
    ),
    # flags
    "no measure, no spec": Case(
        run="check studies.csv", files={"studies.csv": GOOD}, says=("effect.measure", "list")
    ),
    "where that keeps no row": flag("--where study=='Cy'", "no row", "'Ann 2001', 'Bob 2002'"),
    "where that runs code": flag("--where __import__('os').getcwd()", "data.where"),
    "where of text and numbers": flag("--where sd_control=='1'", "data.where", "'sd_control'"),
    "flag for the measure": flag("--measure XX", "effect.measure", "'XX'"),
    "flag for a column": flag("--column mean", "--column", "NAME=VALUE"),
    "flag for an unknown parameter": flag("--prior sigma=Normal(0,1)", "--prior", "mu, tau"),
    "flag for a broken prior": flag("--prior tau=HalfNormal(", "priors.tau"),
    "flag for the interval": flag("--interval wide", "--interval", "'wide'"),
    "flag for an interval above 1": flag("--interval 95", "interval.prob", "95"),
    "flag that takes a number": flag("--chains many", "--chains", "many"),
    "flag that is not known": flag("--mesure MD", "--mesure"),
    "flag for the sampler": Case(
        run="fit studies.csv --measure MD --sampler nutpy --out reports",
        files={"studies.csv": GOOD},
        says=("engine.sampler", "Did you mean 'nutpie'?"),
    ),
    # commands
    "command that is not known": Case(run="chek a.toml", says=("Did you mean 'check'?",)),
    "command without a file": Case(run="fit", says=("Missing argument",)),
    "list of nothing": Case(run="list prior", says=("'prior'", "priors")),
    "fit that is missing": Case(run="show a.nc", says=("a.nc: there is no such file",)),
    "fit that is none": Case(run="show studies.csv", files={"studies.csv": GOOD}, says=(
        "studies.csv", "not a saved fit",
    )),
    "fit that is broken": Case(
        run="plot a.nc", files={"a.nc": b"\x89HDF\r\n\x1a\n"}, says=("a.nc", "not a saved fit")
    ),
    "spec from nothing": data("a,b\n1,2\n", "no columns are recognised", run="init studies.csv"),
    "spec over another": Case(
        run="init studies.csv --out a.toml", files={"studies.csv": GOOD, "a.toml": "mine"},
        says=("a.toml is there already", "--force"),
    ),
}  # fmt: skip


def prepared(case: Case, folder: Path) -> dict[str, bytes]:
    for name, content in case.files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = prepared(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(case.run.split(" "))
    out, message = capsys.readouterr()
    assert stopped.value.code == 2, message
    assert out == ""
    assert "Traceback" not in message
    for said in case.says:
        assert said in message
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["word for a number", "unknown section", "flag for the measure"])
def test_bad_input_to_the_installed_command(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    before = prepared(case, tmp_path)
    command = [Path(sys.executable).parent / "bayesmeta", *case.run.split(" ")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    for said in case.says:
        assert said in done.stderr
    assert contents(tmp_path) == before


def test_a_terminal_without_greek_is_no_fault(tmp_path: Path) -> None:
    """A pipe on an older system may take nothing but ASCII."""
    (tmp_path / "studies.csv").write_text(GOOD.replace("Ann", "Åse −"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bayesmeta", *CHECK.split(" ")],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert b"?se ? 2001" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_file_whose_name_is_not_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.csv"
    with open(name, "w") as stream:  # noqa: PTH123
        stream.write(GOOD)
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"bayesmeta", b"check", name, b"--measure", b"MD"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"the name of the file is not valid text" in done.stderr


ODD_NAMES = [
    "<script>alert(1)</script>",
    "[bold red]not markup[/]",
    "=cmd|' /C calc'!A0",
    "👩‍🔬 2020",
    "כהן 2015",
    "abc\u202edef",
    "\x1b[31mred",
    "two\nlines",
    "x" * 10_000,
]


def test_odd_names_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are shown as they are, but for what would disturb a terminal."""
    rows = "".join(f'"{name}",1.{i},1,20,1,1,20\n' for i, name in enumerate(ODD_NAMES))
    (tmp_path / "studies.csv").write_text(HEADER + rows, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(CHECK.split(" "))
    out, message = capsys.readouterr()
    assert stopped.value.code == 0, message
    assert message == ""
    assert "\x1b" not in out
    for name in ("<script>alert(1)</script>", "[bold red]not markup[/]", "כהן 2015", "two lines"):
        assert name in out
