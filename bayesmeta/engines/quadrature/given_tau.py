"""The posterior given tau: everything is normal and has a closed form.

With ``effect ~ Normal(design @ beta, std_error**2 + tau**2)`` and a normal or flat prior on each
coefficient, the coefficients are normal given tau and their evidence is known (Gelman et al. 2013,
Bayesian Data Analysis, chapter 5). A prior that is a mixture of normal distributions gives a
mixture. Deviates that groups of studies share are integrated out likewise (Woodbury's formula).
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np

from bayesmeta.densities.search import Floats

__all__ = ["Coefficients", "GivenTau", "Studies", "given_tau"]

_FACTORS = 8
"""Ratios of variances that are multiplied before a logarithm is taken."""

_LARGEST = 1e300
_LARGEST_SIGMA = 1e140
_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, kw_only=True)
class Studies:
    """Data sets, many at once.

    Attributes
    ----------
    effect, std_error : array (batch, study)
        Estimates and standard errors on the analysis scale.
    design : array (batch or 1, study, term)
        The terms of the mean of each study; a column of ones for a pooled effect alone.
    included : array (batch, study)
        1 for studies that count, 0 for those that are left out.
    shared : array (1, study, group) or None
        Factors of standard normal deviates, times `sigma`, in the effects: each study has the
        deviate of one group at most.
    sigma : array (batch,) or None
        Their standard deviations.
    """

    effect: Floats
    std_error: Floats
    design: Floats
    included: Floats
    shared: Floats | None = None
    sigma: Floats | None = None

    @cached_property
    def variance(self) -> Floats:
        """Squared standard errors (batch, 1, study)."""
        return self.std_error[:, None] ** 2

    @cached_property
    def products(self) -> Floats:
        """Products of terms, of terms with effects, and squared effects (batch, study, product).

        Their sums over the studies, weighted, are all that the posterior given tau needs.
        """
        x, y = self.design, self.effect[..., None]
        pairs = (x[..., :, None] * x[..., None, :]).reshape(*x.shape[:-1], -1)
        pairs = np.broadcast_to(pairs, (*y.shape[:-1], pairs.shape[-1]))
        return np.concatenate([pairs, x * y, y**2], -1) * self.included[..., None]

    @cached_property
    def centres(self) -> Floats:
        """What each group has of each term and of the effects (batch, group, term + 1).

        The factors of the deviates that are nearest to them, weighted as if tau were 0; 0 where a
        group has no studies.
        """
        assert self.shared is not None
        z = self.shared * (self.included / self.std_error**2)[..., None]
        x = np.broadcast_to(self.design, (*self.effect.shape, self.design.shape[-1]))
        both = np.concatenate([x, self.effect[..., None]], -1)
        sums, squares = np.swapaxes(z, 1, 2) @ both, (z * self.shared).sum(1)[..., None]
        centres: Floats = np.divide(sums, squares, out=np.zeros_like(sums), where=squares > 0)
        return centres

    @cached_property
    def inside(self) -> Self:
        """Terms and effects without what groups have of them: nothing cancels in their sums."""
        assert self.shared is not None
        of_groups = self.shared @ self.centres
        return type(self)(
            effect=self.effect - of_groups[..., -1],
            std_error=self.std_error,
            design=self.design - of_groups[..., :-1],
            included=self.included,
            shared=self.shared,
            sigma=self.sigma,
        )

    @cached_property
    def products_of_groups(self) -> Floats:
        """For each group: squared factors, and their products with terms and effects.

        Shape (batch, study, group * (term + 2)).
        """
        assert self.shared is not None
        z = self.shared[..., None] * self.included[:, :, None, None]
        x = np.broadcast_to(self.design, (*self.effect.shape, self.design.shape[-1]))
        parts = [self.shared[..., None], x[:, :, None], self.effect[:, :, None, None]]
        shape = (*z.shape[:3], -1)
        wide = [
            np.broadcast_to(part, (*z.shape[:3], part.shape[-1])).reshape(shape) for part in parts
        ]
        products: Floats = (z * np.concatenate(wide, -1)).reshape(*z.shape[:2], -1)
        return products

    @cached_property
    def complete(self) -> bool:
        """Whether all studies of all rows count."""
        return bool(self.included.all())

    @cached_property
    def count(self) -> Floats:
        """How many studies count (batch,)."""
        count: Floats = self.included.sum(-1)
        return count


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """Priors of the coefficients: mixtures of normal distributions.

    Attributes
    ----------
    log_weight : array (batch or 1, component)
        Log weights of the components.
    mean, precision : array (batch or 1, component, term)
        Of the components; a precision of 0 is a flat prior with density 1.
    """

    log_weight: Floats
    mean: Floats
    precision: Floats


@dataclass(frozen=True, kw_only=True)
class GivenTau:
    """What is known given tau at some nodes.

    Attributes
    ----------
    log_likelihood : array (batch, node, component)
        Log density of the effects given tau, the coefficients integrated out, times the weight of
        the component.
    mean : array (batch, node, component, term)
        Posterior means of the coefficients given tau.
    covariance : array (batch, node, component, term, term)
        Their covariances.
    """

    log_likelihood: Floats
    mean: Floats
    covariance: Floats

    def total(self) -> Floats:
        """Log likelihood, summed over the components (batch, node)."""
        if self.log_likelihood.shape[-1] == 1:
            return self.log_likelihood[..., 0]
        total: Floats = np.logaddexp.reduce(self.log_likelihood, -1)
        return total

    def interleaved(self, between: Self) -> Self:
        """With the nodes of another put between its own."""
        return type(self)(
            **{
                field.name: interleave(getattr(self, field.name), getattr(between, field.name), 1)
                for field in fields(self)
            }
        )


def interleave(outer: Floats, inner: Floats, axis: int) -> Floats:
    """Numbers of an array with those of another, one shorter, between them."""
    count = outer.shape[axis] + inner.shape[axis]
    shape = (*outer.shape[:axis], count, *outer.shape[axis + 1 :])
    result = np.empty(shape)
    before = (slice(None),) * axis
    result[(*before, slice(None, None, 2))] = outer
    result[(*before, slice(1, None, 2))] = inner
    return result


def given_tau(studies: Studies, coefficients: Coefficients, tau: Floats) -> GivenTau:
    """The posterior of the coefficients given tau.

    Parameters
    ----------
    studies, coefficients
        Data sets and priors.
    tau
        Values (batch, node).
    """
    terms = studies.design.shape[-1]
    scale = studies.variance.min(-1) + tau**2  # keeps everything near 1 where tau is huge
    ratio = (studies.variance + tau[..., None] ** 2) / scale[..., None]
    if not studies.complete:
        ratio = np.where(studies.included[:, None] > 0, ratio, 1.0)
    log_determinant = _log_product(ratio) + studies.count[:, None] * np.log(scale)
    if studies.shared is None:
        sums = (1 / ratio) @ studies.products
    else:
        of_groups = given_groups(studies, tau)
        sums = (1 / ratio) @ studies.inside.products + of_groups.added
        log_determinant = log_determinant + of_groups.log_determinant
    information = sums[..., : terms**2].reshape(*tau.shape, 1, terms, terms)
    score, square = sums[..., None, terms**2 : -1], sums[..., None, -1]
    with np.errstate(over="ignore"):  # a narrow prior beside a huge tau: all is prior there
        precision = np.minimum(coefficients.precision[:, None] * scale[..., None, None], _LARGEST)
    centre = coefficients.mean[:, None]
    posterior = information + precision[..., None] * np.eye(terms)
    inverse, log_posterior = _inverse(posterior)
    mean = (inverse @ (score + precision * centre)[..., None])[..., 0]
    misfit = (
        square + (precision * centre**2).sum(-1) - (mean * (score + precision * centre)).sum(-1)
    )
    proper = coefficients.precision[:, None] > 0
    log_prior = np.log(np.where(proper, coefficients.precision[:, None], 1.0)).sum(-1)
    flat = terms - proper.sum(-1)
    log_likelihood = coefficients.log_weight[:, None] - 0.5 * (
        (studies.count[:, None, None] - flat) * _LOG_2PI
        + log_determinant[..., None]
        + np.maximum(misfit, 0.0) / scale[..., None]
        + log_posterior
        - terms * np.log(scale)[..., None]
        - log_prior
    )
    return GivenTau(
        log_likelihood=log_likelihood, mean=mean, covariance=inverse * scale[..., None, None, None]
    )


@dataclass(frozen=True, kw_only=True)
class GivenGroups:
    """The deviates of groups given tau and sigma, multiplied by sigma, and what they change.

    Attributes
    ----------
    variance : array (batch, node, group)
        Of each deviate given the coefficients; they are independent then.
    constant, slope : array (batch, node, group) and (batch, node, group, term)
        Its mean given the coefficients is ``constant - slope @ coefficients``.
    added : array (batch, node, product)
        What is added to the weighted sums of the products of `Studies.inside`.
    log_determinant : array (batch, node)
        What is added to the logarithm of the determinant of the covariance.
    """

    variance: Floats
    constant: Floats
    slope: Floats
    added: Floats
    log_determinant: Floats


def given_groups(studies: Studies, tau: Floats) -> GivenGroups:
    """The deviates of groups given tau.

    Parameters
    ----------
    studies
        Data sets with groups.
    tau
        Values (batch, node).
    """
    assert studies.shared is not None
    assert studies.sigma is not None
    terms, groups = studies.design.shape[-1], studies.shared.shape[-1]
    scale = studies.variance.min(-1) + tau**2
    ratio = (studies.variance + tau[..., None] ** 2) / scale[..., None]
    sums = ((1 / ratio) @ studies.inside.products_of_groups).reshape(*tau.shape, groups, terms + 2)
    squares, inner = sums[..., 0], sums[..., 1:]
    with np.errstate(divide="ignore", over="ignore"):
        against = scale / np.minimum(studies.sigma, _LARGEST_SIGMA)[:, None] ** 2
    shares = 1 / (against[..., None] + squares)
    left = 1 / (1 + squares / against[..., None])[..., None]
    centres = studies.centres[:, None]
    whole = centres * squares[..., None] + inner
    added = np.einsum("bngp,bngq->bnpq", left * whole, centres)
    added += np.einsum("bngp,bngq->bnpq", left * centres - shares[..., None] * inner, inner)
    flat = np.concatenate(
        [
            added[..., :terms, :terms].reshape(*tau.shape, -1),
            added[..., :terms, terms],
            added[..., terms:, terms],
        ],
        -1,
    )
    weighted = shares[..., None] * whole
    with np.errstate(divide="ignore"):
        log_determinant = np.log1p(squares / against[..., None]).sum(-1)
    return GivenGroups(
        variance=shares * scale[..., None],
        constant=weighted[..., terms],
        slope=weighted[..., :terms],
        added=flat,
        log_determinant=log_determinant,
    )


def _log_product(ratios: Floats) -> Floats:
    """Log of the product over the last axis: few logarithms, and no product of too many."""
    starts = np.arange(0, ratios.shape[-1], _FACTORS)
    logs: Floats = np.log(np.multiply.reduceat(ratios, starts, axis=-1)).sum(-1)
    return logs


def _inverse(matrices: Floats) -> tuple[Floats, Floats]:
    """Inverses and log determinants of positive definite matrices."""
    if matrices.shape[-1] == 1:
        return 1 / matrices, np.log(matrices[..., 0, 0])
    factor = np.linalg.cholesky(matrices)
    log_determinant = 2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
    return np.linalg.inv(matrices), log_determinant
