"""Problems to exact posteriors."""

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from bayesmeta.engines.quadrature.integrate import integrate
from bayesmeta.engines.quadrature.linear import refusal_of_design
from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.engines.quadrature.normal_priors import unsuitable
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior, kind_of, solve_alike
from bayesmeta.engines.quadrature.two_deviations import solve_linear
from bayesmeta.errors import EngineError
from bayesmeta.model import LIKELIHOODS, Problem

__all__ = ["Exact", "refusal", "solve", "solve_many"]

_BLOCK = 4000
"""Studies of all batch rows that are integrated at once: more would not fit the cache."""

_ALIKE = 60
"""Problems that share a grid: more would need too much memory."""


def refusal(problem: Problem) -> str | None:
    """Why quadrature cannot do a problem; None where it can."""
    likelihood = LIKELIHOODS[problem.likelihood]
    if problem.heterogeneity not in ("common", "normal", "nested"):
        return f"quadrature does not know the heterogeneity {problem.heterogeneity!r}"
    if likelihood.profile is None:
        return f"quadrature does not know the likelihood {problem.likelihood!r}"
    if closed(problem):
        return unsuitable(problem.priors["mu"]) or refusal_of_design(problem)
    if not problem.design.is_pooled:
        return f"quadrature takes one mean for all studies of a {problem.likelihood} likelihood"
    mu, tau = problem.priors["mu"], problem.priors.get("tau")
    if np.isfinite([mu.lower, mu.upper]).any():
        return f"quadrature takes priors of mu that are nowhere 0, not {mu.expression}"
    if problem.two_arms and problem.baseline == "exchangeable":
        return "quadrature does not integrate exchangeable baselines"
    if tau is not None and len(tau.breaks) > 2:
        return f"quadrature does not integrate {tau.expression}, whose parts end at different tau"
    return None


def closed(problem: Problem) -> bool:
    """Whether all but tau is integrated in closed form; else it is tabulated."""
    return LIKELIHOODS[problem.likelihood].marginal is not None


Exact = Posterior | LinearPosterior | TabulatedPosterior
"""An exact posterior, by whichever way it was found."""

_SOLVED: "WeakKeyDictionary[Problem, Exact]" = WeakKeyDictionary()
"""Posteriors by problem, for as long as that is in use: a fit, its evidence and its check by the
other engine ask for the same one."""


def solve(problem: Problem) -> Exact:
    """The exact posterior of a problem.

    Raises
    ------
    EngineError
        Quadrature cannot do it.
    """
    reason = refusal(problem)
    if reason is not None:
        raise EngineError(f'{reason}\n  Take engine = "nuts".')
    if problem not in _SOLVED:
        _SOLVED[problem] = _solved(problem)
    return _SOLVED[problem]


def _solved(problem: Problem) -> Exact:
    if not closed(problem):
        return solve_alike([problem])
    return _integrated([problem]) if problem.is_plain else solve_linear(problem)


def solve_many(
    problems: Sequence[Problem],
) -> Iterator[tuple[list[int], Exact]]:
    """The exact posteriors of many problems, which quadrature can do, in blocks.

    Yields
    ------
    (list of int, Posterior)
        The places of the problems of a block, and their posteriors, one a batch row.
    """
    tabulated: dict[tuple[object, ...], list[int]] = {}
    for place, problem in enumerate(problems):
        if closed(problem) and not problem.is_plain:
            yield [place], solve_linear(problem)
    firsts: dict[tuple[object, ...], Problem] = {}
    for place, problem in enumerate(problems):
        if not closed(problem):
            kind = kind_of(problem)
            apart = _other_data(problem, firsts.setdefault(kind, problem))
            tabulated.setdefault((*kind, *apart), []).append(place)
    for places in tabulated.values():
        for first in range(0, len(places), _ALIKE):
            some = places[first : first + _ALIKE]
            yield some, solve_alike([problems[i] for i in some])
    known = [
        place for place, problem in enumerate(problems) if closed(problem) and problem.is_plain
    ]
    order = sorted(known, key=lambda i: _kind(problems[i]))
    block: list[int] = []
    for place in order:
        problem = problems[place]
        different = block and _kind(problems[block[0]]) != _kind(problem)
        if block and (different or (len(block) + 1) * len(problem.study) > _BLOCK):
            yield block, _integrated([problems[i] for i in block])
            block = []
        block.append(place)
    if block:
        yield block, _integrated([problems[i] for i in block])


def _other_data(problem: Problem, first: Problem) -> tuple[str, ...]:
    """The priors of a problem whose counts are not those of another; nothing where they are.

    One grid serves all studies and all priors of a group, so that the widest prior would make it
    wide for every other set of studies too.
    """
    if all(np.array_equal(counts, first.counts[name]) for name, counts in problem.counts.items()):
        return ()
    return tuple(prior.expression for name, prior in problem.priors.items() if name != "alpha")


def _kind(problem: Problem) -> tuple[bool, bool, int]:
    """What the problems of a block share: alike ones are integrated together."""
    mu, tau = problem.priors["mu"], problem.priors.get("tau")
    panels = len(tau.components) if tau is not None else 0
    simple = mu.family.name in ("Normal", "Flat")
    return tau is None, simple, panels


def _integrated(problems: Sequence[Problem]) -> Posterior:
    """The posteriors of problems of one kind; shorter ones are filled up with nothing."""
    most = max(len(problem.study) for problem in problems)
    effect, std_error = np.zeros((len(problems), most)), np.ones((len(problems), most))
    included = np.zeros((len(problems), most))
    for row, problem in enumerate(problems):
        count = len(problem.study)
        effect[row, :count], std_error[row, :count] = problem.effect, problem.std_error
        included[row, :count] = 1
    taus = [problem.priors.get("tau") for problem in problems]
    return integrate(
        effect,
        std_error,
        mu=[problem.priors["mu"] for problem in problems],
        tau=[tau for tau in taus if tau is not None] or None,
        included=included,
    )
