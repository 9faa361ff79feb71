"""Files that would harm: each ends in one clear error, at once."""

import gzip
import io
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bayesmeta.errors import DataError, InputError
from bayesmeta.studies import is_revman, read_review

Zip = Callable[[Mapping[str, str | bytes]], bytes]

SECONDS = 1.0
"""Within which bombs are refused; they take milliseconds, and machines may be busy."""

ROWS = "1-data-rows.csv"


def refuse(folder: Path, content: bytes | str, said: str, *, at_once: bool = True) -> None:
    path = folder / "hostile"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    start = time.perf_counter()
    with pytest.raises(DataError, match=said) as caught:
        read_review(path)
    assert not at_once or time.perf_counter() - start < SECONDS
    assert caught.value.file == path
    assert len(str(caught.value)) < 1000


# XML

LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(10))
MILLION = "".join(f'<!ENTITY e{i} "x">' for i in range(1_000_000))
NO_TYPES = "declares a document type or entities"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            f"<!DOCTYPE r [{LAUGHS}]><COCHRANE_REVIEW>&l9;</COCHRANE_REVIEW>", NO_TYPES, id="laughs"
        ),
        pytest.param(
            f"<!DOCTYPE r [{MILLION}]><COCHRANE_REVIEW/>", NO_TYPES, id="million entities"
        ),
        pytest.param(
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><COCHRANE_REVIEW>&x;</COCHRANE_REVIEW>',
            NO_TYPES,
            id="external entity",
        ),
        pytest.param(
            '<!DOCTYPE r SYSTEM "http://localhost:1/x.dtd"><COCHRANE_REVIEW/>',
            NO_TYPES,
            id="external type",
        ),
        pytest.param(
            '<!DOCTYPE r [<!ENTITY % x "y"> %x;]><COCHRANE_REVIEW/>',
            NO_TYPES,
            id="parameter entity",
        ),
        pytest.param("<a>" * 100_000, "within each other", id="deep"),
        pytest.param("<a/>" * 10, "not XML as RevMan writes it", id="many roots"),
        pytest.param(
            f"<a {' '.join(f'a{i}=""' for i in range(200_000))}/>", "too long", id="attributes"
        ),
        pytest.param("<a b='" + "x" * 2**21 + "'/>", "too long", id="long attribute"),
        pytest.param("<" * 2**21, "not XML", id="open signs"),
        pytest.param("<COCHRANE_REVIEW>" + "&" * 2**21, "too long", id="stray signs"),
        pytest.param("<COCHRANE_REVIEW>" + "& <b/>" * 300_000, "not XML", id="many stray signs"),
        pytest.param(
            "<a>" + "<b/>" * 600_000 + "</a>", "over 500,000 elements", id="many elements"
        ),
        pytest.param(
            "<a>" + f"<b {' '.join(f'c{i}=""' for i in range(50))}/>" * 50_000 + "</a>",
            "over 2,000,000 attributes",
            id="many attributes",
        ),
        pytest.param("<COCHRANE_REVIEW>\x01</COCHRANE_REVIEW>", "not XML", id="control"),
        pytest.param("<COCHRANE_REVIEW>\x00</COCHRANE_REVIEW>", "not XML", id="null"),
        pytest.param("<?xml?>", "not XML", id="declaration alone"),
        pytest.param("<html></html>", "outermost element is 'html'", id="another root"),
    ],
)
def test_xml(tmp_path: Path, content: str, said: str) -> None:
    heavy = len(content) > 2**20 and "ENTITY" not in content
    refuse(tmp_path, f'<?xml version="1.0"?>{content}', said, at_once=not heavy)


def test_outcomes_without_end(tmp_path: Path) -> None:
    outcomes = "".join(f'<DICH_OUTCOME NO="{i}"/>' for i in range(6_000))
    content = f"<COCHRANE_REVIEW><COMPARISON NO='1'>{outcomes}</COMPARISON></COCHRANE_REVIEW>"
    refuse(tmp_path, content, "over 5,000 outcomes", at_once=False)


