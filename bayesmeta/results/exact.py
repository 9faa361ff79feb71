"""The exact densities of a fit, as the group ``quadrature`` of its tree holds them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from bayesmeta.densities import NormalMixture, Panels, Tabulated
from bayesmeta.densities.search import Floats, shortest

__all__ = ["ExactDensities", "ExactISquared", "Quantity"]


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


Quantity = NormalMixture | Tabulated | ExactISquared


@dataclass(frozen=True, kw_only=True)
class ExactDensities:
    """What quadrature knows of one fit.

    Attributes
    ----------
    mu, theta_new, theta : NormalMixture
        Of a batch of one; theta has one quantity a study. The last two are None where all
        studies share one effect.
    tau : Tabulated or None
        None where all studies share one effect.
    component_tau : array (component,)
        The tau of each component of the mixtures.
    log_evidence : float
        Log marginal likelihood; up to a constant where a prior is improper.
    error : float
        The change at the last doubling of the nodes.
    """

    mu: NormalMixture
    tau: Tabulated | None
    theta_new: NormalMixture | None
    theta: NormalMixture | None
    component_tau: Floats
    log_evidence: float
    error: float

    def to_dataset(self, study: tuple[str, ...]) -> xr.Dataset:
        """As a group of a tree (dimensions ``component``, ``study``, ``panel``, ``node``)."""
        data: dict[str, object] = {
            "weight": ("component", self.mu.weights[0]),
            "component_tau": ("component", self.component_tau),
        }
        for name in ("mu", "theta_new", "theta"):
            mixture = getattr(self, name)
            if mixture is None:
                continue
            dims: tuple[str, ...] = ("component",)
            means, sds = mixture.means[0, 0], mixture.sds[0, 0]
            if name == "theta":
                dims, means, sds = ("study", "component"), mixture.means[0], mixture.sds[0]
            data[f"{name}_mean"], data[f"{name}_sd"] = (dims, means), (dims, sds)
            data[f"{name}_moments"] = mixture.moments.max()
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
        weights = array["weight"][None]

        def mixture(name: str) -> NormalMixture | None:
            if f"{name}_mean" not in array:
                return None
            components = weights.shape[-1]
            return NormalMixture(
                weights=weights,
                means=array[f"{name}_mean"].reshape(1, -1, components),
                sds=array[f"{name}_sd"].reshape(1, -1, components),
                moments=array[f"{name}_moments"].reshape(1, 1),
            )

        mu = mixture("mu")
        assert mu is not None  # every model has a pooled effect
        return cls(
            mu=mu,
            tau=_tabulated(array) if "tau" in array else None,
            theta_new=mixture("theta_new"),
            theta=mixture("theta"),
            component_tau=array["component_tau"],
            log_evidence=float(array["log_evidence"]),
            error=float(array["error"]),
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
