"""The same studies under other structures: heterogeneity, subgroups, moderators, time, levels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from bayesmeta.comparison.leave_one_out import (
    LeaveOneOut,
    check_each_predicted,
    improper_priors,
    log_evidences,
    log_likelihood_by_unit,
    separate_parts,
    without_unit,
)
from bayesmeta.comparison.structures_result import StructureRow, Structures
from bayesmeta.engines.quadrature import refusal
from bayesmeta.errors import DataError, EngineError, InputError, SpecError, did_you_mean
from bayesmeta.measures import display_size
from bayesmeta.model import (
    HETEROGENEITIES,
    LIKELIHOODS,
    Groups,
    Problem,
    units_of,
)
from bayesmeta.pipeline import Prepared, check, fit_prepared, varied
from bayesmeta.priors import Prior
from bayesmeta.results import Fit, worst
from bayesmeta.results.diagnostics import diagnose_exact
from bayesmeta.spec import Model

__all__ = ["structures"]

_SHOWN = ("mu", "mu_overall", "beta", "tau", "tau_within", "omega")
_HETEROGENEITIES = {
    "common": ("common", "common effect"),
    "random": ("normal", "random effects"),
    "student-t": ("student-t", "student-t effects"),
    "mixture": ("mixture", "mixture of effects"),
    "nested": ("nested", "nested effects"),
}
"""Names of candidates: the heterogeneity in a spec, and in words."""


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A structure: what is in the spec, and whether rows of one study are taken as independent."""

    names: tuple[str, ...]
    label: str
    model: Model
    independent: bool
    own: bool


def structures(
    source: str | Path | pd.DataFrame,
    *,
    only: Iterable[str] = (),
    without: Iterable[str] = (),
    progress: bool = False,
    **options: Any,
) -> Structures:
    """Fit the structures that an analysis might have, and compare how well they predict.

    Each candidate differs from the structure of the spec in one thing: ``common``, ``random``,
    ``student-t``, ``mixture`` heterogeneity; with subgroups ``no-subgroups``, ``exchangeable``,
    ``independent`` means, ``separate-tau`` (each subgroup alone); with moderators ``moderators``,
    ``no-moderators``; over time ``one-mean``, ``free``, ``linear``, ``random-walk``; with several
    rows of one study ``nested``, ``independent-rows``. Priors are the same in all.

    Parameters
    ----------
    source : path or pandas.DataFrame
        What `bayesmeta.fit` takes.
    only, without : iterable of str
        Names of the candidates to keep, or to leave out; the structure of the spec always stays.
    progress : bool
        Show how far it is.
    **options
        Keys of the spec.

    Returns
    -------
    Structures

    Raises
    ------
    InputError, EngineError
        As `bayesmeta.fit`; and where a name is none of a candidate, there is one study alone, or
        no candidate could be fitted.

    Examples
    --------
    >>> bm.structures("models/oa-pain.toml", subgroup="tissue_source").table
    """
    prepared = check(source, **options)
    units = units_of(prepared.problem)
    if len(units.names) < 2:
        raise DataError("there is one study, and no other that could predict it")
    chosen = _chosen(_candidates(prepared), tuple(only), tuple(without))
    found = [_row(prepared, each, units) for each in _tracked(chosen, progress)]
    if not any(row.engine for row, _ in found):
        raise EngineError("\n  ".join(f"{row.label}: {row.reason}" for row, _ in found))
    findings = prepared.table.attrs
    return Structures(
        spec=prepared.spec,
        units=units.names,
        rows=tuple(row for row, _ in found),
        priors={
            name: prior.as_dict() for _, priors in found[::-1] for name, prior in priors.items()
        },
        excluded=tuple(findings["excluded"]),
        corrections=tuple(findings["corrections"]),
        size=display_size(prepared.table),
    )


def _candidates(prepared: Prepared) -> list[_Candidate]:
    """Every structure that makes sense for an analysis, its own first; equal ones are one."""
    model = prepared.spec.model
    found: dict[str, _Candidate] = {}
    for name, changes in [("", {}), *_changes(prepared)]:
        changed = model.model_copy(update=changes)
        errors = prepared.problem.rho or prepared.problem.shared_errors
        together = HETEROGENEITIES[changed.heterogeneity].clustered or errors
        independent = name == "independent-rows" or not together
        label = _label(prepared, changed, independent)
        names = (*found[label].names, name) if label in found else (name,)
        found[label] = _Candidate(
            names=tuple(filter(None, names)) or ("own",),
            label=label,
            model=changed,
            independent=independent,
            own=not found or next(iter(found)) == label,
        )
    return list(found.values())


