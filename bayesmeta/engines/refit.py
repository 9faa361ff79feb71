"""Many problems by NUTS: each model is compiled once and given other numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.engines.nuts import fit_nuts
from bayesmeta.model import Problem, build_model, changeable_data, complete_posterior
from bayesmeta.results import Diagnostics, diagnose
from bayesmeta.spec.schema import Engine as Settings

__all__ = ["refit"]


def refit(
    problems: Sequence[Problem], settings: Settings, *, progress: bool = False
) -> Iterator[tuple[xr.Dataset, Diagnostics]]:
    """Posterior draws of problems, in their order, and whether they may be trusted.

    Problems that differ in numbers alone share one compiled model where the sampler is nutpie.

    Parameters
    ----------
    problems
        The numbers and priors.
    settings
        The ``[engine]`` section of the spec.
    progress
        Show how far it is.
    """
    compiled: dict[tuple[object, ...], Any] = {}
    for problem in _tracked(problems, progress):
        if settings.sampler != "nutpie":
            tree = fit_nuts(problem, settings)
            yield _judged(tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset())
            continue
        structure = _structure(problem)
        if structure not in compiled:
            compiled[structure] = _compile(problem, settings)
        yield _sample(compiled[structure], problem, settings)


def _structure(problem: Problem) -> tuple[object, ...]:
    """What is compiled in: everything but numbers."""
    priors = tuple(
        (name, prior.family.name, tuple(part.family.name for _, part in prior.components))
        for name, prior in problem.priors.items()
    )
    model = (problem.likelihood, problem.heterogeneity, problem.baseline, problem.contrast)
    design, clusters = problem.design, problem.clusters
    arrays = (design.matrix, design.member, design.gaps, clusters and clusters.member)
    built_in = tuple(np.asarray(each, float).tobytes() for each in (*arrays, problem.covariance))
    rest = (problem.nu, problem.rho, design.means, design.own_tau, tuple(problem.counts))
    return *model, *rest, built_in, len(problem.study), priors


def _compile(problem: Problem, settings: Settings) -> Any:
    import nutpie

    return nutpie.compile_pymc_model(build_model(problem, theta=settings.theta, changeable=True))


def _judged(posterior: xr.Dataset, stats: xr.Dataset) -> tuple[xr.Dataset, Diagnostics]:
    return posterior, diagnose(posterior, stats)


def _sample(compiled: Any, problem: Problem, settings: Settings) -> tuple[xr.Dataset, Diagnostics]:
    import nutpie

    tree = nutpie.sample(
        compiled.with_data(**changeable_data(problem)),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        seed=settings.seed,
        target_accept=settings.target_accept,
        progress_bar=False,
    )
    draws = tree["posterior"].to_dataset()
    posterior = complete_posterior(problem, draws, np.random.default_rng(settings.seed))
    return _judged(posterior, tree["sample_stats"].to_dataset())


def _tracked(problems: Sequence[Problem], progress: bool) -> Iterator[Problem]:
    """The problems, with a progress bar where there is more than one to sample."""
    if not progress or len(problems) < 2:
        yield from problems
        return
    from rich.progress import track

    yield from track(problems, description="sampling")
