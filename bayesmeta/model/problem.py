"""The numbers and priors of an analysis, ready for any engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayesmeta.measures.base import Floats
from bayesmeta.model.design import Design, Groups
from bayesmeta.priors import Prior

__all__ = ["Problem"]

_SHARES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"half": (0.5, -0.5), "treatment": (1.0, 0.0)}
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """What an engine needs; it pickles and holds no PyMC object.

    Attributes
    ----------
    study : tuple of str
        Names of the studies.
    effect, std_error : array, one a study
        Estimates and standard errors on the analysis scale. Where the likelihood is of counts they
        only describe the studies, and are NaN where the counts give none.
    likelihood, heterogeneity : str
        Their names in a spec.
    priors : mapping of str to Prior
        The prior of each parameter of the model.
    counts : mapping of str to array, one a study
        Events and participants, or person-time, by column, where the likelihood is of counts.
    baseline, contrast : str
        How the baselines of two arms vary, and what they are: see the spec.
    nu : float or None
        Degrees of freedom, where the heterogeneity is student-t; None where they have a prior.
    clusters : Groups or None
        Which rows are results of one study; None where each is a study of its own.
    rho : float or None
        Correlation of the sampling errors of results of one study, where it is known.
    covariance : array (study, study) or None
        Sampling covariance of the effects, where comparisons share a control arm.
    design : Design
        The mean of the true effects; one for all where it is not given.
    """

    study: tuple[str, ...]
    effect: NDArray[np.float64]
    std_error: NDArray[np.float64]
    likelihood: str
    heterogeneity: str
    priors: Mapping[str, Prior]
    counts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    baseline: Literal["independent", "exchangeable"] = "independent"
    contrast: Literal["half", "treatment"] = "half"
    nu: float | None = 4.0
    clusters: Groups | None = None
    rho: float | None = None
    covariance: Floats | None = None
    design: Design = field(default_factory=lambda: Design.pooled(0))

    def __post_init__(self) -> None:
        if self.design.is_pooled and len(self.design.matrix) != len(self.study):
            object.__setattr__(self, "design", Design.pooled(len(self.study)))

    @property
    def two_arms(self) -> bool:
        """Whether the counts are of two arms."""
        return "events_control" in self.counts

    @property
    def shares(self) -> tuple[float, ...]:
        """How much of theta is added to the baseline: treatment and control arm, or the one."""
        return _SHARES[self.contrast] if self.two_arms else (1.0,)

    @property
    def is_plain(self) -> bool:
        """Whether each row is a study of its own, and all share one mean."""
        return self.design.is_pooled and not self.correlated and self.clusters is None

    @property
    def correlated(self) -> bool:
        """Whether sampling errors of different rows are correlated."""
        return bool(self.covariance is not None or self.rho or "rho" in self.shared_errors)

    @property
    def shared_errors(self) -> tuple[str, ...]:
        """The name of the correlation of sampling errors, where it has a prior."""
        return ("rho",) if not self.counts and "rho" in self.priors else ()

    def subset(self, kept: Sequence[int]) -> Self:
        """The problem with some of its studies."""
        kept = list(kept)
        return replace(
            self,
            study=tuple(self.study[study] for study in kept),
            effect=self.effect[kept],
            std_error=self.std_error[kept],
            counts={name: values[kept] for name, values in self.counts.items()},
            clusters=self.clusters.subset(kept) if self.clusters is not None else None,
            covariance=self.covariance[np.ix_(kept, kept)] if self.covariance is not None else None,
            design=self.design.subset(kept),
        )
