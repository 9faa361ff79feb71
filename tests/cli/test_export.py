"""``bayesmeta export``, end to end."""

from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.exports import EXPORTS, export_fit


def run(*arguments: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


@pytest.fixture
def saved(common_effect: bm.Fit, tmp_path: Path) -> Path:
    return common_effect.save(tmp_path / "my fit.nc")


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_file_is_written_beside_the_fit(
    saved: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved.with_name(f"my fit{EXPORTS[kind].suffix}")
    assert run("export", saved, "--to", kind) == 0
    assert str(path) in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == export_fit(bm.load(saved), kind)


def test_a_file_is_written_where_it_is_wanted(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "check.R"
    assert run("export", saved, "--to", "metafor", "--out", path) == 0
    assert path.read_text(encoding="utf-8").startswith("# A meta-analysis\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "meta"], "Did you mean 'metafor'"),
        ([], "--to"),
        (["--to", "stata"], "Known are: brms, metafor, pymc, revman-csv."),
    ],
)
def test_an_unknown_kind_ends_with_2(
    saved: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", saved, *arguments) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_fit_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "studies.nc"
    path.write_text("study,effect\n")
    assert run("export", path, "--to", "brms") == 2
    assert "not a saved fit" in capsys.readouterr().err
