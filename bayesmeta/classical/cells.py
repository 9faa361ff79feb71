"""The cells of two-by-two tables."""

from typing import NamedTuple

import numpy as np

from bayesmeta.measures.base import Floats

__all__ = ["Cells"]

_ADDED = 0.5
"""What RevMan adds to the cells of a table that has an empty one (Deeks & Higgins 2010)."""


class Cells(NamedTuple):
    """Arrays, one entry a study.

    Attributes
    ----------
    a, b
        Events and non-events under treatment.
    c, d
        Events and non-events under control.
    """

    a: Floats
    b: Floats
    c: Floats
    d: Floats

    @property
    def treated(self) -> Floats:
        """Participants under treatment."""
        return self.a + self.b

    @property
    def controls(self) -> Floats:
        """Participants under control."""
        return self.c + self.d

    @property
    def participants(self) -> Floats:
        """Participants of both arms."""
        return self.treated + self.controls

    def corrected(self, add: float = _ADDED) -> "Cells":
        """The same tables with a number added to all four cells of those that have an empty one.

        Deeks & Higgins 2010, Statistical algorithms in Review Manager 5; metafor
        ``add=0.5, to="only0"``.
        """
        empty = (self.a == 0) | (self.b == 0) | (self.c == 0) | (self.d == 0)
        a, b, c, d = (cell + np.where(empty, add, 0.0) for cell in self)
        return Cells(a, b, c, d)
