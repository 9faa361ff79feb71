"""The one place that strings the steps together: spec, table, problem, engine, fit."""

import importlib.metadata
import platform
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmeta import __version__
from bayesmeta.classical import dersimonian_laird, inverse_variance, subgroup_differences
from bayesmeta.engines import ENGINES
from bayesmeta.engines.cross_check import cross_check
from bayesmeta.engines.quadrature import evidence
from bayesmeta.errors import SpecError, did_you_mean, located
from bayesmeta.files import read_bytes
from bayesmeta.measures import (
    display_size,
    find_measure,
    important_on_analysis_scale,
    study_effects,
)
from bayesmeta.model import (
    HETEROGENEITIES,
    Problem,
    check_model,
    own_heterogeneity,
    pose,
    problem_of,
    uses_counts,
)
from bayesmeta.results import Fit
from bayesmeta.results.prior_influence import TAU_POINTS, prior_warnings
from bayesmeta.sources import hash_of, read_spec, read_studies
from bayesmeta.spec import OPTIONS, Spec, build_spec
from bayesmeta.studies import study_table

__all__ = ["Prepared", "check", "fit", "fit_prepared", "prepare", "prepared_from", "varied"]

_FINDINGS = ("excluded", "corrections", "warnings")
_CHANGEABLE = ("sensitivity", "compare", "interval", "engine", "title")
_PACKAGES = ("pymc", "arviz", "nutpie", "numpy", "scipy", "pandas", "xarray")


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An analysis that is ready to be fitted.

    Attributes
    ----------
    spec : Spec
        With every default filled in.
    spec_text : str
        The text of its file, or "".
    raw : xarray.Dataset
        The studies as they were read.
    table : xarray.Dataset
        The studies with their effects.
    problem : Problem
        The numbers and priors.
    data_sha256 : str
        Hash of the file of studies, or of the values of the data frame.
    whole : bool
        Whether `raw` has the studies that were left out too: not where it comes from a fit.
    """

    spec: Spec
    spec_text: str
    raw: xr.Dataset
    table: xr.Dataset
    problem: Problem
    data_sha256: str
    whole: bool = True


def fit(source: str | Path | pd.DataFrame, *, progress: bool = False, **options: Any) -> Fit:
    """Fit a random-effects meta-analysis.

    Parameters
    ----------
    source : path or pandas.DataFrame
        A spec (``.toml``), a file of studies (``.csv``), or a data frame with one row a study.
    progress : bool
        Show how far the sampler is.
    **options
        Keys of the spec, which override what a file says: ``measure``, ``columns``, ``where``,
        ``study``, ``mu`` and ``tau`` (priors), ``better``, ``important``, ``likelihood``,
        ``heterogeneity``, ``engine``, ``sampler``, ``seed``, … (all in `bayesmeta.spec.OPTIONS`).

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        The spec, the data or an option is wrong; the message says where and what would be right.
    EngineError
        The engine cannot do what is asked.

    Examples
    --------
    >>> fit = bm.fit("models/oa-pain.toml", tau="HalfCauchy(0.5)")
    >>> fit = bm.fit(frame, measure="SMD", columns={"total_treatment": "n1"})
    """
    started = time.perf_counter()
    return fit_prepared(check(source, **options), started=started, progress=progress)


def fit_prepared(
    prepared: Prepared, *, started: float | None = None, progress: bool = False
) -> Fit:
    """Fit an analysis that `check` made ready.

    Parameters
    ----------
    prepared
        The analysis.
    started
        When its preparation began, by `time.perf_counter`; now where it is not given.
    progress
        Show how far the sampler is.

    Raises
    ------
    EngineError
        The engine cannot do what is asked.
    """
    started = time.perf_counter() if started is None else started
    spec = prepared.spec
    groups = ENGINES[spec.engine.name](prepared.problem, spec.engine, progress=progress)
    posterior = groups["posterior"].to_dataset()
    return Fit.assemble(
        groups,
        spec=spec,
        spec_text=prepared.spec_text,
        table=prepared.table,
        priors=prepared.problem.priors,
        warnings=prior_warnings(prepared.problem, _deviations(posterior)),
        evidence=evidence(prepared.problem, find_measure(spec.effect.measure).null),
        subgroup_test=_subgroup_test(prepared),
        cross_check=None if "quadrature" in groups else cross_check(prepared.problem, posterior),
        provenance={
            "data_sha256": prepared.data_sha256,
            "spec_sha256": hash_of(prepared.spec_text) if prepared.spec_text else None,
            "seed": spec.engine.seed,
            "versions": _versions(),
            "command": _command(),
            "seconds": round(time.perf_counter() - started, 3),
        },
    )


def check(source: str | Path | pd.DataFrame, **options: Any) -> Prepared:
    """Do everything that comes before fitting: read, check, compute effects, resolve priors.

    Takes what `fit` takes, and raises what it raises.
    """
    spec, file = read_spec(source, options)
    with located(file=file):
        frame, data_hash = read_studies(source, spec)
        text = read_bytes(file).decode("utf-8-sig") if file else ""
        return prepare(spec, frame, data_sha256=data_hash, spec_text=text)


def prepare(spec: Spec, frame: pd.DataFrame, *, data_sha256: str, spec_text: str = "") -> Prepared:
    """Make an analysis ready whose spec and studies are read already.

    Parameters
    ----------
    spec
        The analysis.
    frame
        Its studies.
    data_sha256, spec_text
        See `Prepared`.

    Raises
    ------
    InputError
        The spec or the data are wrong.
    """
    if spec.engine.name not in ENGINES:
        raise SpecError(
            f"unknown engine {spec.engine.name!r}",
            key="engine.name",
            hint=did_you_mean(spec.engine.name, ENGINES),
        )
    measure = find_measure(spec.effect.measure)
    spec = spec.model_copy(update={"model": own_heterogeneity(spec.model)})
    check_model(spec.model, measure)
    raw = study_table(
        frame,
        columns=spec.data.columns,
        study=spec.data.study,
        where=spec.data.where,
        cluster=_cluster(spec),
        result=spec.data.result or _time(spec, frame),
        related=spec.effect.shared_control is not None,
        risk_of_bias=spec.data.risk_of_bias,
    )
    table = study_effects(raw, spec.effect, measure, counts=uses_counts(spec.model.likelihood))
    important_on_analysis_scale(measure, spec.effect, display_size(table))
    problem = pose(spec, table)
    table.attrs["warnings"] = (*table.attrs["warnings"], *_unused(spec, problem))
    return Prepared(
        spec=spec,
        spec_text=spec_text,
        raw=raw,
        table=table,
        problem=problem,
        data_sha256=data_sha256,
    )


def _time(spec: Spec, frame: pd.DataFrame) -> str | None:
    """The column of the times, which tell results of one study apart; None where there is none."""
    time = spec.model.time
    return time.column if time is not None and time.column in frame else None


def _cluster(spec: Spec) -> str | None:
    """The column of the study that a result is of; "" for that which names the studies."""
    model = spec.model
    if model.cluster is not None:
        return model.cluster
    correlated = model.rho is not None or (
        spec.priors.rho is not None and not uses_counts(model.likelihood)
    )
    clustered = HETEROGENEITIES[model.heterogeneity].clustered
    return "" if clustered or correlated else None


def _unused(spec: Spec, problem: Problem) -> list[str]:
    """What a spec says that the model has no use for."""
    given = spec.priors.model_dump(exclude_none=True)
    own = {name.partition("[")[0] for name in problem.priors}
    unused = [f"the prior of {name}" for name in given if name not in own]
    if spec.effect.control_risk is not None and not (problem.counts and problem.two_arms):
        unused.append("control_risk")
    if spec.effect.new_total is not None and (problem.two_arms or not problem.counts):
        unused.append("new_total")
    for name, used in (
        ("baseline", problem.two_arms and "rho" not in problem.priors),
        ("contrast", problem.two_arms),
        ("nu", problem.heterogeneity == "student-t" and problem.nu is not None),
        ("rho", problem.correlated or spec.model.rho == 0),
    ):
        if name in spec.model.model_fields_set and not used:
            unused.append(name)
    return [f"Not used by this model: {', '.join(unused)}."] if unused else []


def varied(prepared: Prepared, **sections: Any) -> Prepared:
    """An analysis of the same studies with another model or effect and the same priors.

    Parameters
    ----------
    prepared
        The analysis.
    **sections
        Changes of the tables of its spec, as in ``model={"likelihood": "binomial"}``.

    Raises
    ------
    InputError
        It cannot be done with these studies or priors.
    """
    spec = prepared.spec
    priors = {name: prior.expression for name, prior in prepared.problem.priors.items()}
    update = {
        name: getattr(spec, name).model_copy(update=changes) for name, changes in sections.items()
    }
    update["priors"] = spec.priors.model_copy(update=priors)
    spec = spec.model_copy(update=update)
    measure = find_measure(spec.effect.measure)
    check_model(spec.model, measure)
    table = study_effects(
        prepared.raw, spec.effect, measure, counts=uses_counts(spec.model.likelihood)
    )
    problem = pose(spec, table)
    kept = {
        name: replace(prior, source=own.source)
        if own and own.expression == prior.expression
        else prior
        for name, prior in problem.priors.items()
        for own in [prepared.problem.priors.get(name)]
    }
    return replace(prepared, spec=spec, table=table, problem=replace(problem, priors=kept))


def prepared_from(fit: Fit, options: Mapping[str, object]) -> Prepared:
    """An analysis that was fitted, ready to be fitted in other ways.

    Parameters
    ----------
    fit
        The fit, whose studies and priors are kept.
    options
        Keywords of the spec that do not change these, such as those of ``[sensitivity]``.

    Raises
    ------
    SpecError
        A keyword would change the studies, the model or the priors.
    """
    for option in options:
        if OPTIONS.get(option, ("",))[0] not in _CHANGEABLE:
            raise SpecError(
                f"{option!r} cannot be changed in a fit that was made",
                hint="Give its spec or its data instead.",
            )
    tables = fit.spec.model_dump(exclude_unset=True)
    spec = build_spec(options, tables=tables)
    table = fit.table
    table.attrs = {"file": None, **{name: fit.record[name] for name in _FINDINGS}}
    return Prepared(
        spec=spec,
        spec_text=fit.tree.attrs["spec_text"],
        raw=table.drop_vars(["effect", "std_error"]),
        table=table,
        problem=problem_of(spec, table, fit.priors),
        data_sha256=str(fit.record["provenance"]["data_sha256"]),
        whole=not fit.record["excluded"],
    )


def _subgroup_test(prepared: Prepared) -> dict[str, Any] | None:
    """The frequentist test for differences between subgroups, each pooled by inverse variance.

    None without subgroups, with moderators, which it does not know, or where rows are not
    independent studies or too few have an effect.
    """
    problem = prepared.problem
    subgroups = problem.design.subgroups
    rows_depend = problem.correlated or problem.clusters is not None
    if prepared.spec.model.subgroup is None or subgroups is None or rows_depend:
        return None
    if problem.design.terms:
        return None
    known = np.isfinite(problem.effect)
    common = problem.heterogeneity == "common"
    alone: list[dict[str, Any]] = []
    for name, rows in zip(subgroups.names, subgroups.rows, strict=True):
        rows = rows[known[rows]]
        if rows.size:
            effect, variance = problem.effect[rows], problem.std_error[rows] ** 2
            tau2 = 0.0 if common else dersimonian_laird(effect, variance)
            pooled = inverse_variance(effect, variance, tau2=tau2)
            one = {"estimate": pooled.estimate, "std_error": pooled.std_error, "tau": tau2**0.5}
            alone.append({"subgroup": name, "k": int(rows.size), **one})
    if len(alone) < 2:
        return None
    estimates, errors = (np.array([one[key] for one in alone]) for key in ("estimate", "std_error"))
    found = subgroup_differences(estimates, errors)
    method = "a common effect" if common else "DerSimonian-Laird"
    return {
        "q": found.q,
        "df": found.df,
        "p": found.p_value,
        "method": method,
        "subgroups": alone,
    }


def _deviations(posterior: xr.Dataset) -> dict[str, np.ndarray]:
    """Quantiles of the standard deviations in the draws."""
    return {
        name: posterior[name].quantile(TAU_POINTS, ("chain", "draw")).to_numpy()
        for name in ("tau", "tau_within", "omega")
        if name in posterior
    }


def _command() -> str | None:
    """The command line, where bayesmeta was called by it."""
    program = Path(sys.argv[0])
    module = program.name == "__main__.py" and program.parent.name == "bayesmeta"
    called = program.name == "bayesmeta" or module
    return shlex.join(["bayesmeta", *sys.argv[1:]]) if called else None


def _versions() -> dict[str, str]:
    versions = {"bayesmeta": __version__, "python": platform.python_version()}
    return versions | {name: importlib.metadata.version(name) for name in _PACKAGES}
