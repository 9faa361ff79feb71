"""The log densities of many priors at once."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from bayesmeta.priors.base import Floats, Prior

__all__ = ["stacked_logpdf"]


def stacked_logpdf(priors: Sequence[Prior], x: Floats) -> Floats:
    """The log density of each prior at its own row of values.

    Priors of one family are computed together; mixtures, and families that take an array from the
    data, one by one.

    Parameters
    ----------
    priors
        One a row.
    x
        Values (row, point).

    Returns
    -------
    array (row, point)
    """
    groups: dict[Hashable, list[int]] = {}
    inputs = [prior.inputs() for prior in priors]
    for row, prior in enumerate(priors):
        together = not any(isinstance(value, np.ndarray | tuple) for value in inputs[row].values())
        groups.setdefault(prior.family.name if together else row, []).append(row)
    result = np.empty(x.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for rows in groups.values():
            family = priors[rows[0]].family
            if len(rows) == 1:
                result[rows[0]] = family.logpdf(x[rows[0]], **inputs[rows[0]])
                continue
            stacked = _stacked([inputs[row] for row in rows])
            if len(rows) == len(priors):
                return family.logpdf(x, **stacked)
            result[rows] = family.logpdf(x[rows], **stacked)
    return result


def _stacked(inputs: Sequence[dict[str, Any]]) -> dict[str, Floats]:
    return {key: np.array([each[key] for each in inputs])[:, None] for key in inputs[0]}
