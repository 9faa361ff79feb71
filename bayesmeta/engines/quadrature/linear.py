"""Problems of the normal likelihood as linear models: what `integrate` takes.

All effects are ``base @ b + sigma * (random @ z)``, with coefficients b that have normal priors of
their own, and standard normal z: deviations of subgroup means from the overall mean, steps of a
random walk, or what results of one study share. sigma, where there is one, is the second standard
deviation besides that of `integrate`. Correlated sampling errors are rotated into independent ones,
which leaves true effects that are independent and of equal variance as they are.
"""

from dataclasses import dataclass

import numpy as np

from bayesmeta.densities.search import Floats
from bayesmeta.model import HETEROGENEITIES, Problem, Readout, sampling_covariance, units_of
from bayesmeta.priors import Prior

__all__ = ["Linear", "linear_of", "refusal_of_design"]


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A problem as a linear model.

    Attributes
    ----------
    effect, std_error : array (study,)
        In the rotated basis.
    rotation : array (study, study)
        Its columns: data in the original basis are ``rotation @ rotated``.
    base : array (study, coefficient)
        Factors of the coefficients that have priors, in the original basis.
    steps : array (study, deviate)
        Factors of the deviates of a random walk, likewise, and of subgroups or studies where the
        rotation mixes these; else without columns.
    shared : array (study, group)
        Factors of the deviates of subgroups or studies, of which each rotated row has one;
        likewise.
    priors : tuple of Prior
        Of the coefficients.
    inner, outer : str or None
        Names of the two standard deviations: of the true effects around their mean (None for a
        common effect), and of the deviates (None where there are none).
    means : array (mean, coefficient + deviate)
        mu from all coefficients, those of the deviates multiplied by sigma.
    """

    effect: Floats
    std_error: Floats
    rotation: Floats
    base: Floats
    steps: Floats
    shared: Floats
    priors: tuple[Prior, ...]
    inner: str | None
    outer: str | None
    means: Floats

    @property
    def whole(self) -> Floats:
        """Factors of all coefficients (study, coefficient + deviate), in the original basis."""
        return np.concatenate([self.base, self.steps, self.shared], 1)

    def design(self, sigma: Floats) -> Floats:
        """The design for values of sigma, rotated, without what groups share.

        Shape (value, study, coefficient + step).
        """
        base, steps = self.rotation.T @ self.base, self.rotation.T @ self.steps
        wide = np.broadcast_to(base, (sigma.size, *base.shape))
        return np.concatenate([wide, sigma[:, None, None] * steps], -1)

    @property
    def rotated_shared(self) -> Floats | None:
        """What groups share in the rotated basis; None where there are no groups."""
        return self.rotation.T @ self.shared if self.shared.shape[1] else None

    def factors(self, readout: Readout) -> Floats:
        """The factors of all coefficients in combinations of mu and beta."""
        factors: Floats = readout.of_mu @ self.means
        terms = readout.of_beta.shape[1]
        if terms:
            first = self.base.shape[1] - terms
            factors[:, first : first + terms] += readout.of_beta
        return factors


def linear_of(problem: Problem) -> Linear:
    """The linear model of a problem of the normal likelihood that quadrature can do."""
    design, priors = problem.design, problem.priors
    nested = HETEROGENEITIES[problem.heterogeneity].clustered
    own = design.subgroups is not None and not design.informs
    means = np.eye(design.count) if own else np.ones((design.count, 1))
    of_means = means[design.member]
    walk = design.informs and design.means == "random-walk"
    of_deviates = np.zeros((design.count, 0))
    if design.informs:
        of_deviates = design.steps_of_walk if walk else np.eye(design.count)
    deviates = of_deviates[design.member]
    if nested:
        assert problem.clusters is not None
        deviates = problem.clusters.indicators
        of_deviates = np.zeros((design.count, deviates.shape[1]))
    base = np.concatenate([of_means, design.matrix], 1)
    effect, error, rotation = _rotated(problem)
    fixed = np.zeros((design.count, design.matrix.shape[1]))
    apart = not walk and not _mixed(rotation.T @ deviates)
    names = HETEROGENEITIES[problem.heterogeneity].parameters(problem)
    inner = ("tau_within" if nested else "tau") if names else None
    return Linear(
        effect=effect,
        std_error=error,
        rotation=rotation,
        base=base,
        steps=deviates[:, :0] if apart else deviates,
        shared=deviates if apart else deviates[:, :0],
        priors=(
            *[priors["mu"]] * means.shape[1],
            *(priors[f"beta[{term}]"] for term in design.terms),
        ),
        inner=inner,
        outer="tau" if nested else "omega" if design.informs else None,
        means=np.concatenate([means, fixed, of_deviates], 1),
    )


def _mixed(factors: Floats) -> bool:
    """Whether a row has the deviates of several groups: then these are not independent given b."""
    return bool((np.count_nonzero(factors, axis=1) > 1).any())


def _rotated(problem: Problem) -> tuple[Floats, Floats, Floats]:
    """Effects and standard errors where sampling errors are independent, and the way back."""
    studies = len(problem.study)
    if not problem.correlated:
        return problem.effect, problem.std_error, np.eye(studies)
    variances, rotation = np.empty(studies), np.zeros((studies, studies))
    for rows in units_of(problem).rows:  # so that rows of different studies are not mixed
        covariance = sampling_covariance(problem, rows, problem.rho or 0.0)
        variances[rows], rotation[np.ix_(rows, rows)] = np.linalg.eigh(covariance)
    return rotation.T @ problem.effect, np.sqrt(variances), rotation


def refusal_of_design(problem: Problem) -> str | None:
    """Why a problem is no linear model with two standard deviations; None where it is one."""
    design = problem.design
    if design.own_tau:
        return "quadrature takes one tau, not one for each subgroup"
    if problem.shared_errors:
        return "quadrature takes a known correlation rho, not one with a prior"
    nested = HETEROGENEITIES[problem.heterogeneity].clustered
    if nested and design.informs:
        return (
            "quadrature integrates two standard deviations, and this model has three: tau, "
            "tau_within and omega"
        )
    several = design.subgroups is not None and not design.informs
    for name, prior in problem.priors.items():
        linear = name.startswith("beta[") or (name == "mu" and several)
        if linear and prior.family.name not in ("Normal", "Flat"):
            return (
                f"quadrature takes normal or flat priors on {name.partition('[')[0]} in this "
                f"model, not {prior.expression}"
            )
        if name in ("omega", "tau") and (nested or name == "omega") and len(prior.breaks) > 2:
            return f"quadrature does not integrate {prior.expression} on {name}"
    return None
