"""Damaged files of RevMan: whatever happens to one, it is read or refused, soon and small."""

import gzip
import random
import re
import resource
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.errors import InputError
from bayesmeta.studies import is_revman, read_review

Zip = Callable[[Mapping[str, str | bytes]], bytes]
Mutation = Callable[[bytes, random.Random], bytes]

SECONDS = 3.0
"""A file of any seed is read in a tenth of this; the machine may be busy."""

MEGABYTES = 600
"""What all files together may add to the process: a file of 64 MiB may take as much."""

TOKENS = tuple(
    token.encode("latin-1")
    for token in (
        *("<", ">", "&", '"', "'", "&x;", "<![CDATA[", "]]>", "<!--", "-->", "<?x?>", "\0"),
        *("<!DOCTYPE a [<!ENTITY b 'c'>]>", "\xff\xfe", "\xef\xbb\xbf", "\xc3", "\xd9\xa3"),
        *("PK\x01\x02", "PK\x05\x06", "../", "SUBGROUP_ONLY", "CMP-001.01.01", "#N/A", "1" * 5000),
        *("-1", "1e999", "NaN", "-Infinity", "99999999999999999999", "0x10", "1_0"),
        *("", ",", "\n", "\r", ";", "\t"),
    )
)


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 50))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:end], data[start:], data[:start] + data[end:]))


def inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 300)) + data[at:]


def repeated(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end] * chance.choice((1, 2, 20)) + data[end:]


def part_replaced(data: bytes, chance: random.Random) -> bytes:
    """A value, a tag or a cell becomes another of the file, or a token."""
    pattern = chance.choice((rb'"[^"<]*"', rb"</?\w+", rb"\b\w+=", rb"(?<=,)[^,\n]*", rb"[^\n]+"))
    parts = list(re.finditer(pattern, data))
    if not parts:
        return flipped(data, chance)
    part = chance.choice(parts)
    quoted = part[0].startswith(b'"')
    token = chance.choice(TOKENS)
    other = chance.choice((chance.choice(parts)[0], b'"' + token + b'"' if quoted else token))
    return data[: part.start()] + other + data[part.end() :]


def member_changed(data: bytes, chance: random.Random) -> bytes:
    """A file in an archive is damaged, renamed, repeated or left out; archives lie deeper."""
    if not data.startswith(b"PK"):
        return part_replaced(data, chance)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # it is damaged already
        return flipped(data, chance)
    if not members:
        return flipped(data, chance)
    i = chance.randrange(len(members))
    name, content = members[i]
    if content and chance.random() < 0.7:
        members[i] = name, chance.choice(DAMAGE)(content, chance)
    elif chance.random() < 0.5:
        members[i] = chance.choice(("../", "/", "a/", "", "-parameters.csv")) + name, content
    else:
        members[i : i + 1] = chance.choice(([], [("b" + name, content), members[i]]))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice((0, 8))) as archive:
        for each, its in members:
            archive.writestr(each, its)
    return buffer.getvalue()


DAMAGE: tuple[Mutation, ...] = (
    flipped, cut, inserted, repeated, part_replaced, part_replaced, member_changed, member_changed
)  # fmt: skip


@pytest.fixture(scope="module")
def small_seeds(
    review_xml: str, package_tables: Mapping[str, str], export_csv: str, zipped: Zip
) -> list[bytes]:
    tables = {name: text for name, text in package_tables.items() if name.endswith("csv")}
    rows = package_tables["1-analysis-data/1-data-rows.csv"].encode()
    second = {
        "1-data-rows.csv": rows,
        "1-overall-estimates-and-settings.csv": package_tables["version 2"],
    }
    return [
        review_xml.encode(),
        review_xml.encode("utf-16"),
        zipped(tables),
        zipped(second),
        zipped({"a/b-data.zip": zipped(tables)}),
        rows,
        gzip.compress(rows),
        export_csv.encode(),
    ]


def throw(seeds: list[bytes], count: int, path: Path, seed: int) -> Counter[str]:
    """Read so many damaged files; say how many were read, and how many refused."""
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    slowest = 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data = chance.choice(DAMAGE)(data or b"\n", chance)
        path.write_bytes(data)
        start = time.perf_counter()
        try:
            is_revman(path)
            review = read_review(path)
        except InputError as error:
            ends["refused" if error.message and error.file == path else "unclear"] += 1
        except BaseException:
            path.with_name(f"crash-{number}").write_bytes(data)
            raise
        else:
            ends["read"] += 1
            for outcome in review:
                assert len(outcome.rows) > 0
                assert outcome.participants >= 0
                for values in outcome.rows.numbers.values():
                    assert not np.isinf(values).any()
        slowest = max(slowest, time.perf_counter() - start)
    assert ends["unclear"] == 0
    assert slowest < SECONDS
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MEGABYTES
    print(f"{dict(ends)}, slowest {slowest:.2f} s, {grown:.0f} MiB more")  # noqa: T201
    return ends


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_twelve_thousand_damaged_files(small_seeds: list[bytes], tmp_path: Path) -> None:
    ends = throw(small_seeds, 12_000, tmp_path / "damaged", seed=20261125)
    assert min(ends["read"], ends["refused"]) > 1_200  # else all damage is of one kind


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("seed", range(6))
def test_sixty_thousand_damaged_files(
    small_seeds: list[bytes], revman_files: Path, tmp_path: Path, seed: int
) -> None:
    real = [path.read_bytes() for path in sorted(revman_files.iterdir()) if path.suffix != ".md"]
    throw([*small_seeds, *real], 10_000, tmp_path / "damaged", seed)
