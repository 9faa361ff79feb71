"""Plots of a fit: one a file, each a function from a `Fit` to a matplotlib figure.

To add a plot is one file of this folder and one line in `PLOTS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.plots.absolute_risk import absolute_risk
from bayesmeta.plots.baujat import baujat
from bayesmeta.plots.bubble import bubble
from bayesmeta.plots.chain_ranks import chain_ranks
from bayesmeta.plots.comparison import comparison
from bayesmeta.plots.cumulative import cumulative
from bayesmeta.plots.drapery import drapery
from bayesmeta.plots.ess import ess
from bayesmeta.plots.forest import forest
from bayesmeta.plots.funnel import funnel
from bayesmeta.plots.joint import joint
from bayesmeta.plots.labbe import labbe
from bayesmeta.plots.loo_pit import loo_pit
from bayesmeta.plots.posterior_predictive import posterior_predictive
from bayesmeta.plots.prior_posterior import prior_posterior
from bayesmeta.plots.prior_predictive import prior_predictive
from bayesmeta.plots.ranks import ranks
from bayesmeta.plots.ridge import ridge
from bayesmeta.plots.sensitivity import sensitivity
from bayesmeta.plots.shrinkage import shrinkage
from bayesmeta.plots.style import figure_bytes, save_figure
from bayesmeta.plots.time_course import time_course
from bayesmeta.plots.trace import trace
from bayesmeta.plots.traffic_light import traffic_light

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["PLOTS", "draw", "figure_bytes", "save_figure"]

PLOTS: "Mapping[str, Callable[..., Figure]]" = MappingProxyType(
    {
        "forest": forest,
        "ridge": ridge,
        "ranks": ranks,
        "bubble": bubble,
        "time-course": time_course,
        "labbe": labbe,
        "funnel": funnel,
        "baujat": baujat,
        "cumulative": cumulative,
        "drapery": drapery,
        "absolute-risk": absolute_risk,
        "traffic-light": traffic_light,
        "comparison": comparison,
        "sensitivity": sensitivity,
        "shrinkage": shrinkage,
        "joint": joint,
        "prior-posterior": prior_posterior,
        "prior-predictive": prior_predictive,
        "posterior-predictive": posterior_predictive,
        "loo-pit": loo_pit,
        "trace": trace,
        "chain-ranks": chain_ranks,
        "ess": ess,
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
