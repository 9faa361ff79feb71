"""Empty cells: what is added to them, and which studies are left out.

The rules and their words are those of `escalc` in metafor (Viechtbauer 2010, J Stat Softw 36(3)).
The defaults are RevMan's where it has one: for odds and risk ratios, one half is added to all four
cells of a study with an empty cell, and studies with no event, or only events, in both arms are
left out; Peto's odds ratio needs no correction. In two things RevMan is followed only on request
(``revman``), as `escalc` differs: of a risk difference it corrects the standard error alone, and it
keeps studies with nothing but events for a risk ratio, which is 1 there with the standard error of
the corrected cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmeta.measures.base import Floats
from bayesmeta.spec import ZeroCells

__all__ = ["ZERO_CELL_RULES", "Adjusted", "adjust_cells"]

ZERO_CELL_RULES: Mapping[str, Mapping[str, float | str | bool | None]] = {
    "0.5 to studies with a zero": {"add": 0.5, "to": "only0", "drop00": None},
    "0.5 to all studies": {"add": 0.5, "to": "all", "drop00": None},
    "0.1 to studies with a zero": {"add": 0.1, "to": "only0", "drop00": None},
    "studies with a zero left out": {"add": 0.5, "to": "none", "drop00": True},
    "studies without events kept": {"add": 0.5, "to": "only0", "drop00": False},
}
"""Rules to compare, as keys of ``[effect.zero_cells]``."""


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """Cells after the rule: one array a cell, and which studies it touched."""

    cells: tuple[Floats, ...]
    corrected: NDArray[np.bool_]
    dropped: NDArray[np.bool_]


def adjust_cells(
    cells: tuple[Floats, ...],
    rule: ZeroCells,
    *,
    drop00: bool,
    double_zero: NDArray[np.bool_],
    to: str = "only0",
) -> Adjusted:
    """Apply a rule for empty cells.

    Parameters
    ----------
    cells
        The cells of the studies' tables, one array a cell.
    rule
        What is added, and to which studies.
    drop00
        What the rule does with `double_zero` studies where it does not say.
    double_zero
        Studies with no event, or only events, in both arms.
    to
        To which studies something is added where the rule does not say.
    """
    drop = drop00 if rule.drop00 is None else rule.drop00
    dropped = double_zero & drop
    empty = np.logical_or.reduce([cell == 0 for cell in cells]) & ~dropped
    targets = {
        "only0": empty,
        "all": np.full(empty.shape, True),
        "if0all": np.full(empty.shape, bool(empty.any())),
        "none": np.full(empty.shape, False),
    }[rule.to or to] & (rule.add > 0)
    return Adjusted(
        cells=tuple(cell + np.where(targets, rule.add, 0.0) for cell in cells),
        corrected=targets,
        dropped=dropped,
    )
