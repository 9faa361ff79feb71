"""Posteriors as rows."""

import math
from collections.abc import Mapping
from dataclasses import replace

from bayesmeta.comparison.rows import Row
from bayesmeta.results import Fit
from bayesmeta.results.numbers import interval_name
from bayesmeta.spec import Spec

__all__ = ["row_of_fit", "row_of_posterior", "row_of_risk_ratio"]


def row_of_fit(fit: Fit) -> Row:
    """The row of a fit."""
    names = fit.estimates.loc[fit.estimates["study"] == "", "name"]
    found = {str(name): fit.estimate(str(name)) for name in names}
    numbers = {
        f"{name}_{end}": estimate[end]
        for name, estimate in found.items()
        for end in ("median", "lower", "upper")
    }
    chances = {name: found["mu"][name] for name in ("prob_benefit", "prob_important")}
    return row_of_posterior(numbers | chances, fit.spec, sd=found["mu"]["sd"])


def row_of_risk_ratio(fit: Fit) -> Row:
    """The row of the risk ratio that follows from the odds ratio of a fit, at its control risk."""
    row, risk = row_of_fit(fit), 1000 * fit.estimate("risk_control")["median"]
    pooled = fit.estimate("RR")
    new = fit.estimate("RR_new") if "tau" in fit.priors else {}

    def log(value: float) -> float:
        return math.log(value) if value > 0 else -math.inf

    return replace(
        row,
        label=f"{row.label}, at a control risk of {risk:.3g} per 1000",
        estimate=log(pooled["median"]),
        lower=log(pooled["lower"]),
        upper=log(pooled["upper"]),
        sd=math.nan,
        tau=math.nan,
        tau_lower=math.nan,
        tau_upper=math.nan,
        i2=math.nan,
        prediction_lower=log(new["lower"]) if new else math.nan,
        prediction_upper=log(new["upper"]) if new else math.nan,
    )


def row_of_posterior(numbers: Mapping[str, float], spec: Spec, *, sd: float) -> Row:
    """The row of a posterior.

    Parameters
    ----------
    numbers
        ``mu_median``, ``mu_lower``, ``mu_upper``; where they are known the same of tau and
        theta_new, ``I2_median``, ``prob_benefit`` and ``prob_important``.
    spec
        The analysis.
    sd
        Posterior standard deviation of mu.
    """

    def known(name: str) -> float:
        return numbers.get(name, float("nan"))

    likelihood = spec.model.likelihood
    return Row(
        method=likelihood,
        label=f"Bayesian, {likelihood} likelihood",
        kind="bayesian",
        interval=interval_name(spec.interval),
        level=spec.interval.prob,
        estimate=numbers["mu_median"],
        sd=sd,
        lower=numbers["mu_lower"],
        upper=numbers["mu_upper"],
        tau=known("tau_median"),
        tau_lower=known("tau_lower"),
        tau_upper=known("tau_upper"),
        i2=known("I2_median"),
        prediction_lower=known("theta_new_lower"),
        prediction_upper=known("theta_new_upper"),
        prob_benefit=known("prob_benefit"),
        prob_important=known("prob_important"),
    )
