"""The names that a spec or a command can use, each with a line that explains it."""

from bayesmeta.engines import ENGINES
from bayesmeta.engines.nuts import SAMPLERS
from bayesmeta.exports import EXPORTS
from bayesmeta.measures import MEASURES, Measure, find_measure
from bayesmeta.model import HETEROGENEITIES, LIKELIHOODS
from bayesmeta.plots import PLOTS
from bayesmeta.priors import (
    FAMILIES,
    SOURCES,
    Prior,
    flat_mu,
    unit_information_mu,
    usable_settings,
    weakly_informative_tau,
)

__all__ = ["names", "priors_for"]

_ESTIMATES = ("effect", "std_error or lower and upper or p_value")
_PARAMETERS = {"Uniform": "mu (by NUTS alone); tau where lower is at least 0"}


def names(kind: str) -> list[tuple[str, ...]]:
    """The rows of one list.

    Parameters
    ----------
    kind
        ``measures``, ``priors``, ``likelihoods``, ``heterogeneities``, ``engines``, ``samplers``,
        ``exports`` or ``plots``.
    """
    if kind == "measures":
        return [
            (code, measure.label, _scale(measure), ", ".join(measure.columns or _ESTIMATES))
            for code, measure in MEASURES.items()
        ]
    if kind == "priors":
        families: list[tuple[str, ...]] = [
            (
                f"{name}({', '.join(family.arguments)})",
                "" if family.proper else "improper",
                _PARAMETERS.get(name, "tau" if family.lower >= 0 else "mu"),
            )
            for name, family in FAMILIES.items()
            if name not in SOURCES
        ]
        return families + [(source.usage, "", source.parameter) for source in SOURCES.values()]
    if kind == "likelihoods":
        return [(name, likelihood.label) for name, likelihood in LIKELIHOODS.items()]
    if kind == "heterogeneities":
        return [(name, entry.label) for name, entry in HETEROGENEITIES.items()]
    if kind == "engines":
        return [(name, _first_line(engine)) for name, engine in ENGINES.items()]
    if kind == "samplers":
        return list(SAMPLERS.items())
    if kind == "exports":
        return [(name, _first_line(export.write)) for name, export in EXPORTS.items()]
    return [(name, _first_line(plot)) for name, plot in PLOTS.items()]


def priors_for(code: str) -> list[tuple[str, ...]]:
    """The defaults of a measure, and every published prior that was made for it.

    Rows of the parameter, the source, the outcome or subfield, the comparison, and the median and
    the 95 % point; the first row names them.

    Parameters
    ----------
    code
        The code of the measure.

    Raises
    ------
    SpecError
        There is no such measure.
    """
    measure = find_measure(code)
    rows: list[tuple[str, ...]] = [
        ("parameter", "source", "outcome or subfield", "comparison", "median", "95 % point")
    ]
    rows += [_default_row(name, prior) for name, prior in _defaults(measure).items()]
    for setting in usable_settings(code):
        keys = dict(setting.keys)
        comparison = keys.pop("comparison", "")
        found = ", ".join(keys.values())
        rows.append(
            (setting.parameter, setting.set_name, found, comparison, *_points(setting.prior))
        )
    return rows


def _defaults(measure: Measure) -> dict[str, Prior | None]:
    """The default priors that do not depend on the data."""
    sd, scale = measure.unit_information_sd, measure.tau_scale
    mu = flat_mu() if measure.null is None else sd and unit_information_mu(sd, "one participant")
    return {"mu": mu or None, "tau": weakly_informative_tau(scale) if scale else None}


def _default_row(name: str, prior: Prior | None) -> tuple[str, ...]:
    if prior is None:
        return (name, "default", "from the participants and standard errors", "", "", "")
    return (name, "default", prior.expression, "", *_points(prior))


def _points(prior: Prior) -> tuple[str, str]:
    if not prior.proper:
        return "", ""
    median, high = prior.ppf([0.5, 0.95])
    return f"{median:.3g}", f"{high:.3g}"


def _scale(measure: Measure) -> str:
    """The analysis scale, where it is not the display scale."""
    return "" if measure.scale.name == "identity" else f"as {measure.analysis_label}"


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
