"""The No-U-Turn sampler, through PyMC: nutpie, PyMC's own, NumPyro or BlackJAX."""

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import xarray as xr

from bayesmeta.engines.blackjax_nuts import sample_blackjax
from bayesmeta.errors import EngineError
from bayesmeta.model import (
    Problem,
    build_model,
    complete_posterior,
    observed_data,
    predictive_groups,
)
from bayesmeta.results import diagnose
from bayesmeta.spec.schema import Engine as Settings

__all__ = ["SAMPLERS", "fit_nuts"]

SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "nutpie": "Rust; the default",
        "pymc": "PyMC's own",
        "numpyro": "JAX; needs bayesmeta[jax]",
        "blackjax": "JAX; needs bayesmeta[jax]",
    }
)
"""Every sampler by its name in a spec, with what is said of it in lists."""

_RETRY_TARGET_ACCEPT = 0.99
_RETRY_DRAWS = 2


def fit_nuts(problem: Problem, settings: Settings, *, progress: bool = False) -> xr.DataTree:
    """The No-U-Turn sampler on the PyMC model.

    Takes and gives what `Engine` says.

    Where the draws do not pass `diagnose`, it samples once more with smaller steps and twice the
    draws, keeps that, and says so.
    """
    if importlib.util.find_spec(settings.sampler) is None:
        raise EngineError(
            f"the sampler {settings.sampler!r} is not installed\n  "
            "Install it with: pip install 'bayesmeta[jax]', or take sampler = \"nutpie\"."
        )
    messages: list[str] = []
    draws, stats = _sample(problem, settings, progress)
    first = diagnose(draws, stats)
    if first.verdict != "ok":
        careful = settings.model_copy(
            update={
                "target_accept": max(settings.target_accept, _RETRY_TARGET_ACCEPT),
                "draws": _RETRY_DRAWS * settings.draws,
            }
        )
        messages.append(
            f"The first run did not pass ({' '.join(first.messages)}) It was sampled again with "
            f"target_accept {careful.target_accept:g} and {careful.draws} draws a chain."
        )
        draws, stats = _sample(problem, careful, progress)
    rng = np.random.default_rng(settings.seed)
    posterior = complete_posterior(problem, draws, rng)
    groups = {
        "posterior": posterior,
        "sample_stats": stats,
        "observed_data": observed_data(problem),
        **predictive_groups(problem, posterior, rng),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["messages"] = tuple(messages)
    return tree


def _sample(problem: Problem, settings: Settings, progress: bool) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws of the parameters that are sampled, and the statistics of the sampler."""
    import pymc as pm

    model = build_model(problem, theta=settings.theta)
    if settings.sampler == "blackjax":
        return sample_blackjax(model, settings)
    with model:
        tree = pm.sample(
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            random_seed=settings.seed,
            target_accept=settings.target_accept,
            nuts_sampler=settings.sampler,
            progressbar="combined" if progress else False,
            quiet=not progress,
        )
    names = {variable.name for variable in (*model.free_RVs, *model.deterministics)}
    posterior = tree["posterior"].to_dataset()
    if posterior.sizes["draw"] < settings.draws:
        raise KeyboardInterrupt("samplers give what they have; half a run is no result")
    stats = tree["sample_stats"].to_dataset()
    return (
        posterior[[name for name in posterior.data_vars if name in names]],
        stats[[name for name in stats.data_vars if stats[name].dtype.kind in "bfiu"]],
    )
