"""A report as a Word document, which pandoc makes of its Markdown."""

import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from bayesmeta.errors import EngineError
from bayesmeta.files import write_whole
from bayesmeta.plots import figure_bytes
from bayesmeta.report.document import Picture, Report
from bayesmeta.report.markdown import picture_names, to_markdown
from bayesmeta.report.page import source

__all__ = ["find_pandoc", "write_word"]

_READER = (
    "markdown+gfm_auto_identifiers-smart-raw_html-raw_tex-raw_attribute"
    "-native_divs-native_spans-yaml_metadata_block-pandoc_title_block-citations-implicit_figures"
    "-example_lists-fancy_lists-footnotes-inline_notes"
)
"""The Markdown that is read: without what ours does not write, so that a name cannot be it."""

_STYLES = {"word/document.xml": "word_document.xml", "word/styles.xml": "word_styles.xml"}
"""The page and the looks; what else a document needs, pandoc has."""

_DOTS = 200
_WIDTH, _HEIGHT = 6.69, 9.0
"""Inches of a page that a picture may have."""


def write_word(report: Report, folder: Path, name: str) -> Path:
    """Write ``name.docx``.

    Raises
    ------
    EngineError
        Pandoc is not installed, or failed.
    """
    pandoc = find_pandoc()
    with tempfile.TemporaryDirectory(prefix="bayesmeta-") as made:
        drawn = Path(made)
        files = picture_names(report, "png")
        for file, picture in zip(files, report.pictures, strict=True):
            (drawn / file).write_bytes(figure_bytes(picture.figure, "png", dpi=_DOTS))
        text = to_markdown(
            report,
            [
                f"({file}){_size(picture)}"
                for file, picture in zip(files, report.pictures, strict=True)
            ],
        )
        looks = drawn / "looks.docx"
        with zipfile.ZipFile(looks, "w") as archive:
            for part, file in _STYLES.items():
                archive.writestr(part, source(file))
        return write_whole(folder / f"{name}.docx", partial(_convert, pandoc, text, drawn, looks))


def _convert(pandoc: Any, text: str, pictures: Path, looks: Path, target: Path) -> None:
    arguments = [
        f"--resource-path={pictures}",
        f"--reference-doc={looks}",
        "--shift-heading-level-by=-1",
        "--columns=1",
        "--quiet",
    ]
    try:
        pandoc.convert_text(
            text, "docx", _READER, extra_args=arguments, outputfile=target, verify_format=False
        )
    except RuntimeError as error:
        raise EngineError(f"pandoc could not write the report: {error}") from None


def find_pandoc() -> Any:
    """The library that runs pandoc, where it and the program are installed.

    Raises
    ------
    EngineError
        They are not.
    """
    try:
        import pypandoc

        pypandoc.get_pandoc_path()
    except (ImportError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise EngineError(
            f"a report for Word needs pandoc, which cannot be loaded ({reason})\n  "
            "Install it with: pip install 'bayesmeta[docx]', or write the report as html or md."
        ) from None
    return pypandoc


def _size(picture: Picture) -> str:
    """The size of a picture: its own where the page has the room."""
    width, height = picture.figure.get_size_inches()
    scale = min(1.0, _WIDTH / width, _HEIGHT / height)
    return f"{{width={scale * width:.3f}in height={scale * height:.3f}in}}"
