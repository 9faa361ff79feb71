"""At which effects the likelihoods of studies are tabulated."""

from collections.abc import Sequence

import numpy as np

from bayesmeta.densities import Line
from bayesmeta.measures.base import Floats
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.problem import Problem

__all__ = ["effect_nodes", "unresolved"]

_APART = 0.5
"""Distance of the nodes in standard errors, of a study or, at the centre, of all together."""

_WIDTH = 10.0
"""Width of the line in standard errors of all studies together."""

_LEAST_REACH = 300.0
"""How far the line goes at least: no log odds or log rate is told apart from infinity there."""

_LEAST_STEP = 0.004


def effect_nodes(problems: Sequence[Problem], furthest: float, *, finer: float = 1.0) -> Line:
    """Nodes that resolve what the studies of problems, and the priors of mu, say of effects.

    Parameters
    ----------
    problems
        Analyses of studies of one kind.
    furthest
        How far from 0 the line has to go.
    finer
        By how much the nodes are closer than they usually are.
    """
    found = [_known(problem) for problem in problems]
    effect, error = (np.concatenate(values) for values in zip(*found, strict=True))
    all_together = min(float((errors**-2.0).sum() ** -0.5) for _, errors in found)
    centre = float((effect / error**2).sum() / (1 / error**2).sum())
    width = _WIDTH * all_together
    steps = _APART * error / np.hypot(width, effect - centre)
    step = max(min(float(steps.min()), _APART / _WIDTH), _LEAST_STEP) / finer
    reach = max(furthest + abs(centre), _LEAST_REACH)
    return Line(
        centre=centre, width=width, step=step, count=int(np.ceil(np.arcsinh(reach / width) / step))
    )


def unresolved(problems: Sequence[Problem], line: Line) -> float:
    """The error of sums over the nodes of a line for the study that they resolve least.

    That of a normal density: ``2 exp(-2 π² (sd / spacing)²)`` (Trefethen & Weideman 2014, SIAM Rev
    56:385).
    """
    ratio = min(
        float((error / line.spacing(effect)).min())
        for effect, error in (_known(problem) for problem in problems)
    )
    return float(2 * np.exp(-2 * np.pi**2 * ratio**2))


def _known(problem: Problem) -> tuple[Floats, Floats]:
    """Rough estimates of the studies with their standard errors, and the prior of mu likewise."""
    effect, error = LIKELIHOODS[problem.likelihood].rough(problem)
    prior = problem.priors["mu"]
    if not prior.proper:
        return effect, error
    low, middle, high = prior.ppf([0.16, 0.5, 0.84])
    return np.append(effect, middle), np.append(error, (high - low) / 2)
