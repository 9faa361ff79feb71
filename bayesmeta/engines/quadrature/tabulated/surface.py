"""The log likelihood of mu and tau on a grid, for many sets of studies at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from bayesmeta.densities import Line, log_averages
from bayesmeta.densities.search import Floats
from bayesmeta.densities.smoothing import strained
from bayesmeta.model import LIKELIHOODS, Problem

__all__ = ["Rows", "Surface"]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The studies of many problems, each of them once.

    Attributes
    ----------
    problem : Problem
        The studies, and all that the problems share.
    sets : array (set, study)
        How often each study is in each different set of studies.
    set_of : array (problem,)
        Which of the sets a problem has.
    order : tuple of arrays
        The places of the studies of each problem, in its order.
    """

    problem: Problem
    sets: Floats
    set_of: np.ndarray
    order: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Of problems that differ in studies and priors alone."""
        found: dict[tuple[float, ...], int] = {}
        first: list[tuple[Problem, int]] = []
        orders = []
        for problem in problems:
            numbers = problem.counts or {"effect": problem.effect, "std_error": problem.std_error}
            places = []
            for study, row in enumerate(zip(*numbers.values(), strict=True)):
                key = tuple(float(number) for number in row)
                if key not in found:
                    found[key] = len(found)
                    first.append((problem, study))
                places.append(found[key])
            orders.append(np.array(places))
        members = [tuple(sorted(places.tolist())) for places in orders]
        sets = list(dict.fromkeys(members))
        counts = np.zeros((len(sets), len(found)))
        for number, places_of_set in enumerate(sets):
            np.add.at(counts[number], list(places_of_set), 1)
        parts = [problem.subset([study]) for problem, study in first]
        together = replace(
            problems[0],
            study=tuple(part.study[0] for part in parts),
            effect=np.concatenate([part.effect for part in parts]),
            std_error=np.concatenate([part.std_error for part in parts]),
            counts={
                name: np.concatenate([part.counts[name] for part in parts])
                for name in problems[0].counts
            },
        )
        return cls(
            problem=together,
            sets=counts,
            set_of=np.array([sets.index(member) for member in members]),
            order=tuple(orders),
        )


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What the studies say of mu, at the nodes of a line, and of tau.

    Attributes
    ----------
    rows : Rows
        The studies.
    line : Line
        The nodes of the true effects, and of mu.
    inside : slice
        Those at which mu is wanted.
    careful : bool
        Be right where studies contradict each other beyond what double precision holds.
    """

    rows: Rows
    line: Line
    inside: slice
    careful: bool = False

    @cached_property
    def log_studies(self) -> Floats:
        """Log likelihood of the true effects (node, study)."""
        profile = LIKELIHOODS[self.rows.problem.likelihood].profile
        assert profile is not None  # else it is refused
        return profile(self.rows.problem, self.line.points).log_likelihood.T

    @property
    def mu(self) -> Floats:
        """The nodes at which mu is wanted."""
        return self.line.points[self.inside]

    def log_averages(self, tau: float) -> Floats:
        """Log likelihood of each study at the nodes of mu, given tau (node, study)."""
        mu = self.mu
        return log_averages(
            self.line, self.log_studies, mu, np.full(mu.size, tau), careful=self.careful
        )

    def strained(self, tau: Floats, log_joint: Floats) -> float:
        """The largest share of a posterior in which a study is too far out to be exact.

        Parameters
        ----------
        tau
            The nodes of tau.
        log_joint : array (batch, node of tau, node of mu)
            Log of the mass; it is normalised.
        """
        shares, most = np.exp(log_joint), np.zeros(log_joint.shape[0])
        for number, value in enumerate(tau):
            rows = np.flatnonzero(shares[:, number].max(0) > _SEEN)
            if rows.size:
                mu = self.mu[rows]
                far = strained(self.line, self.log_studies, mu, np.full(rows.size, value)) > 0
                most += shares[:, number, rows] @ far
        return float(most.max())

    def log_likelihood(self, tau: Floats) -> Floats:
        """Log likelihood of each set of studies (set, tau, node)."""
        found = np.empty((self.rows.sets.shape[0], tau.size, self.mu.size))
        nothing = self.rows.sets @ self.log_averages(0.0).T
        negligible = _NEGLIGIBLE * float(self.line.spacing(np.array([self.line.centre]))[0])
        for number, value in enumerate(tau):
            found[:, number] = (
                nothing if value < negligible else self.rows.sets @ self.log_averages(value).T
            )
        return found


_SEEN = 1e-13
"""Share of a posterior below which it is not looked at."""

_NEGLIGIBLE = 1e-9
"""Ratio of tau to the spacing of the nodes below which it makes no difference."""
