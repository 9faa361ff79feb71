"""What is compared between fits: estimates, probabilities of benefit, densities of mu."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature import Exact, solve_many
from bayesmeta.model import Problem
from bayesmeta.results.diagnostics import diagnose_exact
from bayesmeta.results.exact import Effects
from bayesmeta.spec import Interval

__all__ = ["Benefit", "Grid", "Numbers", "exact_numbers", "hellinger", "numbers_of_draws"]

_REACH = np.linspace(-5, 5, 121)
"""Points of the grid on which densities of mu are compared: ``centre + scale * sinh(reach)``."""

_KERNELS = 2000
"""Draws that stand for all in the density of mu."""

_NAMES = ("mu", "tau", "theta_new")
_COLUMNS = (
    *(f"{name}_{end}" for name in _NAMES for end in ("median", "lower", "upper")),
    "prob_benefit",
    "prob_important",
)


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """What benefit is, on the analysis scale.

    Attributes
    ----------
    null, important : float or None
        No effect and the smallest important one; None where not known.
    higher : bool or None
        Whether higher is better; None where the spec does not say.
    """

    null: float | None
    important: float | None
    higher: bool | None

    def limits(self) -> dict[str, float]:
        """The limits whose far side counts, by the probability that it gives."""
        if self.higher is None:
            return {}
        found = {"prob_benefit": self.null, "prob_important": self.important}
        return {name: limit for name, limit in found.items() if limit is not None}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Points on which densities of mu are compared."""

    centre: float
    scale: float

    def points(self) -> Floats:
        """The points."""
        return self.centre + self.scale * np.sinh(_REACH)

    def shares(self, mixture: Effects) -> Floats:
        """Shares of a distribution around the points."""
        density = mixture.pdf(self.points())[0, 0] * np.cosh(_REACH)
        shares: Floats = density / density.sum()
        return shares


def hellinger(one: Floats, other: Floats) -> float:
    """Hellinger distance of two distributions given by shares: 0 the same, 1 nothing in common."""
    return float(np.sqrt(0.5 * ((np.sqrt(one) - np.sqrt(other)) ** 2).sum()))


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What is known of one fit.

    Attributes
    ----------
    estimates : dict of str to float
        ``mu_median``, ``mu_lower``, ``mu_upper``, likewise ``tau`` and ``theta_new``, and
        ``prob_benefit``, ``prob_important``; NaN where there is none.
    mu : NormalMixture or TabulatedEffects
        The posterior of mu (a batch of one).
    verdict : {"ok", "warn", "fail"}
        Whether it may be trusted.
    """

    estimates: dict[str, float]
    mu: Effects
    verdict: str

    def grid(self) -> Grid:
        """A grid around this posterior of mu."""
        low, middle, high = self.mu.ppf(np.array([0.16, 0.5, 0.84]))[0, 0]
        return Grid(centre=float(middle), scale=float(high - low) / 2)


def exact_numbers(
    problems: Sequence[Problem], *, interval: Interval, benefit: Benefit
) -> list[Numbers]:
    """By quadrature, which can do all these problems."""
    found: dict[int, Numbers] = {}
    for places, posterior in solve_many(problems):
        columns, mu = _exact_columns(posterior, interval, benefit), posterior.mu
        for row, place in enumerate(places):
            estimates = {name: float(values[row]) for name, values in columns.items()}
            verdict = diagnose_exact(float(posterior.error[row])).verdict
            found[place] = Numbers(estimates=estimates, mu=mu.row(row), verdict=verdict)
    return [found[place] for place in range(len(problems))]


def numbers_of_draws(
    posterior: xr.Dataset, verdict: str, *, interval: Interval, benefit: Benefit
) -> Numbers:
    """From draws (dimensions ``chain``, ``draw``); the density of mu by a normal kernel."""
    import arviz_stats as azs

    names = [name for name in _NAMES if name in posterior]
    draws = posterior[names]
    ends = (azs.eti if interval.kind == "eti" else azs.hdi)(draws, prob=interval.prob)
    estimates = dict.fromkeys(_COLUMNS, np.nan)
    for name in names:
        estimates[f"{name}_median"] = float(draws[name].median())
        for end in ("lower", "upper"):
            estimates[f"{name}_{end}"] = float(ends[name].sel(ci_bound=end))
    mu = draws["mu"].to_numpy().ravel()
    for name, limit in benefit.limits().items():
        estimates[name] = float(np.mean(mu > limit if benefit.higher else mu < limit))
    kept = np.sort(mu)[:: max(1, mu.size // _KERNELS)]
    low, high = np.quantile(mu, [0.16, 0.84])
    width = np.full((1, 1, kept.size), 1.06 * (high - low) / 2 * kept.size**-0.2)
    shares = np.full((1, kept.size), 1 / kept.size)
    kernels = NormalMixture(weights=shares, means=kept[None, None], sds=width)
    return Numbers(estimates=estimates, mu=kernels, verdict=verdict)


def _exact_columns(posterior: Exact, interval: Interval, benefit: Benefit) -> dict[str, Floats]:
    """Estimates by name, one number a batch row."""
    rows = posterior.log_evidence.size
    columns = {name: np.full(rows, np.nan) for name in _COLUMNS}
    found: dict[str, Effects | Tabulated] = {"mu": posterior.mu}
    if posterior.tau is not None:
        found |= {"tau": posterior.tau, "theta_new": posterior.theta_new}
    for name, density in found.items():
        lower, upper = density.interval(interval.prob, interval.kind)
        middle = density.ppf(np.array([0.5]))
        for end, values in (("median", middle), ("lower", lower), ("upper", upper)):
            columns[f"{name}_{end}"] = values.reshape(rows)
    for name, limit in benefit.limits().items():
        below = posterior.mu.cdf(np.array([limit])).reshape(rows)
        columns[name] = 1 - below if benefit.higher else below
    return columns
