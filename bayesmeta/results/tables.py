"""Estimates as text for people: terminal and notebook."""

import io
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bayesmeta.measures import Measure, find_measure
from bayesmeta.model import HETEROGENEITIES, uses_counts
from bayesmeta.priors import Prior
from bayesmeta.results.absolute_text import derived_to_text, without_events
from bayesmeta.results.estimates_text import estimates_table, notes_of_estimates
from bayesmeta.results.numbers import (
    decimals,
    format_number,
    format_probability,
    format_span,
    interval_name,
    plain_number,
)
from bayesmeta.spec import Spec

if TYPE_CHECKING:
    from bayesmeta.results.fit import Fit

__all__ = [
    "convergence_basis",
    "cross_check_line",
    "describe_analysis",
    "describe_model",
    "evidence_lines",
    "fit_to_html",
    "fit_to_text",
    "interval_note",
    "prepared_to_text",
    "raw_rows",
    "remarks",
    "study_rows",
    "subgroup_test_line",
]

_VERDICTS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def fit_to_text(fit: "Fit", *, studies: bool = False) -> RenderableType:
    """The fit for a terminal.

    Parameters
    ----------
    fit
        The fit.
    studies
        Add a table with the effect of each study.
    """
    spec, measure = fit.spec, fit.measure
    parts: list[RenderableType] = [
        Text(spec.title, style="bold"),
        Text(describe_analysis(spec, fit.table, fit.n_participants)),
        estimates_table(fit),
        Text(interval_note(fit)),
        *(Text(note) for note in notes_of_estimates(fit)),
        *(Text(line) for line in filter(None, [subgroup_test_line(fit)])),
        *derived_to_text(fit),
        *(without_events(fit.table, measure) if fit.problem.counts else []),
    ]
    if studies and "theta" in fit.posterior:
        parts.append(_study_table(fit))
    parts += remarks(
        fit.record["priors"], fit.record["excluded"], fit.record["corrections"], fit.warnings
    )
    if measure.scale.name != "identity":
        parts.append(
            Text(f"mu, tau and the priors are on the scale of the {measure.analysis_label}.")
        )
    parts += [*(Text(line) for line in evidence_lines(fit)), _convergence(fit)]
    return Group(*parts)


def prepared_to_text(spec: Spec, table: xr.Dataset, priors: Mapping[str, Prior]) -> RenderableType:
    """An analysis before it is fitted: the studies, the model, the priors.

    Parameters
    ----------
    spec
        The analysis.
    table
        What `study_effects` gives.
    priors
        The priors that would be used.
    """
    measure = find_measure(spec.effect.measure)
    headers, studies = raw_rows(table, measure)
    rows = Table(box=None, pad_edge=False, header_style="bold")
    rows.add_column(headers[0])
    for header in headers[1:]:
        rows.add_column(header, justify="right")
    for study, *cells in studies:
        rows.add_row(Text(study), *cells)
    attrs = table.attrs
    return Group(
        Text(spec.title, style="bold"),
        Text(describe_analysis(spec, table, None)),
        rows,
        *_about_effects(spec, table, measure),
        *remarks(
            {name: prior.as_dict() for name, prior in priors.items()},
            attrs["excluded"],
            attrs["corrections"],
            attrs["warnings"],
        ),
    )


def raw_rows(table: xr.Dataset, measure: Measure) -> tuple[list[str], list[list[str]]]:
    """Headers and rows, as text: of each study the numbers, its effect, its standard error.

    Parameters
    ----------
    table
        What `study_effects` gives.
    measure
        The measure, which says what the numbers are.
    """
    raw = [name for name in measure.columns if name in table]
    effect, error = table["effect"].to_numpy(), table["std_error"].to_numpy()
    spread = float(np.nanmedian(error)) if np.isfinite(error).any() else math.nan
    places = decimals(-2 * spread, 2 * spread)
    rows = [
        [
            str(study),
            *(plain_number(table[name].to_numpy()[i]) for name in raw),
            format_number(effect[i], places),
            format_number(error[i], places),
        ]
        for i, study in enumerate(table["study"].to_numpy())
    ]
    return ["study", *raw, "effect", "std. error"], rows


