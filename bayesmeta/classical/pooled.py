"""A pooled effect of the frequentist kind, and what goes with it."""

from dataclasses import dataclass

from bayesmeta.measures.base import Floats

__all__ = ["Heterogeneity", "Pooled"]


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """How far the studies differ.

    Attributes
    ----------
    q : float
        Cochran's Q, which RevMan calls Chi².
    df : int
        Its degrees of freedom.
    p_value : float
        Its p-value; 1 where there are no degrees of freedom.
    i2, h2 : float
        I² as a share from 0 to 1, and H².
    tau2 : float
        Variance of the true effects; 0 for a common effect.
    """

    q: float
    df: int
    p_value: float
    i2: float
    h2: float
    tau2: float


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A pooled effect, on the analysis scale.

    Attributes
    ----------
    estimate, std_error : float
    lower, upper : float
        Confidence interval.
    statistic, p_value : float
        Test of no effect: z, or t where `df` is finite; two-sided.
    df : float
        Degrees of freedom of the interval and the test; infinity for the normal distribution.
    heterogeneity : Heterogeneity
    weights : array, one a study
        In percent; they sum to 100.
    """

    estimate: float
    std_error: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    df: float
    heterogeneity: Heterogeneity
    weights: Floats

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.weights.size
