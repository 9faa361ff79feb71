"""The rows of a cumulative forest plot: an analysis after each year."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Floats
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.marks import Estimate
from bayesmeta.plots.pooled_only import check_pooled

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Step", "steps_of"]

_LONGEST = 84
"""Characters of the names of studies that are added together, if all are named."""

_PLOT = "a cumulative plot"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was known once the studies of a year were there.

    Attributes
    ----------
    label : str
        Which studies were added.
    k : int
        How many there are by then.
    pooled, new : Estimate or None
        The pooled effect in its credible interval, and the effect in a new study; None where it
        could not be done, or the true effects do not differ.
    verdict : {"ok", "warn", "fail"}
        Whether it may be trusted.
    reason : str
        Why it could not be done; "" where it could.
    """

    label: str
    k: int
    pooled: Estimate | None
    new: Estimate | None
    verdict: str = "ok"
    reason: str = ""


def steps_of(fit: "Fit") -> list[Step]:
    """An analysis after each year, the last of which is the fit.

    Raises
    ------
    SpecError
        See `bayesmeta.plots.cumulative.cumulative`.
    """
    # for cost: they bring the engines with them
    from bayesmeta.sensitivity_analysis import Benefit, numbers_of
    from bayesmeta.sensitivity_analysis.variations import cumulative

    check_pooled(fit, _PLOT)
    year = _years(fit)
    # Studies without a year come last, as if one year later.
    order = np.where(np.isfinite(year), year, np.nanmax(year) + 1)
    variations = list(cumulative(fit.problem, order))
    possible = [each.problem for each in variations if each.problem is not None]
    benefit = Benefit(null=None, important=None, higher=None)
    numbers = iter(numbers_of(possible, fit.spec, benefit))
    steps = []
    for last, variation in zip(np.unique(order), variations, strict=False):
        label, k = _label(fit, year, order == last), int((order <= last).sum())
        if variation.problem is None:
            step = Step(label=label, k=k, pooled=None, new=None, reason=variation.reason)
        else:
            found = next(numbers)
            step = Step(
                label=label,
                k=k,
                pooled=_estimate(found.estimates, "mu"),
                new=_estimate(found.estimates, "theta_new"),
                verdict=found.verdict,
            )
        steps.append(step)
    return [*steps, _whole(fit, _label(fit, year, order == order.max()))]


def _years(fit: "Fit") -> Floats:
    """The year of each study, NaN where it is not known."""
    hint = 'Name the column: [data.columns] year = "…", or columns={"year": "…"}.'
    if "year" not in fit.table:
        raise SpecError(
            f"{_PLOT} needs the year of each study, and the studies have no column year",
            key="data.columns.year",
            hint=hint,
        )
    try:
        year = fit.table["year"].to_numpy().astype(float)
    except ValueError:
        year = np.array([np.nan])
    if not np.isfinite(year).any():
        raise SpecError(
            f"{_PLOT} needs the year of each study as a number, and the column year has none",
            key="data.columns.year",
            hint=hint,
        )
    return np.where(np.isfinite(year), year, np.nan)


def _label(fit: "Fit", year: Floats, added: np.ndarray) -> str:
    """The studies that are added, with their year where their names do not say it."""
    names, clusters = [str(name) for name in fit.table["study"].to_numpy()], fit.problem.clusters
    if clusters is not None:
        names = [clusters.names[member] for member in clusters.member]
    chosen = list(dict.fromkeys(names[place] for place in np.flatnonzero(added)))
    when = float(year[added][0])
    text = f"{when:g}" if np.isfinite(when) else "year not known"
    joined = ", ".join(chosen)
    if len(joined) > _LONGEST and len(chosen) > 1:
        joined = f"{cut_name(chosen[0], _LONGEST // 2)} and {len(chosen) - 1} more"
    said = joined.endswith(text) or all(text in name for name in chosen)
    return f"+ {joined}" if said and text in joined else f"+ {joined} ({text})"


def _estimate(estimates: "dict[str, float]", name: str) -> Estimate | None:
    """The estimate of this name; None where there is none."""
    median, lower, upper = (estimates[f"{name}_{end}"] for end in ("median", "lower", "upper"))
    return None if np.isnan(median) else Estimate(centre=median, lower=lower, upper=upper)


def _whole(fit: "Fit", label: str) -> Step:
    """The fit itself."""
    found = {}
    for name in ("mu", "theta_new"):
        if name in set(fit.estimates["name"]):
            row = fit.estimate(name)
            found[name] = Estimate(centre=row["median"], lower=row["lower"], upper=row["upper"])
    return Step(
        label=label,
        k=fit.table.sizes["study"],
        pooled=found["mu"],
        new=found.get("theta_new"),
        verdict=fit.diagnostics.verdict,
    )
