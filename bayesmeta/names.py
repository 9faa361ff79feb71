"""The names that a spec or a command can use, each with a line that explains it."""

from bayesmeta.engines import ENGINES
from bayesmeta.engines.nuts import SAMPLERS
from bayesmeta.measures import MEASURES, Measure
from bayesmeta.model import HETEROGENEITIES, LIKELIHOODS
from bayesmeta.plots import PLOTS
from bayesmeta.priors import FAMILIES

__all__ = ["names"]

_ESTIMATES = ("effect", "std_error or lower and upper or p_value")
_PARAMETERS = {"Uniform": "mu; tau where lower is at least 0"}


def names(kind: str) -> list[tuple[str, ...]]:
    """The rows of one list.

    Parameters
    ----------
    kind
        ``measures``, ``priors``, ``likelihoods``, ``heterogeneities``, ``engines``, ``samplers``
        or ``plots``.
    """
    if kind == "measures":
        return [
            (code, measure.label, _scale(measure), ", ".join(measure.columns or _ESTIMATES))
            for code, measure in MEASURES.items()
        ]
    if kind == "priors":
        return [
            (
                f"{name}({', '.join(family.arguments)})",
                "" if family.proper else "improper",
                _PARAMETERS.get(name, "tau" if family.lower >= 0 else "mu"),
            )
            for name, family in FAMILIES.items()
        ]
    if kind == "likelihoods":
        return [(name, likelihood.label) for name, likelihood in LIKELIHOODS.items()]
    if kind == "heterogeneities":
        return [(name, entry.label) for name, entry in HETEROGENEITIES.items()]
    if kind == "engines":
        return [(name, _first_line(engine)) for name, engine in ENGINES.items()]
    if kind == "samplers":
        return list(SAMPLERS.items())
    return [(name, _first_line(plot)) for name, plot in PLOTS.items()]


def _scale(measure: Measure) -> str:
    """The analysis scale, where it is not the display scale."""
    return "" if measure.scale.name == "identity" else f"as {measure.analysis_label}"


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
