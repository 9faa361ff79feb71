"""The flags that override a spec, shared by the commands that read one."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from bayesmeta.files import safe_name

__all__ = [
    "analysis_options",
    "file_name",
    "interval_options",
    "named_values",
    "out_option",
    "review_options",
]

_Flag = tuple[tuple[str, ...], dict[str, Any]]

_FLAGS: tuple[_Flag, ...] = (
    (("--measure",), {"metavar": "CODE", "help": "Effect measure: OR RR RD MD SMD …"}),
    (("--where",), {"metavar": "QUERY", "help": "Rows to keep: \"outcome == 'pain'\"."}),
    (("--analysis",), {"metavar": "N.N", "help": "Outcome of a RevMan file, as in 1.2."}),
    (("--study",), {"metavar": "COLUMN", "help": "Column that names the study."}),
    (
        ("--column", "columns"),
        {"metavar": "OURS=THEIRS", "multiple": True, "help": "Name of a column; repeatable."},
    ),
    (
        ("--risk-of-bias", "risk_of_bias"),
        {
            "metavar": "DOMAIN=COLUMN",
            "multiple": True,
            "help": "Column with judgements of a domain; repeatable.",
        },
    ),
    (("--decimal",), {"metavar": "MARK", "help": "Decimal mark of the file: . or ,"}),
    (("--better",), {"metavar": "higher|lower", "help": "Direction of benefit."}),
    (
        ("--important",),
        {"type": float, "metavar": "X", "help": "Smallest important effect, display scale."},
    ),
    (("--scale",), {"metavar": "analysis|display", "help": "Scale of given estimates."}),
    (("--smd",), {"metavar": "exact|revman", "help": "Small-sample formulas of SMD."}),
    (("--r",), {"type": float, "metavar": "R", "help": "Correlation before-after."}),
    (("--likelihood",), {"metavar": "NAME", "help": "bayesmeta list likelihoods"}),
    (("--heterogeneity",), {"metavar": "NAME", "help": "bayesmeta list heterogeneities"}),
    (
        ("--baseline",),
        {"metavar": "NAME", "help": "Of counts: independent or exchangeable baselines."},
    ),
    (("--contrast",), {"metavar": "half|treatment", "help": "What a baseline is: see the spec."}),
    (("--nu",), {"type": float, "metavar": "X", "help": "Degrees of freedom of student-t."}),
    (
        ("--subgroup",),
        {"metavar": "COLUMN", "help": "A mean for each subgroup; more as in COLUMN,independent."},
    ),
    (
        ("--moderators",),
        {"metavar": "FORMULA", "help": "What the mean depends on, as in year + dose."},
    ),
    (
        ("--at",),
        {
            "metavar": "NAME=VALUE,…",
            "multiple": True,
            "help": "Values of moderators at which effects are predicted; repeatable.",
        },
    ),
    (
        ("--time",),
        {"metavar": "COLUMN", "help": "The mean over time; more as in COLUMN,random-walk."},
    ),
    (("--cluster",), {"metavar": "COLUMN", "help": "Which rows are results of one study."}),
    (
        ("--rho", "fixed_rho"),
        {"type": float, "metavar": "R", "help": "Correlation of results of one study."},
    ),
    (
        ("--control-risk", "control_risk"),
        {"type": float, "metavar": "X", "help": "Risk at which RR, RD and NNT are derived."},
    ),
    (
        ("--new-total", "new_total"),
        {"type": int, "metavar": "N", "help": "Size of a new study whose events are predicted."},
    ),
    (
        ("--prior", "priors"),
        {
            "metavar": "NAME=EXPR",
            "multiple": True,
            "help": 'As in "tau=HalfNormal(0.5)"; repeatable.',
        },
    ),
    (("--engine",), {"metavar": "NAME", "help": "bayesmeta list engines"}),
    (("--sampler",), {"metavar": "NAME", "help": "bayesmeta list samplers"}),
    (("--chains",), {"type": int, "metavar": "N", "help": "Number of chains."}),
    (("--draws",), {"type": int, "metavar": "N", "help": "Draws a chain, after tuning."}),
    (("--tune",), {"type": int, "metavar": "N", "help": "Tuning steps a chain."}),
    (("--seed",), {"type": int, "metavar": "N", "help": "Seed of every random number."}),
    (("--interval",), {"metavar": "PROB[,KIND]", "help": "As in 0.9 or 0.95,hdi."}),
    (("--title",), {"metavar": "TEXT", "help": "Title of the analysis."}),
)


_OF_ONE_ANALYSIS = frozenset(
    {
        *("--measure", "--where", "--analysis", "--study", "--column", "--decimal", "--important"),
        *("--scale", "--smd", "--r", "--title", "--likelihood", "--baseline", "--contrast"),
        *("--control-risk", "--new-total", "--subgroup", "--moderators", "--time", "--cluster"),
        *("--rho", "--at", "--risk-of-bias"),
    }
)
"""Flags that make no sense for all outcomes of a review."""


def analysis_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags; the command gets those that were given as one mapping, ``options``."""
    return _with_flags(function, _FLAGS)


