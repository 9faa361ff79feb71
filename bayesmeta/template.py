"""A commented spec to start from, for a file of studies."""

import json
import keyword
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures import MEASURES
from bayesmeta.model import LIKELIHOODS
from bayesmeta.sources import chosen_outcome
from bayesmeta.studies import COLUMNS, guess_columns, is_revman, read_csv, read_review
from bayesmeta.studies.numbers import Decimal, is_missing, parse_number

__all__ = ["spec_template"]

_CANDIDATES = ("OR", "MD", "IRR", "MC", "PLO", "MN", "IR", "ZCOR")
"""The measure proposed for each kind of raw data, the kinds with most columns first."""

_ESTIMATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "smd": ("SMD", ""),
        "md": ("MD", ""),
        "wmd": ("MD", ""),
        "rd": ("RD", ""),
        "or": ("OR", "display"),
        "oddsratio": ("OR", "display"),
        "rr": ("RR", "display"),
        "riskratio": ("RR", "display"),
        "logor": ("OR", "analysis"),
        "lnor": ("OR", "analysis"),
        "logrr": ("RR", "analysis"),
        "lnrr": ("RR", "analysis"),
    }
)
"""What the name of a column of estimates says: their measure and their scale."""

_REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "OR": "or RR, RD, PETO",
        "MD": "SMD where the trials use different scales; or SMDH, ROM",
        "IRR": "or IRD",
        "MC": "or SMCC, SMCR, ROMC",
        "PLO": "or PR, PFT",
        "GEN": "or the measure of which these are estimates, as in SMD or OR",
    }
)
_PRECISION = (("std_error",), ("lower", "upper"), ("p_value",))
"""What says how precise an estimate is; a p-value where there is nothing else."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The measure that is proposed, and the columns that it uses: our name = their name."""

    measure: str
    columns: Mapping[str, str]
    scale: str = ""


_FEW_VALUES = 8
_SHORT = 60
_COMMENT = 32
"""Column in which the comments stand."""


def spec_template(data: Path, *, beside: Path, analysis: str | None = None) -> str:
    """Text of a spec for a file of studies, with what was recognised filled in.

    Parameters
    ----------
    data
        The file of studies, or a file of RevMan.
    beside
        The folder of the spec, to which the path of the data is made relative.
    analysis
        Which outcome of a file of RevMan, as in "1.2".

    Raises
    ------
    InputError
        The file cannot be read, no columns are recognised that any measure could use, or there is
        no such outcome.
    """
    if is_revman(data):
        return _of_outcome(data, beside, analysis)
    if analysis is not None:
        raise SpecError(
            "an analysis is chosen in a file of RevMan, and this is none",
            file=data,
            hint="Leave out --analysis.",
        )
    frame = read_csv(data)
    if frame.empty:
        raise DataError("the table has no rows", file=data)
    found = guess_columns(frame.columns)
    plan = _plan(found, data, list(frame.columns))
    lines = [f"title = {_quoted(data.stem.replace('_', ' ').replace('-', ' '))}", ""]
    lines += ["[data]", f"file = {_quoted(_relative(data, beside))}"]
    if "study" in found:
        lines.append(f"study = {_quoted(found['study'])}")
    else:
        lines.append(_line('# study = "…"', "no column of names was recognised"))
    lines += _rows_to_keep(frame, found.get("study"), set(found.values()))
    renamed = {own: theirs for own, theirs in plan.columns.items() if own != theirs}
    if renamed:
        lines += ["", _line("[data.columns]", "our name = the name in the file")]
        lines += [f"{own} = {_quoted(theirs)}" for own, theirs in renamed.items()]
    return (
        "\n".join([*lines, *_effect(plan), *_model(plan.measure), *_priors(plan), *_ENGINE]) + "\n"
    )


def _of_outcome(data: Path, beside: Path, analysis: str | None) -> str:
    """A spec for an outcome of a RevMan file: the file says what its measure is."""
    outcome = chosen_outcome(read_review(data), analysis)
    settings = outcome.settings
    title = ": ".join(filter(None, (outcome.comparison_name, outcome.name)))
    lines = [
        f"title = {_quoted(title)}",
        "",
        "[data]",
        f"file = {_quoted(_relative(data, beside))}",
        _line(f"analysis = {_quoted(outcome.analysis)}", "bayesmeta outcomes lists them"),
    ]
    names = ", ".join(repr(group.name) for group in outcome.subgroups)
    if names:
        lines.append(_line("# where = \"subgroup == '…'\"", f"subgroup holds {names}"))
    totals = {name: name for name in outcome.rows.numbers if name.startswith("total")}
    plan = _Plan(measure=settings.measure if settings else "GEN", columns=totals)
    effect = _effect(plan)
    if settings is not None:
        effect[2] = _line(f"# measure = {_quoted(settings.measure)}", "as the file says")
    return "\n".join([*lines, *effect, *_model(plan.measure), *_priors(plan), *_ENGINE]) + "\n"


