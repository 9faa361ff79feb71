"""Read and validate specs; keywords and flags override what a file says."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bayesmeta.errors import SpecError, brief, did_you_mean
from bayesmeta.files import read_bytes
from bayesmeta.spec.schema import Spec

__all__ = ["OPTIONS", "build_spec", "load_spec", "read_tables"]

OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": ("title",),
        "question": ("question",),
        "where": ("data", "where"),
        "analysis": ("data", "analysis"),
        "study": ("data", "study"),
        "result": ("data", "result"),
        "decimal": ("data", "decimal"),
        "columns": ("data", "columns"),
        "risk_of_bias": ("data", "risk_of_bias"),
        "measure": ("effect", "measure"),
        "better": ("effect", "better"),
        "important": ("effect", "important"),
        "smd": ("effect", "smd"),
        "bias_correction": ("effect", "bias_correction"),
        "r": ("effect", "r"),
        "zero_cells": ("effect", "zero_cells"),
        "scale": ("effect", "scale"),
        "level": ("effect", "level"),
        "control_risk": ("effect", "control_risk"),
        "new_total": ("effect", "new_total"),
        "likelihood": ("model", "likelihood"),
        "heterogeneity": ("model", "heterogeneity"),
        "baseline": ("model", "baseline"),
        "contrast": ("model", "contrast"),
        "nu": ("model", "nu"),
        "cluster": ("model", "cluster"),
        "fixed_rho": ("model", "rho"),
        "subgroup": ("model", "subgroup"),
        "moderators": ("model", "moderators"),
        "time": ("model", "time"),
        "shared_control": ("effect", "shared_control"),
        "mu": ("priors", "mu"),
        "tau": ("priors", "tau"),
        "alpha": ("priors", "alpha"),
        "alpha_mean": ("priors", "alpha_mean"),
        "alpha_sd": ("priors", "alpha_sd"),
        "rho": ("priors", "rho"),
        "prior_nu": ("priors", "nu"),
        "beta": ("priors", "beta"),
        "omega": ("priors", "omega"),
        "tau_within": ("priors", "tau_within"),
        "p_outlier": ("priors", "p_outlier"),
        "tau_outlier": ("priors", "tau_outlier"),
        "engine": ("engine", "name"),
        "sampler": ("engine", "sampler"),
        "chains": ("engine", "chains"),
        "draws": ("engine", "draws"),
        "tune": ("engine", "tune"),
        "target_accept": ("engine", "target_accept"),
        "theta": ("engine", "theta"),
        "seed": ("engine", "seed"),
        "prob": ("interval", "prob"),
        "kind": ("interval", "kind"),
        "treatment": ("labels", "treatment"),
        "control": ("labels", "control"),
        "try_tau": ("sensitivity", "tau"),
        "try_mu": ("sensitivity", "mu"),
        "try_r": ("sensitivity", "r"),
        "leave_one_out": ("sensitivity", "leave_one_out"),
        "cumulative": ("sensitivity", "cumulative"),
        "effect_variants": ("sensitivity", "effect_variants"),
        "pairs": ("sensitivity", "pairs"),
        "tipping": ("sensitivity", "tipping"),
        "power_scaling": ("sensitivity", "power_scaling"),
        "published": ("compare", "published"),
        "method": ("compare", "method"),
    }
)
"""Each keyword of `bayesmeta.fit` (and each flag) and the key of the spec that it sets."""


def load_spec(
    path: str | Path,
    options: Mapping[str, object] | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
) -> Spec:
    """Read a spec from a TOML file.

    Parameters
    ----------
    path
        The file. Paths inside it are relative to its folder.
    options
        Keywords of `OPTIONS` that override what the file says.
    tables
        What `read_tables` gives, completed; read from the file where it is not given.

    Raises
    ------
    SpecError
        The file is not TOML, or a key or value is not known: the message names the file, the
        key and the nearest known name.
    """
    path = Path(path)
    tables = read_tables(path) if tables is None else tables
    spec = build_spec(options or {}, tables=tables, file=path)
    if spec.data.file is None:
        raise SpecError(
            "no file of studies is named", file=path, key="data.file", hint='file = "studies.csv"'
        )
    resolved = spec.data.model_copy(update={"file": path.parent / spec.data.file})
    return spec.model_copy(update={"data": resolved, "title": spec.title or path.stem})


def read_tables(path: Path) -> dict[str, Any]:
    """The tables of a TOML file, not yet validated.

    Raises
    ------
    SpecError
        The file is not TOML.
    """
    try:
        return tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SpecError("the spec is not UTF-8 text", file=path) from None
    except (ValueError, RecursionError) as error:  # not TOML, or numbers of thousands of digits
        raise SpecError(f"the spec is not valid TOML: {error}", file=path) from None


def build_spec(
    options: Mapping[str, object],
    *,
    tables: Mapping[str, Any] | None = None,
    file: Path | None = None,
) -> Spec:
    """Make a spec from keywords, on top of the tables of a file where there are any.

    A keyword that is a table, such as ``columns``, adds to the table of the file.

    Raises
    ------
    SpecError
        A keyword, key or value is not known.
    """
    merged: dict[str, Any] = {
        name: dict(table) if isinstance(table, Mapping) else table
        for name, table in (tables or {}).items()
    }
    for option, value in options.items():
        if option not in OPTIONS:
            raise SpecError(f"unknown keyword {option!r}", hint=did_you_mean(option, OPTIONS))
        *sections, key = OPTIONS[option]
        section = merged
        for name in sections:
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                hint = f"Write it as [{name}]."
                raise SpecError("this is a table", file=file, key=name, hint=hint)
        if isinstance(value, Mapping) and isinstance(section.get(key), Mapping):
            section[key] = {**section[key], **value}
        else:
            section[key] = value
    try:
        return Spec.model_validate(merged)
    except ValidationError as error:
        raise _spec_error(error, file) from None


def _spec_error(error: ValidationError, file: Path | None) -> SpecError:
    """One error that lists everything wrong with a spec, the first with its place.

    Unknown keys come first: a key that is missing has often been misspelt.
    """
    details = error.errors(include_url=False)
    details.sort(key=lambda detail: detail["type"] != "extra_forbidden")
    (key, first, hint), *others = [_finding(detail) for detail in details]
    lines = [f"also {place}: {message}. {advice}".strip() for place, message, advice in others]
    return SpecError(first, file=file, key=key, hint="\n  ".join(filter(None, [hint, *lines])))


def _finding(detail: ErrorDetails) -> tuple[str, str, str]:
    """Where it is wrong, what, and what would be right, for one finding of pydantic."""
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    kind, given = detail["type"], detail["input"]
    if kind == "missing" and path == ["effect"]:
        path.append("measure")
    place = ".".join(path)
    if kind == "extra_forbidden":
        hint = _home(path[-1]) or did_you_mean(path[-1], _keys(path[:-1]))
        return place, "unknown key", hint
    if kind == "missing":
        return place, "this key is required", _description(path)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        listed = ", ".join(repr(word) for word in allowed)
        return place, f"{brief(given)} is not one of {listed}", _nearest(str(given), allowed)
    if kind in ("model_type", "dict_type"):
        return place, f"this is a table, not {brief(given)}", f"Write it as [{place}]."
    message = detail["msg"].removeprefix("Value error, ")
    return place, f"{message[0].lower()}{message[1:]}, not {brief(given)}", ""


def _nearest(name: str, known: list[str]) -> str:
    """The nearest known name if one is near; the message lists the others already."""
    hint = did_you_mean(name, known)
    return hint if hint.startswith("Did") else ""


def _home(key: str) -> str:
    """Where a key that stands in the wrong table belongs."""
    if key in Spec.model_fields:
        return f"{key!r} belongs at the top, outside any table."
    homes = [f"[{name}]" for name in Spec.model_fields if key in _keys([name])]
    return f"{key!r} belongs under {' or '.join(homes)}." if homes else ""


def _section(path: list[str]) -> type[BaseModel] | None:
    model: type[BaseModel] = Spec
    for name in path:
        field = model.model_fields.get(name)
        if field is None:
            return None
        nested = [
            annotation
            for annotation in (field.annotation, *get_args(field.annotation))
            if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        ]
        if not nested:
            return None
        model = nested[0]
    return model


def _keys(path: list[str]) -> list[str]:
    model = _section(path)
    return list(model.model_fields) if model else []


def _description(path: list[str]) -> str:
    model = _section(path[:-1])
    field = model.model_fields.get(path[-1]) if model else None
    return (field.description or "") if field else ""
