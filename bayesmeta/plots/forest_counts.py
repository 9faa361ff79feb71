"""What a forest plot says where the likelihood is of counts: events, and what its squares are."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmeta.model import LIKELIHOODS, uses_counts
from bayesmeta.plots.layout import Column

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["count_columns", "count_notes", "format_raw", "likelihood_name"]

_LONGEST = 110
"""Characters of a list of studies."""


def likelihood_name(fit: "Fit") -> str:
    """The likelihood in a sentence, such as ``binomial`` or ``Poisson``."""
    return LIKELIHOODS[fit.spec.model.likelihood].label.partition(":")[0]


def format_raw(value: float) -> str:
    """A number of the data."""
    text = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return text.replace("-", "−")


def count_columns(fit: "Fit", blank: list[str]) -> list[Column]:
    """Events out of participants, or of person-time: one column an arm."""
    counts = fit.problem.counts
    size = "time" if any(name.startswith("time") for name in counts) else "total"
    columns = []
    for arm in ("treatment", "control") if fit.problem.two_arms else ("",):
        ending = f"_{arm}" if arm else ""
        label = getattr(fit.spec.labels, arm, "")
        pairs = zip(counts[f"events{ending}"], counts[f"{size}{ending}"], strict=True)
        columns.append(
            Column(
                group=label[:1].upper() + label[1:],
                header="Events/time" if size == "time" else "Events/n",
                cells=[f"{format_raw(events)}/{format_raw(of)}" for events, of in pairs],
                summary=blank,
            )
        )
    return columns


def count_notes(fit: "Fit", *, shrunken: bool) -> list[str]:
    """Lines below the plot: what squares and circles are, and which studies have no square."""
    if not uses_counts(fit.spec.model.likelihood):
        return []
    estimable = np.isfinite(fit.table["effect"].to_numpy())
    notes = []
    if estimable.any():
        squares = "Squares and weights: the normal approximation of each study"
        notes.append(f"{squares}{_corrected(fit, estimable)}.")
    circles = f"under the {likelihood_name(fit)} likelihood, which takes the counts as they are."
    subject = "Circles: the posterior of each study's true effect" if shrunken else "All else is"
    notes.append(f"{subject} {circles}")
    notes += [
        f"{what} in either arm: {_listed(names)}."
        for what, names in _one_sided(fit).items()
        if names
    ]
    return notes


def _listed(names: list[str]) -> str:
    """As many names as a line has room for, and how many there are besides."""
    lengths = np.cumsum([len(name) + 2 for name in names])
    shown = max(int((lengths <= _LONGEST).sum()), 1)
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more else "")


def _corrected(fit: "Fit", estimable: NDArray[np.bool_]) -> str:
    """What was added to which cells of the studies that have an estimate."""
    formula, effect = fit.measure.formula, fit.spec.effect
    assert formula is not None  # the likelihood is of counts
    with np.errstate(all="ignore"):
        corrected = formula(fit.problem.counts, effect).corrected
    if corrected is None or not (corrected & estimable).any():
        return ""
    whose = "every study" if corrected[estimable].all() else "studies with an empty cell"
    return f", {effect.zero_cells.add:g} added to each cell of {whose}"


def _one_sided(fit: "Fit") -> dict[str, list[str]]:
    """Studies of two arms that have no events at all, and those that have nothing else."""
    counts = fit.problem.counts
    if not fit.problem.two_arms:
        return {}
    arms = ("treatment", "control")
    none = np.logical_and.reduce([counts[f"events_{arm}"] == 0 for arm in arms])
    found = {"No events": none}
    if "total_control" in counts:
        found["Nothing but events"] = np.logical_and.reduce(
            [counts[f"events_{arm}"] == counts[f"total_{arm}"] for arm in arms]
        )
    studies = [str(name) for name in fit.table["study"].to_numpy()]
    return {what: [studies[i] for i in np.flatnonzero(which)] for what, which in found.items()}
