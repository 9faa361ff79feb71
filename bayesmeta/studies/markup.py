"""XML from strangers: no entities, no document types, no depth without end."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import defusedxml
from defusedxml.ElementTree import DefusedXMLParser

from bayesmeta.errors import DataError

__all__ = ["parse_xml"]

_DEEPEST = 200
"""Elements within each other; a review of RevMan has a dozen levels."""

_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252"})
"""Declared encodings that are read as Windows-1252, which holds all their characters: files say
ISO-8859-1 and have Windows' quotation marks."""

_STRAY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
"""An ampersand that begins no reference: some downloads of RevMan data do not escape it."""


class _Bounded(TreeBuilder):
    """Builds a tree up to a depth."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"its elements lie more than {_DEEPEST} within each other")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)


def parse_xml(content: bytes, path: Path) -> Element:
    """Parse an XML file that nobody vouches for.

    Parameters
    ----------
    content
        Its bytes: UTF-8, UTF-16 or Windows-1252, whatever it declares.
    path
        Where it is from, for messages.

    Raises
    ------
    DataError
        It is no well-formed XML, or declares a document type or entities.
    """
    text = _decoded(content)
    try:
        try:
            return _parsed(text)
        except ParseError:
            repaired = _STRAY.sub("&amp;", text)
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


def _parsed(text: str) -> Element:
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    parser.feed(text)
    root: Element = parser.close()
    return root


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    found = _DECLARATION.match(content.removeprefix(b"\xef\xbb\xbf"))
    declared = _ENCODING.search(found[0]) if found else None
    body = content.removeprefix(b"\xef\xbb\xbf")[found.end() if found else 0 :]
    if declared is None or declared[1].decode("ascii").casefold() not in _LATIN:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return body.decode("cp1252", errors="replace")
