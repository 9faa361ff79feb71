"""The frequentist side: pooling, heterogeneity and intervals as RevMan and metafor have them."""

from bayesmeta.classical.baujat import BaujatCoordinates, baujat_coordinates
from bayesmeta.classical.cells import Cells
from bayesmeta.classical.heterogeneity import cochran_q, heterogeneity
from bayesmeta.classical.intervals import interval, quantile, two_sided
from bayesmeta.classical.inverse_variance import IntervalMethod, hksj_std_error, inverse_variance
from bayesmeta.classical.mantel_haenszel import MANTEL_HAENSZEL, mantel_haenszel
from bayesmeta.classical.peto import peto, peto_statistics
from bayesmeta.classical.pooled import Heterogeneity, Pooled
from bayesmeta.classical.prediction import (
    PREDICTION_INTERVALS,
    PredictionInterval,
    prediction_interval,
)
from bayesmeta.classical.revman import GroupResult, RevManAnalysis, revman_analysis, revman_effect
from bayesmeta.classical.subgroups import subgroup_differences
from bayesmeta.classical.tau2 import (
    TAU2_ESTIMATORS,
    dersimonian_laird,
    hedges_olkin,
    hunter_schmidt,
    hunter_schmidt_corrected,
    maximum_likelihood,
    paule_mandel,
    paule_mandel_median,
    q_profile,
    restricted_maximum_likelihood,
    sidik_jonkman,
)

__all__ = [
    "MANTEL_HAENSZEL",
    "PREDICTION_INTERVALS",
    "TAU2_ESTIMATORS",
    "BaujatCoordinates",
    "Cells",
    "GroupResult",
    "Heterogeneity",
    "IntervalMethod",
    "Pooled",
    "PredictionInterval",
    "RevManAnalysis",
    "baujat_coordinates",
    "cochran_q",
    "dersimonian_laird",
    "hedges_olkin",
    "heterogeneity",
    "hksj_std_error",
    "hunter_schmidt",
    "hunter_schmidt_corrected",
    "interval",
    "inverse_variance",
    "mantel_haenszel",
    "maximum_likelihood",
    "paule_mandel",
    "paule_mandel_median",
    "peto",
    "peto_statistics",
    "prediction_interval",
    "q_profile",
    "quantile",
    "restricted_maximum_likelihood",
    "revman_analysis",
    "revman_effect",
    "sidik_jonkman",
    "subgroup_differences",
    "two_sided",
]
