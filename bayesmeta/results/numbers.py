"""Numbers as text: how many decimals they deserve, and the names of intervals."""

import math

from bayesmeta.measures import Measure
from bayesmeta.spec import Interval

__all__ = [
    "decimals",
    "effect_decimals",
    "format_large",
    "format_number",
    "format_probability",
    "format_span",
    "interval_name",
    "plain_number",
]

_RAREST = 0.001
_MOST_DECIMALS = 12
_MOST_OF_RATIO = 4
_HUNDRED, _WIDE = 100.0, 1e4
_LONG = 1e6
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimals(lower: float, upper: float) -> int:
    """Decimals that an estimate deserves: two digits of a quarter of its interval's width."""
    width = (upper - lower) / 4
    if not math.isfinite(width) or width <= 0:
        return 2
    return min(max(1 - math.floor(math.log10(width)), 0), _MOST_DECIMALS)


def effect_decimals(lower: float, upper: float, measure: Measure) -> int:
    """Decimals that an effect deserves on the display scale.

    As `decimals`; of ratios so many that the lower end is not shown as 0, where four are enough.
    """
    places = decimals(lower, upper)
    if not measure.scale.ratio or not 0 < lower < math.inf:
        return places
    return max(places, min(-math.floor(math.log10(lower)), _MOST_OF_RATIO))


def format_number(value: float, places: int) -> str:
    """A number with a fixed count of decimals and a true minus sign; "" where there is none."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def interval_name(interval: Interval, *, prediction: bool = False) -> str:
    """The label of an interval: credible and prediction intervals never share one."""
    kind = {"eti": "", "hdi": " (HDI)"}[interval.kind]
    return f"{100 * interval.prob:g} % {'prediction' if prediction else 'credible'} interval{kind}"


def format_probability(probability: float) -> str:
    """A probability from draws: never certain, and none where there is none."""
    if math.isnan(probability):
        return ""
    if not _RAREST <= probability <= 1 - _RAREST:
        return f"< {_RAREST}" if probability < 0.5 else f"> {1 - _RAREST}"
    return format_number(probability, 3)


def format_span(lower: float, upper: float, places: int) -> str:
    """Two ends with a fixed count of decimals, as in ``−0.5 to 1.2``.

    Where `effect_decimals` gave a ratio more decimals than the width of its interval deserves, the
    upper end has no more than it needs, and a lower end that would look like 0 is ``<0.0001``.
    """
    start, end = format_number(lower, places), format_number(upper, places)
    if 0 < lower < upper and places > decimals(lower, upper):
        if upper >= _WIDE:
            end = format_large(upper)
        elif upper >= _HUNDRED:
            end = format_number(upper, decimals(lower, upper))
        if places >= _MOST_OF_RATIO and float(f"{lower:.{places}f}") == 0:
            start = f"<{10.0**-places:.{places}f}"
    return f"{start} to {end}"


def format_large(value: float) -> str:
    """A number from ten thousand on: without decimals, and from a million on as ``3.0×10⁸``."""
    if not _LONG <= value < math.inf:
        return format_number(value, 0)
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits}×10{str(int(power)).translate(_RAISED)}"


def plain_number(value: float) -> str:
    """A number that was given, with all its digits and a true minus sign; "" for none."""
    return "" if math.isnan(value) else f"{value:.12g}".replace("-", "−")