def test_a_name_that_many_share_is_read_once(tmp_path: Path) -> None:
    name = f"<NAME>{'long ' * 200_000}</NAME>"
    outcomes = "".join(
        f'<DICH_OUTCOME NO="{i}" EFFECT_MEASURE="OR"><DICH_DATA STUDY_ID="STD-A"/></DICH_OUTCOME>'
        for i in range(1_000)
    )
    entries = '<QUALITY_ITEM_DATA_ENTRY STUDY_ID="STD-A" RESULT="YES"/>' * 1_000
    path = tmp_path / "review"
    path.write_text(
        f"<COCHRANE_REVIEW><QUALITY_ITEM>{name}{entries}</QUALITY_ITEM>"
        f'<COMPARISON NO="1">{name}{outcomes}</COMPARISON></COCHRANE_REVIEW>'
    )
    start = time.perf_counter()
    review = read_review(path)
    assert time.perf_counter() - start < SECONDS
    assert (len(review.outcomes), len(review.risk_of_bias)) == (1_000, 1_000)


# Encodings

TITLE = "Müller’s “tea” – Ω"  # Greek is not in Windows-1252


@pytest.mark.parametrize(
    ("declared", "encoding", "read"),
    [
        ("UTF-8", "utf-8", TITLE),
        ("UTF-8", "utf-8-sig", TITLE),
        ("UTF-16", "utf-16", TITLE),
        ("ISO-8859-1", "utf-8", TITLE),
        ("ISO-8859-1", "cp1252", TITLE[:-1]),
        ("UTF-8", "cp1252", TITLE[:-1]),
        ("us-ascii", "cp1252", TITLE[:-1]),
    ],
)
def test_encodings_that_are_declared_rightly_or_wrongly(
    tmp_path: Path, review_xml: str, declared: str, encoding: str, read: str
) -> None:
    text = review_xml.replace("Tea &amp; <I>sleep</I>", read)
    text = text.replace('encoding="UTF-8"', f'encoding="{declared}"')
    path = tmp_path / "review"
    path.write_bytes(text.encode(encoding, "xmlcharrefreplace"))
    assert is_revman(path)
    assert read_review(path).title == read.strip()


def test_unescaped_signs_are_read(tmp_path: Path, review_xml: str) -> None:
    path = tmp_path / "review"
    path.write_text(review_xml.replace("Tea &amp; <I>sleep</I>", "A & B, p < 0.05 &nbsp; &#65;"))
    assert read_review(path).title == "A & B, p < 0.05 &nbsp; A"


def test_bytes_that_are_no_character(tmp_path: Path, review_xml: str) -> None:
    path = tmp_path / "review"
    path.write_bytes(review_xml.replace("Sleep", "\x81\xe9").encode("latin-1"))
    assert read_review(path).outcome("1.1").name == "\ufffdé"


@pytest.mark.parametrize("declared", ["Shift_JIS", "UTF-7", "nonsense"])
def test_other_encodings_are_named(tmp_path: Path, review_xml: str, declared: str) -> None:
    refuse(tmp_path, review_xml.replace("UTF-8", declared, 1), f"in the encoding '{declared}'")


def test_truncated_files(
    tmp_path: Path, review_xml: str, package_tables: Mapping[str, str], zipped: Zip
) -> None:
    package = zipped({ROWS: next(iter(package_tables.values()))})
    for content in (review_xml.encode(), package, gzip.compress(package)):
        for share in (0.3, 0.6, 0.99):
            cut = content[: int(len(content) * share)]
            refuse(tmp_path, cut, "may be cut off|cut off|no file of RevMan")


def test_files_of_other_kinds(tmp_path: Path, zipped: Zip) -> None:
    workbook = zipped({"[Content_Types].xml": "x", "xl/workbook.xml": "x"})
    for content in (b"", b"study,effect\nA,1\n", b"\x89HDF\r\n\x1a\n", workbook, b"PK"):
        path = tmp_path / "file"
        path.write_bytes(content)
        if content != b"PK":
            assert not is_revman(path)
        with pytest.raises(DataError):
            read_review(path)
    assert not is_revman(tmp_path / "missing.rm5")
    with pytest.raises(InputError, match="there is no such file"):
        read_review(tmp_path / "missing.rm5")


def test_bytes_that_are_a_name_in_workbooks(tmp_path: Path, zipped: Zip) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(archive((ROWS, b"xl/ and mimetype"), method=zipfile.ZIP_STORED))
    assert is_revman(path)
    for name in ("mimetype", "docProps/app.xml", "xl/workbook.xml"):
        path.write_bytes(zipped({name: "x"}))
        assert not is_revman(path)


