"""The numbers and priors of an analysis, ready for any engine."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmeta.priors import Prior

__all__ = ["Problem"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What an engine needs; it pickles and holds no PyMC object.

    Attributes
    ----------
    study : tuple of str
        Names of the studies.
    effect, std_error : array, one a study
        Estimates and standard errors on the analysis scale.
    likelihood, heterogeneity : str
        Their names in a spec.
    priors : mapping of str to Prior
        The prior of each parameter of the model.
    """

    study: tuple[str, ...]
    effect: NDArray[np.float64]
    std_error: NDArray[np.float64]
    likelihood: str
    heterogeneity: str
    priors: Mapping[str, Prior]
