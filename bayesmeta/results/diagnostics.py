"""Whether the draws may be trusted."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import xarray as xr

__all__ = ["Diagnostics", "diagnose", "diagnose_exact", "worst"]

Verdict = Literal["ok", "warn", "fail"]

RHAT_LIMIT = 1.01
"""Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16:667."""

ESS_LIMIT = 400
"""The same: below it the error of quantiles, and of R-hat itself, is not well known."""

BFMI_LIMIT = 0.3
"""Betancourt 2016, arXiv:1604.00695."""

RHAT_FAILS = 1.05
ESS_FAILS = 100
DIVERGENT_SHARE_FAILS = 0.01
"""Our own limits, beyond which a result is marked as failed: chains whose pooled variance is a
tenth above that within them, an effective sample size at which the end of a 95 % interval is
uncertain by a quarter of an sd (in a normal posterior), over one divergent draw in a hundred."""


CHANGE_LIMIT = 1e-8
CHANGE_FAILS = 1e-3
"""Changes at the last doubling of the nodes of quadrature: at the first, ten times what it aims at,
printed digits are still right; beyond the second they are not."""


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """The convergence of a fit.

    Attributes
    ----------
    rhat_max : float or None
        Largest R-hat (rank-normalised, split) of all parameters.
    ess_bulk_min, ess_tail_min : float or None
        Smallest effective sample sizes.
    divergences : int or None
        Divergent draws after tuning.
    bfmi_min : float or None
        Smallest Bayesian fraction of missing information; None where there is no energy.
    verdict : {"ok", "warn", "fail"}
        Whether the results may be used.
    messages : tuple of str
        What is wrong, and what was tried.
    last_change : float or None
        For quadrature, which has none of the above: the change at the last doubling of the nodes.
    """

    rhat_max: float | None = None
    ess_bulk_min: float | None = None
    ess_tail_min: float | None = None
    divergences: int | None = None
    bfmi_min: float | None = None
    last_change: float | None = None
    verdict: Verdict
    messages: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**asdict(self), "messages": list(self.messages)}


def worst(verdicts: Iterable[str]) -> Verdict:
    """Whether several results may be trusted: the worst of their verdicts."""
    found = set(verdicts)
    return "fail" if "fail" in found else "warn" if "warn" in found else "ok"


def diagnose(posterior: xr.Dataset, sample_stats: xr.Dataset) -> Diagnostics:
    """Judge draws by R-hat, effective sample size, divergences and energy.

    Parameters
    ----------
    posterior, sample_stats
        Groups of a DataTree, with the dimensions ``chain`` and ``draw``.
    """
    import arviz_stats as azs

    if not all(bool(np.isfinite(values).all()) for values in posterior.data_vars.values()):
        return Diagnostics(
            rhat_max=float("nan"),
            ess_bulk_min=0.0,
            ess_tail_min=0.0,
            divergences=0,
            bfmi_min=None,
            verdict="fail",
            messages=("Some draws are not finite.",),
        )
    with np.errstate(invalid="ignore", divide="ignore"):  # draws that are all the same
        rhat = _extreme(azs.rhat(posterior), np.nanmax)
    bulk = _extreme(azs.ess(posterior, method="bulk"), np.nanmin)
    tail = _extreme(azs.ess(posterior, method="tail"), np.nanmin)
    divergent = sample_stats["diverging"].to_numpy() if "diverging" in sample_stats else np.zeros(1)
    bfmi = None
    if "energy" in sample_stats:
        bfmi = float(np.min(azs.bfmi(sample_stats["energy"].to_numpy())))
    findings = _findings(rhat, min(bulk, tail), divergent, bfmi)
    return Diagnostics(
        rhat_max=rhat,
        ess_bulk_min=bulk,
        ess_tail_min=tail,
        divergences=int(divergent.sum()),
        bfmi_min=bfmi,
        verdict=worst(finding.verdict for finding in findings),
        messages=tuple(finding.message for finding in findings),
    )


def diagnose_exact(last_change: float) -> Diagnostics:
    """Judge quadrature by the change at the last doubling of its nodes."""
    if last_change <= CHANGE_LIMIT:
        return Diagnostics(last_change=last_change, verdict="ok")
    message = f"Quadrature changed by {last_change:.1g} at its last doubling of the nodes."
    fails = not last_change <= CHANGE_FAILS
    return Diagnostics(
        last_change=last_change, verdict="fail" if fails else "warn", messages=(message,)
    )


class _Finding(NamedTuple):
    verdict: Literal["warn", "fail"]
    message: str

    @classmethod
    def of(cls, message: str, *, fails: bool = False) -> Self:
        return cls("fail" if fails else "warn", message)


def _findings(rhat: float, ess: float, divergent: np.ndarray, bfmi: float | None) -> list[_Finding]:
    """Everything that is not as it should be."""
    found = []
    if rhat > RHAT_LIMIT:
        message = f"R-hat is {rhat:.3f}, above {RHAT_LIMIT}."
        found.append(_Finding.of(message, fails=rhat > RHAT_FAILS))
    if ess < ESS_LIMIT:
        message = f"The effective sample size is {ess:.0f}, below {ESS_LIMIT}."
        found.append(_Finding.of(message, fails=ess < ESS_FAILS))
    if divergent.any():
        message = f"{int(divergent.sum())} of {divergent.size} draws diverged."
        found.append(_Finding.of(message, fails=bool(divergent.mean() > DIVERGENT_SHARE_FAILS)))
    if bfmi is not None and bfmi < BFMI_LIMIT:
        found.append(_Finding.of(f"The energy fraction (BFMI) is {bfmi:.2f}, below {BFMI_LIMIT}."))
    return found


def _extreme(values: xr.Dataset, function: Any) -> float:
    return float(function([function(array) for array in values.data_vars.values()]))