def _plan(found: Mapping[str, str], data: Path, names: list[str]) -> _Plan:
    """The first measure for which the table has raw data, else that of its estimates."""
    for code in _CANDIDATES:
        wanted = MEASURES[code].columns
        if all(name in found for name in wanted if name != "r"):
            columns = {own: found[own] for own in wanted if own in found}
            return _Plan(measure=code, columns=columns)
    precise = [name for group in _PRECISION if found.keys() >= set(group) for name in group]
    if "effect" not in found or not precise:
        raise DataError(
            "no columns are recognised from which an effect could be computed",
            file=data,
            hint=f"{_lacking(found)}\n  The table has: {', '.join(map(_quoted, names))}.\n  "
            "Rename columns, or write the spec by hand: [data.columns] says which is which.",
        )
    if precise != ["p_value"]:
        precise = [name for name in precise if name != "p_value"]
    wanted = ("effect", *precise, "total_treatment", "total_control", "total")
    columns = {own: found[own] for own in wanted if own in found}
    letters = "".join(filter(str.isalpha, found["effect"].casefold()))
    measure, scale = _ESTIMATES.get(letters, ("GEN", ""))
    return _Plan(measure=measure, scale=scale, columns=columns)


def _lacking(found: Mapping[str, str]) -> str:
    """What is missing for the measure for which the table has most."""
    if "effect" in found:
        return (
            f"Beside {_quoted(found['effect'])} an effect needs a std_error (the square root of "
            "a variance), or lower and upper, or a p_value."
        )

    def share(code: str) -> float:
        wanted = MEASURES[code].columns
        return sum(name in found for name in wanted) / len(wanted)

    code = max(_CANDIDATES, key=share)
    lacking = [name for name in MEASURES[code].columns if name not in found and name != "r"]
    if not share(code):
        return "Recognised are, for example, events_treatment, mean_control, effect, std_error."
    listed = ", ".join(f"{name} ({COLUMNS[name].meaning})" for name in lacking)
    return f"For {code} ({MEASURES[code].label}) there is no column {listed}."


def _rows_to_keep(frame: pd.DataFrame, study: str | None, used: set[str]) -> list[str]:
    """Comments on rows that share a study, and on columns by which one could choose."""
    choices = {
        name: values
        for name in frame.columns
        if name not in used and len(name) <= _SHORT and name.isprintable() and "`" not in name
        for values in [_choices(frame[name], frame.attrs["decimal"])]
        if values
    }
    lines = []
    if study is not None and frame[study].nunique() < len(frame):
        k = frame[study].nunique()
        lines.append(
            f"# {len(frame)} rows, {k} {'study' if k == 1 else 'studies'}: choose one row a study, "
            "or they count as independent."
        )
        differ = frame.groupby(study).nunique().max() > 1
        choices = dict(sorted(choices.items(), key=lambda item: not differ[item[0]]))
    for i, (name, values) in enumerate(choices.items()):
        column = name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"
        if i == 0:
            lines.append(f"# where = {_quoted(f'{column} == {values[0]}')}")
        lines.append(f"#   {column} holds {', '.join(values)}")
    return lines


def _choices(column: pd.Series, decimal: Decimal) -> list[str]:
    """The values of a column as a condition writes them, if they are few and short."""
    values = [value for value in column.unique() if not is_missing(value)]
    if not 1 < len(values) <= _FEW_VALUES or any(len(value) > _SHORT for value in values):
        return []
    try:
        return [f"{parse_number(value, decimal):.15g}" for value in values]
    except ValueError:
        return [repr(value) for value in values]


def _effect(plan: _Plan) -> list[str]:
    lines = [
        "",
        "[effect]",
        _line(f"measure = {_quoted(plan.measure)}", _REMARKS.get(plan.measure, "")),
    ]
    if plan.scale:
        lines.append(_line(f"scale = {_quoted(plan.scale)}", "of the estimates and intervals"))
    if plan.measure == "MC" and "r" not in plan.columns:
        lines.append(_line("# r = 0.5", "NEEDED: the correlation before-after; try several"))
    return [
        *lines,
        _line('# better = "higher"', 'direction of benefit: "higher" or "lower"'),
        _line("# important = 1.5", "smallest important effect, on the display scale"),
    ]


def _model(measure: str) -> list[str]:
    """The model, and that counts have another likelihood."""
    names = [name for name, each in LIKELIHOODS.items() if measure in each.measures]
    counts = f'or "{names[0]}", which takes the counts as they are' if names else ""
    return [
        "",
        "[model]",
        _line('likelihood = "normal"', counts),
        _line('heterogeneity = "normal"', 'or "common", "student-t", "mixture", "nested"'),
        _line('# subgroup = "tissue_source"', "a mean for each subgroup, by a column"),
        _line('# moderators = "year"', "what the mean depends on, by columns"),
    ]


def _priors(plan: _Plan) -> list[str]:
    """Examples, and whether there are defaults."""
    measure = MEASURES[plan.measure]
    counted = any(own.startswith("total") for own in plan.columns)
    remark, mu = "without these lines the defaults are used and printed", '# mu = "Normal(0, 2)"'
    if measure.unit_information_sd is None and measure.null is not None and not counted:
        remark = "mu and tau are needed: the data do not say how many took part"
    return [
        "",
        _line("[priors]", remark),
        _line(mu, "pooled effect, on the analysis scale (log for ratios)"),
        _line('# tau = "HalfNormal(0.5)"', "standard deviation of the effects, on the same scale"),
    ]


def _relative(data: Path, beside: Path) -> str:
    try:
        return Path(os.path.relpath(data, beside)).as_posix()
    except ValueError:  # another drive
        return data.absolute().as_posix()


def _line(text: str, comment: str) -> str:
    return f"{text:<{_COMMENT}}# {comment}" if comment else text


def _quoted(text: str) -> str:
    """A TOML string: its basic strings are those of JSON, but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_ENGINE = ("", "[engine]", 'name = "nuts"', "seed = 20261122")
