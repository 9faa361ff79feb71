"""How far a prior must be moved before the conclusion changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from bayesmeta.sensitivity_analysis.conclusions import Conclusion

__all__ = ["TippingPoint", "tipping_points"]

Conclude = Callable[[Sequence[Problem]], list[Conclusion]]

_FARTHEST = 100.0
"""How far a scale is moved, relative to where the search begins."""

_STEPS = 41
_MEDIAN = 0.6745
"""Median of a half-normal distribution with scale 1."""

_REFINEMENTS = 3
_BETWEEN = 21


@dataclass(frozen=True, kw_only=True)
class TippingPoint:
    """Where the conclusion changes as a prior is widened or narrowed.

    Attributes
    ----------
    parameter : str
        ``tau`` or ``mu``.
    family : str
        The family whose scale is moved, such as ``HalfNormal(s)``.
    direction : str
        ``narrower`` or ``wider`` than where the search begins.
    scale : float or None
        The scale at which the conclusion changes; None where it holds all the way.
    furthest : float
        The last scale that was tried.
    change : str
        What changes; "" where nothing does.
    """

    parameter: str
    family: str
    direction: str
    scale: float | None
    furthest: float
    change: str

    def sentence(self) -> str:
        """In words."""
        if self.scale is None:
            return (
                f"{self.parameter} ~ {self.family}: the conclusion holds for every "
                f"{self.direction} prior, to s = {self.furthest:.3g}"
            )
        side = "below" if self.direction == "narrower" else "above"
        return f"{self.parameter} ~ {self.family}: with s {side} {self.scale:.3g}, {self.change}"


@dataclass(frozen=True, kw_only=True)
class _Path:
    """A prior whose scale is moved in one direction."""

    parameter: str
    family: str
    direction: str
    start: float

    @property
    def end(self) -> float:
        """The last scale."""
        return self.start * (_FARTHEST if self.direction == "wider" else 1 / _FARTHEST)

    def changed(self, base: Problem, scale: float) -> Problem:
        """The base analysis with the prior at a scale."""
        prior = parse_prior(self.family.replace("s)", f"{scale!r})"))
        return replace(base, priors={**base.priors, self.parameter: prior})


def tipping_points(base: Problem, conclude: Conclude) -> list[TippingPoint]:
    """Widen and narrow half-normal priors of tau, and narrow sceptical priors of mu.

    The search for tau begins at the half-normal prior with the median of the base prior, that for
    mu at a normal prior around no effect as wide as the base prior, or much wider than the data
    where that is flat.

    Parameters
    ----------
    base
        The base analysis.
    conclude
        The conclusions of problems.
    """
    (reference,) = conclude([base])
    typical = float(np.mean(base.std_error**-2.0) ** -0.5)
    paths = []
    tau, mu = base.priors.get("tau"), base.priors["mu"]
    if tau is not None:
        start = float(tau.ppf(0.5)) / _MEDIAN if tau.proper else typical
        paths += [
            _Path(parameter="tau", family="HalfNormal(s)", direction=direction, start=start)
            for direction in ("narrower", "wider")
        ]
    if reference.excludes_null is not None:
        start = float(np.diff(mu.ppf([0.16, 0.84]))[0]) / 2 if mu.proper else _FARTHEST * typical
        paths.append(
            _Path(parameter="mu", family="Normal(0, s)", direction="narrower", start=start)
        )
    return [_search(path, base, reference, conclude) for path in paths]


def _search(path: _Path, base: Problem, reference: Conclusion, conclude: Conclude) -> TippingPoint:
    """The scale nearest to the start at which the conclusion is not that of the base analysis."""
    scales = np.geomspace(path.start, path.end, _STEPS).tolist()
    tipping, change = None, ""
    for _ in range(_REFINEMENTS):
        found = conclude([path.changed(base, scale) for scale in scales])
        phrases = [reference.changes(conclusion) for conclusion in found]
        first = next((place for place, each in enumerate(phrases) if each), None)
        if first is None:
            break
        tipping, change = scales[first], "; ".join(phrases[first])
        if first == 0:
            break
        scales = np.geomspace(scales[first - 1], scales[first], _BETWEEN).tolist()
    return TippingPoint(
        parameter=path.parameter,
        family=path.family,
        direction=path.direction,
        scale=tipping,
        furthest=path.end,
        change=change,
    )