# Archives


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content)
    return buffer.getvalue()


def linked() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(ROWS)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def bomb(size: int) -> bytes:
    """An archive whose one file unpacks to so many zeros."""
    packer = zlib.compressobj(9, wbits=-15)
    block, checksum, packed = bytes(2**20), 0, []
    for _ in range(size // len(block)):
        packed.append(packer.compress(block))
        checksum = zlib.crc32(block, checksum)
    packed.append(packer.flush())
    return stored(b"".join(packed), checksum, size)


def stored(packed: bytes, checksum: int, size: int) -> bytes:
    """An archive of one deflated file, of whatever size it declares."""
    name = ROWS.encode()
    sizes = struct.pack("<LLL", checksum, len(packed), size & 0xFFFFFFFF)
    common = struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(name), 0)
    local = b"PK\x03\x04" + common + name + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + bytes(14) + name
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + b"PK\x05\x06" + end


def test_bombs(tmp_path: Path) -> None:
    quarter = bomb(256 * 2**20)
    refuse(tmp_path, quarter, "more than 64 MiB")
    declared = bytearray(quarter)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = declared.find(signature) + offset
        declared[at : at + 4] = struct.pack("<L", 1000)
    refuse(tmp_path, bytes(declared), "zip file is damaged")  # 1,000 bytes are read, then refused
    nested = archive(("a.zip", archive(("b.zip", quarter))))
    refuse(tmp_path, nested, "more than 64 MiB")


def test_a_bomb_of_ten_gigabytes(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    content = stored(block * 640, 0, 10 * 2**30)
    refuse(tmp_path, content, "more than 64 MiB|damaged")
    member = zlib.compressobj(9, wbits=31)
    zeros = member.compress(bytes(2**24)) + member.flush()
    refuse(tmp_path, zeros * 640, "64 MiB|cut off|no file of RevMan")


def test_members_without_end(tmp_path: Path) -> None:
    refuse(tmp_path, gzip.compress(b"") * 10_001, "more than 10000 files")


def test_archives_within_archives(tmp_path: Path) -> None:
    content = archive((ROWS, b"x"))
    for _ in range(4):
        content = archive(("more.zip", content))
    refuse(tmp_path, content, "too deep within each other")
    refuse(tmp_path, gzip.compress(gzip.compress(b"x")), "within each other")


@pytest.mark.parametrize(
    "name",
    [
        "../1-data-rows.csv",
        "/1-data-rows.csv",
        "a\\..\\1-data-rows.csv",
        "C:/1-data-rows.csv",
        "a/../../b",
    ],
)
def test_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    refuse(tmp_path, archive((name, b"x")), "leads out of it")
    assert [path.name for path in tmp_path.iterdir()] == ["hostile"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_tricks(tmp_path: Path) -> None:
    refuse(tmp_path, archive((ROWS, b"x"), (f"a/{ROWS}", b"y")), "twice")
    refuse(tmp_path, archive((ROWS, b"x"), (ROWS, b"y")), "twice")
    refuse(tmp_path, archive((linked(), b"/etc/passwd")), "holds a link")
    refuse(tmp_path, archive((ROWS, b"x"), method=zipfile.ZIP_LZMA), "compressed in a way")
    many = [(f"{i}.txt", b"") for i in range(10_001)]
    refuse(tmp_path, archive(*many), "more than 10000 files", at_once=False)
    encrypted = bytearray(archive((ROWS, b"x")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.find(signature) + offset] |= 1
    refuse(tmp_path, bytes(encrypted), "archive is encrypted")


def test_files_that_share_their_bytes(tmp_path: Path) -> None:
    two = bytearray(archive(("a.csv", b"same"), ("b.csv", b"same")))
    second = two.rfind(b"PK\x01\x02")
    two[second + 42 : second + 46] = struct.pack("<L", 0)
    refuse(tmp_path, bytes(two), "overlap")


def test_a_wrong_checksum(tmp_path: Path) -> None:
    content = archive((ROWS, b"Analysis group"), method=zipfile.ZIP_STORED)
    refuse(tmp_path, content.replace(b"Analysis group", b"Analysis grOup"), "damaged")
