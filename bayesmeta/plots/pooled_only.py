"""Which fits a plot of studies around one pooled effect is of."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.plots.bands import check_one_mean
from bayesmeta.plots.fold import cut_name

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["check_pooled", "left_out_note", "with_std_error"]

_MOST_NAMED = 6
_LONGEST = 30


def check_pooled(fit: "Fit", plot: str, *, independent: bool = False) -> None:
    """Fail where the studies are not spread around one pooled effect.

    Parameters
    ----------
    fit
        The fit.
    plot
        Its name in messages, as in ``"a funnel plot"``.
    independent
        Fail where rows depend on each other, too.

    Raises
    ------
    SpecError
        There are several means, moderators, or rows that depend on each other.
    """
    check_one_mean(fit, plot)
    if fit.problem.design.terms:
        raise SpecError(
            f"{plot} draws the studies around one pooled effect, and this fit has moderators",
            key="model.moderators",
            hint="Draw bubble, or fit without them.",
        )
    if independent and not fit.has_weights:
        raise SpecError(
            f"{plot} takes each row as a study of its own, and here rows depend on each other",
            key="model" if fit.problem.covariance is None else "effect.shared_control",
            hint="Keep one row a study by where.",
        )


def with_std_error(fit: "Fit", plot: str) -> np.ndarray:
    """The places of the studies that have an effect and a standard error.

    Raises
    ------
    SpecError
        There are none.
    """
    table = fit.table
    known = np.isfinite(table["effect"].to_numpy()) & np.isfinite(table["std_error"].to_numpy())
    if not known.any():
        raise SpecError(
            f"{plot} needs standard errors, and the counts of these studies give none",
            key="model.likelihood",
            hint="Draw labbe, or forest.",
        )
    return np.flatnonzero(known)


def left_out_note(fit: "Fit", known: np.ndarray) -> list[str]:
    """A sentence on the studies that are not drawn; none where all are."""
    names = [str(name) for name in np.delete(fit.table["study"].to_numpy(), known)]
    if not names:
        return []
    shown = ", ".join(cut_name(name, _LONGEST) for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    text = f"{shown} and {more} more" if more > 0 else shown
    return [f"Not drawn, because their counts give no standard error: {text}."]