def review_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that hold for every outcome of a review, likewise."""
    return _with_flags(function, [flag for flag in _FLAGS if flag[0][0] not in _OF_ONE_ANALYSIS])


def _with_flags(function: Callable[..., Any], flags: Sequence[_Flag]) -> Callable[..., Any]:
    names = [parts[-1].lstrip("-") for parts, _ in flags]

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        return function(*args, options=_options(given), **kwargs)

    wrapped: Callable[..., Any] = command
    for parts, settings in reversed(flags):
        wrapped = click.option(*parts, **settings)(wrapped)
    return wrapped


def file_name(source: Path, options: Mapping[str, object]) -> str:
    """How the files of an analysis are named: as its source, with its number in a review."""
    analysis, stem = options.get("analysis"), source.stem.removesuffix(".csv")
    return f"{stem}-{safe_name(str(analysis))}" if analysis else stem


def out_option(help_text: str, default: str | None = None) -> Callable[..., Any]:
    """The flag ``--out``."""
    return click.option(
        "--out", type=click.Path(path_type=Path), default=default, show_default=True, help=help_text
    )


def _options(given: dict[str, Any]) -> dict[str, object]:
    options = {name: value for name, value in given.items() if value not in (None, ())}
    for name, flag in (("columns", "--column"), ("risk_of_bias", "--risk-of-bias")):
        if name in options:
            options[name] = dict(_pair(text, flag) for text in options[name])
    of_priors: dict[str, object] = {
        name: expressions[-1]
        for name, expressions in named_values(
            options.pop("priors", ()), "--prior", _PARAMETERS
        ).items()
    }
    if "nu" in of_priors:
        options["prior_nu"] = of_priors.pop("nu")
    of_beta = {name: of_priors.pop(name) for name in list(of_priors) if name.startswith("beta[")}
    if of_beta:
        options["beta"] = {name[5:-1]: expression for name, expression in of_beta.items()}
    options |= of_priors
    if "moderators" in options:
        options["moderators"] = {"formula": options["moderators"]}
    if "at" in options:
        points = [_point(text) for text in options.pop("at")]
        options["moderators"] = {**options.get("moderators", {}), "at": points}
    for name, words in _WORDS.items():
        if name in options:
            options[name] = _with_words(str(options[name]), words, f"--{name}")
    if "interval" in options:
        options.update(interval_options(options.pop("interval")))
    return options


_WORDS: dict[str, dict[str, str]] = {
    "subgroup": {
        "exchangeable": "means",
        "independent": "means",
        "shared": "tau",
        "separate": "tau",
    },
    "time": {"free": "effects", "linear": "effects", "random-walk": "effects"},
}
"""Words that may follow a column behind commas, and the keys of the spec whose values they are."""


def _with_words(text: str, words: Mapping[str, str], flag: str) -> dict[str, str]:
    """``COLUMN,WORD`` as a table of the spec."""
    column, *others = (part.strip() for part in text.split(","))
    table = {"column": column}
    for word in others:
        if word not in words:
            raise click.BadParameter(f"{word!r} is none of {', '.join(words)}", param_hint=flag)
        table[words[word]] = word
    return table


def _point(text: str) -> dict[str, float | str]:
    """``year=2015,phase=2`` as values by column: numbers where they are such."""
    point: dict[str, float | str] = {}
    for part in text.split(","):
        name, value = _pair(part, "--at")
        try:
            point[name] = float(value)
        except ValueError:
            point[name] = value
    return point


_PARAMETERS = (
    *("mu", "tau", "beta", "omega", "tau_within", "rho", "nu", "p_outlier", "tau_outlier"),
    *("alpha", "alpha_mean", "alpha_sd"),
)
"""Parameters that have a prior; of beta also those of one term, as in beta[year]."""


def named_values(
    texts: Iterable[str], flag: str, parameters: Sequence[str] = ("mu", "tau")
) -> dict[str, list[str]]:
    """Expressions by parameter, from texts such as ``tau=HalfNormal(0.5)``."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, expression = _pair(text, flag)
        of_term = "beta" in parameters and name.startswith("beta[") and name.endswith("]")
        if name not in parameters and not of_term:
            known = " or ".join((", ".join(parameters[:-1]), parameters[-1]))
            raise click.BadParameter(f"{name!r} is not a parameter: {known}", param_hint=flag)
        found.setdefault(name, []).append(expression)
    return found


def interval_options(text: str) -> dict[str, object]:
    """``0.9``, ``hdi`` or ``0.9,hdi`` as keywords."""
    options: dict[str, object] = {}
    for part in filter(None, text.replace(",", " ").split()):
        if part in ("eti", "hdi"):
            options["kind"] = part
            continue
        try:
            options["prob"] = float(part)
        except ValueError:
            raise click.BadParameter(
                f"{part!r} is neither a probability nor eti or hdi", param_hint="--interval"
            ) from None
    return options


def _pair(text: str, flag: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=flag)
    return name.strip(), value.strip()
