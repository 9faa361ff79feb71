"""The exact densities of a fit, as the group ``quadrature`` of its tree holds them."""

from collections.abc import Mapping
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
    effects : mapping of str to NormalMixture or TabulatedEffects
        Of a batch of one: ``mu``, and ``theta_new`` and ``theta`` where studies with the same mean
        do not share one effect; all else that is linear in the coefficients, by its name in the
        posterior.
    labels : mapping of str to (str, tuple of str)
        The dimension and the labels of the effects that have one.
    deviations : mapping of str to Tabulated
        The standard deviations: ``tau`` and others, by name.
    log_evidence : float
        Log marginal likelihood; up to a constant where a prior is improper.
    error : float
        The change at the last doubling of the nodes.
    control : array (study,) or None
        Mean risk, or rate, of the control arms; None where the likelihood has none.
    ranks : array (subgroup, rank) or None
        Probability that each subgroup has each rank, that with the highest mean being the first;
        None where there are none.
    """

    effects: Mapping[str, Effects]
    labels: Mapping[str, tuple[str, tuple[str, ...]]]
    deviations: Mapping[str, Tabulated]
    log_evidence: float
    error: float
    control: Floats | None = None
    ranks: Floats | None = None

    @property
    def mu(self) -> Effects:
        """The pooled effect, or those of the subgroups."""
        return self.effects["mu"]

    @property
    def theta_new(self) -> Effects | None:
        """The true effect of a new study."""
        return self.effects.get("theta_new")

    @property
    def theta(self) -> Effects | None:
        """The true effects of the studies."""
        return self.effects.get("theta")

    @property
    def tau(self) -> Tabulated | None:
        """The standard deviation of the true effects."""
        return self.deviations.get("tau")

    def to_dataset(self) -> xr.Dataset:
        """As a group of a tree (dimensions ``component``, ``study``, ``tau_node`` and so on)."""
        data: dict[str, object] = {}
        for name, effects in self.effects.items():
            dim = self.labels[name][0] if name in self.labels else None
            data |= _as_variables(name, dim, effects)
        if self.control is not None:
            data["control"] = ("study", self.control)
        if self.ranks is not None:
            data["ranks"] = (("subgroup", "rank"), self.ranks)
        for name, density in self.deviations.items():
            panel, nodes = (f"{name}_panel",), (f"{name}_panel", f"{name}_node")
            data[f"{name}_points"] = (nodes, density.points[0])
            data[f"{name}_log_density"] = (nodes, density.log_density_at[0])
            data[f"{name}_mass"] = (nodes, density.mass[0])
            for part in _MAPS:
                data[f"{name}_{part}"] = (panel, getattr(density.panels, part)[0])
            data[f"{name}_first"] = density.panels.first
            data[f"{name}_step"] = density.panels.step
            data[f"{name}_at_lower"] = density.at_lower[0]
            data[f"{name}_moments"] = density.moments[0]
        data["log_evidence"], data["error"] = self.log_evidence, self.error
        coords = {dim: list(labels) for dim, labels in self.labels.values()}
        return xr.Dataset(
            data,
            coords=coords,
            attrs={
                "effects": list(self.effects),
                "dims": [self.labels[n][0] if n in self.labels else "" for n in self.effects],
                "deviations": list(self.deviations) or [""],
            },
        )

    @classmethod
    def from_dataset(cls, group: xr.Dataset) -> Self:
        """From a group that `to_dataset` made."""
        array: dict[str, Floats] = {
            str(name): values.to_numpy() for name, values in group.data_vars.items()
        }
        names = [str(name) for name in np.atleast_1d(group.attrs["effects"])]
        dims = [str(dim) for dim in np.atleast_1d(group.attrs["dims"])]
        deviations = [str(name) for name in np.atleast_1d(group.attrs["deviations"]) if name]
        return cls(
            effects={name: _effects(name, array) for name in names},
            labels={
                name: (dim, tuple(str(label) for label in group[dim].to_numpy()))
                for name, dim in zip(names, dims, strict=True)
                if dim
            },
            deviations={name: _tabulated(name, array) for name in deviations},
            log_evidence=float(array["log_evidence"]),
            error=float(array["error"]),
            control=array.get("control"),
            ranks=array.get("ranks"),
        )


_MAPS = ("lower", "upper", "centre", "width")
_LINE = ("centre", "width", "step", "count")


def _as_variables(name: str, dim: str | None, effects: Effects) -> dict[str, object]:
    """The variables of a group that hold the densities of effects of a batch of one."""
    each = (dim,) if dim else ()
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


def _effects(name: str, array: Mapping[str, Floats]) -> Effects:
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
    log = array[f"{name}_log_density"]
    centre, width, step, count = (float(array[f"line_{part}"]) for part in _LINE)
    return TabulatedEffects(
        line=Line(centre=centre, width=width, step=step, count=int(count)),
        log_density_at=log.reshape(1, -1, log.shape[-1]),
        moments=moments,
    )


def _tabulated(name: str, array: Mapping[str, Floats]) -> Tabulated:
    return Tabulated(
        panels=Panels(
            **{part: array[f"{name}_{part}"][None] for part in _MAPS},
            first=float(array[f"{name}_first"]),
            step=float(array[f"{name}_step"]),
        ),
        points=array[f"{name}_points"][None],
        log_density_at=array[f"{name}_log_density"][None],
        mass=array[f"{name}_mass"][None],
        at_lower=array[f"{name}_at_lower"].reshape(1),
        moments=array[f"{name}_moments"].reshape(1),
    )
