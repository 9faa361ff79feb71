"""Ticks at round numbers of the display scale, at their place on the analysis scale."""

import math

import numpy as np

from bayesmeta.measures import Scale
from bayesmeta.measures.base import Floats

__all__ = ["round_places"]

_RATIO_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7))
"""Steps within each power of ten, coarse to fine."""

_BOUNDED = np.array(
    [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
)
"""Round numbers on scales that end at 1: proportions and correlations."""

_NEAR_END = 0.0005
"""Where an axis goes nearer to 0 or 1, its ticks are powers of ten."""

_EVEN_STEPS = (1, 2, 2.5, 5, 10)
_MOST_EVEN = 6

_ENOUGH = 4
_ENOUGH_POWERS = 3
_LEAST_GAP = 0.08

_ROUNDING = 1e-12
"""A proportion that is nearer to 1 differs from it by rounding alone."""

_RATIOS = (1e-300, 1e300)
"""Ticks of ratios stay where doubles do."""

_POSITIONAL = (1e-6, 1e10)
"""Numbers outside are written with an exponent."""


def round_places(
    low: float, high: float, *, scale: Scale, size: float = math.nan, gap: float = _LEAST_GAP
) -> tuple[Floats, list[str]]:
    """Round numbers of the display scale: their places on the analysis scale, and their labels.

    Parameters
    ----------
    low, high
        The ends of the axis, on the analysis scale.
    scale
        The scale of the measure.
    size
        Participants of a typical study, for the Freeman-Tukey transformation.
    gap
        The least distance of two ticks, as a share of the axis.
    """
    ends = scale.to_display(np.array([low, high]), np.full(2, size))
    if scale.name == "identity":
        shown = _even(float(ends[0]), float(ends[1]))
    elif scale.name == "log":
        shown = _ratios(*(float(end) for end in np.clip(ends, *_RATIOS)))
    else:
        positive = _bounded(float(ends[0]), float(ends[1]))
        shown = np.concatenate([-positive[::-1], [0.0], positive])
    with np.errstate(divide="ignore", invalid="ignore"):
        places = scale.to_analysis(shown, np.full(shown.shape, size))
    inside = np.isfinite(places) & (places >= low) & (places <= high)
    kept = _spaced(places[inside], gap * (high - low))
    return places[inside][kept], [_label(float(tick)) for tick in shown[inside][kept]]


def _label(tick: float) -> str:
    if tick == 0:
        return "0"
    if _POSITIONAL[0] <= abs(tick) < _POSITIONAL[1]:
        text = np.format_float_positional(tick, precision=10, trim="-")
    else:
        text = f"{tick:.9g}"
    return text.replace("-", "−")


def _even(low: float, high: float) -> Floats:
    """Multiples of a round step, of which at most `_MOST_EVEN` fit in."""
    least = (high - low) / _MOST_EVEN
    if least <= 0:
        return np.array([low])
    tenth = 10.0 ** math.floor(math.log10(least))
    step = next(factor * tenth for factor in _EVEN_STEPS if factor * tenth >= least)
    multiples: Floats = np.arange(math.ceil(low / step), math.floor(high / step) + 1, dtype=float)
    return multiples * step


def _ratios(low: float, high: float) -> Floats:
    """Steps within powers of ten, the coarsest that are enough; even ones on a short range."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in _RATIO_STEPS:
        ticks: Floats = np.outer(powers, steps).ravel()
        if ((ticks >= low) & (ticks <= high)).sum() >= _ENOUGH:
            return ticks
    return _even(low, high)


def _bounded(low: float, high: float) -> Floats:
    """Round numbers between 0 and 1; where the ends are near, steps within powers of ten."""
    near = [distance for distance in (low, 1 - high) if 0 < distance < _NEAR_END]
    if not near:
        return _BOUNDED
    powers = 10.0 ** np.arange(math.floor(math.log10(max(min(near), _RATIOS[0]))), 0)
    ticks = _BOUNDED
    for steps in ((1,), (1, 3)):
        below: Floats = np.outer(powers, steps).ravel()
        above = 1 - below[below >= _ROUNDING][::-1]
        ticks = np.concatenate([below, [0.5], above])
        if ((ticks >= low) & (ticks <= high)).sum() >= _ENOUGH_POWERS:
            break
    return ticks


def _spaced(places: np.ndarray, least: float) -> list[int]:
    """Indices of ticks that keep their distance; no effect (0) is kept first."""
    if not places.size:
        return []
    first = int(np.argmin(np.abs(places)))
    kept = [first]
    for i in [*range(first + 1, places.size), *range(first - 1, -1, -1)]:
        if np.min(np.abs(places[kept] - places[i])) >= least:
            kept.append(i)
    return sorted(kept)
