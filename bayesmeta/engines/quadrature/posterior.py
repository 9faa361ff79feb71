"""Exact posteriors of the normal model, many at once."""

from dataclasses import dataclass

import numpy as np

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import Coefficients, Studies, given_tau

__all__ = ["Posterior"]


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Exact posteriors of the normal model, many at once.

    Given tau the coefficients are normal, so that everything but tau is a mixture of normal
    distributions over the nodes of tau.

    Attributes
    ----------
    studies : Studies
        The data sets, with `shift` of the first term taken out of the effects.
    priors : Coefficients
        The priors of the coefficients, of the first shifted likewise.
    shift : array (batch,)
        What was taken out, so that effects are near 0.
    weights : array (batch, node)
        Posterior weights of the nodes.
    nodes : array (batch, node)
        Their tau.
    mean, covariance : array (batch, node, term) and (batch, node, term, term)
        Of the coefficients given tau.
    tau : Tabulated or None
        The marginal posterior of tau; None for a common effect.
    log_evidence : array (batch,)
        Log marginal likelihood; up to a constant where a prior is improper.
    error : array (batch,)
        The change at the last doubling of the nodes.
    moments : dict of str to array (batch,)
        How many moments exist of ``mu``, ``tau`` and ``theta_new``: at most 2.
    """

    studies: Studies
    priors: Coefficients
    shift: Floats
    weights: Floats
    nodes: Floats
    mean: Floats
    covariance: Floats
    tau: Tabulated | None
    log_evidence: Floats
    error: Floats
    moments: dict[str, Floats]

    def linear(self, terms: Floats, *, new: bool = False) -> NormalMixture:
        """Combinations of the coefficients, such as the mean at values of moderators.

        Parameters
        ----------
        terms
            The factors of the coefficients (quantity, term).
        new
            Of the true effect of a new study there, instead of the mean.
        """
        means = np.einsum("bnp,qp->bqn", self.mean, terms)
        variances = np.einsum("bnpr,qp,qr->bqn", self.covariance, terms, terms)
        if new:
            variances = variances + self.nodes[:, None] ** 2
        return NormalMixture(
            weights=self.weights,
            means=means,
            sds=np.sqrt(variances),
            moments=self.moments["theta_new" if new else "mu"][:, None],
        )

    @property
    def mu(self) -> NormalMixture:
        """The pooled effect: the first coefficient."""
        return self.linear(np.eye(self.mean.shape[-1])[:1])

    @property
    def theta_new(self) -> NormalMixture:
        """The true effect of a new study with the mean of the first coefficient."""
        return self.linear(np.eye(self.mean.shape[-1])[:1], new=True)

    @property
    def theta(self) -> NormalMixture:
        """The true effects of the studies (quantity = study)."""
        batch, studies = self.shift.size, self.studies
        design = np.broadcast_to(studies.design, (batch, *studies.design.shape[1:]))
        effect = (studies.effect + self.shift[:, None] * design[..., 0])[..., None]
        centre = np.einsum("bnp,bqp->bqn", self.mean, design)
        spread = np.einsum("bnpr,bqp,bqr->bqn", self.covariance, design, design)
        within, between = studies.std_error[..., None] ** 2, self.nodes[:, None] ** 2
        pull = within / (within + between)
        return NormalMixture(
            weights=self.weights,
            means=effect + pull * (centre - effect),
            sds=np.sqrt(between * pull + pull**2 * spread),
        )

    def joint_log_density(self, mu: Floats, tau: Floats) -> Floats:
        """Log of the joint posterior density of mu and tau, for a batch of one with one term.

        Parameters
        ----------
        mu, tau
            Values (point,); tau above 0.
        """
        assert self.tau is not None  # a common effect has no tau
        given = given_tau(self.studies, self.priors, tau[None])
        shares = np.exp(given.log_likelihood - given.total()[..., None])[0]
        sd = np.sqrt(given.covariance[0, ..., 0, 0])
        z = ((mu - self.shift[0])[:, None] - given.mean[0, ..., 0]) / sd
        conditional = (shares * np.exp(-0.5 * z**2) / (sd * np.sqrt(2 * np.pi))).sum(-1)
        with np.errstate(divide="ignore"):
            log: Floats = np.log(conditional) + self.tau.log_density(tau[None])[0]
        return log

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """Independent draws of tau and of the coefficients of a batch of one.

        Returns
        -------
        (array (count,), array (count, term))
        """
        tau = np.zeros((1, count))
        if self.tau is not None:
            tau = self.tau.sample(rng, count)[None]
        given = given_tau(self.studies, self.priors, tau)
        running = np.cumsum(np.exp(given.log_likelihood - given.total()[..., None]), -1)[0]
        chosen = (running < rng.uniform(size=(count, 1))).sum(-1).clip(max=running.shape[-1] - 1)
        each = np.arange(count)
        mean, covariance = given.mean[0, each, chosen], given.covariance[0, each, chosen]
        noise = rng.standard_normal(mean.shape)[..., None]
        coefficients = mean + (np.linalg.cholesky(covariance) @ noise)[..., 0]
        coefficients[:, 0] += self.shift[0]
        return tau[0], coefficients
