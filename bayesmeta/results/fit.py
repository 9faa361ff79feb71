"""A fitted analysis: draws, data, spec and where they come from, in one DataTree."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import ValidationError

from bayesmeta.errors import SpecError
from bayesmeta.files import write_whole
from bayesmeta.measures import Measure, display_size, find_measure, participants
from bayesmeta.model import Problem, moments_of, problem_of
from bayesmeta.priors import Prior, parse_prior
from bayesmeta.results.absolute import derived_estimates
from bayesmeta.results.derived import shrinkage, study_weights, typical_variances
from bayesmeta.results.diagnostics import Diagnostics, diagnose, diagnose_exact
from bayesmeta.results.exact import ExactDensities
from bayesmeta.results.summary import COLUMNS, summarise
from bayesmeta.spec import Interval, Spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMAT", "Fit"]

FORMAT = 5
"""Version of the layout of saved fits."""

_DISAGREE = 5.0
"""Monte Carlo standard errors: of a dozen numbers of a cross-check the largest is beyond this by
chance about once in 100,000 fits, of a hundred, with many subgroups, about once in 20,000."""


class Fit:
    """A fitted analysis.

    Everything is in `tree`, so that a fit that was saved opens again without its data.

    Parameters
    ----------
    tree : xarray.DataTree
        What `Fit.assemble` or `load_fit` makes.

    Attributes
    ----------
    tree : xarray.DataTree
        The groups of ArviZ: ``posterior``, ``sample_stats``, ``observed_data``,
        ``constant_data`` (the study table), ``log_likelihood``, ``log_prior``,
        ``posterior_predictive``, ``prior``; ``quadrature`` where it was that engine.
    """

    def __init__(self, tree: xr.DataTree) -> None:
        self.tree = tree

    @classmethod
    def assemble(
        cls,
        groups: xr.DataTree,
        *,
        spec: Spec,
        spec_text: str,
        table: xr.Dataset,
        priors: Mapping[str, Prior],
        warnings: tuple[str, ...],
        cross_check: Mapping[str, Any] | None,
        evidence: Mapping[str, Any] | None,
        subgroup_test: Mapping[str, Any] | None,
        provenance: Mapping[str, Any],
    ) -> Self:
        """Put the draws of an engine together with what they were made from.

        Parameters
        ----------
        groups
            What an engine gives.
        spec, spec_text
            The spec, and the text of its file ("" where there was none).
        table
            What `study_effects` gives.
        priors
            The priors that were used.
        warnings
            What the reader must know besides what the table and the engine say.
        cross_check
            How far another engine's result is away; None where there was none.
        evidence
            Evidence, Bayes factors and a posterior predictive p-value; None where not known.
        subgroup_test
            The frequentist test for differences between subgroups; None where there is none.
        provenance
            Hashes, versions, seed, command, seconds.
        """
        tree = groups.copy()
        bare = {name: (array.dims, array.to_numpy()) for name, array in table.variables.items()}
        tree["constant_data"] = xr.DataTree(xr.Dataset(bare))
        record = {
            "format": FORMAT,
            "excluded": table.attrs["excluded"],
            "corrections": table.attrs["corrections"],
            "warnings": [*table.attrs["warnings"], *warnings],
            "messages": groups.attrs["messages"],
            "cross_check": None if cross_check is None else dict(cross_check),
            "evidence": None if evidence is None else dict(evidence),
            "subgroup_test": None if subgroup_test is None else dict(subgroup_test),
            "priors": {name: prior.as_dict() for name, prior in priors.items()},
            "provenance": dict(provenance),
        }
        tree.attrs = {
            "spec": spec.model_dump_json(),
            "spec_text": spec_text,
            "bayesmeta": json.dumps(record),
        }
        return cls(tree)

    @cached_property
    def spec(self) -> Spec:
        """The spec, with every default filled in."""
        return Spec.model_validate_json(self.tree.attrs["spec"])

    @cached_property
    def record(self) -> dict[str, Any]:
        """Exclusions, corrections, warnings, priors and provenance."""
        record: dict[str, Any] = json.loads(self.tree.attrs["bayesmeta"])
        return record

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return find_measure(self.spec.effect.measure)

    @property
    def table(self) -> xr.Dataset:
        """The study table: raw numbers, ``effect`` and ``std_error`` (dimension ``study``)."""
        return self.tree["constant_data"].to_dataset()

    @property
    def posterior(self) -> xr.Dataset:
        """The draws (dimensions ``chain``, ``draw``)."""
        return self.tree["posterior"].to_dataset()

    @property
    def priors(self) -> dict[str, Prior]:
        """The priors that were used."""
        std_error = self.table["std_error"].to_numpy()
        known = std_error[np.isfinite(std_error)]
        return {
            name: parse_prior(
                prior["expression"],
                source=prior["source"],
                parameter=name,
                measure=self.spec.effect.measure,
            ).resolve(known)
            for name, prior in self.record["priors"].items()
        }

    @cached_property
    def exact(self) -> ExactDensities | None:
        """The exact densities, where the engine was quadrature."""
        if "quadrature" not in self.tree:
            return None
        return ExactDensities.from_dataset(self.tree["quadrature"].to_dataset())

    @property
    def moments(self) -> dict[str, np.ndarray]:
        """How many moments, at most 2, posteriors have, by name: see `moments_of`."""
        return moments_of(self.problem)

    @cached_property
    def problem(self) -> Problem:
        """The numbers and priors."""
        return problem_of(self.spec, self.table, self.priors)

    @property
    def weights(self) -> xr.DataArray:
        """Weight of each study in percent (dimension ``study``)."""
        return study_weights(*self._tau, self.table["std_error"])

    @property
    def has_weights(self) -> bool:
        """Whether each row has a weight of its own: not where rows depend on each other."""
        return self.problem.clusters is None and not self.problem.correlated

    @property
    def shrinkage(self) -> xr.DataArray:
        """How far each study is drawn towards the pooled effect, from 0 to 1."""
        return shrinkage(*self._tau, self.table["std_error"])

    @property
    def _tau(self) -> tuple[xr.DataArray, xr.DataArray]:
        """Values of tau, each study's own where these differ, and their shares: nodes or draws."""
        if self.exact is not None:
            if self.exact.tau is None:
                return xr.DataArray([0.0], dims="node"), xr.DataArray([1.0], dims="node")
            dims = ("panel", "node")
            points, mass = self.exact.tau.points[0], self.exact.tau.mass[0]
            return xr.DataArray(points, dims=dims), xr.DataArray(mass, dims=dims)
        if "tau" not in self.posterior:
            return xr.DataArray([0.0], dims="draw"), xr.DataArray([1.0], dims="draw")
        tau = self.posterior["tau"]
        shares = xr.full_like(tau, 1 / (tau.sizes["chain"] * tau.sizes["draw"]))
        if "subgroup" in tau.dims:
            member = xr.DataArray(self.problem.design.member, dims="study")
            tau = tau.isel(subgroup=member).drop_vars("subgroup")
            shares = shares.isel(subgroup=0, drop=True)
        return tau, shares

    @property
    def n_participants(self) -> int | None:
        """Participants in all studies; None where a study does not say.

        Where a study has several results, as many as the largest of these has.
        """
        table, clusters = self.table, self.problem.clusters
        totals = participants(table)
        if self.problem.covariance is not None and "total_control" in table:
            arms, first = table["total_control"].to_numpy(), np.zeros(totals.size, bool)
            shared = self.spec.effect.shared_control
            assert shared is not None  # where a covariance comes from
            names = [str(name) for name in table[shared.column].to_numpy()]
            first[[names.index(name) for name in dict.fromkeys(names) if name]] = True
            first |= np.array([not name for name in names])
            totals = totals - np.where(first, 0.0, arms)  # each control arm once
        elif clusters is not None:  # the same patients at each time, or for each outcome
            totals = np.array([totals[rows].max() for rows in clusters.rows])
        total = totals.sum()
        return None if pd.isna(total) else int(total)

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Whether the result may be trusted."""
        if self.exact is not None:
            return diagnose_exact(self.exact.error)
        return diagnose(self.posterior, self.tree["sample_stats"].to_dataset())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that the reader must know, convergence first."""
        return (
            *self.diagnostics.messages,
            *self.record["messages"],
            *self._disagreement,
            *self.record["warnings"],
        )

    @property
    def _disagreement(self) -> tuple[str, ...]:
        """What the reader must know of the cross-check with the other engine."""
        check = self.record["cross_check"]
        if check is None or check["max_difference_in_mcse"] <= _DISAGREE:
            return ()
        return (
            f"NUTS and {check['engine']} differ in the {check['quantity']} by "
            f"{check['max_difference_in_mcse']:.1f} Monte Carlo standard errors: sample more, or "
            f'take engine = "{check["engine"]}".',
        )

    def summary(self, *, prob: float | None = None, kind: str | None = None) -> pd.DataFrame:
        """The estimates.

        Parameters
        ----------
        prob, kind
            Probability and kind (``"eti"`` or ``"hdi"``) of the intervals; those of the spec
            where they are not given.

        Returns
        -------
        pandas.DataFrame
            One row an estimate: mu, tau, theta_new (its interval is the prediction interval), I2,
            theta of each study, then what follows from counts (see `derived_estimates`). See
            `summarise` for the columns.
        """
        chosen = {"prob": prob, "kind": kind}
        given = {key: value for key, value in chosen.items() if value is not None}
        return self.with_interval(**given).estimates if given else self.estimates

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """`summary` with the intervals of the spec."""
        table = summarise(
            self.posterior,
            exact=self.exact,
            typical=typical_variances(self.problem, self.table["std_error"]),
            moments=self.moments,
            measure=self.measure,
            effect=self.spec.effect,
            interval=self.spec.interval,
            sizes=participants(self.table),
            size=display_size(self.table),
        )
        derived = derived_estimates(self, table)
        if not derived:
            return table
        return pd.concat([table, pd.DataFrame(derived).reindex(columns=list(COLUMNS))]).reset_index(
            drop=True
        )

    @cached_property
    def ranks(self) -> xr.DataArray | None:
        """Probability that each subgroup has each rank (dimensions ``subgroup``, ``rank``).

        Rank 1 is the best by the direction of benefit of the spec; None where that is not known or
        there are no subgroups.
        """
        better, posterior = self.spec.effect.better, self.posterior
        if better is None or "subgroup" not in posterior["mu"].dims:
            return None
        if self.exact is not None and self.exact.ranks is not None:
            shares = self.exact.ranks
        else:
            draws = posterior["mu"].transpose("chain", "draw", "subgroup").to_numpy()
            count = draws.shape[-1]
            place = (-draws.reshape(-1, count)).argsort(-1).argsort(-1)
            shares = (place[..., None] == np.arange(count)).mean(0)
        if better == "lower":
            shares = shares[:, ::-1]
        names = posterior["subgroup"].to_numpy()
        return xr.DataArray(
            shares,
            dims=("subgroup", "rank"),
            coords={"subgroup": names, "rank": np.arange(1, names.size + 1)},
        )

    @property
    def new_total(self) -> float:
        """Participants, or person-time, of a new study whose events are predicted."""
        stated = self.spec.effect.new_total
        return float(stated or np.round(np.median(self.table["total"].to_numpy())))

    def estimate(
        self, name: str, study: str = "", *, subgroup: str = "", term: str = ""
    ) -> dict[str, float]:
        """One row of `estimates`: its numbers by column.

        Parameters
        ----------
        name
            Of the estimate.
        study, subgroup, term
            Which of several of this name.

        Raises
        ------
        KeyError
            There is no such estimate in this model.
        """
        rows = self.estimates
        labels = {"name": name, "study": study, "subgroup": subgroup, "term": term}
        found = rows[np.logical_and.reduce([rows[key] == text for key, text in labels.items()])]
        if found.empty:
            own = rows.loc[rows["name"] == name, ["subgroup", "study", "term"]]
            known = [" ".join(filter(None, row)) for row in own.itertuples(index=False)]
            known = known or [str(each) for each in dict.fromkeys(rows["name"])]
            asked = " ".join(filter(None, labels.values()))
            raise KeyError(f"no estimate {asked!r}; there are: {', '.join(known)}")
        numbers = found.iloc[0].drop(["name", "subgroup", "study", "term"])
        return {str(column): float(value) for column, value in numbers.items()}

    def with_interval(self, **chosen: object) -> Self:
        """The same fit with other intervals: keywords ``prob`` and ``kind``."""
        try:
            interval = Interval.model_validate({**self.spec.interval.model_dump(), **chosen})
        except ValidationError as error:
            raise SpecError(error.errors()[0]["msg"], key="interval") from None
        spec = self.spec.model_copy(update={"interval": interval})
        tree = self.tree.copy()
        tree.attrs = {**self.tree.attrs, "spec": spec.model_dump_json()}
        return type(self)(tree)

    def plot(self, kind: str = "forest", **options: Any) -> "Figure":
        """Draw a plot.

        Parameters
        ----------
        kind
            Its name: ``bayesmeta list plots``.
        **options
            Passed to the plot: ``bayesmeta.plots`` has a function for each. Every one takes
            ``title``, and ``ax``: axes of matplotlib to draw into, one or as many as it has panels.
            Nothing is laid out then; the key is a legend of the first, title and notes are left to
            you, and so is the style of the axes. No setting of matplotlib is changed.

        Returns
        -------
        matplotlib.figure.Figure
            The plot; with `ax` the figure that holds the axes.

        Raises
        ------
        SpecError
            There is no such plot, this fit has not what it draws, or `ax` holds more or fewer axes
            than it has panels.

        Examples
        --------
        >>> figure, (left, right) = plt.subplots(1, 2)  # doctest: +SKIP
        >>> fit.plot("funnel", ax=left)  # doctest: +SKIP
        >>> fit.plot("joint", ax=right)  # doctest: +SKIP
        >>> right.set_title("Pooled effect and heterogeneity")  # doctest: +SKIP
        """
        from bayesmeta.plots import draw  # for cost: matplotlib is slow to load

        return draw(self, kind, **options)

    def save(self, path: str | Path) -> Path:
        """Write the fit to a netCDF file; `load_fit` opens it again."""
        return write_whole(Path(path), lambda part: self.tree.to_netcdf(part, engine="h5netcdf"))

    def __repr__(self) -> str:
        title = self.spec.title or "untitled"
        return f"<Fit {title!r}: {self.measure.code}, k = {self.table.sizes['study']}>"

    def _repr_html_(self) -> str:
        from bayesmeta.results.tables import fit_to_html

        return fit_to_html(self)
