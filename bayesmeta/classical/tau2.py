"""Estimates of tau², the variance of the true effects, and its Q-profile interval.

The codes are those of metafor's ``rma(method=)``. All take study effects and their sampling
variances (positive, on the analysis scale), give a number that is at least 0, and give 0 for fewer
than two studies. Veroniki et al. 2016, Res Synth Methods 7:55, compare most of them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import chdtri

from bayesmeta.classical.profile import Profile, downward_crossings, profile, search_grid
from bayesmeta.measures.base import Floats
from bayesmeta.typical_variance import typical_variance

__all__ = [
    "TAU2_ESTIMATORS",
    "dersimonian_laird",
    "hedges_olkin",
    "hunter_schmidt",
    "hunter_schmidt_corrected",
    "maximum_likelihood",
    "paule_mandel",
    "paule_mandel_median",
    "q_profile",
    "restricted_maximum_likelihood",
    "sidik_jonkman",
]


def dersimonian_laird(effect: Floats, variance: Floats, q: float | None = None) -> float:
    """DerSimonian & Laird's estimate, by the expectation of Cochran's Q.

    DerSimonian & Laird 1986, Control Clin Trials 7:177; metafor ``method="DL"``.

    Parameters
    ----------
    effect, variance : array, one a study
    q
        Another Q than that around the inverse-variance mean: RevMan takes Q around the
        Mantel-Haenszel estimate where that method is chosen.
    """
    if effect.size < 2:
        return 0.0
    if q is None:
        q = _q(effect, variance)
    # (Q - df) / (Σ w - Σ w² / Σ w), whose denominator is df over the typical variance.
    return _not_negative((q / (effect.size - 1) - 1) * typical_variance(variance))


def hedges_olkin(effect: Floats, variance: Floats) -> float:
    """The variance between estimates less the mean sampling variance.

    Hedges & Olkin 1985, Statistical Methods for Meta-Analysis, 9.B; Cochran's ANOVA-type
    estimate; metafor ``method="HE"``.
    """
    if effect.size < 2:
        return 0.0
    return _not_negative(effect.var(ddof=1) - variance.mean())


def sidik_jonkman(effect: Floats, variance: Floats) -> float:
    """Sidik & Jonkman's two-step estimate, which is above 0 unless all estimates are the same.

    Sidik & Jonkman 2005, Appl Stat 54:367; metafor ``method="SJ"``.
    """
    if effect.size < 2:
        return 0.0
    first = float(effect.var())
    if first == 0:
        return 0.0
    return first * _q(effect, variance, first) / (effect.size - 1)


def hunter_schmidt(effect: Floats, variance: Floats) -> float:
    """Hunter & Schmidt's estimate.

    Hunter & Schmidt 1990, Methods of Meta-Analysis; Viechtbauer 2005, J Educ Behav Stat 30:261,
    eq. 12; metafor ``method="HS"``. It is too small on average.
    """
    if effect.size < 2:
        return 0.0
    return _not_negative((_q(effect, variance) - effect.size) / (1 / variance).sum())


def hunter_schmidt_corrected(effect: Floats, variance: Floats) -> float:
    """Hunter & Schmidt's estimate with a correction for few studies.

    Brannick et al. 2019, J Appl Psychol 104:563; metafor ``method="HSk"``.
    """
    k = effect.size
    if k < 2:
        return 0.0
    return _not_negative((k / (k - 1) * _q(effect, variance) - k) / (1 / variance).sum())


def paule_mandel(effect: Floats, variance: Floats) -> float:
    """The tau² at which the generalised Q is its expectation, k - 1.

    Paule & Mandel 1982, J Res Natl Bur Stand 87:377. Morris's empirical Bayes estimate (Morris
    1983, J Am Stat Assoc 78:47) and DerSimonian & Laird's with iterated weights solve the same
    equation; metafor ``method="PM"``, ``"EB"`` and ``"DLIT"``.
    """
    return _q_equal_to(effect, variance, float(effect.size - 1))


def paule_mandel_median(effect: Floats, variance: Floats) -> float:
    """The tau² at which the generalised Q is its median, so that the estimate is median-unbiased.

    Viechtbauer 2021, in Handbook of Meta-Analysis, eq. 5.25; metafor ``method="PMM"``.
    """
    if effect.size < 2:
        return 0.0
    return _q_equal_to(effect, variance, float(chdtri(effect.size - 1, 0.5)))


def maximum_likelihood(effect: Floats, variance: Floats) -> float:
    """The estimate by maximum likelihood; metafor ``method="ML"``.

    Hardy & Thompson 1996, Stat Med 15:619; Viechtbauer 2005, J Educ Behav Stat 30:261. It is
    the highest maximum over tau² ≥ 0 (see `restricted_maximum_likelihood`).
    """
    return _likeliest(effect, variance, restricted=False)


def restricted_maximum_likelihood(effect: Floats, variance: Floats) -> float:
    """The estimate by restricted maximum likelihood; metafor ``method="REML"``.

    Viechtbauer 2005, J Educ Behav Stat 30:261, eq. 14. It maximises, over tau² ≥ 0, minus half of
    ``Σ ln(v + tau²) + ln Σ w + Σ w (y - mu)²`` with ``w = 1 / (v + tau²)``.

    Notes
    -----
    The likelihood may have two maxima, one of them often at 0, where sampling variances differ by
    orders of magnitude. All are found, as zeros of the score on a dense grid, and the highest is
    given; where two are equally high, the smaller. Fisher scoring, as in metafor, stops at the
    maximum that its start leads to, which may be the lower one.
    """
    return _likeliest(effect, variance, restricted=True)


TAU2_ESTIMATORS: Mapping[str, Callable[[Floats, Floats], float]] = MappingProxyType(
    {
        "DL": dersimonian_laird,
        "HE": hedges_olkin,
        "SJ": sidik_jonkman,
        "EB": paule_mandel,
        "PM": paule_mandel,
        "ML": maximum_likelihood,
        "REML": restricted_maximum_likelihood,
        "HS": hunter_schmidt,
        "HSk": hunter_schmidt_corrected,
        "DLIT": paule_mandel,
        "PMM": paule_mandel_median,
    }
)
"""Estimators of tau² by metafor's ``method``; arguments are effects and variances."""


