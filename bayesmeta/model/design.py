"""The design of a model: which mean the true effect of each study varies around.

The mean is ``mu``, one for all studies or one for each subgroup, plus ``matrix @ beta``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayesmeta.measures.base import Floats

__all__ = ["CONTRAST", "MOST_PAIRED", "Design", "Groups", "Readout"]

MOST_PAIRED = 10
"""Subgroups whose means are all compared with each other; of more there are too many pairs."""

CONTRAST = " − "
"""What stands between the names of two subgroups whose difference is meant."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """A partition of the studies.

    Attributes
    ----------
    names : tuple of str
        The groups.
    member : array of int, one a study
        The group of each study.
    """

    names: tuple[str, ...]
    member: NDArray[np.intp]

    @classmethod
    def of(cls, labels: Sequence[str], names: Sequence[str] | None = None) -> Self:
        """The groups of studies with the same label, in order of appearance or of `names`."""
        names = tuple(dict.fromkeys(labels)) if names is None else tuple(names)
        return cls(names=names, member=np.array([names.index(label) for label in labels], np.intp))

    def subset(self, kept: Sequence[int]) -> Self:
        """Some of the studies; groups without any are gone."""
        member = self.member[list(kept)]
        left = np.unique(member)
        return type(self)(
            names=tuple(self.names[group] for group in left),
            member=np.searchsorted(left, member),
        )

    @property
    def rows(self) -> list[NDArray[np.intp]]:
        """The studies of each group."""
        return [np.flatnonzero(self.member == group) for group in range(len(self.names))]

    @property
    def indicators(self) -> Floats:
        """1 where a study belongs to a group (study, group)."""
        return np.eye(len(self.names))[self.member]


@dataclass(frozen=True, kw_only=True, eq=False)
class Readout:
    """Linear combinations of the coefficients, with names.

    Attributes
    ----------
    names : tuple of str
        What each is called.
    of_mu, of_beta : array (name, mean) and (name, term)
        The factors of mu and of beta.
    member : array of int, one a name
        The subgroup whose tau a new study there has.
    """

    names: tuple[str, ...]
    of_mu: Floats
    of_beta: Floats
    member: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """The mean of the true effect of each study.

    Attributes
    ----------
    matrix : array (study, term)
        The values of the moderators; without columns where there are none.
    terms : tuple of str
        Names of its columns.
    steps : array (term,)
        The standard deviation of the numbers in a term (of interactions, their product); NaN
        where it has none.
    spreads : array (term,)
        What a term changes by where each of its numbers changes by two standard deviations, and
        each of its categories from the reference to another.
    subgroups : Groups or None
        The subgroups (or times) with their own means; None where all studies share one.
    means : {"independent", "exchangeable", "random-walk"}
        How these vary.
    gaps : array (subgroup - 1,)
        For a random walk, the time between two means, on average 1.
    times : str
        The column of the times, where the subgroups are such; their names begin with it.
    own_tau : bool
        Whether each subgroup has its own tau.
    points : Readout or None
        The mean at chosen values of the moderators.
    scaled : bool
        Whether the numbers in the matrix are in standard deviations.
    """

    matrix: Floats
    terms: tuple[str, ...] = ()
    steps: Floats = field(default_factory=lambda: np.zeros(0))
    spreads: Floats = field(default_factory=lambda: np.zeros(0))
    subgroups: Groups | None = None
    means: Literal["independent", "exchangeable", "random-walk"] = "independent"
    gaps: Floats = field(default_factory=lambda: np.zeros(0))
    times: str = ""
    own_tau: bool = False
    points: Readout | None = None
    scaled: bool = False

    @classmethod
    def pooled(cls, studies: int) -> Self:
        """One mean for all studies."""
        return cls(matrix=np.zeros((studies, 0)))

    @property
    def is_pooled(self) -> bool:
        """Whether all studies share one mean."""
        return self.subgroups is None and not self.terms

    @property
    def kind(self) -> str:
        """What each mean is of, as a heading."""
        return "Time" if self.times else "Subgroup"

    @property
    def informs(self) -> bool:
        """Whether the means of the subgroups inform each other, with standard deviation omega."""
        return self.subgroups is not None and self.means != "independent"

    @property
    def member(self) -> NDArray[np.intp]:
        """The subgroup of each study; 0 where all share one mean."""
        if self.subgroups is None:
            return np.zeros(self.matrix.shape[0], np.intp)
        return self.subgroups.member

    @property
    def count(self) -> int:
        """How many means there are."""
        return 1 if self.subgroups is None else len(self.subgroups.names)

    @property
    def steps_of_walk(self) -> Floats:
        """The means of a random walk from its standardised steps (mean, step)."""
        times = self.count
        below = np.tri(times, times - 1, -1)
        below_steps: Floats = below * np.sqrt(self.gaps)
        return below_steps

    @property
    def own_means(self) -> Readout:
        """The means themselves."""
        count = self.count
        return Readout(
            names=("",) if self.subgroups is None else self.subgroups.names,
            of_mu=np.eye(count),
            of_beta=np.zeros((count, len(self.terms))),
            member=np.arange(count),
        )

    @property
    def own_slopes(self) -> Readout | None:
        """The coefficients of the moderators themselves; None where there are none."""
        terms = len(self.terms)
        if not terms:
            return None
        return Readout(
            names=self.terms,
            of_mu=np.zeros((terms, self.count)),
            of_beta=np.eye(terms),
            member=np.zeros(terms, np.intp),
        )

    @property
    def contrasts(self) -> Readout | None:
        """Each mean minus each that comes before it; None where there is one mean.

        Where there are many, each minus that of the most studies.
        """
        if self.subgroups is None or self.count < 2:
            return None
        names = self.subgroups.names
        pairs = list(combinations(range(self.count), 2))
        if self.count > MOST_PAIRED:
            largest = int(np.bincount(self.member, minlength=self.count).argmax())
            pairs = [(largest, other) for other in range(self.count) if other != largest]
        unit = np.eye(self.count)
        return Readout(
            names=tuple(self._difference(names[b], names[a]) for a, b in pairs),
            of_mu=np.array([unit[b] - unit[a] for a, b in pairs]),
            of_beta=np.zeros((len(pairs), len(self.terms))),
            member=np.array([b for _, b in pairs], np.intp),
        )

    def _difference(self, one: str, other: str) -> str:
        """The name of a difference; of times it says once what they are."""
        return f"{one}{CONTRAST}{other.removeprefix(f'{self.times} ') if self.times else other}"

    @property
    def rescaled(self) -> Readout | None:
        """The coefficients of numbers a standard deviation, or a unit where they are scaled."""
        known = np.flatnonzero(np.isfinite(self.steps))
        if not known.size:
            return None
        factor = 1 / self.steps[known] if self.scaled else self.steps[known]
        return Readout(
            names=tuple(self.terms[term] for term in known),
            of_mu=np.zeros((known.size, self.count)),
            of_beta=np.eye(len(self.terms))[known] * factor[:, None],
            member=np.zeros(known.size, np.intp),
        )

    def subset(self, kept: Sequence[int]) -> Self:
        """The design of some of the studies.

        Subgroups without any are gone; times are not, as the walk goes through them.
        """
        kept = list(kept)
        matrix = self.matrix[kept]
        if self.subgroups is None:
            return replace(self, matrix=matrix)
        if self.means == "random-walk":
            left = replace(self.subgroups, member=self.subgroups.member[kept])
            return replace(self, matrix=matrix, subgroups=left)
        subgroups = self.subgroups.subset(kept)
        places = [self.subgroups.names.index(name) for name in subgroups.names]
        points = self.points
        if points is not None:
            own = [place for place, member in enumerate(points.member) if member in places]
            points = Readout(
                names=tuple(points.names[place] for place in own),
                of_mu=points.of_mu[np.ix_(own, places)],
                of_beta=points.of_beta[own],
                member=np.array([places.index(points.member[place]) for place in own], np.intp),
            )
        return replace(self, matrix=matrix, subgroups=subgroups, points=points)
