"""Pages of HTML that stand alone: templates, styles and what a browser may do with them."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2

from bayesmeta.studies.text import without_turning

__all__ = ["render", "source"]


def render(template: str, *, styles: Sequence[str], **values: Any) -> str:
    """A page; whatever comes from a file is escaped.

    Parameters
    ----------
    template
        Its name.
    styles
        Files of styles that stand in the page itself, one after the other. The template gets them
        as ``style``, and ``hash``, by which a content security policy names a style or script.
    **values
        What the template shows.
    """
    style = "".join(map(source, styles))
    return (
        _environment()
        .get_template(template)
        .render(style=style, style_hash=_hash(style), hash=_hash, **values)
    )


def source(name: str) -> str:
    """The text of a file beside the templates, to stand in the page itself."""
    environment = _environment()
    assert environment.loader is not None  # it is given below
    return environment.loader.get_source(environment, name)[0]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bayesmeta.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(text: str) -> str:
    """How the page's content security policy names a script or style that it contains."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """What a template shows of a value."""
    return without_turning(value) if isinstance(value, str) else value
