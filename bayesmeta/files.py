"""Files that are written whole or not at all."""

import glob
import os
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from bayesmeta.errors import InputError

__all__ = ["check_folder", "read_bytes", "safe_name", "write_text", "write_whole"]

_MAX_BYTES = 64 * 2**20
"""No table of studies or spec is this large; a larger file is a mistake or an attack."""

_STALE_SECONDS = 3600
"""A temporary file of this age belongs to a run that was killed: none writes for so long."""

_PREFIX = 40
"""Characters of a file's name that are kept in its temporary names."""


def read_bytes(path: Path, *, first: int | None = None) -> bytes:
    """Read a small file, or the first bytes of any, with a clear error where it cannot be read.

    Raises
    ------
    InputError
        There is no such file, it is a folder, it may not be read, or it is over 64 MiB.
    """
    _check_name(path)
    try:
        if path.is_dir():
            raise InputError("this is a folder, not a file", file=path)
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1 if first is None else first)
    except FileNotFoundError:
        folder = path.parent
        hint = f"The folder {folder} does not exist either." if not folder.is_dir() else None
        raise InputError("there is no such file", file=path, hint=hint) from None
    except OSError as error:
        raise InputError(f"the file cannot be read: {_reason(error)}", file=path) from None
    if len(content) > _MAX_BYTES:
        raise InputError("the file is larger than 64 MiB", file=path)
    return content


def safe_name(text: str) -> str:
    """A text from a file as part of a file's name: letters, digits, dots and dashes alone."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip(".")[:_PREFIX]


def check_folder(path: Path) -> None:
    """Make sure that a folder can be written to, or made, before a long run.

    Raises
    ------
    InputError
        It, or the folder that would hold it, is a file or may not be written to.
    """
    _check_name(path)
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise InputError("this is a file, not a folder", file=there)
    if not os.access(there, os.W_OK):
        raise InputError("the folder may not be written to", file=there)


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

    Raises
    ------
    InputError
        The file cannot be written there.
    """
    _check_name(path)
    try:
        final = path.resolve() if path.is_symlink() else path
        if final.exists() and not final.is_file():
            raise InputError("this is a folder or a device, not a file", file=path)
        final.parent.mkdir(parents=True, exist_ok=True)
        beside = final.with_name(path.name)
        _remove_stale(beside)
        handle, name = tempfile.mkstemp(
            dir=beside.parent, prefix=_prefix(beside), suffix=f".part{beside.suffix}"
        )
        os.close(handle)
    except OSError as error:
        raise InputError(f"cannot be written: {_reason(error)}", file=path) from None
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(final)
    except OSError as error:
        raise InputError(f"cannot be written: {_reason(error)}", file=path) from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text as UTF-8, as `write_whole` writes."""
    return write_whole(path, partial(Path.write_text, data=text, encoding="utf-8"))


def _check_name(path: Path) -> None:
    """Refuse names that would fail later: in a log, in a saved fit, or in a system call."""
    try:
        valid = b"\0" not in str(path).encode()
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise InputError(
            "the name of the file is not valid text", file=path, hint="Rename the file."
        )


def _prefix(path: Path) -> str:
    """How temporary names of a file begin; short, as names of files may have 255 bytes."""
    return f".{path.stem[:_PREFIX]}."


def _remove_stale(path: Path) -> None:
    for part in path.parent.glob(f"{glob.escape(_prefix(path))}*.part{glob.escape(path.suffix)}"):
        with suppress(OSError):  # another run may have removed it, or it belongs to someone else
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
