"""The exact densities of a fit, as the group ``quadrature`` of its tree holds them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from bayesmeta.densities import Line, NormalMixture, Panels, Tabulated, TabulatedEffects
from bayesmeta.densities.search import Floats, shortest

__all__ = ["Effects", "ExactDensities", "ExactISquared", "Quantity"]

Effects = NormalMixture | TabulatedEffects
"""Exact densities of effects, by the normal engine and by all others."""


@dataclass(frozen=True, kw_only=True)
class ExactISquared:
    """I² where tau has an exact density: it is ``tau**2 / (tau**2 + variance)``.

    Attributes
    ----------
    tau : Tabulated
        The density of tau (a batch of one).
    variance : float
        The typical sampling variance of the studies.
    """

    tau: Tabulated
    variance: float

    def mean(self) -> Floats:
        """The mean."""
        return (self.tau.mass * self._of(self.tau.points)).sum((1, 2))

    def sd(self) -> Floats:
        """The standard deviation."""
        apart = self._of(self.tau.points) - self.mean()
        return np.sqrt((self.tau.mass * apart**2).sum((1, 2)))

    def ppf(self, q: Floats) -> Floats:
        """Quantiles."""
        return self._of(self.tau.ppf(q))

    def log_density(self, x: Floats) -> Floats:
        """Log density at values between 0 and 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            tau = np.sqrt(self.variance * x / (1 - x))
            slope = 2 * tau * self.variance / (tau**2 + self.variance) ** 2
            return self.tau.log_density(tau) - np.log(slope)

    def interval(self, prob: float, kind: str = "eti") -> tuple[Floats, Floats]:
        """Equal-tailed (``"eti"``) or shortest (``"hdi"``) interval."""
        if kind == "hdi":
            return shortest(self.ppf, self.log_density, prob, (1,))
        ends = self.ppf(np.array([(1 - prob) / 2, (1 + prob) / 2]))
        return ends[:, 0], ends[:, 1]

    def _of(self, tau: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            share: Floats = 1 / (1 + self.variance / np.maximum(tau, 1e-150) ** 2)
        return share


Quantity = Effects | Tabulated | ExactISquared


@dataclass(frozen=True, kw_only=True)
class ExactDensities:
    """What quadrature knows of one fit.

    Attributes
    ----------
    mu, theta_new, theta : NormalMixture or TabulatedEffects
        Of a batch of one; theta has one quantity a study. The last two are None where all
        studies share one effect.
    tau : Tabulated or None
        None where all studies share one effect.
    log_evidence : float
        Log marginal likelihood; up to a constant where a prior is improper.
    error : float
        The change at the last doubling of the nodes.
    control : array (study,) or None
        Mean risk, or rate, of the control arms; None where the likelihood has none.
    """

    mu: Effects
    tau: Tabulated | None
    theta_new: Effects | None
    theta: Effects | None
    log_evidence: float
    error: float
    control: Floats | None = None

    def to_dataset(self, study: tuple[str, ...]) -> xr.Dataset:
        """As a group of a tree (dimensions ``component``, ``study``, ``panel``, ``node``)."""
        data: dict[str, object] = {}
        for name in _EFFECTS:
            effects = getattr(self, name)
            if effects is not None:
                data |= _as_variables(name, effects)
        if self.control is not None:
            data["control"] = ("study", self.control)
        if self.tau is not None:
            nodes, panel = ("panel", "node"), ("panel",)
            data["tau"] = (nodes, self.tau.points[0])
            data["tau_log_density"] = (nodes, self.tau.log_density_at[0])
            data["tau_mass"] = (nodes, self.tau.mass[0])
            for name in ("lower", "upper", "centre", "width"):
                data[f"panel_{name}"] = (panel, getattr(self.tau.panels, name)[0])
            data["panel_first"], data["panel_step"] = self.tau.panels.first, self.tau.panels.step
            data["tau_at_lower"], data["tau_moments"] = self.tau.at_lower[0], self.tau.moments[0]
        data["log_evidence"], data["error"] = self.log_evidence, self.error
        return xr.Dataset(data, coords={"study": list(study)})

    @classmethod
    def from_dataset(cls, group: xr.Dataset) -> Self:
        """From a group that `to_dataset` made."""
        array: dict[str, Floats] = {
            str(name): values.to_numpy() for name, values in group.data_vars.items()
        }
        mu = _effects("mu", array)
        assert mu is not None  # every model has a pooled effect
        return cls(
            mu=mu,
            tau=_tabulated(array) if "tau" in array else None,
            theta_new=_effects("theta_new", array),
            theta=_effects("theta", array),
            log_evidence=float(array["log_evidence"]),
            error=float(array["error"]),
            control=array.get("control"),
        )


_EFFECTS = ("mu", "theta_new", "theta")
_LINE = ("centre", "width", "step", "count")


def _as_variables(name: str, effects: Effects) -> dict[str, object]:
    """The variables of a group that hold the densities of effects of a batch of one."""
    each = ("study",) if name == "theta" else ()
    data: dict[str, object] = {f"{name}_moments": effects.moments.max()}
    if isinstance(effects, NormalMixture):
        data["weight"] = ("component", effects.weights[0])
        for part in ("means", "sds"):
            values = getattr(effects, part)[0]
            data[f"{name}_{part[:-1]}"] = ((*each, "component"), values if each else values[0])
        return data
    values = effects.log_density_at[0]
    data[f"{name}_log_density"] = ((*each, "point"), values if each else values[0])
    return data | {f"line_{part}": getattr(effects.line, part) for part in _LINE}


def _effects(name: str, array: dict[str, Floats]) -> Effects | None:
    """The densities of effects of a batch of one, from the variables of a group."""
    moments = array.get(f"{name}_moments", np.array(2)).reshape(1, 1)
    if f"{name}_mean" in array:
        means, sds = (array[f"{name}_{part}"] for part in ("mean", "sd"))
        shape = (1, -1, means.shape[-1])
        return NormalMixture(
            weights=array["weight"][None],
            means=means.reshape(shape),
            sds=sds.reshape(shape),
            moments=moments,
        )
    if f"{name}_log_density" not in array:
        return None
    log = array[f"{name}_log_density"]
    centre, width, step, count = (float(array[f"line_{part}"]) for part in _LINE)
    return TabulatedEffects(
        line=Line(centre=centre, width=width, step=step, count=int(count)),
        log_density_at=log.reshape(1, -1, log.shape[-1]),
        moments=moments,
    )


def _tabulated(array: dict[str, Floats]) -> Tabulated:
    names = ("lower", "upper", "centre", "width")
    return Tabulated(
        panels=Panels(
            **{name: array[f"panel_{name}"][None] for name in names},
            first=float(array["panel_first"]),
            step=float(array["panel_step"]),
        ),
        points=array["tau"][None],
        log_density_at=array["tau_log_density"][None],
        mass=array["tau_mass"][None],
        at_lower=array["tau_at_lower"].reshape(1),
        moments=array["tau_moments"].reshape(1),
    )
