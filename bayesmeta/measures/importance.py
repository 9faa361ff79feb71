"""The smallest important effect, from the display scale to the analysis scale."""

import numpy as np

from bayesmeta.errors import SpecError
from bayesmeta.measures.base import Measure
from bayesmeta.spec import Effect

__all__ = ["important_on_analysis_scale"]


def important_on_analysis_scale(measure: Measure, effect: Effect, size: float) -> float | None:
    """The smallest important effect on the analysis scale; None where the spec names none.

    `size` is the participants of a typical study, for the Freeman-Tukey transformation.

    Raises
    ------
    SpecError
        It is not possible on the display scale, or lies on the side of harm.
    """
    if effect.important is None:
        return None
    if effect.better is None:
        raise SpecError(
            "an important effect needs a direction of benefit",
            key="effect.better",
            hint='better = "higher" or better = "lower" under [effect].',
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        limit = float(measure.scale.to_analysis(np.array([effect.important]), np.array([size]))[0])
    harmful = measure.null is not None and (
        limit < measure.null if effect.better == "higher" else limit > measure.null
    )
    if not np.isfinite(limit) or harmful:
        raise SpecError(
            f"{effect.important:g} is no important benefit of a {measure.label} of which "
            f"{effect.better} is better",
            key="effect.important",
            hint=f"Give it on the scale of the {measure.label}, on the side of benefit.",
        )
    return limit
