"""What the pooled effect, and that of a new study, make of any control risk: curves and bands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.levels import short_label
from bayesmeta.plots.moderators import reference_text
from bayesmeta.plots.style import COLOURS
from bayesmeta.results.numbers import interval_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from bayesmeta.results import Fit

__all__ = [
    "TREATED",
    "Band",
    "bands",
    "bands_key",
    "benefit_sides",
    "check_one_mean",
    "draw_bands",
    "reference_notes",
]

_DASHED: Any = {"linewidth": 1.2, "linestyle": (0, (4, 2))}
_LONGEST = 12


def _by_odds(control: Floats, effect: float) -> Floats:
    with np.errstate(divide="ignore"):  # risks of 0 and 1 stay
        return np.asarray(expit(logit(control) + effect))


def _by_risk_ratio(control: Floats, effect: float) -> Floats:
    return np.minimum(_by_rate_ratio(control, effect), 1.0)


def _by_risk_difference(control: Floats, effect: float) -> Floats:
    return np.clip(control + effect, 0.0, 1.0)


def _by_rate_ratio(control: Floats, effect: float) -> Floats:
    return np.asarray(control * np.exp(effect))


def _by_rate_difference(control: Floats, effect: float) -> Floats:
    return np.maximum(control + effect, 0.0)


TREATED: Mapping[str, Callable[[Floats, float], Floats]] = MappingProxyType(
    {
        "OR": _by_odds,
        "RR": _by_risk_ratio,
        "RD": _by_risk_difference,
        "IRR": _by_rate_ratio,
        "IRD": _by_rate_difference,
    }
)
"""The risk or rate with treatment, from that with control and the effect, by measure; no risk is
below 0 or above 1."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A curve with its interval, at each control risk or rate."""

    median: Floats
    lower: Floats
    upper: Floats


def check_one_mean(fit: "Fit", plot: str) -> None:
    """Fail where there is a mean for each subgroup or time, of which a plot can draw one.

    Raises
    ------
    SpecError
        There is more than one.
    """
    subgroups = fit.problem.design.subgroups
    if subgroups is not None:
        raise SpecError(
            f"{plot} draws one pooled effect, and this fit has {len(subgroups.names)}: "
            f"{', '.join(subgroups.names[:4])}{' …' if len(subgroups.names) > 4 else ''}",
            key="model.time" if fit.spec.model.time is not None else "model.subgroup",
            hint="Draw forest or ridge, or fit one subgroup alone by where.",
        )


def reference_notes(fit: "Fit") -> list[str]:
    """Of a meta-regression, at which values of the moderators the pooled effect is."""
    values = reference_text(fit)
    return [f"The effect is that at {values}."] if values else []


def bands(fit: "Fit", control: Floats) -> dict[str, Band]:
    """Risks, or rates, with treatment under the pooled effect and that in a new study.

    Ends of intervals are those of the effect, taken through.

    Parameters
    ----------
    fit
        Of a measure in `TREATED`.
    control
        Risks or rates without treatment.

    Returns
    -------
    dict of str to Band
        ``mu``, and ``theta_new`` where the true effects differ.
    """
    treated, names = TREATED[fit.measure.code], set(fit.estimates["name"])
    return {
        name: Band(
            **{
                end: treated(control, fit.estimate(name)[end])
                for end in ("median", "lower", "upper")
            }
        )
        for name in ("mu", "theta_new")
        if name in names
    }


def draw_bands(axes: "Axes", control: Floats, shown: Mapping[str, Band]) -> None:
    """The pooled effect as a line in its credible band; prediction between dashed lines."""
    pooled, new = shown["mu"], shown.get("theta_new")
    colour = COLOURS["model"]
    axes.fill_between(
        control, pooled.lower, pooled.upper, color=colour, alpha=0.2, linewidth=0, zorder=1
    )
    axes.plot(control, pooled.median, color=colour, linewidth=1.5, zorder=3)
    if new is not None:
        for edge in (new.lower, new.upper):
            axes.plot(control, edge, color=COLOURS["prediction"], zorder=2, **_DASHED)


def bands_key(fit: "Fit", shown: Mapping[str, Band]) -> "list[Artist]":
    """What `draw_bands` draws, for the key."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    interval = fit.spec.interval
    label, colour = fit.measure.label, COLOURS["model"]
    pooled = f"pooled {label if len(label) <= _LONGEST else fit.measure.code}, median"
    key: list[Artist] = [
        Line2D([], [], color=colour, linewidth=1.5, label=pooled),
        Patch(color=colour, alpha=0.2, linewidth=0, label=f"its {interval_name(interval)}"),
    ]
    if "theta_new" in shown:
        name = f"new study, {interval_name(interval, prediction=True)}"
        key.append(Line2D([], [], color=COLOURS["prediction"], label=name, **_DASHED))
    return key


def benefit_sides(fit: "Fit") -> tuple[str, str]:
    """What is said where events are more with treatment, and where they are fewer."""
    better = fit.spec.effect.better
    treatment, control = (
        short_label(arm) for arm in (fit.spec.labels.treatment, fit.spec.labels.control)
    )
    if better is None:
        return f"more with {treatment}", f"fewer with {treatment}"
    sides = f"{treatment} better", f"{control} better"
    return sides if better == "higher" else (sides[1], sides[0])
