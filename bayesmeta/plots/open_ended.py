"""Numbers on scales whose ends no estimate reaches: none is printed as if it were there."""

import math

from bayesmeta.results.numbers import format_number

__all__ = ["format_open"]

_MOST_DECIMALS = 4


def format_open(value: float, places: int, *, end: float = math.inf) -> str:
    """A number between 0 and an end, with more decimals where it would look like 0 or the end.

    Parameters
    ----------
    value
        The number.
    places
        Decimals, where these are enough.
    end
        The upper end of the scale: of proportions 1.

    Returns
    -------
    str
        Such as ``0.12``, ``0.003`` or ``<0.0001``.
    """
    distance = min(value, end - value)
    if not distance < 0.5 * 10.0**-places:
        return format_number(value, places)
    most = max(places, _MOST_DECIMALS)
    needed = -math.floor(math.log10(distance)) if distance > 0 else most + 1
    if needed <= most:
        return format_number(value, needed)
    least = 10.0**-most
    return f"<{least:.{most}f}" if value == distance else f">{end - least:.{most}f}"
