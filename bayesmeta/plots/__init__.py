"""Plots of a fit: one a file, each a function from a `Fit` to a matplotlib figure.

To add a plot is one file of this folder and one line in `PLOTS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.plots.absolute_risk import absolute_risk
from bayesmeta.plots.bubble import bubble
from bayesmeta.plots.comparison import comparison
from bayesmeta.plots.forest import forest
from bayesmeta.plots.labbe import labbe
from bayesmeta.plots.prior_posterior import prior_posterior
from bayesmeta.plots.prior_predictive import prior_predictive
from bayesmeta.plots.ranks import ranks
from bayesmeta.plots.ridge import ridge
from bayesmeta.plots.sensitivity import sensitivity
from bayesmeta.plots.style import save_figure
from bayesmeta.plots.time_course import time_course

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["PLOTS", "draw", "save_figure"]

PLOTS: "Mapping[str, Callable[..., Figure]]" = MappingProxyType(
    {
        "forest": forest,
        "ridge": ridge,
        "ranks": ranks,
        "bubble": bubble,
        "time-course": time_course,
        "labbe": labbe,
        "absolute-risk": absolute_risk,
        "comparison": comparison,
        "sensitivity": sensitivity,
        "prior-posterior": prior_posterior,
        "prior-predictive": prior_predictive,
    }
)
"""Every plot by its name."""


def draw(fit: "Fit", kind: str, **options: Any) -> "Figure":
    """Draw the plot with this name.

    Raises
    ------
    SpecError
        There is no such plot; the hint names the nearest.
    """
    if kind not in PLOTS:
        raise SpecError(f"unknown plot {kind!r}", hint=did_you_mean(kind, PLOTS))
    return PLOTS[kind](fit, **options)
