"""The same studies under other likelihoods."""

from bayesmeta.errors import InputError
from bayesmeta.model import LIKELIHOODS
from bayesmeta.pipeline import Prepared, varied

__all__ = ["other_likelihoods"]


def other_likelihoods(prepared: Prepared) -> list[Prepared]:
    """An analysis with each other likelihood that the studies and the measure allow.

    Those that have a variation of their own in the place of tau are other models: not among them.

    Parameters
    ----------
    prepared
        The analysis, whose priors the others have.
    """
    spec, found = prepared.spec, []
    for name, likelihood in LIKELIHOODS.items():
        suits = not likelihood.measures or spec.effect.measure in likelihood.measures
        if name == spec.model.likelihood or not suits or likelihood.heterogeneities:
            continue
        try:
            found.append(varied(prepared, model={"likelihood": name}))
        except InputError:  # no counts, or priors that suit no counts
            continue
    return found
