"""Power-scaling: the prior, or the data, counted a little more or less."""

import logging

import pandas as pd
import xarray as xr

__all__ = ["power_scaling"]

_DECIMALS = 6
_NAMES = ("mu", "tau")


def power_scaling(tree: xr.DataTree) -> pd.DataFrame:
    """Sensitivity of the posterior to the powers of prior and likelihood.

    Kallioinen, Paananen, Bürkner & Vehtari 2024, Stat Comput 34:57, by ArviZ: above 0.05 the
    posterior is sensitive; to the prior and the likelihood both, they disagree; to the prior alone,
    the data say little.

    Parameters
    ----------
    tree
        What an engine gives: draws of the posterior, log likelihood and log prior.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: ``name``, ``prior``, ``likelihood``, ``diagnosis``.
    """
    import arviz_stats as azs

    names = [name for name in _NAMES if name in tree["posterior"]]
    log = logging.getLogger("arviz_stats.psense")
    before, log.disabled = log.disabled, True  # what it warns of is in the table
    try:
        found: pd.DataFrame = azs.psense_summary(tree, var_names=names, round_to=_DECIMALS)
    finally:
        log.disabled = before
    return found.rename_axis("name").reset_index()[["name", "prior", "likelihood", "diagnosis"]]
