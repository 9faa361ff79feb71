"""A sensitivity analysis: many fits from one."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from bayesmeta.engines import ENGINES
from bayesmeta.engines.quadrature import refusal
from bayesmeta.engines.refit import refit
from bayesmeta.measures import (
    Measure,
    display_size,
    find_measure,
    important_on_analysis_scale,
)
from bayesmeta.model import Problem, check_one_mean, read_prior
from bayesmeta.pipeline import Prepared, check, prepared_from
from bayesmeta.priors import Prior
from bayesmeta.results import Fit
from bayesmeta.sensitivity_analysis.conclusions import Conclusion
from bayesmeta.sensitivity_analysis.default_priors import mu_alternatives, tau_alternatives
from bayesmeta.sensitivity_analysis.numbers import (
    Benefit,
    Numbers,
    exact_numbers,
    hellinger,
    numbers_of_draws,
)
from bayesmeta.sensitivity_analysis.power_scaling import power_scaling
from bayesmeta.sensitivity_analysis.result import Sensitivity
from bayesmeta.sensitivity_analysis.tipping import tipping_points
from bayesmeta.sensitivity_analysis.variations import (
    Variation,
    cumulative,
    effect_variants,
    leave_one_out,
    prior_grid,
)
from bayesmeta.spec import Spec

__all__ = ["numbers_of", "prior_variations", "sensitivity"]


def sensitivity(
    source: Fit | str | Path | pd.DataFrame, *, progress: bool = False, **options: Any
) -> Sensitivity:
    """Do an analysis in many other ways, and say where the conclusion changes.

    Other priors of tau and mu (all pairs), each study left out, the evidence as it grew over the
    years, and effects computed in other ways (the correlation of paired data, empty cells, the
    formula of SMD). Quadrature does what it can, in milliseconds; the rest is sampled, each model
    compiled once.

    Parameters
    ----------
    source : Fit, path or pandas.DataFrame
        A fit, or what `bayesmeta.fit` takes.
    progress : bool
        Show how far the sampler is.
    **options
        Keys of the spec: those of ``[sensitivity]`` are ``try_tau`` and ``try_mu`` (lists of prior
        expressions; defaults depend on the measure), ``try_r`` (list), ``pairs``,
        ``leave_one_out``, ``cumulative``, ``effect_variants``, ``tipping``, ``power_scaling`` (True
        or False).

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError, EngineError
        As `bayesmeta.fit`.

    Examples
    --------
    >>> bm.sensitivity("models/oa-pain.toml").table
    >>> bm.sensitivity(fit, try_tau=["HalfCauchy(0.5)", "HalfNormal(2)"])
    """
    prepared = (
        prepared_from(source, options) if isinstance(source, Fit) else check(source, **options)
    )
    base, spec = prepared.problem, prepared.spec
    check_one_mean(base, "sensitivity")
    chosen, measure = spec.sensitivity, find_measure(spec.effect.measure)
    benefit = Benefit(
        null=measure.null,
        important=important_on_analysis_scale(measure, spec.effect, display_size(prepared.table)),
        higher=None if spec.effect.better is None else spec.effect.better == "higher",
    )

    def numbers(problems: Sequence[Problem]) -> list[Numbers]:
        return numbers_of(problems, spec, benefit, progress=progress)

    def conclude(problems: Sequence[Problem]) -> list[Conclusion]:
        return [Conclusion.of(found.estimates, benefit) for found in numbers(problems)]

    def tree() -> xr.DataTree:
        """Draws of the base analysis: those of the fit, where there is one."""
        if isinstance(source, Fit):
            return source.tree
        return ENGINES["quadrature" if exact else "nuts"](base, spec.engine)

    exact = refusal(base) is None
    variations = list(_variations(prepared))
    possible = [(each, each.problem) for each in variations if each.problem is not None]
    first, *others = numbers([base, *(problem for _, problem in possible)])
    compare = _comparison(first, benefit)
    same = Variation(kind="base", label="base analysis", problem=base)
    rows = [compare(same, base, first)]
    rows += [
        compare(variation, problem, found)
        for (variation, problem), found in zip(possible, others, strict=True)
    ]
    return Sensitivity(
        spec=spec,
        table=pd.DataFrame(rows),
        left_out=tuple((each.label, each.reason) for each in variations if each.problem is None),
        power_scaling=power_scaling(tree()) if chosen.power_scaling else None,
        tipping=tuple(tipping_points(base, conclude)) if chosen.tipping and exact else (),
        engine="quadrature" if exact else "nuts",
        size=display_size(prepared.table),
    )


def _variations(prepared: Prepared) -> Iterator[Variation]:
    """Every other way that the spec asks for."""
    chosen, base, table = prepared.spec.sensitivity, prepared.problem, prepared.table
    yield from prior_variations(prepared, pairs=chosen.pairs)
    if chosen.leave_one_out:
        yield from leave_one_out(base)
    if chosen.cumulative and "year" in table:
        yield from cumulative(base, table["year"].to_numpy().astype(float))
    if chosen.effect_variants:
        yield from effect_variants(prepared, chosen.r)


def prior_variations(prepared: Prepared, *, pairs: bool = True) -> Iterator[Variation]:
    """The analysis under the other priors that its spec or its measure names (see `prior_grid`)."""
    chosen, base, table = prepared.spec.sensitivity, prepared.problem, prepared.table
    measure = find_measure(prepared.spec.effect.measure)
    mus = _given(chosen.mu, "mu", measure, base)
    if mus is None:
        mus = mu_alternatives(base, table, prepared.spec, measure)
    taus = _given(chosen.tau, "tau", measure, base)
    if taus is None:
        taus = tau_alternatives(base, table, measure)
    if base.counts:  # of which every prior is proper
        taus, mus = ([prior for prior in some if prior.proper] for some in (taus, mus))
    yield from prior_grid(base, taus, mus, pairs=pairs)


def _given(
    expressions: Sequence[str] | None, parameter: str, measure: Measure, base: Problem
) -> list[Prior] | None:
    """The priors that the spec names; None where it names none."""
    if expressions is None:
        return None
    return [
        read_prior(parameter, expression, measure, base.std_error) for expression in expressions
    ]


def numbers_of(
    problems: Sequence[Problem], spec: Spec, benefit: Benefit, *, progress: bool = False
) -> list[Numbers]:
    """Numbers of many fits, by quadrature where it can, by sampling elsewhere.

    Parameters
    ----------
    problems
        The fits; the numbers are in their order.
    spec
        Its ``[interval]`` and ``[engine]``.
    benefit
        What benefit is.
    progress
        Show how far the sampler is.
    """
    exact = [place for place, problem in enumerate(problems) if refusal(problem) is None]
    sampled = [place for place in range(len(problems)) if place not in set(exact)]
    found = dict(
        zip(
            exact,
            exact_numbers(
                [problems[place] for place in exact], interval=spec.interval, benefit=benefit
            ),
            strict=True,
        )
    )
    draws = refit([problems[place] for place in sampled], spec.engine, progress=progress)
    for place, (posterior, diagnostics) in zip(sampled, draws, strict=True):
        found[place] = numbers_of_draws(
            posterior, diagnostics.verdict, interval=spec.interval, benefit=benefit
        )
    return [found[place] for place in range(len(problems))]


def _comparison(
    base: Numbers, benefit: Benefit
) -> Callable[[Variation, Problem, Numbers], dict[str, object]]:
    """The function that makes the row of a fit, beside the base one."""
    grid, reference = base.grid(), Conclusion.of(base.estimates, benefit)
    shares = grid.shares(base.mu)

    def row(variation: Variation, problem: Problem, found: Numbers) -> dict[str, object]:
        tau = problem.priors.get("tau")
        moved = found.estimates["mu_median"] - base.estimates["mu_median"]
        return {
            "kind": variation.kind,
            "label": variation.label,
            "mu_prior": problem.priors["mu"].expression,
            "tau_prior": tau.expression if tau is not None else "",
            "k": len(problem.study),
            **found.estimates,
            "hellinger": hellinger(shares, grid.shares(found.mu)),
            "shift": moved / grid.scale,
            "changed": "; ".join(reference.changes(Conclusion.of(found.estimates, benefit))),
            "verdict": found.verdict,
        }

    return row
