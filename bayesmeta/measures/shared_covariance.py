"""The sampling covariance of effects that share a control arm."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import xarray as xr

from bayesmeta.errors import DataError, SpecError
from bayesmeta.measures.base import Floats, Measure
from bayesmeta.measures.shared_control import rows_that_share
from bayesmeta.spec import Effect

__all__ = ["CONTROL_VARIANCES", "with_covariance"]

_SMALLEST_EIGENVALUE = 1e-12
"""Of a correlation matrix: it is 0 but for rounding where nothing random tells two effects apart,
and 1e-6 with a control arm of 2 beside treatment arms of a million."""

CONTROL_VARIANCES: Mapping[str, Callable[[Mapping[str, Floats]], Floats]] = MappingProxyType(
    {
        "OR": lambda arm: 1 / arm["events"] + 1 / (arm["total"] - arm["events"]),
        "RR": lambda arm: 1 / arm["events"] - 1 / arm["total"],
        "RD": lambda arm: arm["events"] * (arm["total"] - arm["events"]) / arm["total"] ** 3,
        "MD": lambda arm: arm["sd"] ** 2 / arm["total"],
        "SMD": lambda arm: 1 / arm["total"],
        "ROM": lambda arm: arm["sd"] ** 2 / (arm["total"] * arm["mean"] ** 2),
        "IRR": lambda arm: 1 / arm["events"],
        "IRD": lambda arm: arm["events"] / arm["time"] ** 2,
    }
)
"""By measure: what the mean, the risk or the rate of the control arm adds to the variance of an
effect. It is the covariance of two effects that share this arm, as their treatment arms are
independent. OR, RR, RD, SMD: Gleser & Olkin 2009, Stochastically dependent effect sizes, in The
Handbook of Research Synthesis and Meta-Analysis, 2nd edition, pages 359 to 367. ROM: Lajeunesse
2011, Ecology 92:2049."""


def with_covariance(
    table: xr.Dataset, effect: Effect, measure: Measure, corrected: np.ndarray | None
) -> xr.Dataset:
    """Add the sampling covariance matrix of the effects where some share a control arm.

    Two standardised mean differences have their standard deviation in common too, which adds
    ``d_i d_j / (2 N)``, where N are the participants of all arms of the trial (Gleser & Olkin
    2009). This is for one standard deviation of all arms; with that of each pair of arms, which
    are used here, it is somewhat large: by 0.5 percent at effects of 0.3 and 0.5, by 4 percent at 1
    and 1.5 (simulated in tests/reference/shared_control.R).

    Parameters
    ----------
    table
        The studies that remain, with ``effect`` and ``std_error``.
    effect, measure
        The ``[effect]`` section and the measure.
    corrected
        To the cells of which of them something was added; None where there are no cells.

    Returns
    -------
    xarray.Dataset
        With ``covariance`` (study, other_study), whose diagonal is the squared ``std_error``. It
        is not there where no two studies share a control arm, nor under another method.

    Raises
    ------
    SpecError
        No formula is known for the measure.
    DataError
        The matrix is not positive definite.
    """
    shared = effect.shared_control
    if shared is None or shared.method != "covariance":
        return table
    if measure.code not in CONTROL_VARIANCES:
        raise SpecError(
            f"no covariance of effects that share a control arm is known for {measure.code} "
            f"({measure.label})",
            key="effect.shared_control.method",
            hint=f"It is known for {', '.join(CONTROL_VARIANCES)}. With {measure.code}, method = "
            '"combine" or "split".',
        )
    groups = rows_that_share(table, shared, measure)
    if not groups:
        return table
    arm = _control_arm(table, measure, effect.zero_cells.add, corrected)
    # Where a cell is empty in one treatment arm only, the control arm has a correction beside it
    # and none beside the others. The geometric mean of what it adds to the two effects is exact
    # where both are alike, and leaves the correlation below 1 where they are not.
    share = np.sqrt(CONTROL_VARIANCES[measure.code](arm))
    estimate, std_error = table["effect"].to_numpy(), table["std_error"].to_numpy()
    covariance = np.diag(std_error**2)
    for group in groups:
        block = np.outer(share[group], share[group])
        if measure.code == "SMD":
            everyone = table["total_treatment"].to_numpy()[group].sum() + arm["total"][group[0]]
            block += np.outer(estimate[group], estimate[group]) / (2 * everyone)
        np.fill_diagonal(block, std_error[group] ** 2)
        _check_positive_definite(table, group, block)
        covariance[np.ix_(group, group)] = block
    return table.assign_coords(other_study=table["study"].to_numpy()).assign(
        covariance=(("study", "other_study"), covariance)
    )


def _control_arm(
    table: xr.Dataset, measure: Measure, add: float, corrected: np.ndarray | None
) -> dict[str, Floats]:
    """The numbers of the control arm as the formula of the measure used them."""
    arm = {
        name.removesuffix("_control"): table[name].to_numpy()
        for name in measure.columns
        if name.endswith("_control")
    }
    if corrected is None:
        return arm
    added = np.where(corrected, add, 0.0)
    further = {"events": added, "total": 2 * added}  # events, and those without one
    return {name: values + further.get(name, 0.0) for name, values in arm.items()}


def _check_positive_definite(table: xr.Dataset, group: list[int], block: Floats) -> None:
    spread = np.sqrt(np.diag(block))
    if np.linalg.eigvalsh(block / np.outer(spread, spread))[0] > _SMALLEST_EIGENVALUE:
        return
    names = ", ".join(str(name) for name in table["study"].to_numpy()[group])
    raise DataError(
        f"the covariance of {names}, which share a control arm, is not positive definite",
        file=table.attrs["file"] or None,
        hint="In their treatment arms nothing varies, so nothing random tells them apart: check "
        'the numbers, or take method = "combine".',
    )
