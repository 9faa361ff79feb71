"""An analysis by RevMan's methods and by restricted maximum likelihood, as rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmeta.classical import GroupResult, revman_analysis
from bayesmeta.comparison.rows import Row
from bayesmeta.errors import SpecError
from bayesmeta.measures import Measure
from bayesmeta.spec import Spec
from bayesmeta.studies import METHODS, Kind, Method, Outcome, Settings, StudyRows

__all__ = ["classical_rows", "outcome_of_table", "own_method", "peto_row", "revman_settings"]

_METHODS: Mapping[str, Method] = {"OR": "MH", "RR": "MH", "RD": "MH", "PETO": "PETO"}
"""How RevMan pools a measure where nothing else is said; all others by inverse variance."""

_KINDS: Mapping[str, Kind] = {
    "OR": "dichotomous",
    "RR": "dichotomous",
    "RD": "dichotomous",
    "PETO": "dichotomous",
    "MD": "continuous",
    "SMD": "continuous",
}
_RANDOM = {("DL", "Wald"): "random", ("REML", "HKSJ"): "reml"}


def revman_settings(spec: Spec, measure: Measure, kind: Kind, stored: Settings | None) -> Settings:
    """How RevMan would analyse the data of a spec: as its file says, or by default.

    Parameters
    ----------
    spec, measure
        The analysis.
    kind
        Of the outcome that its studies make.
    stored
        The settings of the outcome, where it comes from a file of RevMan.

    Raises
    ------
    SpecError
        The spec names a method by which RevMan does not pool such data.
    """
    if stored is not None and stored.measure == measure.code:
        settings = replace(stored, swap_events=False, log_data=True)  # the studies are swapped
    else:
        settings = Settings(
            measure=measure.code,
            measure_text=measure.label,
            method=_METHODS.get(measure.code, "IV"),
            random=True,
            log_data=True,
        )
    method = _method(spec, measure, kind, settings.method)
    level = spec.interval.prob
    return replace(settings, method=method, level=level, study_level=level)


def _method(spec: Spec, measure: Measure, kind: Kind, own: Method) -> Method:
    """The method of the spec where RevMan has it for such data, else the outcome's own."""
    possible: tuple[Method, ...] = ("PETO", "IV") if own == "PETO" else ("IV",)
    if kind == "dichotomous" and measure.code != "PETO":
        possible = ("MH", "IV")
    chosen = spec.compare.method
    if chosen is not None and chosen not in possible:
        raise SpecError(
            f"RevMan does not pool {measure.code} by {METHODS[chosen]} from these numbers",
            key="compare.method",
            hint=f"Possible: {', '.join(possible)}.",
        )
    return chosen or (own if own in possible else "IV")


def outcome_of_table(table: xr.Dataset, measure: Measure) -> Outcome:
    """The studies of an analysis as an outcome of RevMan.

    Raw numbers where RevMan knows the measure and all of them are there; else the effects of the
    studies, as generic inverse variance.

    Parameters
    ----------
    table
        The studies with their effects.
    measure
        The measure.
    """
    kind: Kind = _KINDS.get(measure.code, "inverse variance")
    names = measure.columns
    if kind == "inverse variance" or not all(name in table for name in measure.columns):
        kind, names = "inverse variance", ("effect", "std_error")
    count = table.sizes["study"]
    return Outcome(
        comparison=1,
        number=1,
        comparison_name="",
        name="",
        kind=kind,
        settings=None,
        rows=StudyRows(
            study=tuple(str(name) for name in table["study"].to_numpy()),
            year=np.full(count, np.nan),
            subgroup=np.full(count, -1),
            in_total=np.full(count, True),
            numbers={name: table[name].to_numpy() for name in names},
            stored={},
            estimable=np.full(count, True),
            row=np.zeros(count, int),
        ),
    )


def classical_rows(outcome: Outcome, settings: Settings) -> list[Row]:
    """Fixed and random effects as RevMan has them, and REML with Hartung-Knapp-Sidik-Jonkman.

    Where the settings of a RevMan file are none of these, as REML with a Wald interval is, they
    are a row too.

    Parameters
    ----------
    outcome, settings
        The studies, and how RevMan analyses them.

    Returns
    -------
    list of Row
        Empty where no study is estimable by RevMan's rules.
    """
    rows = []
    for method, (label, chosen) in _methods(settings).items():
        result = revman_analysis(outcome, chosen).total
        if result is None:
            return []
        if method == "reml" and result.pooled.k == 1:
            label = "REML"  # there is no Hartung-Knapp-Sidik-Jonkman interval of one study
        rows.append(_row(method, label, result, chosen))
    return rows


def peto_row(outcome: Outcome, settings: Settings) -> Row | None:
    """Peto's odds ratio, with fixed effects; None where no study is estimable."""
    chosen = replace(settings, measure="PETO", method="PETO", random=False)
    result = revman_analysis(outcome, chosen).total
    if result is None:
        return None
    return _row("peto", "Peto, fixed effect", result, chosen)


def own_method(settings: Settings) -> str:
    """Which of the rows is by the settings of an outcome: the method of a `Row`."""
    if not settings.random:
        return "fixed"
    return _RANDOM.get((settings.estimator, settings.interval), "own")


def _methods(settings: Settings) -> dict[str, tuple[str, Settings]]:
    """The label and the settings of each method."""
    name = METHODS[settings.method]
    by_inverse = settings.method == "PETO"  # which RevMan knows only with fixed effects
    pooled = "inverse variance" if by_inverse else name
    random = replace(settings, random=True, method="IV" if by_inverse else settings.method)
    reml = replace(random, method="IV", estimator="REML", interval="HKSJ", i2_from_tau2=True)
    methods = {
        "fixed": (f"RevMan, fixed effect ({name})", replace(settings, random=False)),
        "random": (
            f"RevMan, random effects ({pooled}, DL)",
            replace(random, estimator="DL", interval="Wald"),
        ),
    }
    if own_method(settings) == "own":
        label = f"RevMan, random effects ({pooled}, {settings.estimator}, {settings.interval})"
        methods["own"] = (label, settings)
    return methods | {"reml": ("REML with HKSJ", reml)}


def _row(method: str, label: str, result: GroupResult, settings: Settings) -> Row:
    pooled, spread = result.pooled, result.pooled.heterogeneity
    lower, upper = result.tau2_interval if result.tau2_interval else (np.nan, np.nan)
    prediction = result.prediction if result.prediction else (np.nan, np.nan)
    shown = method in ("reml", "own")  # RevMan 5 has neither of these intervals
    kind = "normal" if np.isinf(pooled.df) else f"t with {pooled.df:g} df"
    return Row(
        method=method,
        label=label,
        kind="classical",
        interval=f"confidence interval, {kind}",
        level=settings.level,
        estimate=pooled.estimate,
        sd=pooled.std_error,
        lower=pooled.lower,
        upper=pooled.upper,
        tau=float(np.sqrt(spread.tau2)) if settings.random else np.nan,
        tau_lower=float(np.sqrt(lower)) if shown else np.nan,
        tau_upper=float(np.sqrt(upper)) if shown else np.nan,
        i2=spread.i2,
        prediction_lower=prediction[0] if shown else np.nan,
        prediction_upper=prediction[1] if shown else np.nan,
    )
