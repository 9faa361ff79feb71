"""Effect measures: a study's raw numbers to an effect and its standard error.

To add a measure is one `Measure` in a file of this folder and one line in `MEASURES`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.measures.base import Measure, Scale, StudyEffects
from bayesmeta.measures.binary import ODDS_RATIO, PETO, RISK_DIFFERENCE, RISK_RATIO
from bayesmeta.measures.compute import cells_corrected, study_effects
from bayesmeta.measures.continuous import (
    MEAN_DIFFERENCE,
    RATIO_OF_MEANS,
    STANDARDISED_DIFFERENCE,
    STANDARDISED_DIFFERENCE_HETEROSCEDASTIC,
)
from bayesmeta.measures.generic import GENERIC, HAZARD_RATIO, RATIO
from bayesmeta.measures.importance import important_on_analysis_scale
from bayesmeta.measures.paired import (
    MEAN_CHANGE,
    RATIO_CHANGE,
    STANDARDISED_CHANGE,
    STANDARDISED_RAW_CHANGE,
)
from bayesmeta.measures.participants import display_size, participants, unit_information_sd
from bayesmeta.measures.rates import LOG_RATE, RATE, RATE_DIFFERENCE, RATE_RATIO
from bayesmeta.measures.single import (
    CORRELATION,
    DOUBLE_ARCSINE,
    LOGIT_PROPORTION,
    MEAN,
    PROPORTION,
)
from bayesmeta.measures.zeros import ZERO_CELL_RULES

__all__ = [
    "MEASURES",
    "ZERO_CELL_RULES",
    "Measure",
    "Scale",
    "StudyEffects",
    "cells_corrected",
    "display_size",
    "find_measure",
    "important_on_analysis_scale",
    "participants",
    "study_effects",
    "unit_information_sd",
]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.code: measure
        for measure in (
            ODDS_RATIO,
            RISK_RATIO,
            RISK_DIFFERENCE,
            PETO,
            MEAN_DIFFERENCE,
            STANDARDISED_DIFFERENCE,
            STANDARDISED_DIFFERENCE_HETEROSCEDASTIC,
            RATIO_OF_MEANS,
            MEAN,
            LOGIT_PROPORTION,
            PROPORTION,
            DOUBLE_ARCSINE,
            RATE,
            LOG_RATE,
            MEAN_CHANGE,
            STANDARDISED_CHANGE,
            STANDARDISED_RAW_CHANGE,
            RATIO_CHANGE,
            RATE_RATIO,
            RATE_DIFFERENCE,
            CORRELATION,
            HAZARD_RATIO,
            RATIO,
            GENERIC,
        )
    }
)
"""Every measure by its code."""


def find_measure(code: str) -> Measure:
    """The measure with this code.

    Raises
    ------
    SpecError
        There is none; the hint names the nearest.
    """
    if code not in MEASURES:
        raise SpecError(
            f"unknown measure {code!r}", key="effect.measure", hint=did_you_mean(code, MEASURES)
        )
    return MEASURES[code]
