"""How RevMan was told to analyse an outcome, from the words of any of its formats."""

import math
import re
from collections.abc import Mapping

from bayesmeta.errors import brief
from bayesmeta.studies.measure_names import measure_code
from bayesmeta.studies.numbers import is_missing
from bayesmeta.studies.review import Kind, Method, StudyRows
from bayesmeta.studies.study_rows import Place

__all__ = [
    "CHOICES",
    "MODELS",
    "UnknownSettingError",
    "level_of",
    "measure_of",
    "method_of",
    "setting_of",
]

CHOICES: Mapping[str, bool] = {"YES": True, "true": True, "NO": False, "false": False}
"""The words of settings that are on or off."""

MODELS: Mapping[str, bool] = {"Fixed": False, "Random": True}
"""The models: whether effects are random."""

_METHODS: Mapping[str, Method] = {
    "MH": "MH",
    "Mantel": "MH",
    "IV": "IV",
    "Inverse": "IV",
}

_LEVEL = 0.95
"""RevMan's own level, where a file names none."""

_LONGEST = 100
"""Characters of a text that are looked at: the words of settings are short."""

_LEAST_PERCENT = 50
"""A lower level is a share that was taken for percent, as 0.95 for 95."""


class UnknownSettingError(Exception):
    """A word for a setting that is not RevMan's: why an outcome is left out."""


def setting_of[Value](name: str, text: str, known: Mapping[str, Value], *, default: Value) -> Value:
    """What a file says of a setting.

    Parameters
    ----------
    name
        The setting, for the reason why an outcome is left out.
    text
        What the file says; its first word decides, as of ``"Random effects"``.
    known
        What each first word means, in capitals or not.
    default
        What holds where the file says nothing, or that the setting does not apply.

    Raises
    ------
    UnknownSettingError
        The word is none of those that are known.
    """
    if is_missing(text):
        return default
    found = re.findall(r"[^\W_]+", text[:_LONGEST].casefold())[:1]
    values = [value for word, value in known.items() if [word.casefold()] == found]
    if not values:
        words = ", ".join(known)
        raise UnknownSettingError(
            f"RevMan's {name} {brief(text)} is not known: it would be {words}"
        )
    return values[0]


def measure_of(text: str, kind: Kind, rows: StudyRows, *, log_data: bool = False) -> str:
    """The code of a measure, as `bayesmeta.studies.measure_names.measure_code` finds it.

    Raises
    ------
    UnknownSettingError
        RevMan does not compute such a measure of such an outcome.
    """
    measure = measure_code(text, kind, rows, log_data=log_data)
    if measure is None:
        raise UnknownSettingError(f"RevMan's measure {brief(text)} is not known")
    return measure


def method_of(kind: Kind, measure: str, text: str) -> Method:
    """How studies are pooled.

    Only dichotomous outcomes leave a choice: estimates and continuous outcomes are weighted by
    inverse variance; O-E and variance are pooled as Peto does, as his odds ratio always is.

    Raises
    ------
    UnknownSettingError
        RevMan does not pool such a measure so.
    """
    if kind == "O-E and variance" or (kind == "dichotomous" and measure == "PETO"):
        return "PETO"
    if kind == "dichotomous":
        return setting_of("statistical method", text, _METHODS, default="MH")
    return "IV"


def level_of(text: str, place: Place) -> float:
    """The level of intervals, from ``"95"`` or ``"95%"``.

    Raises
    ------
    DataError
        It is not between 50 and 100 percent.
    """
    plain = text.strip().removesuffix("%").strip()
    if not plain:
        return _LEVEL
    try:
        percent = float(plain)
    except ValueError:
        percent = math.nan
    if not _LEAST_PERCENT <= percent < 100:
        message = f"{brief(text)} is not the level of an interval, which is in percent, as 95"
        raise place.error(message, "level", None, 0)
    return percent / 100
