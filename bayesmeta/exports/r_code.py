"""Values as R code that reads back as the same values, and cannot be anything else."""

import math
from collections.abc import Iterable, Sequence
from importlib.resources import files

import numpy as np
import xarray as xr

from bayesmeta import __version__
from bayesmeta.results import Fit

__all__ = [
    "comment",
    "exactly",
    "functions",
    "header",
    "number",
    "numbers",
    "ours",
    "strings",
    "studies_frame",
    "study_numbers",
    "text",
]

_WIDTH = 90
"""Characters of a line of numbers."""

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\ufffd"}

_SUMMARY = ("median", "mean", "sd", "lower", "upper", "mcse_mean")


def text(value: str) -> str:
    """A string of R: pure ASCII, so that it is the same in every locale.

    A quote or backslash is escaped, and all that is not printable ASCII is written as its code
    point. R has no character 0.
    """
    return f'"{"".join(_character(each) for each in value)}"'


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isascii() and character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"


def number(value: float) -> str:
    """A number of R: the shortest that reads back as the same double."""
    if math.isfinite(value):
        return repr(float(value)).removesuffix(".0")
    return "NA_real_" if math.isnan(value) else "Inf" if value > 0 else "-Inf"


def _digits(value: float) -> str:
    """With 17 significant digits, which hold every double."""
    return f"{value:.17g}" if math.isfinite(value) else number(value)


def numbers(values: Iterable[float]) -> str:
    """A vector of R of numbers that were computed, with 17 significant digits."""
    return _vector([_digits(float(value)) for value in values])


def exactly(values: Sequence[float] | np.ndarray) -> str:
    """A vector of R of numbers that were given, each as short as it can be."""
    return _vector([number(float(value)) for value in values]) if len(values) else "numeric(0)"


def strings(values: Iterable[str]) -> str:
    """A vector of R of strings."""
    return _vector([text(str(value)) for value in values])


def _vector(items: Sequence[str]) -> str:
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) > _WIDTH:
            lines.append("")
        lines[-1] += f"{item}, "
    inside = "\n    ".join(line.rstrip() for line in lines).removesuffix(",")
    return f"c({inside})" if len(lines) == 1 else f"c(\n    {inside}\n  )"


def comment(*sentences: str) -> str:
    """Lines of comment; whatever would end a line, and so begin code, is a space."""
    return "\n".join(f"# {' '.join(_harmless(each).split())}".rstrip() for each in sentences)


def _harmless(sentence: str) -> str:
    return "".join(each if each.isprintable() else " " for each in sentence)


def header(fit: Fit, *what: str) -> str:
    """The comment at the head of a script.

    Parameters
    ----------
    fit
        The fit.
    *what
        What the script does, one line each.
    """
    priors = [f"Prior of {name}: {prior.expression}" for name, prior in fit.priors.items()]
    left_out = [f"Left out: {each['study']}: {each['reason']}" for each in fit.record["excluded"]]
    return comment(
        fit.spec.title or "A meta-analysis",
        "",
        f"Written by bayesmeta {__version__} (Python) from a fit by {fit.spec.engine.name}.",
        *what,
        f"Measure: {fit.measure.code}, {fit.measure.analysis_label}.",
        *priors,
        *left_out,
    )


def functions(*names: str) -> str:
    """The R functions in files of this folder."""
    folder = files("bayesmeta.exports")
    texts = [(folder / f"{name}.R").read_text(encoding="utf-8") for name in names]
    return "\n".join(texts).rstrip()


def study_numbers(fit: Fit) -> dict[str, xr.DataArray]:
    """The raw numbers from which the effects were computed (dimension ``study``), by column.

    Empty where the studies gave estimates. The correlation of paired data is filled in from the
    spec where a study has none, as for the fit.
    """
    table, columns = fit.table, fit.measure.columns
    if fit.measure.formula is None or not all(name in table or name == "r" for name in columns):
        return {}
    found = {name: table[name] for name in columns if name in table}
    if "r" in columns and fit.spec.effect.r is not None:
        given = found.get("r", xr.full_like(table["effect"], np.nan))
        found["r"] = given.fillna(fit.spec.effect.r)
    return found


def studies_frame(fit: Fit) -> str:
    """The data frame ``studies``: names, raw numbers, effect and standard error."""
    table = fit.table
    columns = {"study": strings(str(name) for name in table["study"].to_numpy())}
    for name, values in study_numbers(fit).items():
        columns[name] = exactly(values.to_numpy())
    for name in ("effect", "std_error"):
        columns[name] = numbers(table[name].to_numpy())
    inside = ",\n".join(f"  {name} = {values}" for name, values in columns.items())
    return f"studies <- data.frame(\n{inside},\n  stringsAsFactors = FALSE\n)"


def ours(fit: Fit) -> str:
    """The data frame ``ours``: our estimates of mu, tau and theta_new on the analysis scale.

    An sd that does not exist is infinite, and a Monte Carlo error that there is none of is NA.
    """
    rows = fit.estimates[fit.estimates["name"].isin(["mu", "tau", "theta_new"])]
    columns = [f"  {name} = {numbers(rows[name].to_numpy(float))}" for name in _SUMMARY]
    names = strings(rows["name"])
    return "ours <- data.frame(\n" + ",\n".join([*columns, f"  row.names = {names}"]) + "\n)"