def q_profile(effect: Floats, variance: Floats, level: float = 0.95) -> tuple[float, float]:
    """Interval of tau² by the distribution of the generalised Q.

    Viechtbauer 2007, Stat Med 26:37; metafor ``confint(rma(...))``. Its ends are the tau² at which
    Q is the upper and the lower quantile of chi² with k - 1 degrees of freedom, or 0 where Q is
    below them everywhere. The upper end has no other bound, where metafor stops at 100 or ten
    times the estimate.

    Parameters
    ----------
    effect, variance : array, one a study
    level
        Of confidence.

    Returns
    -------
    (float, float)
        NaN for fewer than two studies.
    """
    df = effect.size - 1
    if df < 1:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    lower, upper = (float(chdtri(df, p)) for p in (tail, 1 - tail))
    return _q_equal_to(effect, variance, lower), _q_equal_to(effect, variance, upper)


def _not_negative(value: float) -> float:
    return max(0.0, float(value))


def _q(effect: Floats, variance: Floats, tau2: float = 0.0) -> float:
    return float(profile(effect, variance, np.array(tau2)).q)


def _sum_of_squares(effect: Floats) -> float:
    return float(((effect - effect.mean()) ** 2).sum())


def _q_equal_to(effect: Floats, variance: Floats, target: float) -> float:
    """The tau² at which Q, which falls with tau², is `target`; 0 where it is below everywhere."""
    squares = _sum_of_squares(effect)
    if effect.size < 2 or squares == 0:
        return 0.0

    def excess(tau2: Floats) -> Floats:
        return profile(effect, variance, tau2).q - target

    # Q is at most the sum around the plain mean, which is at most squares / tau².
    found = downward_crossings(excess, search_grid(variance, squares / target))
    return found[0] if found else 0.0


def _likeliest(effect: Floats, variance: Floats, *, restricted: bool) -> float:
    squares = _sum_of_squares(effect)
    if effect.size < 2 or squares == 0:
        return 0.0

    def score(tau2: Floats) -> Floats:
        at = profile(effect, variance, tau2)
        squared = at.weights**2
        lost = squared.sum(-1) / at.total if restricted else 0.0
        slope: Floats = (squared * at.residual**2).sum(-1) - at.total + lost
        return slope

    free = effect.size - 1 if restricted else effect.size
    grid = search_grid(variance, _score_bound(squares, variance, free))
    maxima = np.array([0.0, *downward_crossings(score, grid)])
    height = _log_likelihood(profile(effect, variance, maxima), restricted=restricted)
    return float(maxima[height.argmax()])


def _score_bound(squares: float, variance: Floats, free: int) -> float:
    """A tau² beyond which the likelihood falls.

    The score is at most ``squares / (tau² (tau² + min v)) - free / (tau² + max v)``, whose zero
    solves a quadratic equation.
    """
    low, high = float(variance.min()), float(variance.max())
    half = (squares / free - low) / 2
    return float(half + np.sqrt(half**2 + squares / free * high))


def _log_likelihood(at: Profile, *, restricted: bool) -> Floats:
    """But for a constant."""
    value: Floats = (np.log(at.weights).sum(-1) - at.q) / 2
    return value - np.log(at.total) / 2 if restricted else value
