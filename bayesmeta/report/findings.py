"""What a report says of a fit beside the fit itself: a comparison, a sensitivity analysis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayesmeta.comparison import Comparison, compare
from bayesmeta.engines.quadrature import refusal
from bayesmeta.errors import BayesmetaError, InputError
from bayesmeta.results import Fit
from bayesmeta.sensitivity_analysis import (
    MeansUnderPrior,
    Sensitivity,
    means_under_priors,
    sensitivity,
)

__all__ = ["Findings", "gather"]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A fit, and what other methods and other priors make of its studies.

    Attributes
    ----------
    fit : Fit
    comparison : Comparison or None
        None where methods for one pooled effect have nothing to say; then `no_comparison` says why.
    sensitivity : Sensitivity or None
        None where it cannot be done, or not in the time that a report may take.
    means : sequence of MeansUnderPrior
        Several means under other priors; empty for one mean, and where it would take long.
    no_comparison, no_sensitivity : str
        Why there is none, or not all of it.
    """

    fit: Fit
    comparison: Comparison | None
    sensitivity: Sensitivity | None
    means: Sequence[MeansUnderPrior] = ()
    no_comparison: str = ""
    no_sensitivity: str = ""


def gather(fit: Fit, *, refit: bool = False) -> Findings:
    """Compare a fit, and vary it.

    Parameters
    ----------
    fit
        The fit.
    refit
        Vary it also where quadrature cannot do its model, so that each variation is sampled: that
        takes seconds for each.
    """
    compared, no_comparison = _compared(fit)
    varied, no_sensitivity = _varied(fit, refit=refit)
    return Findings(
        fit=fit,
        comparison=compared,
        sensitivity=varied,
        means=_means(fit, refit=refit),
        no_comparison=no_comparison,
        no_sensitivity=no_sensitivity,
    )


def _compared(fit: Fit) -> tuple[Comparison | None, str]:
    """The other methods; other likelihoods by quadrature, which takes no time."""
    unlike = _unlike(fit)
    if unlike:
        return None, f"RevMan's methods pool independent studies into one effect; {unlike}."
    try:
        found = compare(fit, engine="quadrature")
    except BayesmetaError as error:
        return None, _reason(error)
    return replace(found, spec=fit.spec), ""


def _unlike(fit: Fit) -> str:
    """What a model has that methods for one pooled effect do not know; "" for nothing."""
    design = fit.problem.design
    if design.subgroups is not None:
        kind = "times" if design.times else "subgroups"
        return f"this model has a mean for each of {design.count} {kind}"
    if design.terms:
        return "in this model the effect depends on moderators"
    if fit.problem.clusters is not None or fit.problem.correlated:
        return "here rows depend on each other"
    return ""


def _varied(fit: Fit, *, refit: bool) -> tuple[Sensitivity | None, str]:
    refused = refusal(fit.problem)
    if refused is not None and not refit:
        return None, (
            f"The engine quadrature does not do this model ({refused}), so each variation would "
            "have to be sampled: bayesmeta sensitivity does that, and bayesmeta report --refit."
        )
    if "tau_within" in fit.problem.priors and not refit:
        return None, (
            "With two standard deviations each variation takes a second: bayesmeta sensitivity "
            "tries them all, and bayesmeta report --refit."
        )
    if not fit.problem.counts or refit:
        chosen, left = {}, ""
    else:
        few = len(fit.problem.study) <= _FEW
        chosen, left = (
            {**_QUICK, "leave_one_out": few},
            _LEFT_TO_COMMAND.format("" if few else _EACH),
        )
    try:
        return sensitivity(fit, **chosen), left
    except BayesmetaError as error:
        return None, _reason(error)


def _means(fit: Fit, *, refit: bool) -> list[MeansUnderPrior]:
    """Several means under other priors; a random walk takes seconds for each."""
    if fit.problem.design.means == "random-walk" and not refit:
        return []
    return means_under_priors(fit)


_QUICK = {"pairs": False, "tipping": False, "cumulative": False, "effect_variants": False}
"""What takes too long for a report where each fit of counts takes a twentieth of a second."""

_FEW = 6
"""Studies of counts of which each is left out in a report; of more that takes too long as well."""

_LEFT_TO_COMMAND = (
    "Pairs of priors, earlier years{} and tipping points are not here, as they take a while with "
    "counts: bayesmeta sensitivity has them, and bayesmeta report --refit."
)
_EACH = ", leaving each study out"


def _reason(error: BayesmetaError) -> str:
    """What is wrong, as a sentence."""
    text = error.message if isinstance(error, InputError) else str(error).partition("\n")[0]
    return f"{text[:1].upper()}{text[1:]}."
