"""How many took part, and how much one participant tells."""

import numpy as np
import xarray as xr

from bayesmeta.measures.base import Floats, Measure

__all__ = ["display_size", "participants", "unit_information_sd"]


def participants(table: xr.Dataset) -> Floats:
    """Participants of each study, all arms together; NaN where the table does not say.

    The arms are added up where the table has both; ``total`` counts only where it has not.
    """
    if "total_treatment" in table and "total_control" in table:
        total: Floats = (table["total_treatment"] + table["total_control"]).to_numpy()
    elif "total" in table:
        total = table["total"].to_numpy()
    else:
        total = np.full(table.sizes["study"], np.nan)
    return total


def display_size(table: xr.Dataset) -> float:
    """Harmonic mean of the studies' participants.

    At this size the Freeman-Tukey transformation of a pooled proportion is undone (Miller 1978).
    """
    totals = participants(table)
    known = totals[np.isfinite(totals)]
    return float(1 / np.mean(1 / known)) if known.size else float("nan")


def unit_information_sd(table: xr.Dataset, measure: Measure) -> tuple[float, str] | None:
    """The unit-information standard deviation of an analysis, and where it comes from.

    It is what one participant tells about the effect: 4 for a log odds ratio, 2 for a
    standardised mean difference, otherwise ``sqrt(mean(n) * harmonic_mean(std_error**2))``
    (Röver, Bender, Dias et al. 2021, Res Synth Methods 12:448). The 4 serves for
    every log ratio: from data of means that are large beside their standard deviations the
    formula gives so little that a prior with it would overrule the data.

    Returns
    -------
    (float, str) or None
        None where no study says how many took part, so that it is not known.
    """
    source = "Röver et al. 2021, Res Synth Methods 12:448"
    if measure.unit_information_sd is not None:
        of = (
            "log odds ratio, taken for every log ratio"
            if measure.scale.ratio
            else measure.analysis_label
        )
        known = measure.unit_information_sd
        return known, f"unit-information sd {known:g} of a {of} ({source})"
    totals, variances = participants(table), table["std_error"].to_numpy() ** 2
    known_size = np.isfinite(totals)
    if not known_size.any():
        return None
    mean_total = totals[known_size].mean()
    value = float(np.sqrt(mean_total / np.mean(1 / variances[known_size])))
    known_share = f"the {known_size.sum()} of {known_size.size} studies that give participants"
    whose = "these data" if known_size.all() else known_share
    return value, f"unit-information sd {value:.4g} of {whose} ({source})"
