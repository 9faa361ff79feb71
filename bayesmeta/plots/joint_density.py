"""The joint posterior density of the pooled effect and the heterogeneity, and its regions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator, RegularGridInterpolator
from scipy.ndimage import gaussian_filter
from scipy.special import logsumexp

from bayesmeta.densities import Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.linear_posterior import LinearPosterior
from bayesmeta.engines.quadrature.solve import Exact, solve
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior
from bayesmeta.plots.densities import posterior_of

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Joint", "joint_density", "region_levels"]

_BINS = 512
_LEAST = 1e-12
"""Mass of a value of tau below which it is left out."""

_LOWEST = -700.0
_MARGIN = 3.0
"""Widths of the kernel by which the density of draws goes beyond them."""

_TAIL = 15
"""The tails of each parameter are left out where they have this part of what may be outside."""

_FIRST = 101
_GRID = 241
"""Points each way, first to find the region that is drawn, and then to draw it."""

_AROUND = 0.06
"""Share of its width by which the grid goes beyond the region."""

_BANDWIDTH = 1.2
"""Times that of the rule of Scott, so that regions have no bays that only sampling makes."""

_Surface = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class Joint:
    """A joint density on an even grid.

    Attributes
    ----------
    mu, tau : array (point,)
        The grid, on the analysis scale.
    density : array (point of tau, point of mu)
        It integrates to 1 over all values, and to a little less over the grid.
    """

    mu: Floats
    tau: Floats
    density: Floats

    @property
    def areas(self) -> Floats:
        """Weights of the points in integrals over the grid, by the trapezium rule."""
        return _areas(self.mu, self.tau)


def joint_density(fit: "Fit", *, prob: float = 0.97) -> Joint:
    """The joint posterior of mu and tau where it is high.

    Exact where the engine was quadrature: the density of mu at each node of tau is known, and its
    logarithm is interpolated between the nodes. Else that of the draws, smoothed on a scale that is
    straight in the middle and logarithmic in the tails, and reflected at the ends of tau.

    Parameters
    ----------
    fit
        A fit with one mean, and with tau.
    prob
        The grid holds the smallest region of this probability, and a little more.
    """
    surface = _smoothed(fit) if fit.exact is None else _exact(solve(fit.problem))
    tail = (1 - prob) / _TAIL
    share = np.linspace(0, 1, _FIRST)
    share = share**3 * (10 - 15 * share + 6 * share**2)  # denser towards 0 and 1
    inner = tail + (1 - 2 * tail) * share
    prior = fit.priors["tau"]
    mu = posterior_of(fit, "mu").ppf(inner)
    tau = posterior_of(fit, "tau", lower=prior.lower, upper=prior.upper).ppf(inner)
    tau[0] = prior.lower
    first = Joint(mu=mu, tau=tau, density=surface(mu, tau))
    (level,) = region_levels(first, [prob])
    high = first.density >= level
    axes = []
    for values, kept, bounds in (
        (mu, high.any(0), (-np.inf, np.inf)),
        (tau, high.any(1), (prior.lower, prior.upper)),
    ):
        low, top = values[kept][[0, -1]]
        margin = _AROUND * (top - low)
        axes.append(np.linspace(max(low - margin, bounds[0]), min(top + margin, bounds[1]), _GRID))
    return Joint(mu=axes[0], tau=axes[1], density=surface(*axes))


def region_levels(joint: Joint, probs: list[float]) -> list[float]:
    """The densities at the edges of the smallest regions that hold these probabilities.

    Hyndman 1996, Am Stat 50:120. The lowest density of the grid where it holds less.
    """
    order = np.argsort(-joint.density, axis=None)
    running = np.cumsum((joint.density * joint.areas).ravel()[order])
    density = joint.density.ravel()[order]
    places = np.minimum(np.searchsorted(running, probs), density.size - 1)
    return [float(density[place]) for place in places]


def _areas(mu: Floats, tau: Floats) -> Floats:
    across, up = (np.gradient(values) for values in (mu, tau))
    for values, widths in ((mu, across), (tau, up)):
        widths[1:-1] = (values[2:] - values[:-2]) / 2
        widths[[0, -1]] = (values[1] - values[0]) / 2, (values[-1] - values[-2]) / 2
    return np.outer(up, across)


def _exact(exact: Exact) -> _Surface:
    """The density of tau times that of mu given tau."""
    tau = exact.deviations["tau"] if isinstance(exact, LinearPosterior) else exact.tau
    assert tau is not None  # who calls has asked
    given = _tabulated(exact) if isinstance(exact, TabulatedPosterior) else _mixed(exact)
    return lambda mu, at: _times(tau, given, mu, at)


_Given = Callable[[Floats], tuple[Floats, Floats]]
"""From values of mu to the nodes of tau, rising, and log densities of mu there (node, value)."""


def _times(tau: Tabulated, given: _Given, mu: Floats, at: Floats) -> Floats:
    nodes, log = given(mu)
    lower = float(tau.panels.lower.min())
    tiny = np.finfo(float).tiny
    places = np.log(np.maximum(nodes - lower, tiny))
    wanted = np.clip(np.log(np.maximum(at - lower, tiny)), places[0], places[-1])
    conditional = np.exp(PchipInterpolator(places, log, axis=0)(wanted))
    return np.asarray(conditional * tau.pdf(at[None])[0][:, None])


def _mixed(exact: Exact) -> _Given:
    """Of the normal model, whose components at one tau are a mixture."""
    assert not isinstance(exact, TabulatedPosterior)
    mixture, weights = exact.mu, exact.weights[0]
    if isinstance(exact, LinearPosterior):
        nested = exact.linear.outer == "tau"
        tau = np.sqrt((exact.outer_variances if nested else exact.variances)[0])
    else:
        tau = exact.nodes[0]
    nodes, member = np.unique(tau, return_inverse=True)
    mass = np.bincount(member, weights)
    means, sds = mixture.means[0, 0], mixture.sds[0, 0]
    counting = mass > _LEAST

    def given(mu: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore"):
            log = np.log(weights / (sds * mass[member]))[:, None]
        log = log - 0.5 * ((mu - means[:, None]) / sds[:, None]) ** 2 - 0.5 * np.log(2 * np.pi)
        log = np.maximum(log, _LOWEST)
        found = np.stack([logsumexp(log[member == n], axis=0) for n in np.flatnonzero(counting)])
        return nodes[counting], np.maximum(found, _LOWEST)

    return given


def _tabulated(exact: TabulatedPosterior) -> _Given:
    """Of counts, whose density is known on a grid."""
    line, inside = exact.line, exact.surface.inside
    log_mass = exact.log_joint[0]
    of_nodes = logsumexp(log_mass, axis=1)
    counting = np.flatnonzero(of_nodes > np.log(_LEAST))
    log = log_mass[counting] - of_nodes[counting, None] - np.log(line.slopes[inside])
    log = np.maximum(log, _LOWEST)
    places = np.arange(line.points.size)[inside]

    def given(mu: Floats) -> tuple[Floats, Floats]:
        wanted = np.clip(line.place(mu), places[0], places[-1])
        return exact.nodes[counting], PchipInterpolator(places, log, axis=1)(wanted)

    return given


def _smoothed(fit: "Fit") -> _Surface:
    """A normal kernel on draws, on the scale of ``asinh``, reflected at the ends of tau."""
    mu, tau = (fit.posterior[name].to_numpy().ravel() for name in ("mu", "tau"))
    prior = fit.priors["tau"]
    quarter, centre, last = np.quantile(mu, [0.25, 0.5, 0.75])
    across = _Scale(centre=float(centre), width=float(last - quarter))
    up = _Scale(centre=prior.lower, width=float(np.median(tau)) - prior.lower)
    u, v = across.to(mu), up.to(tau)
    kernel = [_BANDWIDTH * float(values.std()) * values.size ** (-1 / 6) for values in (v, u)]
    u, v = _drawn_in(u, float(u.mean()), kernel[1]), _drawn_in(v, 0.0, kernel[0])
    top = min(float(v.max()) + _MARGIN * kernel[0], float(up.to(np.array(prior.upper))))
    reach = _MARGIN * kernel[1]
    limits = [(0.0, top), (float(u.min()) - reach, float(u.max()) + reach)]
    counts, *edges = np.histogram2d(v, u, bins=_BINS, range=limits)
    steps = [float(edge[1] - edge[0]) for edge in edges]
    smooth = gaussian_filter(
        counts / (v.size * steps[0] * steps[1]),
        [width / step for width, step in zip(kernel, steps, strict=True)],
        mode="reflect",  # about the edges of the first and the last bins
    )
    middles = [edge[:-1] + step / 2 for edge, step in zip(edges, steps, strict=True)]
    found = RegularGridInterpolator(
        middles, smooth, bounds_error=False, fill_value=None, method="linear"
    )

    def surface(mu: Floats, at: Floats) -> Floats:
        rows, columns = np.meshgrid(up.to(at), across.to(mu), indexing="ij")
        inside = (rows <= top) & (columns >= limits[1][0]) & (columns <= limits[1][1])
        density = np.where(inside, np.maximum(found((rows, columns)), 0.0), 0.0)
        return np.asarray(density * np.outer(up.slope(at), across.slope(mu)))

    return surface


def _drawn_in(values: Floats, centre: float, kernel: float) -> Floats:
    """Values so much closer to a centre that the kernel does not widen the whole.

    Jones 1991, Stat Probab Lett 11:511. What is reflected has its centre at 0.
    """
    spread = np.mean((values - centre) ** 2)
    return np.asarray(centre + (values - centre) / np.sqrt(1 + kernel**2 / spread))


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Straight around the centre, logarithmic in the tails."""

    centre: float
    width: float

    def to(self, x: Floats) -> Floats:
        """Values on this scale."""
        return np.asarray(np.arcsinh((x - self.centre) / self.width))

    def slope(self, x: Floats) -> Floats:
        """Derivative of `to`."""
        return np.asarray(1 / np.hypot(self.width, x - self.centre))