def _about_effects(spec: Spec, table: xr.Dataset, measure: Measure) -> list[Text]:
    """What the effects of the studies are, and which studies have none."""
    scale = f"effect and std. error are on the scale of the {measure.analysis_label}"
    if not uses_counts(spec.model.likelihood):
        return [Text(f"{scale}.")]
    approximate = Text(f"{scale}, by the normal approximation; the model takes the counts instead.")
    return [approximate, *without_events(table, measure)]


def remarks(
    priors: Mapping[str, Mapping[str, str]],
    excluded: Iterable[Mapping[str, str]],
    corrections: Iterable[Mapping[str, str]],
    warnings: Iterable[str],
) -> list[Text]:
    """Lines below a table: priors, studies left out or corrected, warnings."""
    lines = [
        f"prior of {name}: {prior['expression']}; {prior['source']}"
        for name, prior in priors.items()
    ]
    lines += [f"left out: {item['study']}: {item['reason']}" for item in excluded]
    lines += [f"corrected: {item['study']}: {item['correction']}" for item in corrections]
    texts = [Text(line) for line in lines]
    return texts + [Text(f"warning: {warning}", style="yellow") for warning in warnings]


def describe_analysis(spec: Spec, table: xr.Dataset, participants: int | None) -> str:
    """One line: the measure, how much data, the model."""
    measure = find_measure(spec.effect.measure)
    k = table.sizes["study"]
    data = f"{k} {'study' if k == 1 else 'studies'}"
    if "cluster" in table:
        studies = len(set(table["cluster"].to_numpy()))
        data = f"{k} results of {studies} {'study' if studies == 1 else 'studies'}"
    data += f", {participants} participants" if participants else ""
    effects = describe_model(spec)
    return (
        f"{measure.label} ({measure.code}), {data}; {effects}, {spec.model.likelihood} likelihood"
    )


def describe_model(spec: Spec) -> str:
    """The heterogeneity and the design of an analysis in a few words."""
    model, priors = spec.model, spec.priors
    words = HETEROGENEITIES[model.heterogeneity].label.partition(":")[0]
    if model.heterogeneity == "student-t":
        words += f" ({model.nu:g} degrees of freedom)" if priors.nu is None else " (t)"
    if model.subgroup is not None:
        own = ", each with its own tau" if model.subgroup.tau == "separate" else ""
        words += f" around {model.subgroup.means} means by {model.subgroup.column}{own}"
    if model.time is not None:
        kind = {
            "free": "a mean for each time by",
            "linear": "a line over",
            "random-walk": "a random walk over",
        }
        words += f" around {kind[model.time.effects]} {model.time.column}"
    if model.moderators is not None:
        words += f" around mu + {model.moderators.formula}"
    if model.rho is not None and priors.rho is None:
        words += f", results of one study correlated by {model.rho:g}"
    return words


def subgroup_test_line(fit: "Fit") -> str:
    """The frequentist test for differences between subgroups, as RevMan does it; "" without."""
    found = fit.record["subgroup_test"]
    if found is None:
        return ""
    return (
        f"frequentist test for subgroup differences (each subgroup by {found['method']} and "
        f"inverse variance): χ² = {found['q']:.2f}, df = {found['df']}, P = {found['p']:.2g}"
    )


def interval_note(fit: "Fit") -> str:
    """What the intervals are."""
    note = f"Intervals: {interval_name(fit.spec.interval)}"
    if "theta_new" in fit.posterior:
        prediction = interval_name(fit.spec.interval, prediction=True)
        note += f"; of the effect in a new study: {prediction}"
    return f"{note}."


