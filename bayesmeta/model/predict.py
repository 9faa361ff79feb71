"""What follows from draws of the parameters: true effects, predictions, log likelihood, the prior.

Every engine draws the coefficients of the design and the parameters of the heterogeneity; all the
rest is made here, so that it is the same for all.
"""

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayesmeta.densities import log_averages
from bayesmeta.measures.base import Floats
from bayesmeta.model.correlated import draw_correlated, log_density_of_units, units_of
from bayesmeta.model.design import Readout
from bayesmeta.model.heterogeneity import HETEROGENEITIES, Parameters
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.means import means_of, parameters_of, study_means
from bayesmeta.model.nodes import effect_nodes
from bayesmeta.model.problem import Problem

__all__ = ["complete_posterior", "observed_data", "predictive_groups"]

_PRIOR_DRAWS = 4000
_DIMS = ("chain", "draw")
_EACH = (*_DIMS, "study")
_FIRST = np.zeros(1, np.intp)
_OF_DESIGN = ("mu", "mu_overall", "beta", "omega")


def observed_data(problem: Problem) -> xr.Dataset:
    """The data that the likelihood is of (dimension ``study``)."""
    data = problem.counts or {"effect": problem.effect}
    return xr.Dataset(
        {name: ("study", values) for name, values in data.items()},
        coords={"study": list(problem.study)},
    )


