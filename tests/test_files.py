"""Files are read with clear errors, and written whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bayesmeta import files
from bayesmeta.errors import InputError
from bayesmeta.files import read_bytes, write_whole

OLD = "old content"
HALF = "half of the new con"
_PATIENCE = 30.0
"""Seconds after which a process that does nothing is a failure; it takes a fraction of one."""


def write(content: str) -> Callable[[Path], object]:
    return lambda part: part.write_text(content)


@pytest.fixture(params=["a file is there", "no file is there"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "fit.nc"
    if request.param == "a file is there":
        path.write_text(OLD)
    return path


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def is_as_before(target: Path) -> bool:
    return not target.exists() or target.read_text() == OLD


# Reading


def test_reads_the_whole_file_or_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"abcdef")
    assert read_bytes(path) == b"abcdef"
    assert read_bytes(path, first=4) == b"abcd"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv: there is no such file$"):
        read_bytes(tmp_path / "a.csv")


def test_a_missing_folder_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"The folder .*nowhere does not exist either"):
        read_bytes(tmp_path / "nowhere" / "a.csv")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        read_bytes(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a\x00b.csv", id="null character"),
        pytest.param("a\udcffb.csv", id="bytes that are not UTF-8"),
        pytest.param("a" * 300, id="300 characters"),
        pytest.param("a.csv/b.csv", id="below a file"),
    ],
)
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(InputError, match=r"name of the file|cannot be read|cannot be written"):
        read_bytes(tmp_path / name)
    with pytest.raises(InputError, match=r"name of the file|cannot be read|cannot be written"):
        write_whole(tmp_path / name, write("x"))


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAX_BYTES", 1000)
    with pytest.raises(InputError, match="larger than 64 MiB"):
        read_bytes(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_bytes(path)


# Writing


def test_writes_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "fit.json"
    assert write_whole(path, write("new")) == path
    assert path.read_text() == "new"
    assert names_in(path.parent) == {"fit.json"}


def test_the_temporary_name_has_the_same_suffix(tmp_path: Path) -> None:
    seen: list[Path] = []
    write_whole(tmp_path / "forest.svg", seen.append)
    assert seen[0].suffix == ".svg"
    assert seen[0].parent == tmp_path


@pytest.mark.parametrize("stem", ["a" * 250, "é" * 120, "[a]*?", ".hidden", "a b"])
def test_every_name_that_a_file_can_have(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.nc"
    write_whole(path, write("new"))
    assert names_in(tmp_path) == {path.name}


@pytest.mark.parametrize(
    "raised", [ValueError("bad"), KeyboardInterrupt(), SystemExit(1), MemoryError()], ids=repr
)
def test_a_writer_that_stops_leaves_the_old_file_or_none(
    target: Path, raised: BaseException
) -> None:
    def stop(part: Path) -> None:
        part.write_text(HALF)
        raise raised

    with pytest.raises(type(raised)):
        write_whole(target, stop)
    assert is_as_before(target)
    assert names_in(target.parent) <= {target.name}


@pytest.mark.parametrize("raised", [OSError(28, "No space left on device"), OSError("no room")])
def test_a_full_disk_is_the_users_problem_and_said_so(target: Path, raised: OSError) -> None:
    def fill(part: Path) -> None:
        part.write_text(HALF)
        raise raised

    with pytest.raises(InputError, match=r"fit\.nc: cannot be written: (No space|no room)"):
        write_whole(target, fill)
    assert is_as_before(target)


HALF_WRITER = textwrap.dedent(
    f"""
    import sys, time
    from pathlib import Path
    from bayesmeta.files import write_whole

    def write(part):
        part.write_text({HALF!r})
        print("half", flush=True)
        time.sleep(60)

    write_whole(Path(sys.argv[1]), write)
    """
)


def stopped_half_way(target: Path, sent: signal.Signals) -> None:
    """Stop a process that has written half of a file."""
    with subprocess.Popen(
        [sys.executable, "-c", HALF_WRITER, str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(sent)
        process.wait(_PATIENCE)


def leftovers(target: Path) -> list[Path]:
    return [path for path in target.parent.iterdir() if path != target]


def test_an_interrupted_process_cleans_up(target: Path) -> None:
    stopped_half_way(target, signal.SIGINT)
    assert is_as_before(target)
    assert leftovers(target) == []


def test_what_a_killed_process_leaves_is_removed_by_a_later_one(target: Path) -> None:
    stopped_half_way(target, signal.SIGKILL)
    assert is_as_before(target)
    (left,) = leftovers(target)
    assert left.read_text() == HALF

    write_whole(target, write("new"))
    assert leftovers(target) == [left], "it may belong to a run that still writes"

    yesterday = time.time() - 86_400
    os.utime(left, (yesterday, yesterday))
    write_whole(target, write("newer"))
    assert leftovers(target) == []
    assert target.read_text() == "newer"


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    others = [".fit.backup.nc", ".other.abc.part.nc", ".fit.abc.part.json", "fit.part.nc"]
    for name in others:
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (0, 0))
    write_whole(tmp_path / "fit.nc", write("new"))
    assert names_in(tmp_path) == {*others, "fit.nc"}


def test_many_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "fit.json"
    contents = [str(i) * 100_000 for i in range(8)]
    threads = [
        threading.Thread(target=write_whole, args=(target, write(content))) for content in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in contents
    assert leftovers(target) == []


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "a.json", write("x"))
        assert os.umask(umask) == umask, "the umask of the process is as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes all")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match=r"a\.json: cannot be written: Permission denied"):
        write_whole(tmp_path / "a.json", write("x"))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"a\.json: cannot be written: "):
        write_whole(tmp_path / "file" / "a.json", write("x"))


def test_what_is_not_a_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=r"pipe\.csv: this is a folder or a device"):
        write_whole(pipe, write("x"))
    assert pipe.is_fifo()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "folder" / "real", tmp_path / "link.svg"
    real.parent.mkdir()
    real.write_text(OLD)
    link.symlink_to(real)
    assert write_whole(link, lambda part: part.write_text(part.suffix)) == link
    assert link.is_symlink()
    assert real.read_text() == ".svg"


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        write_whole(tmp_path, write("x"))
