"""Lines of mathematics as LaTeX: what a name, a number and a parameter look like in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Equation", "Symbol", "normal", "number", "symbol_of", "words"]

Symbol = Callable[[str], str]
"""The LaTeX of a parameter by its name."""

_LONGEST = 40
"""Characters of a name; of a longer one the rest is cut off."""


@dataclass(frozen=True, kw_only=True)
class Equation:
    """A line of the model.

    Attributes
    ----------
    latex : str
        The line, without dollar signs.
    meaning : str
        What it says, as plain text.
    """

    latex: str
    meaning: str


_SPECIAL: Mapping[str, str] = MappingProxyType(
    {
        "_": r"\_",
        "%": r"\%",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "{": r"\{",
        "}": r"\}",
        "\\": r"\backslash ",
        "<": r"\lt ",
        ">": r"\gt ",
        "~": r"\sim ",
        "^": r"\wedge ",
        "`": r"\text{'}",
    }
)
"""Characters that mean something in LaTeX or in HTML: these stand between pieces of text."""


def words(name: str) -> str:
    """A name as LaTeX: text in which nothing is a command, whatever the name is."""
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    found, piece = "", ""
    for each in (character if character.isprintable() else " " for character in short):
        if each not in _SPECIAL:
            piece += each
            continue
        found += (rf"\text{{{piece}}}" if piece else "") + _SPECIAL[each]
        piece = ""
    return found + (rf"\text{{{piece}}}" if piece else "") or r"\text{ }"


def number(value: float) -> str:
    """A number with six significant digits at most."""
    digits, _, exponent = f"{value:.6g}".partition("e")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits


def normal(mean: str, *variances: str) -> str:
    """A normal distribution, by its mean and what its variance is the sum of."""
    variance = " + ".join(each for each in variances if each)
    return rf"\mathrm{{Normal}}({mean}, {variance})"


_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "mu": r"\mu",
        "tau": r"\tau",
        "tau_within": r"\tau_\mathrm{within}",
        "tau_outlier": r"\tau_\mathrm{outlier}",
        "p_outlier": r"p_\mathrm{outlier}",
        "omega": r"\omega",
        "nu": r"\nu",
        "rho": r"\rho",
        "alpha": r"\alpha",
        "alpha_mean": r"\alpha_\mathrm{mean}",
        "alpha_sd": r"\alpha_\mathrm{sd}",
    }
)


def symbol_of(name: str) -> str:
    """The symbol of a parameter; one without has its name."""
    if name.startswith("beta[") and name.endswith("]"):
        return rf"\beta_{{{words(name[5:-1])}}}"
    return _SYMBOLS.get(name) or words(name)
