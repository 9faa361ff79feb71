"""The layouts of a forest plot: which columns stand beside the plot, and what else differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.model import uses_counts
from bayesmeta.plots.columns import Column
from bayesmeta.plots.fold import fold_notes
from bayesmeta.plots.forest_bias import bias_columns, bias_notes
from bayesmeta.plots.forest_estimates import Form, effect_heading
from bayesmeta.plots.forest_jama import jama_columns
from bayesmeta.plots.forest_notes import notes
from bayesmeta.plots.forest_rows import Contents
from bayesmeta.plots.forest_text import (
    directions,
    estimate_column,
    left_columns,
    right_columns,
    study_column,
)

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["LAYOUTS", "Arrangement", "Layout", "find_layout"]

_CIRCLES = "Circles: the posterior of each study's true effect."
_LONGEST = 130
"""Characters of a line of notes below a plot with many columns."""

_NARROW = 100
"""Characters of a line of notes below a plot with few."""


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What stands around the plot.

    Attributes
    ----------
    left, right : list of Column
    notes : list of str
    directions : (str, str) or None
    directions_above : bool
        They stand over the plot, not below its axis.
    rule_below : bool
        There is a rule below the studies.
    """

    left: Sequence[Column]
    right: Sequence[Column]
    notes: Sequence[str]
    directions: tuple[str, str] | None
    directions_above: bool = False
    rule_below: bool = True


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A layout.

    Attributes
    ----------
    label : str
        What it is.
    arrange : callable
        Takes a fit, what is shown, and whether judgements of the risk of bias are.
    form : Form
        How estimates are written.
    """

    label: str
    arrange: Callable[["Fit", Contents, bool], Arrangement]
    form: Form = "brackets"


def find_layout(name: str) -> Layout:
    """The layout of this name.

    Raises
    ------
    SpecError
        There is none; the hint names the nearest.
    """
    if name not in LAYOUTS:
        raise SpecError(f"unknown layout {name!r}", hint=did_you_mean(name, LAYOUTS))
    return LAYOUTS[name]


def _revman(fit: "Fit", shown: Contents, risk_of_bias: bool) -> Arrangement:
    judged = bias_columns(fit, shown) if risk_of_bias else []
    lines = bias_notes(fit, longest=_LONGEST) if judged else []
    return Arrangement(
        left=left_columns(fit, shown),
        right=[*right_columns(fit, shown), *judged],
        notes=[*notes(fit, shown), *lines],
        directions=directions(fit),
    )


def _jama(fit: "Fit", shown: Contents, risk_of_bias: bool) -> Arrangement:
    left, right = jama_columns(fit, shown, risk_of_bias=risk_of_bias)
    sides = directions(fit)
    lines = fold_notes([*notes(fit, shown), *_circles(fit, shown)], _LONGEST)
    return Arrangement(
        left=left,
        right=right,
        notes=[*lines, *(bias_notes(fit, longest=_LONGEST) if risk_of_bias else [])],
        directions=None if sides is None else (_american(sides[0]), _american(sides[1])),
        directions_above=True,
        rule_below=False,
    )


def _plain(fit: "Fit", shown: Contents, risk_of_bias: bool) -> Arrangement:
    """Judgements of the risk of bias are left out with everything else."""
    header = f"{effect_heading(fit)} [{100 * fit.spec.interval.prob:g} % CI]"
    return Arrangement(
        left=[study_column(fit, shown, "Study")],
        right=[estimate_column(fit, shown, header=header)],
        notes=fold_notes([*notes(fit, shown), *_circles(fit, shown)], _NARROW),
        directions=directions(fit),
        rule_below=False,
    )


def _circles(fit: "Fit", shown: Contents) -> list[str]:
    """What the circles are, where no column and no other note says it."""
    said = uses_counts(fit.spec.model.likelihood)
    return [_CIRCLES] if shown.shrunken and not said else []


def _american(side: str) -> str:
    return side.replace("Favours ", "Favors ", 1) if side.startswith("Favours ") else side


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "revman": Layout(label="all columns, as in RevMan", arrange=_revman),
        "jama": Layout(label="the house style of JAMA", arrange=_jama, form="parentheses"),
        "plain": Layout(label="names, plot and estimates", arrange=_plain),
    }
)
"""Every layout by its name."""
