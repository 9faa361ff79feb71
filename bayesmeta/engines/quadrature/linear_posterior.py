"""Exact posteriors of linear models: mixtures over nodes of one or two standard deviations."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.cells import Cells, draw_coefficients
from bayesmeta.engines.quadrature.linear import Linear
from bayesmeta.model import Readout

__all__ = ["NUMBERS", "LinearPosterior"]

NUMBERS = 6_000_000
"""Numbers in the matrices that are worked on at once."""

_RANKED = 2**20
"""Points at which subgroups are ranked, of all components together."""

_FEWEST_POINTS, _MOST_POINTS = 5, 13
"""Of one component, as powers of 2."""

_LEAST = 1e-16
_SEED = 1


@dataclass(frozen=True, kw_only=True)
class LinearPosterior:
    """The exact posterior of a linear model, a batch of one.

    Attributes
    ----------
    linear : Linear
        The model.
    weights : array (1, component)
        Shares of the components, which are pairs of nodes of the two standard deviations.
    variances : array (1, component)
        Of the true effects around their mean.
    outer_variances : array (1, component)
        Of the deviates.
    mean, covariance : array (component, coefficient), (component, coefficient, coefficient)
        Of all coefficients, those of the deviates multiplied by sigma.
    deviations : dict of str to Tabulated
        The marginal posteriors of the standard deviations, by name.
    log_evidence, error : array (1,)
        Log marginal likelihood, and the change at the last doubling of the nodes.
    moments : dict of str to int
        How many moments exist, at most 2, of effects by name; 2 of what is not named.
    drawn : Cells
        From which the standard deviations are drawn.
    """

    linear: Linear
    weights: Floats
    variances: Floats
    outer_variances: Floats
    mean: Floats
    covariance: Floats
    deviations: dict[str, Tabulated]
    log_evidence: Floats
    error: Floats
    moments: dict[str, int]
    drawn: "Cells"

    def combined(
        self, factors: Floats, *, name: str = "", variance: Floats | float = 0.0
    ) -> NormalMixture:
        """Combinations of the coefficients.

        Parameters
        ----------
        factors
            Of the coefficients (quantity, coefficient).
        name
            Of the estimate, for the moments that it has.
        variance
            Of what is added to them (1, component).
        """
        means = np.einsum("cp,qp->qc", self.mean, factors)
        variances = np.einsum("cpr,qp,qr->qc", self.covariance, factors, factors) + variance
        return NormalMixture(
            weights=self.weights,
            means=np.ascontiguousarray(means)[None],
            sds=np.ascontiguousarray(np.sqrt(np.maximum(variances, np.finfo(float).tiny)))[None],
            moments=np.array([[float(self.moments.get(name, 2))]]),
        )

    @property
    def mu(self) -> NormalMixture:
        """The means: the pooled effect, or one a subgroup."""
        return self.combined(self.linear.means, name="mu")

    @property
    def theta_new(self) -> NormalMixture:
        """The true effects of new studies with these means."""
        return self.combined(self.linear.means, name="theta_new", variance=self._around)

    @property
    def tau(self) -> Tabulated | None:
        """The standard deviation of the true effects, between studies where they are nested."""
        return self.deviations.get("tau")

    @property
    def _around(self) -> Floats:
        """The variance of the true effects of new studies around their mean."""
        nested = self.linear.outer == "tau"
        return self.variances + (self.outer_variances if nested else 0.0)

    def read(self, readout: Readout, name: str, *, new: bool = False) -> NormalMixture:
        """Combinations of mu and beta, or the true effects of new studies there."""
        variance = self._around if new else 0.0
        return self.combined(self.linear.factors(readout), name=name, variance=variance)

    def ranks(self) -> Floats:
        """Probability that each mean has each rank from the highest (mean, rank).

        In each component by quasi-random points, shifted anew (Cranley & Patterson 1976, SIAM J
        Numer Anal 13:904), as many as give a million of all: the error is well below 0.001.
        """
        from scipy.stats import qmc  # for cost

        to_means = self.linear.means
        count = to_means.shape[0]
        each = int(np.ceil(np.log2(_RANKED / self.mean.shape[0])))
        rng = np.random.default_rng(_SEED)
        points = qmc.Sobol(count, rng=rng).random_base2(
            min(max(each, _FEWEST_POINTS), _MOST_POINTS)
        )
        means = self.mean @ to_means.T
        covariance = np.einsum("gp,cpq,hq->cgh", to_means, self.covariance, to_means, optimize=True)
        values, vectors = np.linalg.eigh(covariance)
        factor = vectors * np.sqrt(np.maximum(values, 0.0))[:, None]
        found = np.zeros((count, count))
        step = max(1, NUMBERS // (points.size * count))
        for first in range(0, means.shape[0], step):
            some = slice(first, first + step)
            shift = rng.uniform(size=(means[some].shape[0], 1, count))
            standard = ndtri(np.clip((points + shift) % 1, _LEAST, 1 - _LEAST))
            drawn = means[some, None] + standard @ np.swapaxes(factor[some], 1, 2)
            rank = (-drawn).argsort(-1, kind="stable").argsort(-1)
            for place in range(count):
                found[:, place] += self.weights[0, some] @ (rank == place).mean(1)
        return found

    def beyond(self) -> dict[str, NormalMixture]:
        """The overall mean of exchangeable subgroups, and what is new: see `complete_posterior`."""
        overall = np.eye(self.mean.shape[1])[:1]
        found = {
            "mu_overall": self.combined(overall, name="mu_overall"),
            "mu_new": self.combined(overall, name="mu_new", variance=self.outer_variances),
        }
        if self.linear.inner is not None:
            both = self.outer_variances + self.variances
            found["theta_new_overall"] = self.combined(
                overall, name="theta_new_overall", variance=both
            )
        return found

    @property
    def theta(self) -> NormalMixture:
        """The true effects of the studies (quantity = study)."""
        linear = self.linear
        back, design = linear.rotation, linear.rotation.T @ linear.whole
        between = self.variances[0][:, None]
        pull = linear.std_error**2 / (linear.std_error**2 + between)
        centre = self.mean @ design.T
        rotated = linear.effect + pull * (centre - linear.effect)
        means = rotated @ back.T
        variances = (between * pull) @ (back**2).T
        step = max(1, NUMBERS // linear.whole.size)
        for first in range(0, len(variances), step):
            some = slice(first, first + step)
            loads = back @ (pull[some, :, None] * design)
            variances[some] += ((loads @ self.covariance[some]) * loads).sum(-1)
        return NormalMixture(
            weights=self.weights,
            means=np.ascontiguousarray(means.T)[None],
            sds=np.ascontiguousarray(np.sqrt(np.maximum(variances, np.finfo(float).tiny)).T)[None],
        )

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
        """Independent draws.

        Returns
        -------
        (array (count,), array (count,), array (count, coefficient))
            The inner and the outer standard deviation (0 where there is none), and the
            coefficients, those of the deviates multiplied by the outer one.
        """
        inner, outer = self.drawn.draw(rng, count)
        linear, size = self.linear, self.mean.shape[1]
        values = np.empty((count, size))
        step = max(1, NUMBERS // (linear.effect.size * size**2))
        for first in range(0, count, step):
            some = slice(first, first + step)
            values[some] = draw_coefficients(self.drawn, linear, inner[some], outer[some], rng)
        return inner, outer, values
