"""Draws of two standard deviations, and of the coefficients given them.

Each pair of nodes has a cell around it, inside which draws are uniform on the scale of the rule.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesmeta.densities import Panels
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import Coefficients, Studies, given_groups, given_tau
from bayesmeta.engines.quadrature.linear import Linear
from bayesmeta.engines.quadrature.posterior import Posterior
from bayesmeta.engines.quadrature.rule import Nodes

__all__ = ["NEGLIGIBLE", "Cells", "cells_of", "draw_coefficients"]

NEGLIGIBLE = 1e-13
"""Share of a component or of a cell below which it is left out."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Cells of the two standard deviations around nodes, and the priors of the coefficients.

    Attributes
    ----------
    weights : array (cell,)
        Their shares.
    inner, outer : Panels or None
        The maps of each cell (cell, 1); None where there is no such deviation.
    inner_t, outer_t : array (cell,)
        The nodes.
    inner_step, outer_step : float or array (cell,)
        Their spacing.
    coefficients : Coefficients
        The priors, that of the first shifted.
    shift : float
        What was taken out of the effects.
    """

    weights: Floats
    inner: Panels | None
    outer: Panels | None
    inner_t: Floats
    outer_t: Floats
    inner_step: Floats
    outer_step: Floats
    coefficients: Coefficients
    shift: float

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """The inner and the outer deviation: uniform inside a cell, on the scale of the rule."""
        cells = rng.choice(self.weights.size, size=count, p=self.weights / self.weights.sum())
        found = []
        for panels, t, step in (
            (self.inner, self.inner_t, self.inner_step),
            (self.outer, self.outer_t, self.outer_step),
        ):
            if panels is None:
                found.append(np.zeros(count))
                continue
            place = t[cells] + step[cells] * rng.uniform(-0.5, 0.5, count)
            maps = {
                part: getattr(panels, part)[cells] for part in ("lower", "upper", "centre", "width")
            }
            points, _ = Panels(**maps, first=0.0, step=1.0).points(place[:, None, None])
            found.append(points[:, 0, 0])
        return found[0], found[1]


def cells_of(
    linear: Linear,
    parts: list[Posterior],
    shares: list[Floats],
    sigma: list[Floats],
    rule: tuple[Nodes[Any], np.ndarray] | None,
) -> Cells:
    """The cells around pairs of nodes."""
    weights, inner_t, inner_step, rows, maps = [], [], [], [], []
    done = 0
    for part, own in zip(parts, shares, strict=True):
        if part.tau is None:
            weights.append(own)
            rows.append(done + np.arange(own.size))
        else:
            mass = np.broadcast_to(part.tau.mass, (own.size, *part.tau.mass.shape[1:]))
            cell = (mass * own[:, None, None]).ravel()
            counts = cell > NEGLIGIBLE
            row, panel, node = (index.ravel()[counts] for index in np.indices(mass.shape))
            weights.append(cell[counts])
            rows.append(done + row)
            panels = part.tau.panels
            inner_t.append(panels.first + panels.step * node)
            inner_step.append(np.full(node.size, panels.step))
            wide = [
                np.broadcast_to(getattr(panels, name), mass.shape[:2])[row, panel]
                for name in ("lower", "upper", "centre", "width")
            ]
            maps.append(np.stack(wide, -1))
        done += own.size
    row = np.concatenate(rows)
    inner = outer = None
    if maps:
        lower, upper, centre, width = np.concatenate(maps).T[..., None]
        inner = Panels(lower=lower, upper=upper, centre=centre, width=width, first=0.0, step=1.0)
    outer_t = outer_step = np.zeros(row.size)
    if rule is not None:
        nodes, kept = rule
        place = nodes.panels.nodes(nodes.tau.shape[1])[kept]
        outer_t, outer_step = place[row], np.full(row.size, nodes.panels.step)
        each = {
            name: np.broadcast_to(getattr(nodes.panels, name), (row.size, 1))
            for name in ("lower", "upper", "centre", "width")
        }
        outer = Panels(**each, first=0.0, step=1.0)
    return Cells(
        weights=np.concatenate(weights),
        inner=inner,
        outer=outer,
        inner_t=np.concatenate(inner_t) if inner_t else np.zeros(row.size),
        outer_t=outer_t,
        inner_step=np.concatenate(inner_step) if inner_step else np.zeros(row.size),
        outer_step=outer_step,
        coefficients=parts[0].priors,
        shift=float(parts[0].shift[0]),
    )


def draw_coefficients(
    drawn: Cells, linear: Linear, inner: Floats, outer: Floats, rng: np.random.Generator
) -> Floats:
    """Draws of the coefficients given both deviations (draw, coefficient)."""
    count, shared = inner.size, linear.rotated_shared
    design = linear.design(outer if linear.steps.shape[1] else np.ones(1))
    effect = linear.effect - drawn.shift * design[0, :, 0]
    shape = (len(design), effect.size)
    studies = Studies(
        effect=np.broadcast_to(effect, shape),
        std_error=np.broadcast_to(linear.std_error, shape),
        design=design,
        included=np.ones(shape),
        shared=None if shared is None else shared[None],
        sigma=outer,
    )
    priors = drawn.coefficients
    one = Coefficients(
        log_weight=priors.log_weight[:1], mean=priors.mean[:1], precision=priors.precision[:1]
    )
    given = given_tau(studies, one, inner[:, None])
    shares = np.exp(given.log_likelihood - given.total()[..., None])[:, 0]
    running = np.cumsum(shares, -1)
    chosen = (running < rng.uniform(size=(count, 1))).sum(-1).clip(max=running.shape[-1] - 1)
    each = np.arange(count)
    mean, covariance = given.mean[each, 0, chosen], given.covariance[each, 0, chosen]
    noise = rng.standard_normal(mean.shape)[..., None]
    values: Floats = mean + (np.linalg.cholesky(covariance) @ noise)[..., 0]
    values[:, linear.base.shape[1] :] *= outer[:, None]
    if shared is not None:
        groups = given_groups(studies, inner[:, None])
        centre = groups.constant[:, 0] - (groups.slope[:, 0] @ values[..., None])[..., 0]
        deviates = rng.normal(centre, np.sqrt(groups.variance[:, 0]))
        values = np.concatenate([values, deviates], 1)
    values[:, 0] += drawn.shift
    return values
