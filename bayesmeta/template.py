"""A commented spec to start from, for a file of studies."""

import json
import os
from pathlib import Path

import pandas as pd

from bayesmeta.errors import DataError
from bayesmeta.measures import MEASURES
from bayesmeta.studies import COLUMNS, guess_columns, read_csv

__all__ = ["spec_template"]

_CANDIDATES = ("OR", "MD", "IRR", "MC", "PLO", "MN", "IR", "ZCOR")
"""The measure proposed for each kind of raw data, the kinds with most columns first."""

_REMARKS = {
    "OR": "or RR, RD, PETO",
    "MD": "SMD where the trials use different scales; or SMDH, ROM",
    "IRR": "or IRD",
    "MC": "or SMCC, SMCR, ROMC; needs the correlation r",
    "PLO": "or PR, PFT",
    "GEN": "the measure of which these are estimates, as in SMD or OR",
}
_FEW_VALUES = 8


def spec_template(data: Path, *, beside: Path) -> str:
    """Text of a spec for a CSV file, with what was recognised filled in.

    Parameters
    ----------
    data
        The file of studies.
    beside
        The folder of the spec, to which the path of the data is made relative.

    Raises
    ------
    DataError
        The file cannot be read, or no columns are recognised that any measure could use.
    """
    frame = read_csv(data)
    found = guess_columns(frame.columns)
    measure = _measure(found, data, list(frame.columns))
    wanted = MEASURES[measure].columns or ("effect", "std_error", "lower", "upper", "p_value")
    used = {own: found[own] for own in wanted if own in found}
    renamed = {own: theirs for own, theirs in used.items() if own != theirs}
    lines = [f"title = {_quoted(data.stem.replace('_', ' ').replace('-', ' '))}", "", "[data]"]
    lines.append(f"file = {_quoted(Path(os.path.relpath(data, beside)).as_posix())}")
    if "study" in found:
        lines.append(f"study = {_quoted(found['study'])}")
    lines += _where(frame, set(found.values()))
    if renamed:
        lines += ["", "[data.columns]          # our name = the name in the file"]
        lines += [f"{own} = {_quoted(theirs)}" for own, theirs in renamed.items()]
    remark = f"    # {_REMARKS[measure]}" if measure in _REMARKS else ""
    lines += ["", "[effect]", f"measure = {_quoted(measure)}{remark}"]
    lines += [
        '# better = "lower"       # direction of benefit: higher or lower',
        "# important = …          # smallest important effect, on the display scale",
    ]
    if measure == "MC" and "r" not in found:
        lines.append("r = 0.5                 # ASSUMED correlation before-after: try several")
    lines += [
        "",
        "[model]",
        'likelihood = "normal"',
        'heterogeneity = "normal"   # or common',
        "",
        "[priors]                # PyMC's names; without them the defaults are used and printed",
        '# mu = "Normal(0, 2)"',
        '# tau = "HalfNormal(0.5)"',
        "",
        "[engine]",
        'name = "nuts"',
        "seed = 20261122",
    ]
    return "\n".join(lines) + "\n"


def _measure(found: dict[str, str], data: Path, names: list[str]) -> str:
    for code in _CANDIDATES:
        needed = [name for name in MEASURES[code].columns if name != "r"]
        if all(name in found for name in needed):
            return code
    if "effect" in found:
        return "GEN"
    known = ", ".join(name for name in COLUMNS if name.endswith("_treatment"))
    raise DataError(
        "no columns are recognised that a measure could use",
        file=data,
        hint=f"It has {', '.join(names)}. Recognised are, among others, {known}, the same with "
        "_control, and effect with std_error. Rename the columns, or write the spec by hand.",
    )


def _where(frame: pd.DataFrame, used: set[str]) -> list[str]:
    """A comment for each other column of text with few values: a likely filter."""
    lines = []
    for name in frame.columns:
        values = [value for value in frame[name].unique() if value]
        if name not in used and 1 < len(values) <= _FEW_VALUES and len(str(name)) < 40:
            column = name if str(name).isidentifier() else f"`{name}`"
            shown = ", ".join(_quoted(value[:40]) for value in values)
            lines.append(f"# {column} holds: {shown}")
            if len(lines) == 1:
                example = _quoted(f"{column} == {values[0]!r}")
                lines.insert(0, f"# where = {example}")
    return lines


def _quoted(text: str) -> str:
    """A TOML string: its basic strings are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
