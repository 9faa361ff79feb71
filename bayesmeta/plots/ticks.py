"""Ticks at round numbers of the display scale, at their place on the analysis scale."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["set_ticks"]

_RATIO_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), tuple(np.arange(1, 10, 0.5)))
"""Steps within each power of ten, coarse to fine."""

_BOUNDED = np.array(
    [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
)
"""Round numbers on scales that end at 1: proportions and correlations."""

_ENOUGH = 4
_LEAST_GAP = 0.08


def set_ticks(axes: "Axes", scale: Scale, size: float) -> None:
    """Set the ticks of an x axis that is on the analysis scale.

    Parameters
    ----------
    axes
        With its limits set.
    scale
        The scale of the measure.
    size
        Participants of a typical study, for the Freeman-Tukey transformation.
    """
    limits = np.array(axes.get_xlim())
    low, high = (float(end) for end in scale.to_display(limits, np.full(2, size)))
    if scale.name == "identity":
        shown = _even(low, high)
    elif scale.ratio:
        shown = _ratios(low, high)
    else:
        shown = np.concatenate([-_BOUNDED[::-1], [0.0], _BOUNDED])
    with np.errstate(divide="ignore", invalid="ignore"):
        places = scale.to_analysis(shown, np.full(shown.shape, size))
    inside = np.isfinite(places) & (places >= limits[0]) & (places <= limits[1])
    kept = _spaced(places[inside], _LEAST_GAP * (limits[1] - limits[0]))
    texts = [
        np.format_float_positional(tick, precision=10, trim="-") for tick in shown[inside][kept]
    ]
    labels = ["0" if text == "-0" else text.replace("-", "−") for text in texts]
    axes.set_xticks(places[inside][kept], labels)


def _even(low: float, high: float) -> np.ndarray:
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    return np.array(locator.tick_values(low, high))


def _ratios(low: float, high: float) -> np.ndarray:
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in _RATIO_STEPS:
        ticks: np.ndarray = np.outer(powers, steps).ravel()
        if ((ticks >= low) & (ticks <= high)).sum() >= _ENOUGH:
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