def complete_posterior(problem: Problem, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Add the true effects of the studies and of a new study to draws of the parameters.

    Parameters
    ----------
    problem
        The numbers and priors.
    draws
        The coefficients of the design and the parameters of the heterogeneity (dimensions
        ``chain``, ``draw``), and ``theta`` and parameters of the likelihood where they were
        sampled.
    rng
        Source of the random numbers.

    Returns
    -------
    xarray.Dataset
        All parameters, ``theta_new`` and ``theta``, without these two where all studies with the
        same mean share one effect; and what follows from the design: ``contrast``; ``mu_new``, the
        mean of a new subgroup, and ``theta_new_overall``, the effect of a new study in it;
        ``beta_rescaled``, ``mu_at``, ``theta_new_at``, ``R2``, ``outlier``.
    """
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    likelihood = LIKELIHOODS[problem.likelihood]
    names = heterogeneity.parameters(problem)
    own = (*_OF_DESIGN, *names, "cluster_effect", *likelihood.parameters(problem), "alpha")
    kept = draws[[name for name in dict.fromkeys(own) if name in draws]]
    kept = kept.assign_coords(study=list(problem.study))
    if "cluster_effect" in kept and problem.clusters is not None:
        kept = kept.assign_coords(cluster=list(problem.clusters.names))
    kept = _with_readouts(problem, kept, rng)
    mean = study_means(problem, kept)
    if not names:
        complete = likelihood.complete(problem, rng, kept.assign(theta=(_EACH, mean)))
        return complete.drop_vars("theta")
    if "theta" in draws:
        theta = draws["theta"].transpose(*_EACH).to_numpy()
    elif problem.correlated:
        theta = draw_correlated(problem, kept, rng)
    else:
        theta = _draw_theta(problem, rng, kept, mean)
    complete = likelihood.complete(problem, rng, kept.assign(theta=(_EACH, theta)))
    if heterogeneity.outlying is None:
        return complete
    return complete.assign(outlier=(_EACH, _outlying(problem, complete, theta - mean)))


def _with_readouts(problem: Problem, draws: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Draws with what follows from the coefficients and the parameters alone."""
    design, heterogeneity = problem.design, HETEROGENEITIES[problem.heterogeneity]
    names = heterogeneity.parameters(problem)

    def new(mean: Floats, member: np.ndarray) -> Floats:
        parameters = parameters_of(problem, draws, names, member)
        return mean + heterogeneity.deviations(problem, rng, parameters, mean.shape)

    found: dict[str, tuple[tuple[str, ...], Floats]] = {}
    if names:
        means = means_of(draws)
        of_each = new(means, np.arange(design.count))
        shape = draws["mu"].transpose(*_DIMS, ...).dims
        found["theta_new"] = (tuple(map(str, shape)), of_each.reshape(draws["mu"].shape))
    if design.contrasts is not None:
        found["contrast"] = ((*_DIMS, "pair"), _read(design.contrasts, draws))
        draws = draws.assign_coords(pair=list(design.contrasts.names))
    if design.rescaled is not None:
        found["beta_rescaled"] = ((*_DIMS, "number"), _read(design.rescaled, draws))
        draws = draws.assign_coords(number=list(design.rescaled.names))
    if design.points is not None:
        at = _read(design.points, draws)
        found["mu_at"] = ((*_DIMS, "point"), at)
        if names:
            found["theta_new_at"] = ((*_DIMS, "point"), new(at, design.points.member))
        draws = draws.assign_coords(point=list(design.points.names))
    if design.informs and design.means == "exchangeable":
        overall, omega = (draws[name].to_numpy() for name in ("mu_overall", "omega"))
        beyond = overall + omega * rng.standard_normal(overall.shape)
        found["mu_new"] = (_DIMS, beyond)
        if names and not design.own_tau:
            found["theta_new_overall"] = (_DIMS, new(beyond[..., None], _FIRST)[..., 0])
    if design.terms and names and heterogeneity.closed:  # a t distribution may have no variance
        found["R2"] = (_DIMS, _explained(problem, draws, names))
    return draws.assign(found)


def _read(readout: Readout, draws: xr.Dataset) -> Floats:
    """Linear combinations of the coefficients (chain, draw, name)."""
    values: Floats = means_of(draws) @ readout.of_mu.T
    if readout.of_beta.shape[1]:
        beta = draws["beta"].transpose(*_DIMS, "term").to_numpy()
        values = values + beta @ readout.of_beta.T
    return values


def _explained(problem: Problem, draws: xr.Dataset, names: tuple[str, ...]) -> Floats:
    """Share of the variance of the true effects of the studies that the moderators explain.

    The variance of what they add to the means over that and the variance around the means (Gelman,
    Goodrich, Gabry & Vehtari 2019, Am Stat 73:307, for the true effects in the place of the data).
    Differences between subgroups count in neither.
    """
    beta = draws["beta"].transpose(*_DIMS, "term").to_numpy()
    explained = (beta @ problem.design.matrix.T).var(-1, ddof=1)
    parameters = parameters_of(problem, draws, names, problem.design.member)
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    around = sum(
        share * variance for share, variance in heterogeneity.components(problem, parameters)
    )
    if heterogeneity.clustered:
        around = around + parameters["tau"] ** 2
    share: Floats = explained / (explained + np.asarray(around).mean(-1))
    return share


def _draw_theta(
    problem: Problem, rng: np.random.Generator, draws: xr.Dataset, mean: Floats
) -> Floats:
    """Draws of the true effects given their means, from one normal distribution or several."""
    likelihood = LIKELIHOODS[problem.likelihood]
    assert likelihood.draw_theta is not None  # else they were sampled
    variances = [np.broadcast_to(v, mean.shape) for _, v in _components(problem, draws)]
    chosen = variances[0]
    if len(variances) > 1:
        log = _log_of_components(problem, draws, mean)
        running = np.cumsum(np.exp(log - logsumexp(log, axis=0)), 0)
        place = (running < rng.uniform(size=mean.shape)).sum(0).clip(max=len(variances) - 1)
        chosen = np.take_along_axis(np.stack(variances), place[None], 0)[0]
    return likelihood.draw_theta(problem, rng, mean, chosen)


def _components(problem: Problem, draws: xr.Dataset) -> list[tuple[Floats, Floats]]:
    """Shares and variances of the distribution of theta (chain, draw, study or 1)."""
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    names = heterogeneity.parameters(problem)
    parameters: Parameters = parameters_of(problem, draws, names, problem.design.member)
    return [
        (np.asarray(share, float), np.asarray(variance, float))
        for share, variance in heterogeneity.components(problem, parameters)
    ]


def _log_of_components(problem: Problem, draws: xr.Dataset, mean: Floats) -> Floats:
    """Log density of each study's effect in each component, times its share (component, ...)."""
    marginal = LIKELIHOODS[problem.likelihood].marginal
    assert marginal is not None
    return np.stack(
        [
            np.log(share) + marginal(problem, mean, np.broadcast_to(variance, mean.shape))
            for share, variance in _components(problem, draws)
        ]
    )


def _outlying(problem: Problem, draws: xr.Dataset, deviation: Floats) -> Floats:
    """Probability that each study is an outlier, given its true effect and the parameters."""
    log = [
        np.log(share) - 0.5 * (np.log(variance) + deviation**2 / variance)
        for share, variance in _components(problem, draws)
    ]
    place = HETEROGENEITIES[problem.heterogeneity].outlying
    probability: Floats = np.exp(log[place or 0] - logsumexp(log, axis=0))
    return probability


def predictive_groups(
    problem: Problem, posterior: xr.Dataset, rng: np.random.Generator
) -> dict[str, xr.Dataset]:
    """The groups of a fit that follow from the posterior and the prior.

    Returns
    -------
    dict of str to xarray.Dataset
        ``log_likelihood`` (one value a study, which may have several rows, and draw, its true
        effects integrated out), ``log_prior`` (one a parameter and draw), and
        ``posterior_predictive`` (data of new studies like these, each row on its own); ``prior``
        where all priors are proper.
    """
    likelihood, heterogeneity = (
        LIKELIHOODS[problem.likelihood],
        HETEROGENEITIES[problem.heterogeneity],
    )
    coords = {**posterior[["mu"]].coords, "study": list(problem.study)}
    coords = {name: coords[name] for name in (*_DIMS, "study")}
    names = heterogeneity.parameters(problem)
    mean = study_means(problem, posterior.drop_vars("cluster_effect", errors="ignore"))
    parameters = parameters_of(problem, posterior, names, problem.design.member)
    theta = mean + heterogeneity.deviations(problem, rng, parameters, mean.shape)
    new_data = likelihood.draw_data(problem, rng, posterior, theta)
    groups = {
        "log_likelihood": _log_likelihood(problem, posterior),
        "posterior_predictive": xr.Dataset(
            {name: (_EACH, values) for name, values in new_data.items()}, coords=coords
        ),
        "log_prior": _log_prior(problem, posterior),
    }
    if all(prior.proper for prior in problem.priors.values()):
        groups["prior"] = _draw_prior(problem, rng)
    return groups


def _log_likelihood(problem: Problem, posterior: xr.Dataset) -> xr.Dataset:
    """Log density of each study's data, its true effects integrated out."""
    name = "counts" if problem.counts else "effect"
    draws = {dim: posterior[dim] for dim in _DIMS}
    if problem.clusters is not None or problem.correlated:
        units = units_of(problem)
        if len(_components(problem, posterior)) == 1:
            log = log_density_of_units(problem, posterior)
        else:  # nothing is shared but the parameters
            log = _log_density(problem, posterior) @ units.indicators
        coords = {**draws, "unit": list(units.names)}
        return xr.Dataset({name: ((*_DIMS, "unit"), log)}, coords=coords)
    log = _log_density(problem, posterior)
    return xr.Dataset({name: (_EACH, log)}, coords={**draws, "study": list(problem.study)})


def _log_density(problem: Problem, posterior: xr.Dataset) -> Floats:
    """Log density of each row's data (chain, draw, study)."""
    likelihood = LIKELIHOODS[problem.likelihood]
    mean = study_means(problem, posterior)
    if likelihood.marginal is not None:
        log = np.full(mean.shape, -np.inf)
        for share, variance in _components(problem, posterior):
            each = likelihood.marginal(problem, mean, np.broadcast_to(variance, mean.shape))
            log = np.logaddexp(log, np.log(share) + each)
        return log
    if likelihood.profile is None or problem.baseline == "exchangeable":
        assert likelihood.log_density is not None
        return likelihood.log_density(problem, posterior)
    components = _components(problem, posterior)
    furthest = float(np.abs(mean).max() + 8 * max(np.sqrt(v).max() for _, v in components))
    nodes = effect_nodes([problem], furthest)
    log_f = likelihood.profile(problem, nodes.points).log_likelihood.T
    log = np.full(mean.shape, -np.inf)
    alike = _alike(problem)
    for share, variance in components:
        sd = np.broadcast_to(np.sqrt(variance), mean.shape)
        log_share = np.broadcast_to(np.log(share), mean.shape)
        for rows in alike:
            first = rows[0]
            averages = log_averages(
                nodes,
                log_f[:, rows],
                mean[..., first].ravel(),
                sd[..., first].ravel(),
                careful=True,
            ).reshape(*mean.shape[:-1], rows.size)
            log[..., rows] = np.logaddexp(log[..., rows], log_share[..., rows] + averages)
    return log


def _alike(problem: Problem) -> list[np.ndarray]:
    """The studies whose true effects have the same mean and variance."""
    design = problem.design
    whole = np.column_stack([design.member, design.matrix])
    _, place = np.unique(whole, axis=0, return_inverse=True)
    place = place.ravel()
    return [np.flatnonzero(place == each) for each in range(place.max() + 1)]


def _log_prior(problem: Problem, posterior: xr.Dataset) -> xr.Dataset:
    """Log prior density of each draw of each parameter."""
    found = {}
    for name, prior in problem.priors.items():
        values = _with_prior(problem, name, posterior)
        found[name] = values.copy(data=prior.logpdf(values.to_numpy()))
    return xr.Dataset(found)


def _with_prior(problem: Problem, name: str, posterior: xr.Dataset) -> xr.DataArray:
    """The draws of what a prior is of."""
    if name.startswith("beta["):
        return posterior["beta"].sel(term=name[5:-1]).drop_vars("term")
    if name == "mu" and problem.design.informs:
        if problem.design.means == "random-walk":
            return posterior["mu"].isel(subgroup=0, drop=True)
        return posterior["mu_overall"]
    return posterior[name]


def _draw_prior(problem: Problem, rng: np.random.Generator) -> xr.Dataset:
    """Draws of the parameters and of the true effect of a study."""
    design = problem.design
    each = (*_DIMS, "subgroup")
    groups = design.subgroups.names if design.subgroups is not None else ()
    found: dict[str, tuple[tuple[str, ...], Floats]] = {}
    for name, prior in problem.priors.items():
        own = groups and (
            (name == "mu" and not design.informs) or (name == "tau" and design.own_tau)
        )
        size = (1, _PRIOR_DRAWS, len(groups)) if own else (1, _PRIOR_DRAWS)
        found[name] = (each if own else _DIMS, prior.sample(rng, size))
    if design.terms:
        stacked = np.stack([found.pop(f"beta[{term}]")[1] for term in design.terms], -1)
        found["beta"] = ((*_DIMS, "term"), stacked)
    if design.informs:
        first, omega = found["mu"][1][..., None], found["omega"][1][..., None]
        walk = design.means == "random-walk"
        standard = rng.standard_normal((1, _PRIOR_DRAWS, design.count - walk))
        apart = standard @ design.steps_of_walk.T if walk else standard
        if not walk:
            found["mu_overall"] = found["mu"]
        found["mu"] = (each, first + omega * apart)
    coords = {"subgroup": list(groups)} if groups else {}
    if design.terms:
        coords["term"] = list(design.terms)
    draws = xr.Dataset(found, coords=coords)
    heterogeneity = HETEROGENEITIES[problem.heterogeneity]
    names = heterogeneity.parameters(problem)
    means = means_of(draws)
    parameters = parameters_of(problem, draws, names, np.arange(design.count))
    new = means + heterogeneity.deviations(problem, rng, parameters, means.shape)
    return draws.assign(theta_new=(draws["mu"].dims, new.reshape(draws["mu"].shape)))
