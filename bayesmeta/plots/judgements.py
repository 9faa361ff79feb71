"""How judgements of the risk of bias look: a sign and a colour each, and a letter a domain."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bayesmeta.studies import JUDGEMENTS

__all__ = ["JUDGEMENT_COLOURS", "SIGNS", "domain_letters", "domain_notes", "sign_key"]

SIGNS: Mapping[str, str] = MappingProxyType(
    {"low": "+", "unclear": "?", "some concerns": "?", "high": "−", "": ""}
)
"""The sign of each judgement, as RevMan draws it: nobody has to tell colours apart."""

JUDGEMENT_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "low": "#009E73",
        "unclear": "#F0E442",
        "some concerns": "#F0E442",
        "high": "#D55E00",
        "": "#E4E4E4",
    }
)
"""Green, yellow and red of Okabe & Ito, which differ in lightness too."""

_TIED = "\ue000"
"""Stands for a space where no line may end: behind a letter, and in a domain that is not long."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def domain_letters(count: int) -> list[str]:
    """A letter a domain, as many as there are: A to Z, then AA."""
    size = len(_ALPHABET)
    return [
        (_ALPHABET[i // size - 1] if i >= size else "") + _ALPHABET[i % size] for i in range(count)
    ]


def domain_notes(domains: Sequence[str], words: Iterable[str], *, longest: int) -> list[str]:
    """Lines that say what the letters and the signs are.

    Parameters
    ----------
    domains
        Their names, in the order of the letters.
    words
        The judgements that occur.
    longest
        Characters of a line.
    """
    named = zip(domain_letters(len(domains)), domains, strict=True)
    items = [f"{letter}{_TIED}{domain}" for letter, domain in named]
    whole = [item.replace(" ", _TIED) if len(item) < longest // 2 else item for item in items]
    lettered = "; ".join(whole)
    lines = textwrap.wrap(f"Risk of bias ({sign_key(words)}): {lettered}.", longest)
    return [line.replace(_TIED, " ") for line in lines]


def sign_key(words: Iterable[str]) -> str:
    """What the signs are, as in ``+ low, ? some concerns, − high``."""
    meant: dict[str, list[str]] = {}
    present = set(words)
    for word in JUDGEMENTS:
        if word in present:
            meant.setdefault(SIGNS[word], []).append(word)
    return ", ".join(f"{sign} {' or '.join(those)}" for sign, those in meant.items())
