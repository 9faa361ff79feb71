"""Other ways to do an analysis: other priors, fewer studies, other ways to compute effects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bayesmeta.errors import InputError
from bayesmeta.measures import ZERO_CELL_RULES, cells_corrected, find_measure, study_effects
from bayesmeta.model import Problem, check_priors, problem_of, units_of
from bayesmeta.pipeline import Prepared
from bayesmeta.priors import Prior
from bayesmeta.spec import Effect

__all__ = [
    "HEADINGS",
    "Variation",
    "cumulative",
    "effect_variants",
    "leave_one_out",
    "prior_grid",
]

HEADINGS = {
    "base": "",
    "prior": "Other priors",
    "leave one out": "Without one study",
    "cumulative": "Cumulative, by year",
    "r": "Correlation of paired data",
    "zero cells": "Empty cells",
    "smd": "Formula of SMD",
}
"""What is varied, as a heading; another kind is its own heading."""


@dataclass(frozen=True, kw_only=True)
class Variation:
    """One other way to do an analysis.

    Attributes
    ----------
    kind : str
        What is varied: ``prior``, ``leave one out``, ``cumulative``, ``r``, ``zero cells`` or
        ``smd``.
    label : str
        How.
    problem : Problem or None
        The numbers and priors; None where it cannot be done.
    reason : str
        Why it cannot be done; "" where it can.
    """

    kind: str
    label: str
    problem: Problem | None
    reason: str = ""


def prior_grid(
    base: Problem, taus: Sequence[Prior], mus: Sequence[Prior], *, pairs: bool = True
) -> Iterator[Variation]:
    """Other priors of tau and mu.

    Parameters
    ----------
    base
        The analysis.
    taus, mus
        The priors.
    pairs
        Take all pairs, but for that of the base analysis; else change one of the two at a time.
    """
    own_mu, own_tau = base.priors["mu"], base.priors.get("tau")
    for mu in (own_mu, *mus):
        for tau in (own_tau, *taus) if own_tau is not None else (None,):
            changes = (mu is not own_mu) + (tau is not own_tau)
            if not changes or (changes == 2 and not pairs):
                continue
            changed = {"mu": mu} | ({} if tau is None else {"tau": tau})
            label = " · ".join(
                f"{name} {short(prior)}"
                for name, prior in changed.items()
                if prior is not base.priors[name]
            )
            yield _variation("prior", label, replace(base, priors={**base.priors, **changed}))


def short(prior: Prior) -> str:
    """The expression of a prior as a label: numbers alone, and no setting that says nothing."""
    name, _, inside = prior.expression.removesuffix(")").partition("(")
    if prior.components:
        return prior.expression
    values = [part.partition("=")[2] or part for part in inside.split(", ") if part]
    if prior.made_for:
        values = [value for value in values if value.strip("'\"") not in _ANY]
    return f"{name}({', '.join(values)})"


def leave_one_out(base: Problem) -> Iterator[Variation]:
    """The analysis without each study in turn, with all its results."""
    units = units_of(base)
    for name, rows in zip(units.names, units.rows, strict=True):
        kept = np.setdiff1d(np.arange(len(base.study)), rows).tolist()
        if kept:
            yield _variation("leave one out", f"without {name}", base.subset(kept))


def cumulative(base: Problem, year: np.ndarray) -> Iterator[Variation]:
    """The analysis as it would have stood after each year.

    Parameters
    ----------
    base
        The analysis.
    year
        Of each study; NaN where it is not known, and then the study is left out.
    """
    years = np.unique(year[np.isfinite(year)])
    for last in years[:-1]:
        kept = np.flatnonzero(year <= last).tolist()
        yield _variation("cumulative", f"to {last:g} (k = {len(kept)})", base.subset(kept))


def effect_variants(prepared: Prepared, r: Sequence[float]) -> Iterator[Variation]:
    """Effects computed in other ways: correlations, rules for empty cells, formulas of SMD.

    Parameters
    ----------
    prepared
        The analysis, with the raw numbers of its studies.
    r
        Correlations of paired data to try.
    """
    measure, effect = find_measure(prepared.spec.effect.measure), prepared.spec.effect
    for value in r:
        yield _recomputed(prepared, "r", f"r = {value:g}", {"r": value})
    if cells_corrected(prepared.table.attrs["corrections"]) or any(
        "no events" in item["reason"] for item in prepared.table.attrs["excluded"]
    ):
        for label, rule in ZERO_CELL_RULES.items():
            changed = effect.zero_cells.model_copy(update=rule)
            if changed.drop00 is False and not prepared.whole:
                yield Variation(kind="zero cells", label=label, problem=None, reason=_NOT_KEPT)
            elif changed != effect.zero_cells:
                yield _recomputed(prepared, "zero cells", label, {"zero_cells": changed})
    if measure.code == "SMD" and all(name in prepared.raw for name in measure.columns):
        other = "revman" if effect.smd == "exact" else "exact"
        yield _recomputed(prepared, "smd", f"smd = {other}", {"smd": other})


_NOT_KEPT = "a fit does not hold the studies that were left out: give its spec or its data"

_ANY = ("any", "other", "Cochrane")
"""Settings of published priors that hold for any analysis."""


def _recomputed(prepared: Prepared, kind: str, label: str, changed: dict[str, object]) -> Variation:
    effect: Effect = prepared.spec.effect.model_copy(update=changed)
    try:
        table: xr.Dataset = study_effects(prepared.raw, effect, find_measure(effect.measure))
    except InputError as error:
        return Variation(kind=kind, label=label, problem=None, reason=error.message)
    spec = prepared.spec.model_copy(update={"effect": effect})
    return _variation(kind, label, problem_of(spec, table, prepared.problem.priors))


def _variation(kind: str, label: str, problem: Problem) -> Variation:
    """With priors that depend on the standard errors made anew, if the posterior exists."""
    known = problem.std_error[np.isfinite(problem.std_error)]
    try:
        priors = {name: prior.resolve(known) for name, prior in problem.priors.items()}
        problem = replace(problem, priors=priors)
        check_priors(problem)
    except InputError as error:
        return Variation(kind=kind, label=label, problem=None, reason=error.message)
    return Variation(kind=kind, label=label, problem=problem)
