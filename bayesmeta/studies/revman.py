"""Any file of RevMan, told apart by what it holds."""

from pathlib import Path

from bayesmeta.files import read_bytes
from bayesmeta.studies.review import Review
from bayesmeta.studies.revman5 import read_revman5

__all__ = ["is_revman", "read_review"]


def is_revman(path: str | Path) -> bool:
    """Whether a file is one of RevMan."""
    return Path(path).suffix.casefold() == ".rm5"


def read_review(path: str | Path) -> Review:
    """The review in a file of RevMan."""
    path = Path(path)
    return read_revman5(read_bytes(path), path)