def _changes(prepared: Prepared) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each candidate, and what it changes in the model."""
    model = prepared.spec.model
    subgroup, time = model.subgroup, model.time
    if not LIKELIHOODS[model.likelihood].heterogeneities:
        for name in ("common", "random", "student-t", "mixture"):
            yield name, {"heterogeneity": _HETEROGENEITIES[name][0]}
    if subgroup is not None:
        yield "no-subgroups", {"subgroup": None}
        for name, update in {
            "exchangeable": {"means": "exchangeable", "tau": "shared"},
            "independent": {"means": "independent", "tau": "shared"},
            "separate-tau": {"means": "independent", "tau": "separate"},
        }.items():
            yield name, {"subgroup": subgroup.model_copy(update=update)}
    if model.moderators is not None:
        yield "moderators", {}
        yield "no-moderators", {"moderators": None}
    if time is not None:
        yield "one-mean", {"time": None}
        for effects in ("free", "linear", "random-walk"):
            yield effects, {"time": time.model_copy(update={"effects": effects})}
    if prepared.problem.clusters is not None:
        yield "nested", {"heterogeneity": "nested"}
        if model.heterogeneity == "nested":
            yield "independent-rows", {"heterogeneity": "normal"}
        else:
            yield "independent-rows", {}


def _label(prepared: Prepared, model: Model, independent: bool) -> str:
    """A structure in words: what any candidate changes is named in all."""
    words = dict(_HETEROGENEITIES.values())
    parts = [words[model.heterogeneity]]
    if LIKELIHOODS[model.likelihood].heterogeneities:
        parts = [f"{model.likelihood} likelihood"]
    own = prepared.spec.model
    if own.subgroup is not None:
        subgroup = model.subgroup
        parts.append("no subgroups" if subgroup is None else f"{subgroup.means} subgroups")
        if subgroup is not None and subgroup.tau == "separate":
            parts.append("a tau for each")
    if own.moderators is not None:
        parts.append("no moderators" if model.moderators is None else "moderators")
    if own.time is not None:
        over = {"free": "a mean for each time", "linear": "a line", "random-walk": "a random walk"}
        parts.append("one mean" if model.time is None else over[model.time.effects])
    if prepared.problem.clusters is not None and independent:
        parts.append("independent rows")
    return ", ".join(parts)


def _chosen(
    candidates: list[_Candidate], only: tuple[str, ...], without: tuple[str, ...]
) -> list[_Candidate]:
    known = {name for each in candidates for name in each.names}
    for name in (*only, *without):
        if name not in known:
            raise SpecError(
                f"{name!r} is no candidate of this analysis", hint=did_you_mean(name, known)
            )
    return [
        each
        for each in candidates
        if each.own
        or ((not only or set(only) & set(each.names)) and not set(without) & set(each.names))
    ]


def _posed(prepared: Prepared, candidate: _Candidate) -> Prepared:
    """The analysis with the structure of a candidate, by quadrature where that can do it."""
    model, spec, raw = candidate.model, prepared.spec, prepared.raw
    gone = {"beta"} if _terms_change(spec.model, model) else set()
    if candidate.independent:
        gone |= {"rho"} if prepared.problem.shared_errors else set()
        model = model.model_copy(update={"cluster": None, "rho": None})
        raw = raw.drop_vars("cluster", errors="ignore")
    kept = {
        name: prior
        for name, prior in prepared.problem.priors.items()
        if name.partition("[")[0] not in gone
    }
    base = replace(
        prepared,
        spec=spec.model_copy(update={"priors": spec.priors.model_copy(update=dict.fromkeys(gone))}),
        raw=raw,
        problem=replace(prepared.problem, priors=kept),
    )
    posed = varied(base, model=dict(model))
    able = refusal(posed.problem) is None
    engine = spec.engine.model_copy(update={"name": "quadrature" if able else "nuts"})
    return replace(posed, spec=posed.spec.model_copy(update={"engine": engine}))


def _terms_change(own: Model, other: Model) -> bool:
    """Whether a structure has other coefficients than that of the spec."""
    lines = [m.time is not None and m.time.effects == "linear" for m in (own, other)]
    return own.moderators != other.moderators or lines[0] != lines[1]


def _row(
    prepared: Prepared, candidate: _Candidate, units: Groups
) -> tuple[StructureRow, Mapping[str, Prior]]:
    """A candidate fitted and scored, or why it could not be; and its priors."""
    row = StructureRow(names=candidate.names, label=candidate.label, own=candidate.own)
    try:
        posed = _posed(prepared, candidate)
        fit = fit_prepared(posed)
    except (InputError, EngineError) as error:
        return replace(row, reason=str(error).partition("\n")[0]), {}
    known = fit.estimates[fit.estimates["name"].isin(_SHOWN)].to_dict("records")
    row = replace(
        row,
        engine=posed.spec.engine.name,
        estimates=tuple({str(key): value for key, value in each.items()} for each in known),
        verdict=fit.diagnostics.verdict,
        warnings=fit.warnings,
    )
    try:
        check_each_predicted(posed.problem, units)
        row = _scored(row, fit, posed.problem, units)
    except InputError as error:
        row = replace(row, reason=error.message)
    return row, posed.problem.priors


def _scored(row: StructureRow, fit: Fit, problem: Problem, units: Groups) -> StructureRow:
    """A row with its elpd and its evidence."""
    log_likelihood = log_likelihood_by_unit(fit, problem, units)
    if separate_parts(problem) is None:
        parameters = [name for name in ("mu", *fit.record["priors"]) if name in fit.posterior]
        loo = LeaveOneOut.sampled(log_likelihood, fit.posterior[list(dict.fromkeys(parameters))])
        high = ", ".join(units.names[unit] for unit in loo.high)
        text = f"Pareto k is above {loo.good_k:.2g}, and the elpd likely too high, at "
        return replace(
            row, loo=loo, warnings=(*row.warnings, *([f"{text}{high}."] if high else []))
        )
    problems = [problem, *(without_unit(problem, rows) for rows in units.rows)]
    log, error = log_evidences(problems)
    judged = diagnose_exact(error)
    pointwise = log[0] - log[1:]
    mean = logsumexp(log_likelihood, axis=(0, 1)) - np.log(log_likelihood[..., 0].size)
    return replace(
        row,
        loo=LeaveOneOut(method="exact", pointwise=pointwise, p_loo=float((mean - pointwise).sum())),
        log_evidence=float(log[0]) if not improper_priors(problem) else None,
        verdict=worst([row.verdict, judged.verdict]),
        warnings=(*row.warnings, *judged.messages),
    )


def _tracked(candidates: Sequence[_Candidate], progress: bool) -> Iterable[_Candidate]:
    """The candidates, with a progress bar where one is wanted."""
    if not progress:
        return candidates
    from rich.progress import track

    return track(candidates, description="fitting")
