"""Files that are written whole or not at all."""

import glob
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bayesmeta.errors import InputError

__all__ = ["read_bytes", "write_whole"]

_MAX_BYTES = 64 * 2**20
"""No table of studies or spec is this large; a larger file is a mistake or an attack."""

_STALE_SECONDS = 3600
"""A temporary file of this age belongs to a run that was killed: none writes for so long."""


def read_bytes(path: Path, *, first: int | None = None) -> bytes:
    """Read a small file, or the first bytes of any, with a clear error where it cannot be read.

    Raises
    ------
    InputError
        There is no such file, it is a folder, it may not be read, or it is over 64 MiB.
    """
    try:
        if path.is_dir():
            raise InputError("this is a folder, not a file", file=path)
        if first is None and path.stat().st_size > _MAX_BYTES:
            raise InputError("the file is larger than 64 MiB", file=path)
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES if first is None else first)
    except FileNotFoundError:
        folder = path.parent
        hint = f"The folder {folder} does not exist either." if not folder.is_dir() else None
        raise InputError("there is no such file", file=path, hint=hint) from None
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", file=path) from None


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file under a temporary name beside its own, then rename it.

    A run that is interrupted leaves the old file or none, never half of one. What a run that was
    killed left behind under a temporary name is removed by a later one.

    Parameters
    ----------
    path
        The file to make; its folder is made if it is missing.
    write
        Called with the temporary path, which has the same suffix.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}.", suffix=f".part{path.suffix}"
        )
        os.close(handle)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from None
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _remove_stale(path: Path) -> None:
    for part in path.parent.glob(f".{glob.escape(path.stem)}.*.part{path.suffix}"):
        if time.time() - part.stat().st_mtime > _STALE_SECONDS:
            part.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
