"""Every command in the README and in ``docs/``, and what the pages say that it prints.

Blocks of ``sh`` are run in their order, in a folder that looks like the project, so that later
commands find what earlier ones wrote. A block without a language, or of ``text``, is output: its
words must follow each other in what one of the commands before it printed, with ``…`` for what is
left out; what is left out before a • needs no sign. ``<!-- output of REVIEW -->`` before it says of
which real review it is; without that review the commands read a toy, and the block is passed over.
Blocks of ``python`` are run too.

A fit by NUTS takes seconds, and there are tests of it elsewhere: where a command names no engine
and quadrature can do what it asks, quadrature does it.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REVIEWS = ROOT.parent / "shared" / "revman"
"""Real reviews, which are not part of the project."""

FILES = MappingProxyType(
    {
        "review.rm5": "tests/parity/toy.rm5",
        "models/NAME.toml": "models/oa-serious-adverse-events.toml",
    }
)
"""Files that a reader has and the project does not, and what stands in for them."""

TABLES = MappingProxyType(
    {
        "studies.csv": ("total adverse events", "trial"),
        "events.csv": ("serious adverse events", "study"),
    }
)
"""Tables of counts that a reader has: the outcome of the trials of knee osteoarthritis that stands
in for them, and what the column of names is called."""

OURS = ("events_treatment", "total_treatment", "events_control", "total_control")

REAL = MappingProxyType({"CD000023": "antibiotics-for-sore-throat_v2.rm5"})
"""Reviews whose output is shown, and their files."""

NOT_RUN = ("make ", "pip ", "cd ", "export ", "open ")
"""How lines of ``sh`` begin that are not run."""

FORMULAS = ("counts.md: events_treatment ~ Binomial(",)
"""Blocks without a language that no command prints, by how they begin."""

FITTED = frozenset({"fit", "sensitivity", "compare", "likelihoods", "structures", "report"})
CANNOT = 3


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, its lines, and what is said of it in a comment before it."""

    language: str
    text: str
    note: str


def blocks(document: Path) -> Iterator[Block]:
    """The blocks of a document, and commands in its sentences as blocks of their own."""
    pattern = r"(?ms)(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$"
    text = document.read_text(encoding="utf-8")
    start = 0
    for found in re.finditer(pattern, text):
        yield from commands_in_sentences(text[start : found.start()])
        note = found["note"] or ("output of CD000023" if "as stored" in found["text"] else "")
        yield Block(language=found["language"], text=found["text"], note=note)
        start = found.end()
    yield from commands_in_sentences(text[start:])


def commands_in_sentences(text: str) -> Iterator[Block]:
    for command in re.findall(r"`(bayesmeta \w+ (?:models|reports|data)/[^`]*)`", text):
        yield Block(language="sh", text=command.replace("\n", " "), note="")


def commands(script: str) -> Iterator[list[str]]:
    """The arguments of each ``bayesmeta`` in a block of ``sh``; anything unknown is an error."""
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "bayesmeta":
            yield words[1:]
        else:
            assert not words or line.startswith(NOT_RUN), f"what is this? {line}"


def text_of(words: str) -> str:
    """Words with one space between them, so that neither columns nor line ends matter."""
    return " ".join(words.split())


def is_in(shown: str, printed: str) -> bool:
    """Whether the parts of what is shown, between the signs …, follow each other in print."""
    place = 0
    for part in re.split("…|(?=•)", text_of(shown)):
        place = printed.find(part.strip(), place)
        if place < 0:
            return False
        place += len(part.strip())
    return True


def counts(outcome: str, name: str) -> pd.DataFrame:
    """Counts of trials of knee osteoarthritis, under our names for columns."""
    rows = pd.read_csv(ROOT / "data" / "msc_oa_events.csv").query(f"outcome == {outcome!r}")
    given = dict(zip(("events1", "n1", "events2", "n2"), OURS, strict=True))
    kept = ["study", "year", *given]
    return rows[kept].rename(columns={**given, "study": name})


def of_review(document: Path) -> str:
    """The review of which the document shows output, or nothing."""
    notes = [block.note for block in blocks(document) if block.note.startswith("output of ")]
    return notes[0].removeprefix("output of ") if notes else ""


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; by quadrature where the command leaves that open."""
    with_engine = [*arguments, "--engine", "quadrature"]
    made = arguments[0] == "report" and not arguments[1].endswith((".toml", ".csv", ".rm5"))
    leaves_open = arguments[0] in FITTED and "--engine" not in arguments and not made
    for words in (with_engine, arguments) if leaves_open else (arguments,):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        plt.close("all")
        printed = capsys.readouterr()
        if stopped.value.code != CANNOT:
            break
    assert not stopped.value.code, f"{shlex.join(arguments)}\n{printed.out}\n{printed.err}"
    return text_of(printed.out)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the project, with the files that a reader would have."""
    for name in ("models", "docs", "reports"):
        (tmp_path / name).mkdir()
    for spec in (ROOT / "models").glob("*.toml"):
        (tmp_path / "models" / spec.name).symlink_to(spec)
    for invented in (ROOT / "docs").glob("invented.*"):
        (tmp_path / "docs" / invented.name).symlink_to(invented)
    (tmp_path / "data").symlink_to(ROOT / "data")
    for name, source in FILES.items():
        shutil.copy(ROOT / source, tmp_path / name)
    for name, (outcome, column) in TABLES.items():
        counts(outcome, column).to_csv(tmp_path / name, index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_run_and_print_what_is_shown(
    document: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = REVIEWS / REAL.get(of_review(document), "nothing")
    if real.is_file():
        shutil.copy(real, folder / "review.rm5")
    printed: list[str] = []
    for block in blocks(document):
        if block.language == "sh":
            printed += [run(arguments, capsys) for arguments in commands(block.text)]
        elif block.language in ("", "text") and (not block.note or real.is_file()):
            first = f"{document.name}: {block.text.splitlines()[0]}"
            shown = any(is_in(block.text, text) for text in printed)
            assert shown or first.startswith(FORMULAS), f"no command printed this:\n{block.text}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_of_python_run(document: Path, folder: Path) -> None:
    frame = counts("total adverse events", "study").rename(columns={"events_treatment": "ev1"})
    names = {"bm": bm, "frame": frame}
    for block in blocks(document):
        if block.language == "python":
            exec(compile(block.text, document.name, "exec"), names)
            plt.close("all")


def test_pictures_and_pages_that_are_linked_exist() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        named = re.findall(r"`((?:docs|models|data|benchmarks|tests)/[\w./-]+\.\w+)`", text)
        paths = [document.parent / name for name in linked] + [ROOT / name for name in named]
        missing = [path for path in paths if not path.exists()]
        assert not missing, f"{document.name}: {missing}"
