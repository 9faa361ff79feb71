"""XML from strangers: an element tree, or a clear error within a second or two."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import defusedxml
from defusedxml.ElementTree import DefusedXMLParser

from bayesmeta.errors import DataError, brief

__all__ = ["parse_xml"]

_DEEPEST = 200
"""Elements within each other; a review of RevMan has a dozen levels."""

_MOST_ELEMENTS = 500_000
"""A review with all its text and references has some ten thousand."""

_MOST_ATTRIBUTES = 2_000_000
"""Of all elements together; a row of data has about twenty."""

_PART = 2**20
"""Bytes from one ``<`` to the next: no paragraph and no list of attributes is as long."""

_TOO_LONG = re.compile(rb"(?:\A|<)[^<]{%d}" % _PART)

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_ENCODING = re.compile(r"encoding\s*=\s*[\"']([^\"']*)[\"']")
_READ = re.compile(r"utf-?(8|16(le|be)?)|(us-)?ascii|iso-?8859-?1|latin-?1|(windows-?|cp-?)1252")
"""Declared encodings that are told apart by the bytes. Windows-1252 holds all characters of
ISO-8859-1, and files that declare this have Windows' quotation marks."""

_STRAY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)|<(?=[\s\d=])")
"""Signs that cannot be markup: some downloads say ``Smith & Jones`` and ``p < 0.05``."""

_MOST_STRAY = 100_000
"""Signs that are escaped; a file with more is none that a program wrote."""


class _Bounded(TreeBuilder):
    """Builds a tree of limited size and depth."""

    elements = 0
    attributes = 0
    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self.elements += 1
        self.attributes += len(attrs)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"its elements lie more than {_DEEPEST} within each other")
        if self.elements > _MOST_ELEMENTS:
            raise ValueError(f"it has over {_MOST_ELEMENTS:,} elements")
        if self.attributes > _MOST_ATTRIBUTES:
            raise ValueError(f"it has over {_MOST_ATTRIBUTES:,} attributes")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)


def parse_xml(content: bytes, path: Path) -> Element:
    """Parse an XML file that nobody vouches for.

    A file that is not well-formed is tried once more with its stray ``&`` and ``<`` escaped.
    Nothing outside the file is read.

    Parameters
    ----------
    content
        Its bytes: UTF-8, UTF-16 with a byte order mark, else Windows-1252, whichever of these it
        declares.
    path
        Where it is from, for messages.

    Raises
    ------
    DataError
        It is no well-formed XML, declares a document type or entities, is in another encoding, or
        has more or deeper elements than any review.
    """
    if _TOO_LONG.search(content):
        raise DataError("a part of the file is too long for a review", file=path)
    text = _decoded(content, path)
    try:
        try:
            return _parsed(text)
        except ParseError:
            repaired = _STRAY.sub(_escaped, text, count=_MOST_STRAY)
            if repaired == text:
                raise
            return _parsed(repaired)
    except defusedxml.DefusedXmlException:
        message = "the file declares a document type or entities, which no file of RevMan does"
        raise DataError(message, file=path) from None
    except (ParseError, ValueError) as error:
        raise DataError(
            f"this is not XML as RevMan writes it: {str(error).partition(': line')[0]}",
            file=path,
            row=getattr(error, "position", (None,))[0],
            hint="Download the file again: it may be cut off or damaged.",
        ) from None


def _escaped(sign: re.Match[str]) -> str:
    return "&lt;" if sign[0] == "<" else "&amp;"


def _parsed(text: str) -> Element:
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    parser.feed(text)
    root: Element = parser.close()
    return root


def _decoded(content: bytes, path: Path) -> str:
    """The text without its declaration; bytes that are no character are replaced."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.removeprefix(b"\xef\xbb\xbf").decode("cp1252", errors="replace")
    found = _DECLARATION.match(text)
    if found is None:
        return text
    declared = _ENCODING.search(found[0])
    if declared and not _READ.fullmatch(declared[1].casefold()):
        raise DataError(
            f"the file is in the encoding {brief(declared[1])}",
            file=path,
            hint="Save it in UTF-8, as RevMan does.",
        )
    return text[found.end() :]
