"""A prior expression to a `Prior`: families, mixtures, published sets and statements."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bayesmeta.errors import PriorError, brief, did_you_mean
from bayesmeta.priors.base import Prior
from bayesmeta.priors.elicited import ELICITABLE, elicit
from bayesmeta.priors.empirical import EMPIRICAL, MADE_FOR, find_setting
from bayesmeta.priors.expression import Call, Value, bind, number, read_call, text
from bayesmeta.priors.families import FAMILIES
from bayesmeta.priors.mixture import centre, mixture, robust

__all__ = ["SOURCES", "Source", "parse_prior"]

_BY_USER = "given by the user"


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the prior is wanted for, and why."""

    source: str | None
    parameter: str | None
    measure: str | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A word of expressions that is no family: it finds or makes a prior.

    Attributes
    ----------
    usage : str
        How it is written.
    parameter : str
        What it gives priors of.
    build : callable
        The call and what is asked, to the prior.
    """

    usage: str
    parameter: str
    build: Callable[[Call, _Asked], Prior]


def parse_prior(
    expression: str,
    *,
    source: str | None = None,
    parameter: str | None = None,
    measure: str | None = None,
) -> Prior:
    """Read a prior expression without running it.

    Parameters
    ----------
    expression
        A call as in PyMC: ``Normal(0, 4)``, ``StudentT(nu=4, sigma=2)``, ``Mixture(w=[0.8, 0.2],
        comp_dists=[Normal(0, 0.3), Normal(0, 2)])``; or one of `SOURCES`:
        ``Turner2015(outcome='pain', comparison='placebo')``.
    source
        Why this prior; where it is not given, the paper it is from.
    parameter, measure
        What it is for, where a published set has more than one: ``mu`` or ``tau``, and the code of
        the effect measure.

    Raises
    ------
    PriorError
        The family or an argument is not known, an argument is missing, or its value is not
        possible.
    EngineError
        It is to be elicited, and PreliZ is not installed.
    """
    asked = _Asked(source=source, parameter=parameter, measure=measure)
    return _build(read_call(expression), asked)


def _build(call: Call, asked: _Asked) -> Prior:
    if call.name in SOURCES:
        return SOURCES[call.name].build(call, asked)
    if call.name not in FAMILIES:
        hint = did_you_mean(call.name, {*FAMILIES, *SOURCES})
        raise PriorError(f"unknown prior {call.name!r}", hint=hint)
    family = FAMILIES[call.name]
    given = bind(call, family.arguments)
    arguments = {key: number(call, key, value) for key, value in given.items()}
    for key in family.positive:
        if arguments[key] <= 0:
            raise PriorError(
                f"{key} is {arguments[key]:g} in {brief(call.written)}; it must be above 0"
            )
    if call.name == "Uniform" and arguments["lower"] >= arguments["upper"]:
        raise PriorError(f"lower is not below upper in {brief(call.written)}")
    return Prior(family=family, arguments=arguments, source=asked.source or _BY_USER)


def _nested(call: Call, key: str, value: Value, asked: _Asked) -> Prior:
    if isinstance(value, Call):
        return _build(value, _Asked(source=None, parameter=asked.parameter, measure=asked.measure))
    raise PriorError(f"{key} of {call.name} is a distribution, not {brief(value)}")


def _list(call: Call, key: str, value: Value) -> tuple[Value, ...]:
    if isinstance(value, tuple):
        return value
    raise PriorError(
        f"{key} of {call.name} is a list",
        hint="As in Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), Normal(0, 2)]).",
    )


def _mixture(call: Call, asked: _Asked) -> Prior:
    given = bind(call, FAMILIES["Mixture"].arguments)
    weights = [number(call, "w", each) for each in _list(call, "w", given["w"])]
    parts = [
        _nested(call, "comp_dists", each, asked)
        for each in _list(call, "comp_dists", given["comp_dists"])
    ]
    return mixture(weights, parts, source=asked.source or _joined(parts))


def _robust(call: Call, asked: _Asked) -> Prior:
    given = bind(call, {"prior": None, "weight": 0.2, "sd": 4.0})
    prior = _nested(call, "prior", given["prior"], asked)
    weight, sd = (number(call, key, given[key]) for key in ("weight", "sd"))
    if sd <= 0:
        raise PriorError(f"sd is {sd:g} in {brief(call.written)}; it must be above 0")
    vague = Prior(family=FAMILIES["Normal"], arguments={"mu": centre(prior), "sigma": sd})
    why = f"{_joined([prior])}; made robust (Schmidli et al. 2014, Biometrics 70:1023)"
    return robust(prior, vague, weight=weight, source=asked.source or why)


def _joined(parts: list[Prior]) -> str:
    return "; ".join(dict.fromkeys(part.source for part in parts))


def _empirical(call: Call, asked: _Asked) -> Prior:
    found = EMPIRICAL[call.name]
    defaults: dict[str, Value | None] = dict.fromkeys(found.keys, "any")
    if "subfield" in defaults:
        defaults["subfield"] = "Cochrane"
    if "area" in defaults:
        defaults["area"] = ""
    if len(found.tables) > 1:
        defaults["measure"] = ""
    given = {key: text(call, key, value) for key, value in bind(call, defaults).items()}
    measure = _table_measure(call, given.pop("measure", ""), asked.measure)
    if given.get("area") == "":
        general = given["outcome"] == given["comparison"] == "any"
        given["area"] = "any" if general else "other"
    setting = find_setting(call.name, given, measure=measure, parameter=asked.parameter)
    if asked.source is None:
        return setting.prior
    return replace(setting.prior, source=asked.source)


def _table_measure(call: Call, given: str, analysed: str | None) -> str:
    """The table of a set: the only one, the one asked for, or that of the measure analysed."""
    tables = EMPIRICAL[call.name].tables
    if len(tables) == 1:
        return next(iter(tables))
    wanted = given.upper().removeprefix("LOG")
    if given and wanted not in tables:
        raise PriorError(
            f"{call.name} has no measure {brief(given)}", hint=f"It has {', '.join(tables)}."
        )
    if wanted:
        return wanted
    for table in tables:
        if analysed in MADE_FOR.get(table, (table,)):
            return table
    raise PriorError(
        f"{call.name} has priors for several measures"
        + (f", none of them {analysed}" if analysed else ""),
        hint=f"Say which: {call.name}(measure='OR'), or one of {', '.join(tables)}.",
    )


def _elicited(call: Call, asked: _Asked) -> Prior:
    names = [*call.positional[:1], *(value for key, value in call.keywords if key == "family")]
    arguments = [
        key
        for name in names
        if isinstance(name, str) and name in ELICITABLE
        for key in ELICITABLE[name].arguments
    ]
    given = bind(
        call,
        {
            "family": None,
            "lower": -math.inf,
            "upper": math.inf,
            "prob": None,
            **dict.fromkeys(arguments, math.nan),
        },
    )
    numbers = {key: number(call, key, value) for key, value in given.items() if key != "family"}
    return elicit(
        text(call, "family", given["family"]),
        lower=numbers["lower"],
        upper=numbers["upper"],
        prob=numbers["prob"],
        fixed={key: numbers[key] for key in arguments if not math.isnan(numbers[key])},
        source=asked.source,
    )


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "Mixture": Source(
            usage="Mixture(w=[...], comp_dists=[...])", parameter="mu, tau", build=_mixture
        ),
        "Robust": Source(usage="Robust(prior, weight, sd)", parameter="mu", build=_robust),
        "Elicited": Source(
            usage="Elicited(family, lower, upper, prob)", parameter="mu, tau", build=_elicited
        ),
        "Turner2012": Source(
            usage="Turner2012(outcome, comparison)", parameter="tau", build=_empirical
        ),
        "Turner2015": Source(
            usage="Turner2015(outcome, comparison)", parameter="tau", build=_empirical
        ),
        "Rhodes2015": Source(
            usage="Rhodes2015(outcome, comparison, area)", parameter="tau", build=_empirical
        ),
        "Bartos2021": Source(usage="Bartos2021(subfield)", parameter="mu, tau", build=_empirical),
        "Bartos2023": Source(
            usage="Bartos2023(subfield, measure)", parameter="mu, tau", build=_empirical
        ),
    }
)
"""Every word of expressions that is no family."""
