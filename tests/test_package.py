"""The package as a whole: its names, what it loads, its files."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmeta

ROOT = Path(__file__).parents[1]
HEAVY = {"pymc", "arviz", "arviz_stats", "matplotlib", "pandas", "scipy.stats", "xarray", "numba"}


def modules_loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", bayesmeta.__all__)
def test_public_names_load(name: str) -> None:
    assert getattr(bayesmeta, name) is not None
    assert name in dir(bayesmeta)


def test_public_names_are_listed_once() -> None:
    homes = set(bayesmeta._HOMES)
    assert homes | {"__version__"} == set(bayesmeta.__all__)
    tree = ast.parse(Path(bayesmeta.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed >= homes


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'meta'"):
        bayesmeta.meta  # noqa: B018


@pytest.mark.parametrize(
    "statement", ["import bayesmeta", "import bayesmeta.cli.main; bayesmeta.cli.main.cli.commands"]
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert not modules_loaded_by(statement) & HEAVY


def test_help_loads_nothing_heavy() -> None:
    statement = (
        "from bayesmeta.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    assert not modules_loaded_by(statement) & HEAVY


def test_version_is_that_of_the_citation_and_the_changelog() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {bayesmeta.__version__}" in citation
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{bayesmeta.__version__}]" in changelog


def test_readme_names_the_two_commands_first() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme.index("```")
    block = readme[first : readme.index("```", first + 3)]
    assert [line.split("#")[0].strip() for line in block.splitlines()[1:]][:2] == [
        "make demo",
        "make test",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "data").glob("*.csv")), ids=lambda p: p.name)
def test_every_data_file_has_a_source_for_every_row(path: Path) -> None:
    from bayesmeta.studies import read_csv

    frame = read_csv(path)
    assert frame["source"].str.strip().ne("").all()
    assert f"`{path.name}`" in (ROOT / "data" / "SOURCES.md").read_text(encoding="utf-8")
