"""Zip and gzip files from strangers: read by name, never unpacked, never too large."""

import gzip
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath

from bayesmeta.errors import DataError, brief

__all__ = ["gunzip", "read_members"]

_MOST_BYTES = 64 * 2**20
"""Of one file within an archive, and of all that are read together."""

_MOST_ENTRIES = 10_000
_DEEPEST = 3
"""Archives within each other: a download of the Cochrane Library holds the package in another."""

_END = b"PK\x05\x06"
_TAIL = 65_557
"""The end record of a zip file and the longest comment behind it."""

_ENTRY, _LOCATOR = b"PK\x01\x02", b"PK\x06\x07"
"""What begins the entry of a file in the list of files, and the list of an archive over 4 GiB."""

_MEMBER = b"\x1f\x8b\x08"
"""What begins each member of a gzip file."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How RevMan compresses; other methods may ask for any amount of memory."""

_HEADER = 30
"""Bytes of the header of each file, before its name."""

_CHUNK = 2**20


def read_members(content: bytes, path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The files of an archive, and of archives in it, whose names are wanted.

    Parameters
    ----------
    content
        The bytes of the archive.
    path
        Where it is from, for messages.
    wanted
        Says whether a file of this name, without its folder, is read.

    Returns
    -------
    dict of str to bytes
        By name without the folder.

    Raises
    ------
    DataError
        It is damaged, encrypted or too large, or has names that lead out of it.
    """
    found: dict[str, bytes] = {}
    budget = [_MOST_BYTES]
    for name, data in _walk(content, path, wanted, budget, depth=1):
        if name in found:
            raise DataError(f"the archive holds {brief(name)} twice", file=path)
        found[name] = data
    return found


def gunzip(content: bytes, path: Path) -> bytes:
    """The content of a gzip file, of all its members.

    Raises
    ------
    DataError
        It is damaged, or too large.
    """
    if content.count(_MEMBER) > _MOST_ENTRIES:
        raise DataError(f"the archive has more than {_MOST_ENTRIES} files", file=path)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            data = stream.read(_MOST_BYTES + 1)
    except EOFError:
        raise DataError("the gzip file is cut off", file=path) from None
    except (OSError, zlib.error):
        raise DataError("the gzip file is damaged", file=path) from None
    if len(data) > _MOST_BYTES:
        raise _too_large(path)
    return data


def _walk(
    content: bytes, path: Path, wanted: Callable[[str], bool], budget: list[int], *, depth: int
) -> Iterator[tuple[str, bytes]]:
    if depth > _DEEPEST:
        raise DataError("archives lie too deep within each other", file=path)
    try:
        _check_end(content, path)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            for entry in entries:
                _check_entry(entry, path)
            _check_overlap(entries, path)
            for entry in entries:
                name = PurePosixPath(entry.filename).name
                if name.startswith("._"):  # what a Mac notes of a file, beside it
                    continue
                nested = name.casefold().endswith(".zip")
                if not nested and not wanted(name):
                    continue
                data = _read(archive, entry, path, budget)
                if nested:
                    yield from _walk(data, path, wanted, budget, depth=depth + 1)
                else:
                    yield name, data
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        struct.error,
        UnicodeError,
        ValueError,
    ):
        raise DataError(
            "the zip file is damaged",
            file=path,
            hint="Download it again: it may be cut off.",
        ) from None


def _check_end(content: bytes, path: Path) -> None:
    """Refuse archives of countless entries before they are listed."""
    end = content.rfind(_END, max(0, len(content) - _TAIL))
    if end < 0 or len(content) < end + 22:
        raise zipfile.BadZipFile
    (entries,) = struct.unpack_from("<H", content, end + 10)
    listed = content.count(_ENTRY)  # what the end record says may be a lie
    if max(entries, listed) > _MOST_ENTRIES or content[max(0, end - 20) : end].startswith(_LOCATOR):
        raise DataError(f"the archive has more than {_MOST_ENTRIES} files", file=path)


def _check_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    rooted = name.startswith(("/", "\\")) or (parts and ":" in parts[0])
    if not parts or rooted or ".." in parts or "\0" in name:
        raise DataError(f"the archive holds a path that leads out of it: {brief(name)}", file=path)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError(f"the archive holds a link: {brief(name)}", file=path)
    if entry.flag_bits & 0x1:
        raise DataError("the archive is encrypted", file=path, hint="Unpack it and zip it again.")
    if entry.compress_type not in _METHODS:
        raise DataError(
            f"{brief(name)} is compressed in a way that RevMan does not use",
            file=path,
            hint="Unpack the archive and zip it again.",
        )


def _check_overlap(entries: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse files that share their bytes, as those of a bomb do."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in pairwise(ordered):
        if entry.header_offset + _HEADER + entry.compress_size > following.header_offset:
            raise DataError("files of the archive overlap", file=path)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budget: list[int]) -> bytes:
    """The content of an entry, whatever it says of its size."""
    if entry.file_size > budget[0]:
        raise _too_large(path)
    chunks = []
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            budget[0] -= len(chunk)
            if budget[0] < 0:
                raise _too_large(path)
            chunks.append(chunk)
    return b"".join(chunks)


def _too_large(path: Path) -> DataError:
    return DataError("the archive holds more than 64 MiB", file=path)
