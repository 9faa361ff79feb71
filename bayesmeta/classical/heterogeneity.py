"""How far studies differ: Cochran's Q, H² and I²."""

import numpy as np
from scipy.special import chdtrc

from bayesmeta.classical.pooled import Heterogeneity
from bayesmeta.classical.profile import profile
from bayesmeta.measures.base import Floats
from bayesmeta.typical_variance import typical_variance

__all__ = ["cochran_q", "heterogeneity"]


def cochran_q(effect: Floats, variance: Floats, centre: float | None = None) -> float:
    """The weighted sum of squares around a centre, with weights 1 / variance.

    Cochran 1954, Biometrics 10:101; metafor's ``QE``, RevMan's Chi².

    Parameters
    ----------
    effect, variance : array, one a study
    centre
        The inverse-variance mean where it is not given.
    """
    if centre is None:
        return float(profile(effect, variance, np.array(0.0)).q)
    return float(((effect - centre) ** 2 / variance).sum())


def heterogeneity(
    effect: Floats,
    variance: Floats,
    *,
    tau2: float = 0.0,
    centre: float | None = None,
    i2_from_tau2: bool = False,
) -> Heterogeneity:
    """How far studies differ.

    Parameters
    ----------
    effect, variance : array, one a study
        On the analysis scale.
    tau2
        Variance of the true effects, however it was estimated.
    centre
        Around which Q is taken: RevMan takes the Mantel-Haenszel estimate where that method is
        chosen; the inverse-variance mean where it is not given.
    i2_from_tau2
        Whether H² is ``1 + tau2 / s²`` with the typical variance s² of Higgins & Thompson 2002
        (Stat Med 21:1539), as in metafor's ``rma`` and in RevMan since 2025, or is Q / df, as in
        RevMan 5 and for metafor's common-effect models. I² is 1 - 1 / H², and not below 0.

    Returns
    -------
    Heterogeneity
        With Q and I² 0 and H² 1 for one study, where none of them says anything.
    """
    df = effect.size - 1
    q = cochran_q(effect, variance, centre) if df > 0 else 0.0
    h2 = 1.0
    if df > 0:
        h2 = 1 + tau2 / typical_variance(variance) if i2_from_tau2 else q / df
    return Heterogeneity(
        q=q,
        df=df,
        p_value=float(chdtrc(df, q)) if df > 0 else 1.0,
        i2=1 - 1 / h2 if h2 > 1 else 0.0,
        h2=h2,
        tau2=tau2,
    )