def _study_table(fit: "Fit") -> Table:
    headers, rows = study_rows(fit)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(headers[0])
    for header in headers[1:]:
        table.add_column(header, justify="right")
    for study, *cells in rows:
        table.add_row(Text(study), *cells)
    return table


def study_rows(fit: "Fit") -> tuple[list[str], list[list[str]]]:
    """Headers and rows, as text: of each study its own effect, its weight, its true effect."""
    estimates = fit.estimates[fit.estimates["name"] == "theta"]
    weighted = ["weight %"] * fit.has_weights
    headers = ["study", "effect", "std. error", *weighted, "theta"]
    headers.append(interval_name(fit.spec.interval))
    outliers = fit.estimates.loc[fit.estimates["name"] == "outlier", "mean"].to_list()
    headers += ["P(outlier)"] if outliers else []
    data, weights = fit.table, fit.weights.to_numpy()
    rows = []
    for (_, row), effect, error, weight, outlier in zip(
        estimates.iterrows(),
        data["effect"].to_numpy(),
        data["std_error"].to_numpy(),
        weights,
        outliers or [None] * len(weights),
        strict=True,
    ):
        places = decimals(row["lower"], row["upper"])
        cells = [
            str(row["study"]),
            format_number(effect, places),
            format_number(error, places),
            *([format_number(weight, 1)] * fit.has_weights),
            format_number(row["median"], places),
            format_span(row["lower"], row["upper"], places),
        ]
        rows.append(cells if outlier is None else [*cells, format_probability(outlier)])
    return headers, rows


def evidence_lines(fit: "Fit") -> list[str]:
    """Bayes factors and the posterior predictive check, where they are known."""
    known = fit.record["evidence"]
    if known is None:
        return []
    factors = {
        "no effect (mu = 0)": known["bf01_mu"],
        "a common effect (tau = 0)": known["bf01_tau"],
    }
    found = [f"{label} {value:.2g}" for label, value in factors.items() if value is not None]
    lines = [f"Bayes factor against the model: {', '.join(found)}"] if found else []
    misfit = known["posterior_predictive_p"]
    if misfit is not None:
        lines.append(f"posterior predictive p-value of the misfit: {misfit:.2f}")
    return lines


def convergence_basis(fit: "Fit") -> str:
    """What the verdict on convergence rests on."""
    found = fit.diagnostics
    if found.last_change is not None:
        return f"quadrature, last change {found.last_change:.0e}; no Monte Carlo error"
    ess = min(found.ess_bulk_min or 0.0, found.ess_tail_min or 0.0)
    basis = (
        f"R-hat at most {found.rhat_max:.3f}, effective sample size at least {ess:.0f}, "
        f"{found.divergences} divergences"
    )
    errors = fit.estimates.loc[fit.estimates["name"] == "mu", "mcse_mean"]
    if not math.isnan(error := errors.max()):
        basis += f"; Monte Carlo error of the mean of mu {error:.1g}"
    return basis


def _convergence(fit: "Fit") -> Text:
    """The verdict and what it rests on."""
    verdict = fit.diagnostics.verdict
    basis = convergence_basis(fit)
    text = Text.assemble("convergence: ", (verdict, _VERDICTS[verdict]), f" ({basis})")
    check = cross_check_line(fit)
    if check:
        text.append(f"\ncross-check: {check}")
    return text


def cross_check_line(fit: "Fit") -> str:
    """How far the other engine's result is away; "" where there was none."""
    check = fit.record["cross_check"]
    if check is None:
        return ""
    return (
        f"{check['engine']} differs by at most "
        f"{check['max_difference_in_mcse']:.1f} Monte Carlo standard errors"
    )


def fit_to_html(fit: "Fit") -> str:
    """The fit for a notebook: the terminal's text, escaped."""
    console = Console(record=True, width=120, file=io.StringIO(), force_jupyter=False)
    console.print(fit_to_text(fit))
    return console.export_html(
        inline_styles=True, code_format='<pre style="line-height:1.3">{code}</pre>'
    )
