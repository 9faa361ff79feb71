"""What came of recomputing a review: how many numbers agree, and each that does not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "Level", "Parity"]

Level = Literal["study", "subgroup", "total"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A stored number that was recomputed.

    Attributes
    ----------
    analysis : str
        As in ``"1.2"``.
    level : {"study", "subgroup", "total"}
    where : str
        The study or subgroup; "" for the total.
    place : int
        The row or subgroup, counted from 0; 0 for the total.
    quantity : str
        Its name in `bayesmeta.studies.Stored`.
    stored, computed : float
        On the scale of the file.
    agrees : bool
        Whether they are the same at the stored precision.
    reason : str
        The likely reason where they are not.
    """

    analysis: str
    level: Level
    where: str
    place: int
    quantity: str
    stored: float
    computed: float
    agrees: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Parity:
    """All checks of a review.

    Attributes
    ----------
    file : str
    checks : tuple of Check
    not_checked : tuple of (str, str)
        Results that could not be checked, and why.
    inferred : int
        Analyses whose settings the file does not say and that were found from its numbers.
    idle : int
        Stored numbers that stand for nothing: zeros for results that do not exist or are not
        shown, logarithms of differences, heterogeneity of one study.
    """

    file: str
    checks: tuple[Check, ...]
    not_checked: tuple[tuple[str, str], ...]
    inferred: int
    idle: int

    @property
    def differences(self) -> tuple[Check, ...]:
        """The numbers that are not reproduced."""
        return tuple(check for check in self.checks if not check.agrees)

    @property
    def stored(self) -> tuple[Check, ...]:
        """The checks of numbers: all but whether studies are estimable."""
        return tuple(check for check in self.checks if check.quantity != "estimable")

    @property
    def complete(self) -> bool:
        """Whether every stored number is reproduced."""
        return not self.differences

    def counts(self, level: Level) -> tuple[int, int]:
        """How many study rows, subgroups or totals were checked, and how many agree entirely."""
        return _counted(check for check in self.checks if check.level == level)

    def numbers(self, level: Level) -> tuple[int, int]:
        """How many numbers of a level were checked, and how many agree."""
        found = [check.agrees for check in self.checks if check.level == level]
        return len(found), sum(found)

    def reasons(self) -> Counter[str]:
        """How many differing numbers have each reason."""
        return Counter(check.reason for check in self.differences)


def _counted(checks: Iterable[Check]) -> tuple[int, int]:
    agree: dict[tuple[str, int], bool] = {}
    for check in checks:
        key = check.analysis, check.place
        agree[key] = agree.get(key, True) and check.agrees
    return len(agree), sum(agree.values())
