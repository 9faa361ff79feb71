"""Differences between the means of subgroups or times: which are shown, and on which scale."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.measures import Measure, Scale
from bayesmeta.measures.base import IDENTITY, LOG
from bayesmeta.plots.marks import Estimate

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Contrast", "contrast_label", "contrast_scale", "contrasts_of", "reference_group"]

_MOST_PAIRS = 6
"""With more pairs, only those with the largest subgroup are shown."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """The mean of one subgroup minus that of another.

    Attributes
    ----------
    label : str
    row : int
        Which of the contrasts of the fit it is.
    sign : int
        −1 where that is the other minus the one.
    estimate : Estimate
        On the analysis scale.
    """

    label: str
    row: int
    sign: int
    estimate: Estimate


def contrasts_of(fit: "Fit") -> list[Contrast]:
    """The contrasts that a plot shows: all, or of many those with the largest subgroup."""
    subgroups = fit.problem.design.subgroups
    if subgroups is None:
        return []
    names, reference = subgroups.names, reference_group(fit)
    rows = fit.estimates[fit.estimates["name"] == "contrast"]
    shown = []
    for place, (a, b) in enumerate(combinations(range(len(names)), 2)):
        if reference is not None and reference not in (a, b):
            continue
        sign = -1 if reference == b else 1
        one, other = (a, b) if sign < 0 else (b, a)
        row = rows.iloc[place]
        ends = sorted((sign * float(row["lower"]), sign * float(row["upper"])))
        estimate = Estimate(centre=sign * float(row["median"]), lower=ends[0], upper=ends[1])
        label = f"{names[one]} vs {names[other]}"
        shown.append(Contrast(label=label, row=place, sign=sign, estimate=estimate))
    return shown


def reference_group(fit: "Fit") -> int | None:
    """The largest subgroup, where there are too many pairs to show all; else None."""
    subgroups = fit.problem.design.subgroups
    assert subgroups is not None  # asked of contrasts
    count = len(subgroups.names)
    if count * (count - 1) // 2 <= _MOST_PAIRS:
        return None
    return int(np.argmax([rows.size for rows in subgroups.rows]))


def contrast_scale(measure: Measure) -> Scale:
    """Where differences are displayed: as ratios, as they are, or on the analysis scale."""
    shown = float(measure.scale.difference(np.ones(1))[0])
    return LOG if np.isclose(shown, np.e) else IDENTITY


def contrast_label(measure: Measure) -> str:
    """What a contrast is, on its scale."""
    if measure.scale.ratio:
        return f"Ratio of {measure.label}s"
    if contrast_scale(measure).ratio:
        return "Odds ratio"
    known = bool(np.isfinite(measure.scale.difference(np.ones(1))).all())
    return f"Difference in {measure.label if known else measure.analysis_label}"
