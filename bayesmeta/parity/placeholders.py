"""Numbers that a file of RevMan holds where there is no result."""

from bayesmeta.measures import find_measure
from bayesmeta.parity.precision import PROBABILITIES
from bayesmeta.studies import Settings, Stored

__all__ = ["stands_for_nothing"]

_ROUNDING_NOISE = 1e-20
"""Below it a stored Q is what is left of the difference of a number from itself."""

_Q_OF = {"i2": "chi2", "subgroup_i2": "subgroup_chi2"}


def stands_for_nothing(quantity: str, stored: Stored, settings: Settings) -> bool:
    """Whether a number that has no counterpart is there only because something must be.

    That is 0 for any number; 1 for a p-value; the heterogeneity of one study or subgroup, where
    Q is rounding noise and I² what follows from it; logarithms of differences; and what RevMan
    keeps of Peto's method, for which no page says what it is.

    Parameters
    ----------
    quantity
        Its name in `bayesmeta.studies.Stored`.
    stored
        It and the numbers beside it.
    settings
        How the outcome is analysed.
    """
    value = stored[quantity]
    if value == 0 or (quantity in PROBABILITIES and value == 1):
        return True
    if quantity.startswith("log10_"):
        return not find_measure(settings.measure).scale.ratio
    if quantity in ("o_e", "variance"):
        return settings.method == "PETO"
    return abs(stored.get(_Q_OF.get(quantity, quantity), value)) < _ROUNDING_NOISE
