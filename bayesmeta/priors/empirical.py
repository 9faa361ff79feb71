"""Published priors that were estimated from many meta-analyses, found by outcome and comparison.

The tables, and where they come from, are in ``tables/``. Turner and Rhodes published distributions
of tau²: on tau the location and scale of the logarithm are half of theirs.
"""

import csv
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from bayesmeta.errors import PriorError, brief, did_you_mean
from bayesmeta.priors.base import Prior
from bayesmeta.priors.families import FAMILIES

__all__ = ["EMPIRICAL", "EmpiricalSet", "Setting", "find_setting", "usable_settings"]

_CHECK = "CHECK PAPER: "
"""Begins the note of a number that may be a misprint."""


@dataclass(frozen=True, kw_only=True)
class EmpiricalSet:
    """A published set of priors.

    Attributes
    ----------
    name : str
        Its name in an expression.
    tables : mapping of str to str
        The files of the set by the measure they are for.
    keys : mapping of str to str
        What a setting is found by: argument of the expression to column of the file.
    """

    name: str
    tables: Mapping[str, str]
    keys: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One prior of a set.

    Attributes
    ----------
    set_name, measure : str
        The set, and the measure its table is for.
    keys : mapping of str to str
        What it was found by.
    parameter : str
        ``mu`` or ``tau``.
    prior : Prior
        The prior.
    """

    set_name: str
    measure: str
    keys: Mapping[str, str]
    parameter: str
    prior: Prior


_OUTCOME = {"outcome": "outcome", "comparison": "comparison"}
EMPIRICAL: Mapping[str, EmpiricalSet] = {
    each.name: each
    for each in (
        EmpiricalSet(name="Turner2012", tables={"OR": "turner2012"}, keys=_OUTCOME),
        EmpiricalSet(name="Turner2015", tables={"OR": "turner2015"}, keys=_OUTCOME),
        EmpiricalSet(
            name="Rhodes2015",
            tables={"SMD": "rhodes2015"},
            keys={**_OUTCOME, "area": "medical_area"},
        ),
        EmpiricalSet(
            name="Bartos2021", tables={"SMD": "bartos2021_smd"}, keys={"subfield": "subfield"}
        ),
        EmpiricalSet(
            name="Bartos2023",
            tables={
                "OR": "bartos2023_logor",
                "RR": "bartos2023_logrr",
                "RD": "bartos2023_rd",
                "HR": "bartos2023_loghr",
            },
            keys={"subfield": "subfield"},
        ),
    )
}
"""Every set by its name."""

MADE_FOR: Mapping[str, tuple[str, ...]] = {"OR": ("OR", "PETO"), "SMD": ("SMD", "SMDH")}
"""Measures for which a table is used, where these are more than its own."""

_Numbers = Mapping[str, str]
_DISTRIBUTIONS: Mapping[str, Callable[[_Numbers], tuple[str, dict[str, float]]]] = {
    "lognormal": lambda row: (
        "LogNormal",
        {"mu": float(row["mu_log"]) / 2, "sigma": float(row["sigma_log"]) / 2},
    ),
    "log-t": lambda row: (
        "LogT",
        {
            "nu": float(row["df"]),
            "mu": float(row["location_log"]) / 2,
            "sigma": float(row["scale_log"]) / 2,
        },
    ),
    "student-t": lambda row: (
        "StudentT",
        {"nu": float(row["df"]), "mu": float(row["location"]), "sigma": float(row["scale"])},
    ),
    "inverse-gamma": lambda row: (
        "InverseGamma",
        {"alpha": float(row["shape"]), "beta": float(row["scale"])},
    ),
    "half-normal": lambda row: ("HalfNormal", {"sigma": float(row["scale"])}),
}
"""The distributions of the tables as families of ours, on tau; log-normal and log-t are of tau²."""


@functools.cache
def _settings(set_name: str, measure: str) -> tuple[Setting, ...]:
    found = EMPIRICAL[set_name]
    file = files("bayesmeta.priors") / "tables" / f"{found.tables[measure]}.csv"
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(_setting(found, measure, row) for row in rows)


def _setting(found: EmpiricalSet, measure: str, row: Mapping[str, str]) -> Setting:
    keys = {name: row[column] for name, column in found.keys.items()}
    family, arguments = _DISTRIBUTIONS[row["distribution"]](row)
    shown = {**keys, "measure": measure} if len(found.tables) > 1 else keys
    written = f"{found.name}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
    note = row.get("note") or ""
    return Setting(
        set_name=found.name,
        measure=measure,
        keys=keys,
        parameter="mu" if row["target"] == "mu" else "tau",
        prior=Prior(
            family=FAMILIES[family],
            arguments=arguments,
            source=row["citation"],
            written=written,
            made_for=MADE_FOR.get(measure, (measure,)),
            warnings=_doubts(written, note),
        ),
    )


def _doubts(written: str, note: str) -> tuple[str, ...]:
    if not note.startswith(_CHECK):
        return ()
    return (
        f"A number of {written} may be a misprint ({note.removeprefix(_CHECK)}): look it up in the "
        "paper before you rely on it.",
    )


def find_setting(
    set_name: str, keys: Mapping[str, str], *, measure: str, parameter: str | None
) -> Setting:
    """The setting that fits best.

    Parameters
    ----------
    set_name, measure
        A set, and one of its tables.
    keys
        What is asked for: the whole of a name or a part that no other has, in any case.
    parameter
        ``mu`` or ``tau``; None is allowed where the set has priors of one of them only.

    Raises
    ------
    PriorError
        There is none, or several: the hint names the nearest or all.
    """
    rows = _settings(set_name, measure)
    parameters = sorted({row.parameter for row in rows})
    if parameter is None and len(parameters) > 1:
        raise PriorError(
            f"{set_name} has a prior of mu and one of tau for each subfield",
            hint="Say which: parse_prior(..., parameter='tau').",
        )
    rows = tuple(row for row in rows if row.parameter == (parameter or row.parameter))
    if not rows:
        raise PriorError(f"{set_name} has priors of {', '.join(parameters)}, not of {parameter}")
    names = {
        key: _matching(set_name, key, asked, _distinct(row.keys[key] for row in rows))
        for key, asked in keys.items()
    }
    for row in rows:
        if row.keys == names:
            return row
    raise PriorError(f"{set_name} has no setting with {_listed(names)}", hint=_nearest(names, rows))


def _matching(set_name: str, key: str, asked: str, known: Sequence[str]) -> str:
    folded = asked.casefold().strip()
    exact = [name for name in known if name.casefold() == folded]
    begun = [name for name in known if folded and name.casefold().startswith(folded)]
    within = [name for name in known if folded and folded in name.casefold()]
    found = exact or (begun if len(begun) == 1 else within)
    if len(found) == 1:
        return found[0]
    if found:
        raise PriorError(
            f"{key} {brief(asked)} of {set_name} fits more than one",
            hint=f"They are: {'; '.join(found)}.",
        )
    raise PriorError(f"{set_name} has no {key} {brief(asked)}", hint=did_you_mean(asked, known))


def _nearest(names: Mapping[str, str], rows: Sequence[Setting]) -> str:
    """What can stand in the place of one of the names."""
    lines = []
    for key in names:
        others = {other: name for other, name in names.items() if other != key}
        fitting = _distinct(row.keys[key] for row in rows if others.items() <= row.keys.items())
        if fitting:
            lines.append(f"With {_listed(others)}, {key} is one of: {'; '.join(fitting)}.")
    return "\n  ".join(lines)


def _listed(names: Mapping[str, str]) -> str:
    return " and ".join(f"{key} {name!r}" for key, name in names.items())


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def usable_settings(measure: str) -> list[Setting]:
    """Every setting that was made for a measure."""
    return [
        setting
        for found in EMPIRICAL.values()
        for table in found.tables
        if measure in MADE_FOR.get(table, (table,))
        for setting in _settings(found.name, table)
    ]
