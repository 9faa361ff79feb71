"""NUTS by BlackJAX, driven directly.

`pymc.sample` cannot: PyMC 6.4 calls an interface that BlackJAX 1.7 no longer has. What PyMC does
give is the model's log density as a JAX function, and the way back from the unconstrained space.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayesmeta.spec.schema import Engine as Settings

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["sample_blackjax"]

_JITTER = 1.0
"""Chains start within this distance of the model's initial point, unconstrained, as in PyMC."""


def sample_blackjax(model: "pm.Model", settings: Settings) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample a model.

    Parameters
    ----------
    model
        The model.
    settings
        The ``[engine]`` section of the spec.

    Returns
    -------
    posterior, sample_stats : xarray.Dataset
        All variables of the model and the statistics of the sampler (dimensions ``chain`` and
        ``draw``).
    """
    import jax
    from pymc.sampling.jax import get_jaxified_graph, get_jaxified_logp

    # PyMC 6.4 turns the sign where negative_logp is False
    run = _one_chain(get_jaxified_logp(model, negative_logp=True), settings)
    key = jax.random.PRNGKey(settings.seed)
    rng = np.random.default_rng(settings.seed)
    start = model.initial_point()
    positions = [
        np.stack(
            [
                start[variable.name] + rng.uniform(-_JITTER, _JITTER, start[variable.name].shape)
                for _ in range(settings.chains)
            ]
        )
        for variable in model.value_vars
    ]
    samples, stats = jax.jit(jax.vmap(run))(jax.random.split(key, settings.chains), positions)
    variables = [*model.free_RVs, *model.deterministics]
    outputs = model.replace_rvs_by_values(variables)
    back = get_jaxified_graph(inputs=model.value_vars, outputs=outputs)
    values = jax.jit(jax.vmap(jax.vmap(back)))(*samples)
    dims = {v.name: model.named_vars_to_dims.get(v.name, ()) for v in variables}
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", *own), np.asarray(value))
            for (name, own), value in zip(dims.items(), values, strict=True)
        },
        coords={name: list(model.coords[name]) for own in dims.values() for name in own},
    )
    sample_stats = {name: (("chain", "draw"), np.asarray(stat)) for name, stat in stats.items()}
    return _numbered(posterior), _numbered(xr.Dataset(sample_stats))


def _one_chain(log_density: Any, settings: Settings) -> Any:
    """A function from a key and a start to draws and statistics."""
    import blackjax
    import jax

    def run(key: Any, position: Any) -> Any:
        tuning, sampling = jax.random.split(key)
        adaptation = blackjax.window_adaptation(
            blackjax.nuts, log_density, target_acceptance_rate=settings.target_accept
        )
        (state, tuned), _ = adaptation.run(tuning, position, num_steps=settings.tune)
        step = blackjax.nuts(log_density, **tuned).step

        def advance(state: Any, key: Any) -> Any:
            state, info = step(key, state)
            stats = {
                "diverging": info.is_divergent,
                "energy": info.energy,
                "acceptance_rate": info.acceptance_rate,
                "n_steps": info.num_integration_steps,
                "lp": state.logdensity,
            }
            return state, (state.position, stats)

        _, collected = jax.lax.scan(advance, state, jax.random.split(sampling, settings.draws))
        return collected

    return run


def _numbered(draws: xr.Dataset) -> xr.Dataset:
    return draws.assign_coords({dim: np.arange(draws.sizes[dim]) for dim in ("chain", "draw")})
