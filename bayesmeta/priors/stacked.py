"""The log densities of many priors at once."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from bayesmeta.priors.base import Floats, Prior

__all__ = ["stack"]


def stack(priors: Sequence[Prior]) -> Callable[[Floats], Floats]:
    """The log density of each prior at its own row of values, as one function.

    Priors of one family are computed together; mixtures, and families that take an array from the
    data, one by one.

    Parameters
    ----------
    priors
        One a row.

    Returns
    -------
    callable
        From values (row, point) to log densities (row, point).
    """
    groups: dict[Hashable, list[int]] = {}
    inputs = [prior.inputs() for prior in priors]
    for row, prior in enumerate(priors):
        together = not any(isinstance(value, np.ndarray | tuple) for value in inputs[row].values())
        groups.setdefault(prior.family.name if together else row, []).append(row)
    parts = [
        (rows, priors[rows[0]].family.logpdf, _stacked([inputs[row] for row in rows]))
        for rows in groups.values()
    ]

    def logpdf(x: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if len(parts) == 1:
                (_, function, arguments) = parts[0]
                return function(x, **arguments)
            result = np.empty(x.shape)
            for rows, function, arguments in parts:
                result[rows] = function(x[rows], **arguments)
        return result

    return logpdf


def _stacked(inputs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Arguments with one row a prior; those of a prior alone as they are."""
    if len(inputs) == 1:
        return inputs[0]
    return {key: np.array([each[key] for each in inputs])[:, None] for key in inputs[0]}
