"""Reports as Word documents: they open, all is in them in order, names stay text."""

import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from defusedxml import ElementTree
from matplotlib.figure import Figure

from bayesmeta.cli.main import main
from bayesmeta.errors import EngineError, InputError
from bayesmeta.report.document import Code, Equations, Paragraph, Picture, Report, Section, Table
from bayesmeta.report.word import write_word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
EMU = 914400
"""Units of a drawing in an inch."""

SCRIPT = "<script>alert(1)</script>"
NAMES = {SCRIPT, "$x$ 2001", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"}


@pytest.fixture(scope="module")
def folder(hostile: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its document is, alone."""
    pytest.importorskip("pypandoc")
    folder = tmp_path_factory.mktemp("word")
    assert write_word(hostile, folder, "made") == folder / "made.docx"
    assert [path.name for path in folder.iterdir()] == ["made.docx"]
    return folder


@pytest.fixture(scope="module")
def document(folder: Path) -> ElementTree:
    return part(folder / "made.docx", "document")


def part(path: Path, name: str) -> ElementTree:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return ElementTree.fromstring(archive.read(f"word/{name}.xml"))


def text_of(element: ElementTree) -> str:
    return "".join(found.text or "" for found in element.iter(f"{W}t"))


def styled(document: ElementTree, style: str) -> list[str]:
    return [
        text_of(paragraph)
        for paragraph in document.iter(f"{W}p")
        if any(found.get(f"{W}val") == style for found in paragraph.iter(f"{W}pStyle"))
    ]


def test_title_and_headings_in_order(hostile: Report, document: ElementTree) -> None:
    assert styled(document, "Title") == [SCRIPT]
    assert styled(document, "Heading1") == [section.title for section in hostile.sections]


def test_tables_have_captions_and_headings(hostile: Report, document: ElementTree) -> None:
    blocks = [block for section in hostile.sections for block in section.blocks]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert styled(document, "TableCaption") == [block.caption for block in tables]
    found = list(document.iter(f"{W}tbl"))
    assert len(found) == len(tables)
    for table, block in zip(found, tables, strict=True):
        rows = list(table.iter(f"{W}tr"))
        named = any(block.header)
        assert len(rows) == len(block.rows) + named
        names = [text_of(row.find(f"{W}tc")).replace("\xa0", " ") for row in rows[named:]]
        assert names == [row[0] for row in block.rows]
        assert len(list(table.iter(f"{W}tblHeader"))) == named


def test_names_are_text(document: ElementTree) -> None:
    cells = [text_of(cell) for cell in document.iter(f"{W}tc")]
    assert set(cells) >= NAMES


def test_equations_are_word_equations(hostile: Report, document: ElementTree) -> None:
    blocks = [block for section in hostile.sections for block in section.blocks]
    lines = [line for block in blocks if isinstance(block, Equations) for line in block.lines]
    assert len(list(document.iter(f"{M}oMath"))) == len(lines) > 0


def test_pictures_fit_the_page(hostile: Report, folder: Path, document: ElementTree) -> None:
    drawn = list(document.iter(f"{DRAWN}inline"))
    pictures = list(hostile.pictures)
    assert len(drawn) == len(pictures)
    for inline, picture in zip(drawn, pictures, strict=True):
        size = inline.find(f"{DRAWN}extent")
        width, height = int(size.get("cx")) / EMU, int(size.get("cy")) / EMU
        own = picture.figure.get_size_inches()
        assert 0 < width <= 6.7
        assert 0 < height <= 9.01
        assert width / height == pytest.approx(own[0] / own[1], rel=0.01)
        described = inline.find(f"{DRAWN}docPr").get("descr")
        assert re.sub(r"\s+", " ", described) == re.sub(r"\s+", " ", picture.alt).strip()
    with zipfile.ZipFile(folder / "made.docx") as archive:
        media = [name for name in archive.namelist() if name.startswith("word/media/")]
    assert len(media) == len(pictures)
    assert all(name.endswith(".png") for name in media)


def test_code_keeps_its_lines(hostile: Report, document: ElementTree) -> None:
    blocks = [block for section in hostile.sections for block in section.blocks]
    code = next(block for block in blocks if isinstance(block, Code))
    shown = [
        paragraph
        for paragraph in document.iter(f"{W}p")
        if any(found.get(f"{W}val") == "SourceCode" for found in paragraph.iter(f"{W}pStyle"))
    ]
    lines = text_of(shown[0])
    assert lines == code.text.replace("\n", "").rstrip()
    assert len(list(shown[0].iter(f"{W}br"))) == code.text.rstrip().count("\n")


def test_looks_are_ours(folder: Path, document: ElementTree) -> None:
    styles = part(folder / "made.docx", "styles")
    table = next(found for found in styles if found.get(f"{W}styleId") == "Table")
    assert table.find(f"{W}tblPr/{W}tblBorders/{W}top") is not None
    assert styles.find(f".//{W}rFonts").get(f"{W}ascii") == "Calibri"
    assert document.find(f".//{W}pgSz").get(f"{W}w") == "11906"  # A4


@pytest.fixture
def small(hostile: Report) -> Report:
    figure = Figure(figsize=(3, 30))
    blocks = [
        Paragraph(text="A"),
        Picture(name="tall", figure=figure, caption="C", alt="D"),
    ]
    return replace(hostile, sections=[Section(name="answer", title="Answer", blocks=blocks)])


def test_a_tall_picture_fits_the_page(small: Report, tmp_path: Path) -> None:
    pytest.importorskip("pypandoc")
    document = part(write_word(small, tmp_path, "tall"), "document")
    size = next(document.iter(f"{DRAWN}extent"))
    assert int(size.get("cy")) / EMU == pytest.approx(9, abs=0.01)
    assert int(size.get("cx")) / EMU == pytest.approx(0.9, abs=0.01)


def test_pandoc_missing(small: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypandoc", None)
    with pytest.raises(EngineError, match=r"pip install 'bayesmeta\[docx\]'") as raised:
        write_word(small, tmp_path, "a")
    assert raised.value.exit_code == 3
    assert not list(tmp_path.iterdir())


def test_the_program_missing(
    small: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pypandoc = pytest.importorskip("pypandoc")

    def absent() -> str:
        raise OSError("No pandoc was found: either install pandoc\nor call download_pandoc")

    monkeypatch.setattr(pypandoc, "get_pandoc_path", absent)
    with pytest.raises(EngineError, match=r"No pandoc was found.*\n.*bayesmeta\[docx\]"):
        write_word(small, tmp_path, "a")


def test_a_failure_leaves_nothing(
    small: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pypandoc = pytest.importorskip("pypandoc")

    def fail(*_: object, outputfile: Path, **__: object) -> str:
        outputfile.write_bytes(b"half")
        raise RuntimeError("pandoc died")

    monkeypatch.setattr(pypandoc, "convert_text", fail)
    with pytest.raises(EngineError, match="pandoc died"):
        write_word(small, tmp_path, "a")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way(small: Report, tmp_path: Path) -> None:
    pytest.importorskip("pypandoc")
    (tmp_path / "a.docx").mkdir()
    with pytest.raises(InputError):
        write_word(small, tmp_path, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.docx"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pypandoc")
    data = tmp_path / "studies.csv"
    data.write_text("study,effect,std_error,kind\nA,0.3,0.2,a\nB,0.1,0.3,b\nC,-0.2,0.2,b\n")
    out = tmp_path / "out"
    flags = ["--measure", "SMD", "--subgroup", "kind", "--engine", "quadrature"]
    flags += ["--to", "docx", "--to", "md"]
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(data), *flags, "--out", str(out)])
    assert not stopped.value.code
    files = ["studies-report", "studies.docx", "studies.md"]
    assert sorted(path.name for path in out.iterdir()) == files
    assert "studies.docx" in capsys.readouterr().out
