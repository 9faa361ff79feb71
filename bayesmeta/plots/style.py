"""One palette, one type-size logic, one way to save."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import InputError, did_you_mean
from bayesmeta.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "FONT_SIZE",
    "RC",
    "figure_bytes",
    "save_figure",
    "without_glyph_warnings",
]

COLOURS = {
    "data": "#333333",
    "model": "#0072B2",
    "prediction": "#D55E00",
    "null": "#888888",
    "rule": "#BBBBBB",
    "changed": "#AA3377",
}
"""Okabe & Ito's colours, which people with any colour vision tell apart; grey for the data, and the
purple of Tol's bright scheme for conclusions that change."""

FONT_SIZE = 9.0
"""Points. Headings are this size in bold, notes are a point smaller."""

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": FONT_SIZE,
    "svg.fonttype": "none",
    "svg.hashsalt": "bayesmeta",
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
"""Settings of matplotlib while a plot is drawn or saved: text stays text, ``$`` is a dollar."""

_METADATA = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
_DPI = 300


@contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Do not warn of each character that the font lacks: in SVG the reader's fonts have them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def save_figure(figure: "Figure", path: Path) -> Path:
    """Write a figure as ``.svg``, ``.png`` or ``.pdf``, by the suffix of the path.

    Raises
    ------
    InputError
        The suffix is another.
    """
    import matplotlib as mpl

    layout = path.suffix.removeprefix(".").casefold()
    if layout not in _METADATA:
        raise InputError(
            f"plots are not written as {path.suffix or 'a file without a suffix'}",
            file=path,
            hint=did_you_mean(layout, _METADATA),
        )
    with mpl.rc_context(RC), without_glyph_warnings():
        return write_whole(path, lambda part: _write(figure, part, layout, _DPI))


def figure_bytes(figure: "Figure", layout: str, *, dpi: float = _DPI) -> bytes:
    """A figure as the content of a file.

    Parameters
    ----------
    figure
        The figure.
    layout
        ``svg``, ``png`` or ``pdf``.
    dpi
        Dots per inch, of PNG.
    """
    import matplotlib as mpl

    content = io.BytesIO()
    with mpl.rc_context(RC), without_glyph_warnings():
        _write(figure, content, layout, dpi)
    return content.getvalue()


def _write(figure: "Figure", target: Path | io.BytesIO, layout: str, dpi: float) -> None:
    figure.savefig(target, format=layout, dpi=dpi, metadata=_METADATA[layout], facecolor="white")
