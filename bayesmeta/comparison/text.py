"""Numbers of rows as text, on the display scale."""

import math
from collections.abc import Sequence

import numpy as np

from bayesmeta.comparison.rows import Row
from bayesmeta.measures import Measure
from bayesmeta.results.numbers import decimals, effect_decimals, format_number, format_span

__all__ = ["displayed", "estimate_text", "prediction_text", "row_cells", "span_text", "tau_text"]


def row_cells(row: Row, measure: Measure, size: float = math.nan) -> list[str]:
    """Estimate with interval, tau, I² in percent, and prediction interval.

    Parameters
    ----------
    row, measure
        The row and its measure.
    size
        Participants of a typical study, for the Freeman-Tukey transformation, which no measure of
        RevMan needs.
    """
    return [
        estimate_text(row, measure, size),
        tau_text(row),
        format_number(100 * row.i2, 0),
        prediction_text(row, measure, size),
    ]


def estimate_text(row: Row, measure: Measure, size: float = math.nan) -> str:
    """Estimate and interval of a row."""
    return span_text((row.estimate, row.lower, row.upper), measure, size)


def span_text(values: tuple[float, float, float], measure: Measure, size: float = math.nan) -> str:
    """An estimate and the ends of its interval, which are given on the analysis scale."""
    middle, lower, upper = displayed(values, measure, size)
    places = effect_decimals(lower, upper, measure)
    return f"{format_number(middle, places)} ({format_span(lower, upper, places)})"


def prediction_text(row: Row, measure: Measure, size: float = math.nan) -> str:
    """The prediction interval of a row; "" where it has none."""
    if math.isnan(row.prediction_lower):
        return ""
    lower, upper = displayed((row.prediction_lower, row.prediction_upper), measure, size)
    return format_span(lower, upper, effect_decimals(lower, upper, measure))


def tau_text(row: Row, *, interval: bool = True) -> str:
    """Tau, with its interval where it has one and that is wanted; on the analysis scale."""
    if not interval or math.isnan(row.tau_upper):
        return format_number(row.tau, decimals(0, 4 * row.tau) if row.tau > 0 else 2)
    places = decimals(row.tau_lower, row.tau_upper)
    ends = format_span(row.tau_lower, row.tau_upper, places)
    return f"{format_number(row.tau, places)} ({ends})"


def displayed(values: Sequence[float], measure: Measure, size: float = math.nan) -> list[float]:
    """Values of the analysis scale on the display scale."""
    shown = measure.scale.to_display(np.array(values), np.array(size))
    return [float(value) for value in shown]
